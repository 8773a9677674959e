"""Typed attribute columns and the base of tables with one row per item or user."""

from __future__ import annotations

import contextlib
import difflib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar, Literal, Self, TypeAlias
from uuid import UUID

import numpy as np
import numpy.typing as npt

from recsys.core.arrays import BoolArray, RowArray, freeze
from recsys.core.errors import ArtifactError, DataError, clip
from recsys.core.storage import atomic_file
from recsys.data.ids.id_map import IdMap, same_rows, upserted_rows
from recsys.data.readers.columns import list_column, optional_ids, text_column
from recsys.data.readers.source import RowReport, SourceTable
from recsys.data.readers.times import time_column
from recsys.data.tables.attribute_types import (
    Sort,
    conformed,
    id_sort,
    read_attribute,
    sort_of,
    widest,
)
from recsys.data.tables.tags import TagTable


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


def read_attributes(
    source: SourceTable, *, known: Iterable[str], report: RowReport | None = None
) -> dict[str, Any]:
    """Read every column that is not ``known``; see :func:`read_attribute`.

    Raises
    ------
    DataError
        If there is no ``report`` to note a bad cell in.
    """
    noted = RowReport(source, "stop") if report is None else report
    left = [name for name in source.table.column_names if name not in set(known)]
    found = {name: read_attribute(source, noted, name) for name in left}
    if report is None:
        noted.finish()
    return found


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
    return freeze(_values(column, is_id=known.get(name) == "id"))


def _absent(sort: str, n_rows: int) -> npt.NDArray[Any]:
    if sort == "time":
        return np.full(n_rows, np.datetime64("NaT", "us"))
    out = np.empty(n_rows, dtype=object)
    out[:] = [() if sort == "list" else None] * n_rows
    return out


def _values(column: Any, *, is_id: bool) -> npt.NDArray[Any]:
    import pyarrow as pa
    import pyarrow.types as pt

    if pt.is_integer(column.type) and not is_id:
        with contextlib.suppress(pa.ArrowInvalid):  # beyond 2^53: int objects, which are exact
            column = column.cast(pa.float64())
    if pt.is_floating(column.type):
        return np.array(column.to_numpy(zero_copy_only=False), np.float64)
    if pt.is_timestamp(column.type):
        return np.array(column.to_numpy(zero_copy_only=False)).astype("datetime64[us]")
    if pt.is_boolean(column.type):
        column = column.cast(pa.large_string())
    out = np.empty(len(column), dtype=object)
    if pt.is_large_list(column.type):
        out[:] = [tuple(one) if one else () for one in column.to_pylist()]
    elif pt.is_fixed_size_binary(column.type):
        out[:] = [None if one is None else UUID(bytes=one) for one in column.to_pylist()]
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


def merged_table(
    old: Any, new: Any, *, old_rows: RowArray, new_rows: RowArray, id_names: Collection[str] = ()
) -> Any:
    """Return (n,) rows of two tables as one; where both know something, the new one counts.

    Parameters
    ----------
    old, new : pyarrow.Table
        A null in ``new`` keeps the old value. A column keeps the type it has in ``old``.
    old_rows, new_rows : (n,) int32
        Their rows, in the order of the result; -1 for none.
    id_names : collection of str
        Columns of ids: text is never read as integers there.

    Raises
    ------
    DataError
        If a new cell is not of the type of its column.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    before, after = rerowed_table(old, old_rows), rerowed_table(new, new_rows)
    columns = {name: before.column(name) for name in before.column_names}
    for name in after.column_names:
        fresh = after.column(name)
        if name in columns:
            if name in id_names:
                _check_id_sorts(old.column(name), fresh, name)
            fresh = conformed(fresh, old.column(name), name=f"column {name!r}")
            kind = widest(columns[name].type, fresh.type)
            try:
                fresh = pc.coalesce(fresh.cast(kind), columns[name].cast(kind))
            except pa.ArrowInvalid as err:
                raise DataError(
                    f"column {name!r} must hold whole numbers, as it was before; its numbers "
                    "beyond 2^53 cannot be kept beside fractions. Correct the cells."
                ) from err
        columns[name] = fresh
    return pa.table(columns)


def _check_id_sorts(old: Any, new: Any, name: str) -> None:
    if old.type != new.type and old.null_count < len(old) and new.null_count < len(new):
        raise DataError(
            f"{name} must be of one sort everywhere; {id_sort(old)} ids meet {id_sort(new)} ids. "
            "Turn both into text, or both into integers."
        )


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


ColumnSort: TypeAlias = Sort | Literal["id"]


class AttributeTable:
    """Base of :class:`Catalog` and :class:`People`: columns and tags, aligned with an IdMap.

    Subclasses are frozen dataclasses with the fields ``table``, ``tag_table``, ``_columns`` and
    the map that ``ids_field`` names.
    """

    ids_field: ClassVar[str]
    """Field of the IdMap."""
    label: ClassVar[str]
    """Description in messages, with {} for the number of rows."""
    sorts: ClassVar[Mapping[str, ColumnSort]]
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

    def sort(self, name: str) -> ColumnSort | Literal["empty"]:
        """Return the sort of a column; "empty" for an attribute without any value."""
        if name in self.sorts:
            return self.sorts[name]
        return sort_of(self.table.schema.field(name).type) or "empty"

    @property
    def declared_types(self) -> dict[str, str]:
        """Attributes and their sorts as the argument ``columns`` of a reader takes them."""
        names = [one for one in self.table.column_names if one not in self.sorts]
        sorts = {one: self.sort(one) for one in names}
        return {one: f"{one}:{sort}" for one, sort in sorts.items() if sort != "empty"}

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
        id_names = [one for one, sort in self.sorts.items() if sort == "id"]
        table = merged_table(self.table, other.table, old_rows=old, new_rows=new, id_names=id_names)
        tags = self.tag_table.rerowed(old).overlaid(other.tag_table.rerowed(new))
        return self._with(ids, table, tags)

    def conformed_to(self, known: Self) -> Self:
        """Return this table with its columns in the types that they have in another.

        Raises
        ------
        DataError
            If a cell is not of the type of its column.
        """
        table = self.table
        for at, name in enumerate(table.column_names):
            if name in known.table.column_names and name not in self.sorts:
                column = conformed(
                    table.column(name), known.table.column(name), name=f"column {name!r}"
                )
                table = table.set_column(at, name, column)
        return self._with(self.ids, table, self.tag_table)

    def _with(self, ids: IdMap, table: Any, tag_table: TagTable) -> Self:
        fields: dict[str, Any] = {self.ids_field: ids, "table": table, "tag_table": tag_table}
        return replace(self, **fields)  # type: ignore[type-var]  # subclasses are dataclasses

    def to_arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Return the tags as plain arrays to save; ids and table are saved on their own."""
        return self.tag_table.to_arrays()
