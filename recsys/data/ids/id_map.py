"""Two-way map between the caller's ids and row numbers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from uuid import UUID

import numpy as np
import numpy.typing as npt

from recsys.core.arrays import NO_ROW, ObjectArray, RowArray
from recsys.core.errors import DataError, clip
from recsys.data.ids.grown import GrownStore
from recsys.data.ids.stores import SHORT, IntStore, TextStore
from recsys.data.ids.values import (
    MAX_ID_CHARS,
    IdKind,
    id_values,
    ids_of_kind,
    is_uuid_array,
    sort_of_id,
    translated,
)


class IdMap:
    """An immutable two-way map: id <-> row.

    Ids are text, integers or UUIDs, one sort per map, and come back exactly as given.
    An id of another sort is unknown, never an error: a map of texts does not know ``42``.

    Examples
    --------
    >>> people = IdMap.of(["ana", "bo"])
    >>> people.rows(["bo", "cy", 7]).tolist()
    [1, -1, -1]
    >>> people.ids([0, -1]).tolist()
    ['ana', None]
    """

    __slots__ = ("_kind", "_store")

    def __init__(self, store: TextStore | IntStore | GrownStore, *, kind: IdKind) -> None:
        self._store: Any = store
        self._kind = kind

    @classmethod
    def of(cls, ids: Any = (), *, name: str = "ids") -> IdMap:
        """Build from ids in row order.

        Parameters
        ----------
        ids : sequence, numpy array or pyarrow array, length n_ids
            Unique; text of 1 to 1,024 characters, integers of 64 bits, or UUIDs.
        name : str
            What to call them in a message.

        Raises
        ------
        DataError
            If an id is missing, given twice, too long, a float or of another sort.
        """
        import pyarrow.compute as pc

        values, kind = id_values(ids, name=name)
        if values.null_count:
            at = int(np.flatnonzero(np.asarray(values.is_null()))[0])
            raise DataError(f"{name} must not be missing; row {at} is. Leave such rows out.")
        if kind == "text":
            _check_lengths(values, name)
        unique = pc.unique(values)
        if len(unique) != len(values):
            raise DataError(f"{name} must be unique; {_repeated(values)} is given twice.")
        return cls._trusted(values, kind)

    @classmethod
    def _trusted(cls, values: Any, kind: IdKind) -> IdMap:
        store = IntStore.of(values) if kind == "int" else TextStore.of(values)
        return cls(store, kind=kind)

    @property
    def kind(self) -> IdKind:
        """The sort of the ids: "text", "int" or "uuid"."""
        return self._kind

    def __len__(self) -> int:
        return len(self._store)

    def __contains__(self, one: object) -> bool:
        return self.row(one) != NO_ROW

    def __iter__(self) -> Iterator[Any]:
        return iter(self.ids().tolist())

    def __repr__(self) -> str:
        return f"IdMap({len(self)} {self.kind} ids)"

    def row(self, one: object) -> int:
        """Return the row of one id; -1 if it is unknown or of another sort."""
        if self._kind == "text":
            return int(self._store.row_of(one)) if isinstance(one, str) else NO_ROW
        if self._kind == "uuid":
            return int(self._store.row_of(str(one))) if isinstance(one, UUID) else NO_ROW
        if isinstance(one, bool | np.bool_) or not isinstance(one, int | np.integer):
            return NO_ROW
        return int(self._store.row_of(int(one)))

    def rows(self, ids: Any) -> RowArray:
        """Return the (n,) int32 rows of ``ids``; -1 where unknown or of another sort.

        Parameters
        ----------
        ids : sequence, numpy array or pyarrow array of n ids
            Mixed sorts are fine here.
        """
        import pyarrow as pa

        if not isinstance(ids, np.ndarray | pa.Array | pa.ChunkedArray):
            ids = list(ids)
        if len(ids) <= SHORT and not is_uuid_array(ids):
            ids = ids.to_pylist() if isinstance(ids, pa.Array | pa.ChunkedArray) else ids
            return np.fromiter((self.row(one) for one in ids), np.int32, count=len(ids))
        return self._bulk_rows(ids)

    def _bulk_rows(self, ids: Any) -> RowArray:
        import pyarrow.compute as pc

        values, kind = self._comparable(ids)
        if kind != self._kind:
            return np.full(len(ids), NO_ROW, np.int32)
        if len(values) <= len(self):
            return np.asarray(self._store.rows_of(values), np.int32)
        coded = pc.dictionary_encode(values)
        found = np.append(self._store.rows_of(coded.dictionary), np.int32(NO_ROW))
        codes = pc.fill_null(coded.indices, len(found) - 1).to_numpy(zero_copy_only=False)
        return np.asarray(found[codes], np.int32)

    def _comparable(self, ids: Any) -> tuple[Any, IdKind | None]:
        try:
            return id_values(ids, name="ids")
        except DataError:
            if isinstance(ids, np.ndarray) and ids.dtype.kind != "O":
                return ids, None
        kept = [one if self._fits(one) else None for one in ids]
        values, kind = id_values(kept, name="ids")
        return values, kind

    def _fits(self, one: object) -> bool:
        if self._kind == "text":
            return isinstance(one, str) and _encodable(one)
        if self._kind == "uuid":
            return isinstance(one, UUID)
        is_int = isinstance(one, int | np.integer) and not isinstance(one, bool)
        return is_int and -(2**63) <= int(one) < 2**63  # type: ignore[call-overload]

    def require_sort(self, ids: Iterable[Any], *, name: str, n_known: int = 0) -> None:
        """Raise if unknown ids are rather ids of this map in another sort: "42" for 42.

        They are if one is known once it is translated, or if all that were asked about can be.

        Parameters
        ----------
        ids : iterable
            Unknown to the map; missing ones pass.
        n_known : int
            Further ids that were asked about, and are known.

        Raises
        ------
        DataError
            Naming both sorts and the first such id.
        """
        sorts = [(one, sort_of_id(one)) for one in ids]
        others = [(one, kind) for one, kind in sorts if kind not in (self._kind, None)]
        if not (len(self) and others):
            return
        meant = [translated(one, self._kind) for one, _ in others]
        found = [at for at, one in enumerate(meant) if one is not None and one in self]
        if found or (None not in meant and len(others) == len(sorts) + n_known):
            one, kind = others[found[0] if found else 0]
            raise DataError(_two_sorts(self, name, str(kind), one))

    def id(self, row: int) -> Any:
        """Return the id of one row; None for -1."""
        return self.ids([row])[0]

    def ids(self, rows: Any = None) -> ObjectArray:
        """Return the ids of ``rows``, exactly as they were given, in an object array.

        Parameters
        ----------
        rows : array of int32, any shape, or None
            -1 gives None; None as a whole means every row in order.

        Raises
        ------
        DataError
            If a row is out of range.
        """
        rows = np.arange(len(self), dtype=np.int32) if rows is None else np.asarray(rows, np.int32)
        if rows.size and (rows.max() >= len(self) or rows.min() < NO_ROW):
            raise DataError(
                f"rows must lie in -1..{len(self) - 1}; got {rows.min()}..{rows.max()}."
            )
        out = np.empty(rows.size, dtype=object)
        out[:] = self._store.ids_of(rows.ravel())
        if self._kind == "uuid":
            out[:] = [None if one is None else UUID(one) for one in out]
        return out.reshape(rows.shape)

    def values(self) -> Any:
        """Return every id in row order as an Arrow array (large_string, or int64)."""
        return self._store.values()

    def union(self, other: IdMap, *, name: str = "ids") -> IdMap:
        """Return a map with this map's rows unchanged, then the other's new ids in their order.

        Raises
        ------
        DataError
            If both hold ids and the sorts differ.
        """
        if not len(other) or other is self:
            return self
        if not len(self):
            return other
        check_same_sort(self, other, name)
        return self._plus(other.values())

    def extended(self, ids: Any, *, name: str = "ids") -> IdMap:
        """Return a map with this map's rows unchanged, then the new ones of ``ids``.

        Raises
        ------
        DataError
            If an id is no id, or not of this map's sort.
        """
        values, kind = id_values(ids, name=name)
        if not len(values):
            return self
        return self.union(IdMap.of(ids_of_kind(_unique(values), kind), name=name), name=name)

    def grown(self, ids: Any, *, name: str = "ids") -> IdMap:
        """Return the same as :meth:`extended`, at the cost of the new ids alone.

        Raises
        ------
        DataError
            If an id is no id, or not of this map's sort.
        """
        values, kind = id_values(ids, name=name)
        if not len(values):
            return self
        if not len(self):
            return IdMap.of(ids_of_kind(_unique(values), kind), name=name)
        if kind != self._kind:
            check_same_sort(self, IdMap.of(ids_of_kind(_unique(values), kind), name=name), name)
        unknown = values.filter(self._store.rows_of(values) == NO_ROW)
        new = list(dict.fromkeys(unknown.to_pylist()))
        if not new:
            return self
        store = self._store if isinstance(self._store, GrownStore) else GrownStore(self._store, {})
        return IdMap(store.plus(new), kind=self._kind)

    def _plus(self, values: Any) -> IdMap:
        import pyarrow as pa

        new = values.filter(pa.array(self._store.rows_of(values) == NO_ROW))
        if not len(new):
            return self
        return IdMap._trusted(pa.concat_arrays([self.values(), new]), self._kind)

    def subset(self, rows: RowArray) -> IdMap:
        """Return a map of some rows' ids, in the order of ``rows``: each at most once, no -1."""
        import pyarrow as pa

        return IdMap._trusted(self.values().take(pa.array(rows)), self._kind)

    def equals(self, other: IdMap) -> bool:
        """Say whether both hold the same ids in the same rows."""
        if self is other:
            return True
        same_shape = self._kind == other._kind and len(self) == len(other)
        return same_shape and bool(self.values().equals(other.values()))

    def to_arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Return plain arrays to save: text as ``bytes``, ``offsets``, ``hashes``, ``order``.

        Notes
        -----
        Integers give ``ints``, ``ranked``, ``order``; UUIDs also a marker ``is_uuid``.
        """
        arrays: dict[str, npt.NDArray[Any]] = self._store.to_arrays()
        return {**arrays, "is_uuid": np.ones(1, np.uint8)} if self._kind == "uuid" else arrays

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray[Any]]) -> IdMap:
        """Take what :meth:`to_arrays` gave; memory-mapped arrays are used in place."""
        if "ints" in arrays:
            return cls(IntStore.from_arrays(arrays), kind="int")
        return cls(TextStore.from_arrays(arrays), kind="uuid" if "is_uuid" in arrays else "text")

    def __reduce__(self) -> tuple[Any, ...]:
        return IdMap.from_arrays, (
            {name: np.asarray(part) for name, part in self.to_arrays().items()},
        )


def _unique(values: Any) -> Any:
    import pyarrow.compute as pc

    return pc.unique(values)


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _check_lengths(values: Any, name: str) -> None:
    import pyarrow.compute as pc

    lengths = np.asarray(pc.utf8_length(values))
    wrong = np.flatnonzero((lengths < 1) | (lengths > MAX_ID_CHARS))
    if len(wrong):
        at = int(wrong[0])
        raise DataError(
            f"{name} must have 1 to {MAX_ID_CHARS:,} characters; row {at} has {lengths[at]:,}: "
            f"{clip(repr(values[at].as_py()))}."
        )


def _repeated(values: Any) -> str:
    import pyarrow.compute as pc

    counts = values.value_counts()
    twice = counts.field("values").filter(pc.greater(counts.field("counts"), 1))
    return clip(repr(twice[0].as_py()))


def check_same_sort(a: IdMap, b: IdMap, name: str) -> None:
    """Raise if two maps hold ids of different sorts; an empty one goes with any.

    Raises
    ------
    DataError
        Naming both sorts.
    """
    if a.kind != b.kind and len(a) and len(b):
        raise DataError(_two_sorts(a, name, b.kind, b.id(0)))


def _two_sorts(known: IdMap, name: str, kind: str, one: object) -> str:
    return (
        f"{name} must be of one sort everywhere; {known.kind} ids (as {clip(repr(known.id(0)))}) "
        f"meet {kind} ids (as {clip(repr(one))}). Turn both into text, or both into integers."
    )


def ids_column(ids: IdMap, rows: RowArray) -> Any:
    """Return the ids of rows as an Arrow column of their own sort; null for -1."""
    import pyarrow as pa

    column = ids.values().take(pa.array(rows, pa.int32(), mask=rows < 0))
    if ids.kind == "uuid" and hasattr(pa, "uuid"):  # pyarrow 18 and later
        raw = [None if one is None else UUID(one).bytes for one in column.to_pylist()]
        return pa.ExtensionArray.from_storage(pa.uuid(), pa.array(raw, pa.binary(16)))
    return column


def same_rows(ids: IdMap, wanted: IdMap) -> RowArray:
    """Return (len(wanted),) int32: the row in ``ids`` of each id of ``wanted``; -1 if none."""
    if ids is wanted:
        return np.arange(len(ids), dtype=np.int32)
    if ids.kind != wanted.kind:
        return np.full(len(wanted), NO_ROW, np.int32)
    return np.asarray(ids._store.rows_of(wanted.values()), np.int32)


def upserted_rows(old: IdMap, other: IdMap, *, name: str) -> tuple[IdMap, RowArray, RowArray]:
    """Return a map with another's new ids appended, and of each of its rows where it comes from.

    Returns
    -------
    ids : IdMap
        As of :meth:`IdMap.union`.
    old_rows, other_rows : (len(ids),) int32
        Rows of each map; -1 for none.

    Raises
    ------
    DataError
        If the ids are of different sorts.
    """
    few = len(other) <= SHORT and len(old) > len(other)
    ids = old.grown(other.ids().tolist(), name=name) if few else old.union(other, name=name)
    old_rows = np.full(len(ids), NO_ROW, dtype=np.int32)
    other_rows = old_rows.copy()
    old_rows[: len(old)] = np.arange(len(old))
    other_rows[same_rows(ids, other)] = np.arange(len(other))
    return ids, old_rows, other_rows


def moved_rows(rows: RowArray, old: IdMap, new: IdMap) -> RowArray:
    """Return the rows in another map of the same ids.

    Raises
    ------
    DataError
        If an id in use is not in the other map.
    """
    if old is new:
        return rows
    table = np.append(same_rows(new, old), np.int32(NO_ROW))
    moved: RowArray = table[rows]
    if len(moved) and moved.min() < 0:
        raise DataError(f"the other map must hold every id in use; {(moved < 0).sum()} lack.")
    return moved
