"""Stated tags: item rows by the name of a tag that the catalog gives, learnt by a fit or not."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from recsys.core.arrays import NO_ROW, RowArray
from recsys.data import Catalog
from recsys.profiles.items import COLUMN_OF_FAMILY, word_of
from recsys.profiles.vocabulary import plain_name


@dataclass(frozen=True, slots=True, eq=False)
class CodedColumn:
    """Values of some rows as codes.

    Attributes
    ----------
    values : list of object
        Distinct.
    codes : (n_entries,) int32
        Rows of ``values``; -1 where nothing is given.
    rows : (n_entries,) int32, or None
        Item row of each entry; None: entry and row are the same.
    """

    values: list[Any]
    codes: RowArray
    rows: RowArray | None = None

    @classmethod
    def of(cls, catalog: Catalog, name: str) -> CodedColumn:
        """Read a column of a catalog; one that was not given has no values."""
        import pyarrow.compute as pc
        import pyarrow.types as pt

        if name not in catalog.table.column_names:
            return cls([], np.full(catalog.n_items, NO_ROW, dtype=np.int32))
        column, rows = catalog.table.column(name).combine_chunks(), None
        if pt.is_list(column.type) or pt.is_large_list(column.type):
            rows = pc.list_parent_indices(column).to_numpy(zero_copy_only=False).astype(np.int32)
            column = pc.list_flatten(column)
        coded = pc.dictionary_encode(column)
        codes = pc.fill_null(coded.indices, NO_ROW).to_numpy(zero_copy_only=False)
        return cls(coded.dictionary.to_pylist(), codes.astype(np.int32), rows)

    def rows_where(self, wanted: list[int]) -> RowArray:
        """Return the rows that have one of some codes."""
        found = np.flatnonzero(np.isin(self.codes, wanted)).astype(np.int32)
        return found if self.rows is None else self.rows[found]


class StatedTags:
    """Item rows by tag name, in every family but the words of texts.

    Parameters
    ----------
    catalog : Catalog

    Examples
    --------
    >>> catalog = Catalog.from_frame({"item_id": ["a", "b"], "tags": ["Gates", None],
    ...                               "format": [None, "gates"]})
    >>> StatedTags(catalog).rows("gates").tolist()
    [0, 1]

    Notes
    -----
    A name is searched for once, at the cost of a scan, and its rows are kept.
    """

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._rows: dict[str, RowArray] = {}

    def rows(self, name: str) -> RowArray:
        """Return the rising rows of the items that have the tag; see :func:`plain_name`."""
        plain = plain_name(name)
        if plain not in self._rows:
            parts = [np.zeros(0, dtype=np.int32)]
            parts += [
                column.rows_where(codes[plain]) for column, codes in self._columns if plain in codes
            ]
            self._rows[plain] = np.unique(np.concatenate(parts))
        return self._rows[plain]

    @cached_property
    def _columns(self) -> list[tuple[CodedColumn, dict[str, list[int]]]]:
        """Every family as a column, and its codes by plain name."""
        matrix = self._catalog.tags
        rows = np.repeat(np.arange(matrix.shape[0], dtype=np.int32), np.diff(matrix.indptr))
        tags = CodedColumn(list(self._catalog.tag_names), matrix.indices, rows)
        columns = [CodedColumn.of(self._catalog, name) for name in COLUMN_OF_FAMILY.values()]
        return [(column, _codes_by_name(column)) for column in (tags, *columns)]


def _codes_by_name(column: CodedColumn) -> dict[str, list[int]]:
    out: dict[str, list[int]] = {}
    used: npt.NDArray[Any] = np.unique(column.codes)
    for code in used[used != NO_ROW].tolist():
        value = column.values[code]
        if value == value:  # noqa: PLR0124  (NaN is no value)
            out.setdefault(plain_name(word_of(value)), []).append(code)
    return out
