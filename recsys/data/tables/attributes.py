"""Typed attribute columns and the base of tables with one row per item or user."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from recsys.core.arrays import BoolArray, RowArray, freeze
from recsys.core.errors import ArtifactError, DataError, clip
from recsys.core.storage import atomic_file
from recsys.data.ids.id_map import IdMap, same_rows, upserted_rows
from recsys.data.readers.columns import as_text, list_column, optional_ids, text_column
from recsys.data.readers.source import RowReport, SourceTable
from recsys.data.readers.times import parse_numbers, parse_times, plain_array, time_column
from recsys.data.tables.tags import TagTable

LEADING_ZERO = r"^[+-]?0\d"

DATE = r"^\d{4}-\d{2}-\d{2}"


def read_columns(
    source: SourceTable,
    report: RowReport,
    *,
    texts: Sequence[str] = (),
    ids: Sequence[str] = (),
    times: Sequence[str] = (),
    lists: Sequence[str] = (),
) -> dict[str, Any]:
    """Read the named columns that are there, each by its sort, as Arrow arrays."""
    import pyarrow as pa

    found: dict[str, Any] = {name: text_column(source, name) for name in texts}
    found |= {name: optional_ids(source, name) for name in ids}
    for name in times:
        column = time_column(source, report, name)
        found[name] = None if column is None else pa.array(column, pa.timestamp("us"))
    found |= {name: list_column(source, name) for name in lists}
    return {name: column for name, column in found.items() if column is not None}


def read_attributes(source: SourceTable, *, known: Iterable[str]) -> dict[str, Any]:
    """Read every column that is not ``known``, with its type found out.

    Text becomes float64 if every value is a number (one with a leading zero, such as a postal
    code, is not), ``timestamp[us]`` if every value is an ISO 8601 date or time, else it stays
    text. Booleans become "true" and "false"; lists stay lists of text; records become JSON text.
    """
    left = [name for name in source.table.column_names if name not in set(known)]
    return {name: _typed(source, name) for name in left}


def _typed(source: SourceTable, name: str) -> Any:
    import pyarrow as pa
    import pyarrow.types as pt

    array = plain_array(source.column(name))
    kind = array.type
    where = f"{source.name}, column {source.file_name(name)}"
    if pt.is_integer(kind) or pt.is_floating(kind) or pt.is_decimal(kind):
        return _nullable(parse_numbers(array)[0])
    if pt.is_timestamp(kind) or pt.is_date(kind):
        return pa.array(parse_times(array, name=where)[0], pa.timestamp("us"))
    if pt.is_list(kind) or pt.is_large_list(kind) or pt.is_fixed_size_list(kind):
        return list_column(source, name)
    if pt.is_struct(kind) or pt.is_map(kind):
        records = [
            None if one is None else json.dumps(one, default=str) for one in array.to_pylist()
        ]
        return pa.array(records, pa.large_string())
    return _guessed(as_text(array, name=where), where)


def _guessed(texts: Any, where: str) -> Any:
    import pyarrow as pa
    import pyarrow.compute as pc

    if texts.null_count == len(texts):
        return texts
    if not pc.any(pc.match_substring_regex(texts, LEADING_ZERO)).as_py():
        numbers, wrong = parse_numbers(texts)
        if not wrong.any():
            return _nullable(numbers)
    if pc.all(pc.match_substring_regex(texts, DATE)).as_py():
        times, wrong = parse_times(texts, name=where)
        if not wrong.any():
            return pa.array(times, pa.timestamp("us"))
    return texts


def _nullable(numbers: npt.NDArray[np.float64]) -> Any:
    import pyarrow as pa

    return pa.array(numbers, pa.float64(), from_pandas=True)


def column_values(table: Any, name: str, *, known: Mapping[str, str]) -> npt.NDArray[Any]:
    """Return a column as a read-only numpy array.

    Parameters
    ----------
    table : pyarrow.Table
        Aligned with rows.
    name : str
        An attribute, or a contract column whether it was given or not.
    known : mapping of name to "text", "id", "time" or "list"
        The contract's columns.

    Returns
    -------
    (n_rows,) object, datetime64[us] or float64
        Texts, ids and lists (as tuples) are objects with None for what is not given; numbers
        have NaN, times NaT, lists the empty tuple.

    Raises
    ------
    DataError
        If there is no such column.
    """
    if name not in table.column_names:
        if name not in known:
            have = [*known, *(one for one in table.column_names if one not in known)]
            near = difflib.get_close_matches(name, have, n=3, cutoff=0.4) or have
            raise DataError(
                f"there must be a column {clip(name)!r}; known: {', '.join(map(str, near))}."
            )
        return freeze(_absent(known[name], table.num_rows))
    column = table.column(name).combine_chunks()
    return freeze(_values(column))


def _absent(sort: str, n_rows: int) -> npt.NDArray[Any]:
    if sort == "time":
        return np.full(n_rows, np.datetime64("NaT", "us"))
    out = np.empty(n_rows, dtype=object)
    out[:] = [() if sort == "list" else None] * n_rows
    return out


def _values(column: Any) -> npt.NDArray[Any]:
    import pyarrow.types as pt

    if pt.is_floating(column.type):
        return np.array(column.to_numpy(zero_copy_only=False), np.float64)
    if pt.is_timestamp(column.type):
        return np.array(column.to_numpy(zero_copy_only=False)).astype("datetime64[us]")
    out = np.empty(len(column), dtype=object)
    if pt.is_large_list(column.type):
        out[:] = [tuple(one) if one else () for one in column.to_pylist()]
    else:
        out[:] = column.to_pylist()
    return out


def filled(values: npt.NDArray[Any], default: str) -> npt.NDArray[Any]:
    """Return an object array with ``default`` where it holds None, read-only."""
    out = values.copy()
    out[[one is None for one in values]] = default
    return freeze(out)


def rerowed_table(table: Any, rows: RowArray) -> Any:
    """Return (n,) rows of a table; a row of nulls for -1."""
    import pyarrow as pa

    if not table.num_columns:
        return empty_table(len(rows))
    return table.take(pa.array(rows, pa.int32(), mask=rows < 0))


def empty_table(n_rows: int = 0) -> Any:
    """Return a table without attributes; ``status`` holds the number of rows."""
    import pyarrow as pa

    return pa.table({"status": pa.nulls(n_rows, pa.large_string())})


def merged_table(old: Any, new: Any, *, old_rows: RowArray, new_rows: RowArray) -> Any:
    """Return (n,) rows of two tables as one; where both know something, the new one counts.

    Parameters
    ----------
    old, new : pyarrow.Table
        A null in ``new`` keeps the old value.
    old_rows, new_rows : (n,) int32
        Their rows, in the order of the result; -1 for none.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    before, after = rerowed_table(old, old_rows), rerowed_table(new, new_rows)
    columns = {name: before.column(name) for name in before.column_names}
    for name in after.column_names:
        fresh = after.column(name)
        if name in columns:
            kind = _common(columns[name].type, fresh.type)
            fresh = pc.coalesce(fresh.cast(kind), columns[name].cast(kind))
        columns[name] = fresh
    return pa.table(columns)


def _common(a: Any, b: Any) -> Any:
    """Return the type of a column that had two; text wins, for a word cannot be counted."""
    import pyarrow as pa

    if a == b or pa.types.is_null(b):
        return a
    return b if pa.types.is_null(a) else pa.large_string()


def save_table(table: Any, path: str | Path) -> None:
    """Write a table as an uncompressed Arrow file, whole or not at all."""
    import pyarrow as pa

    with atomic_file(Path(path), "wb") as file, pa.ipc.new_file(file, table.schema) as writer:
        writer.write_table(table.combine_chunks())


def load_table(path: str | Path) -> Any:
    """Open what :func:`save_table` wrote, by memory map: nothing is read before it is used.

    Raises
    ------
    ArtifactError
        If the file is missing or damaged.
    """
    import pyarrow as pa

    try:
        with pa.memory_map(str(path)) as file:
            table = pa.ipc.open_file(file).read_all()
    except (OSError, pa.ArrowInvalid) as err:
        raise ArtifactError(f"{path} must be a saved table; {clip(str(err))}.") from err
    return table


class AttributeTable:
    """Base of :class:`Catalog` and :class:`People`: columns and tags, aligned with an IdMap.

    Subclasses are frozen dataclasses with the fields ``table``, ``tag_table``, ``_columns`` and
    the map that ``ids_field`` names.
    """

    ids_field: ClassVar[str]
    """Field of the IdMap."""
    label: ClassVar[str]
    """Description in messages, with {} for the number of rows."""
    sorts: ClassVar[Mapping[str, str]]
    """Sort of each contract column."""

    table: Any
    tag_table: TagTable
    _columns: dict[str, npt.NDArray[Any]]

    @property
    def ids(self) -> IdMap:
        """The ids of the rows."""
        ids: IdMap = getattr(self, self.ids_field)
        return ids

    def _check_rows(self) -> None:
        n_rows, n_tagged = self.table.num_rows, self.tag_table.weights.shape[0]
        if not n_rows == n_tagged == len(self.ids):
            raise DataError(
                f"{self.label.format(len(self.ids))} must have as many rows; the table has "
                f"{n_rows} and the tags {n_tagged}."
            )

    @property
    def tag_names(self) -> tuple[str, ...]:
        """The name of each column of the tag weights."""
        return self.tag_table.names

    @property
    def names(self) -> tuple[str, ...]:
        """The columns a filter may use: the contract's, then the attributes."""
        extra = (name for name in self.table.column_names if name not in self.sorts)
        return (*self.sorts, *extra)

    def has(self, name: str) -> bool:
        """Say whether :meth:`column` knows ``name``."""
        return name in self.sorts or name in self.table.column_names

    def column(self, name: str) -> npt.NDArray[Any]:
        """Return a column, one entry per row, read-only.

        Returns
        -------
        (n_rows,) object, datetime64[us] or float64
            Texts, ids and lists are objects (None, () where not given), times have NaT,
            numbers NaN. ``status`` is "active", and ``consent`` of people all scopes, where not
            given.

        Raises
        ------
        DataError
            If there is no such column; the message names the nearest ones.
        """
        if name not in self._columns:
            self._columns[name] = self._read_column(name)
        return self._columns[name]

    def _read_column(self, name: str) -> npt.NDArray[Any]:
        values = column_values(self.table, name, known=self.sorts)
        return filled(values, "active") if name == "status" else values

    def tag_mask(self, name: str) -> BoolArray:
        """Return (n_rows,) bool: which rows carry the tag ``name``, in any family."""
        return self.tag_table.mask(name)

    def aligned(self, ids: IdMap) -> Self:
        """Return this table in the rows of another map; unknown ids have nulls and no tags."""
        if ids is self.ids:
            return self
        rows = same_rows(self.ids, ids)
        return self._with(ids, rerowed_table(self.table, rows), self.tag_table.rerowed(rows))

    def at_rows(self, rows: RowArray) -> Self:
        """Return some of the rows alone, in that order, at the cost of these."""
        ids = IdMap.of(self.ids.ids(rows))
        return self._with(ids, rerowed_table(self.table, rows), self.tag_table.at_rows(rows))

    def upserted(self, other: Self) -> Self:
        """Return this table with another's rows put in: new ones appended, known ones changed.

        A null of the other keeps the former value, column by column; an empty list replaces it.
        If the other gives an item any tag, its tags replace all former ones; a user's declared
        tags are a column like any other.

        Raises
        ------
        DataError
            If the ids are of different sorts.
        """
        ids, old, new = upserted_rows(self.ids, other.ids, name=self.ids_field[:-1] + "_id")
        table = merged_table(self.table, other.table, old_rows=old, new_rows=new)
        tags = self.tag_table.rerowed(old).overlaid(other.tag_table.rerowed(new))
        return self._with(ids, table, tags)

    def _with(self, ids: IdMap, table: Any, tag_table: TagTable) -> Self:
        fields: dict[str, Any] = {self.ids_field: ids, "table": table, "tag_table": tag_table}
        return replace(self, **fields)  # type: ignore[type-var]  # subclasses are dataclasses

    def to_arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Return the tags as plain arrays to save; ids and table are saved on their own."""
        return self.tag_table.to_arrays()
