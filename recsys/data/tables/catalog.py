"""Item table: tags, contract columns and attributes of each item."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from recsys.core.arrays import BoolArray, Csr
from recsys.core.errors import DataError, clip
from recsys.data.ids.id_map import IdMap, moved_rows
from recsys.data.readers.columns import id_column, text_column, word_column
from recsys.data.readers.frames import frame_source
from recsys.data.readers.source import MAX_LISTED, BadRow, OnBadRow, RowReport, SourceTable, rename
from recsys.data.readers.times import number_column
from recsys.data.tables.attributes import (
    AttributeTable,
    ColumnSort,
    empty_table,
    read_attributes,
    read_columns,
)
from recsys.data.tables.tags import TagTable

ITEM_SORTS: Mapping[str, ColumnSort] = {
    "title": "text", "text": "text", "format": "text", "author_id": "id", "community_id": "id",
    "language": "text", "published_at": "time", "expires_at": "time", "status": "text",
    "url": "text", "visible_to": "text",
}  # fmt: skip

ITEM_COLUMNS = ("item_id", "tags", *ITEM_SORTS)

TAG_COLUMNS = ("item_id", "tag", "weight", "family")

ITEM_STATUS = ("active", "blocked")


@dataclass(frozen=True, eq=False)  # eq=False: == on tables is ambiguous
class Catalog(AttributeTable):
    """Tags and columns of each item, aligned with its row.

    Attributes
    ----------
    items : IdMap
        The ids.
    table : pyarrow.Table of n_items rows
        The contract's columns that were given, and attributes.
    tag_table : TagTable
        Weighted tags.
    skipped, n_skipped : tuple of BadRow, int
        Rows left out because they break the contract.

    Examples
    --------
    >>> catalog = Catalog.from_frame({"item_id": ["q1", "q2"], "tags": ["gates|noise", None]})
    >>> catalog.tag_names, catalog.tags.toarray().tolist()
    (('gates', 'noise'), [[1.0, 1.0], [0.0, 0.0]])
    """

    ids_field: ClassVar[str] = "items"
    label: ClassVar[str] = "a catalog of {} items"
    sorts: ClassVar[Mapping[str, ColumnSort]] = ITEM_SORTS

    items: IdMap
    table: Any
    tag_table: TagTable
    skipped: tuple[BadRow, ...] = ()
    n_skipped: int = 0
    _columns: dict[str, npt.NDArray[Any]] = field(default_factory=dict, init=False, repr=False)

    def __repr__(self) -> str:
        return f"Catalog({self.n_items} items, {len(self.tag_names)} tags)"

    def __post_init__(self) -> None:
        self._check_rows()

    @classmethod
    def empty(cls) -> Catalog:
        """Return a catalog without items."""
        return cls(IdMap.of(), empty_table(), TagTable.empty(0))

    @classmethod
    def read(
        cls,
        items: str | Path | None = None,
        *,
        item_tags: str | Path | None = None,
        columns: Mapping[str, str] | None = None,
        on_bad_row: OnBadRow = "stop",
    ) -> Catalog:
        """Read a file of items, a long file of tags, or both.

        Parameters
        ----------
        items, item_tags : path or None
            CSV, JSON Lines (either gzipped) or Parquet. Items that only the tags name follow
            those of the items file.
        columns : mapping or None
            Contract name to name in the files.
        on_bad_row : {"stop", "skip"}
            Raise at the first bad row, or leave bad rows out and list them in ``skipped``.

        Raises
        ------
        DataError
            If a file cannot be read or a row breaks the contract: file, line, column, reason.
        """
        from recsys.data.readers.files import read_source

        return cls._of(
            None if items is None else read_source(items, columns=columns, known=ITEM_COLUMNS),
            None
            if item_tags is None
            else read_source(item_tags, columns=columns, known=TAG_COLUMNS),
            on_bad_row,
        )

    @classmethod
    def from_frame(
        cls,
        items: Any = None,
        *,
        item_tags: Any = None,
        columns: Mapping[str, str] | None = None,
        on_bad_row: OnBadRow = "stop",
    ) -> Catalog:
        """Take dataframes of any library, or mappings of columns; see :meth:`read`.

        Raises
        ------
        DataError
            If a row or a column breaks the contract.
        """
        given = dict(columns or {})
        item_source = tag_source = None
        if items is not None:
            item_source = frame_source(items, name="the frame of items")
            item_source = rename(item_source, given, known=ITEM_COLUMNS)
        if item_tags is not None:
            tag_source = frame_source(item_tags, name="the frame of item tags")
            tag_source = rename(tag_source, given, known=TAG_COLUMNS)
        return cls._of(item_source, tag_source, on_bad_row)

    @classmethod
    def _of(
        cls, items: SourceTable | None, tags: SourceTable | None, on_bad_row: OnBadRow
    ) -> Catalog:
        if items is None and tags is None:
            raise DataError("a catalog must come from items, item_tags or both; got neither.")
        catalog = cls.empty() if items is None else _read_items(items, on_bad_row)
        return catalog if tags is None else _with_long_tags(catalog, tags, on_bad_row)

    @property
    def n_items(self) -> int:
        """Number of items."""
        return len(self.items)

    @property
    def tags(self) -> Csr:
        """(n_items, n_tags) csr float32: weights, greater than 0 where stored."""
        return self.tag_table.weights

    @property
    def tag_families(self) -> tuple[str, ...]:
        """The family of each column of ``tags``: "topic" unless the data says otherwise."""
        return self.tag_table.families

    @property
    def is_blocked(self) -> BoolArray:
        """(n_items,) bool: which items must not be shown."""
        return np.asarray(self.column("status") == "blocked", np.bool_)

    @classmethod
    def from_arrays(
        cls, arrays: Mapping[str, npt.NDArray[Any]], *, items: IdMap, table: Any
    ) -> Catalog:
        """Take what :meth:`to_arrays` and :func:`load_table` gave."""
        return cls(items, table, TagTable.from_arrays(arrays))


def _read_items(source: SourceTable, on_bad_row: OnBadRow) -> Catalog:
    import pyarrow as pa

    source.require("item_id")
    report = RowReport(source, on_bad_row)
    ids = id_column(source, report, "item_id")
    refuse_repeated(source, report, "item_id", codes=ids.codes)
    columns = read_columns(
        source,
        report,
        texts=[n for n, sort in ITEM_SORTS.items() if sort == "text" and n != "status"],
        ids=("author_id", "community_id"),
        times=("published_at", "expires_at"),
        lists=("tags",),
    )
    status = word_column(source, report, "status", words=ITEM_STATUS)
    columns |= {} if status is None else {"status": status}
    columns |= read_attributes(source, known=ITEM_COLUMNS, report=report)
    keep, skipped, n_skipped = report.finish()
    items, _ = ids.mapped(keep, name="item_id")
    table = pa.table(columns) if columns else empty_table(source.n_rows)
    table = table if keep is None else table.filter(pa.array(keep))
    tags = TagTable.empty(len(items))
    if "tags" in table.column_names:
        lists = table.column("tags").combine_chunks()
        tags, table = TagTable.of_lists(lists, n_rows=len(items)), table.drop_columns(["tags"])
    return Catalog(items, table, tags, skipped, n_skipped)


def _with_long_tags(catalog: Catalog, source: SourceTable, on_bad_row: OnBadRow) -> Catalog:
    import pyarrow as pa
    import pyarrow.compute as pc

    source.require("item_id", "tag")
    report = RowReport(source, on_bad_row)
    ids = id_column(source, report, "item_id")
    names, families = text_column(source, "tag"), text_column(source, "family")
    names = pc.utf8_trim_whitespace(names)
    weights = weight_column(source, report)
    keep, skipped, n_skipped = report.finish()
    tagged, rows = ids.mapped(keep, name="item_id")
    items = catalog.items.union(tagged, name="item_id")
    good = np.ones(source.n_rows, np.bool_) if keep is None else keep
    # Real exports have rows without a tag: they say that the item is there, and nothing else.
    tag_given = np.asarray(pc.fill_null(pc.not_equal(names, ""), False))
    chosen = pa.array(good & tag_given)
    long = TagTable.of(
        moved_rows(rows, tagged, items)[tag_given[good]],
        names.filter(chosen),
        n_rows=len(items),
        weights=weights[good & tag_given].astype(np.float32),
        families=None if families is None else families.filter(chosen),
    )
    wider = catalog.aligned(items)
    return replace(
        wider,
        tag_table=wider.tag_table.joined(long),
        skipped=(*catalog.skipped, *skipped)[:MAX_LISTED],
        n_skipped=catalog.n_skipped + n_skipped,
    )


def weight_column(source: SourceTable, report: RowReport) -> npt.NDArray[np.float64]:
    """Read ``weight`` as (n_rows,) float64, greater than 0; 1 where not given."""
    weights = number_column(source, report, "weight")
    if weights is None:
        return np.ones(source.n_rows)
    report.bad(
        weights.astype(np.float32) <= 0,
        "weight",
        lambda at: f"must be greater than 0; got {weights[at]:g}.",
    )
    return np.where(np.isnan(weights), 1.0, weights)


def refuse_repeated(source: SourceTable, report: RowReport, name: str, *, codes: Any) -> None:
    """Note every row whose id an earlier row has already."""
    used, first = np.unique(codes, return_index=True)
    earliest = np.full(len(codes) + 1, -1, np.int64)
    earliest[used] = first
    again = (earliest[codes] != np.arange(len(codes))) & (codes >= 0)

    def reason(at: int) -> str:
        line = source.lines_of([int(earliest[codes[at]])])[0]
        shown = clip(repr(source.column(name)[at].as_py()))
        return f"must be there once; {shown} is also in {source.unit} {line}."

    report.bad(again, name, reason)
