"""Two-way id tables on memory-mapped arrays, by hashes and binary search."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from hashlib import blake2b
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from recsys.core.arrays import NO_ROW, RowArray, freeze

SHORT = 64
"""Up to this many ids are looked up one by one: below it, that beats the vectorised way."""

PROBES_PER_ID = 30
"""A hash lookup costs about what it costs to put this many ids in Arrow's table."""


class TextStore:
    """Texts in row order as one byte table; found by a sorted 64-bit hash, verified by bytes.

    Parameters
    ----------
    table : (n_bytes,) uint8
        The UTF-8 bytes of all texts, one after the other.
    offsets : (n_ids + 1,) int64
        Text ``i`` is ``table[offsets[i]:offsets[i + 1]]``.
    hashes, order : (n_ids,) uint64 and int32, or None
        Sorted BLAKE2b hashes, and the row of each; None computes them when first needed.
    """

    __slots__ = ("_hashes", "_order", "_views", "offsets", "table")

    def __init__(
        self,
        table: npt.NDArray[np.uint8],
        offsets: npt.NDArray[np.int64],
        *,
        hashes: npt.NDArray[np.uint64] | None = None,
        order: RowArray | None = None,
    ) -> None:
        self.table, self.offsets = freeze(table), freeze(offsets)
        self._hashes, self._order = hashes, order
        self._views: tuple[Any, ...] | None = None

    @classmethod
    def of(cls, texts: Any) -> TextStore:
        """Build from a ``large_string`` Arrow array without nulls."""
        import pyarrow as pa

        if texts.offset or len(texts) == 0:
            texts = pa.concat_arrays([texts, pa.array([], pa.large_string())])
        _, offsets, table = texts.buffers()
        starts = np.zeros(1, np.int64)
        if len(texts):
            starts = np.frombuffer(offsets, np.int64)[: len(texts) + 1]
        first, last = int(starts[0]), int(starts[-1])
        raw = np.frombuffer(table, np.uint8)[first:last] if last else np.empty(0, np.uint8)
        return cls(raw.copy(), starts - first)

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def to_arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Return the four arrays, hashes included."""
        hashes, order = self._hashed()
        return {"bytes": self.table, "offsets": self.offsets, "hashes": hashes, "order": order}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray[Any]]) -> TextStore:
        """Take what :meth:`to_arrays` gave, possibly memory-mapped."""
        return cls(
            arrays["bytes"], arrays["offsets"], hashes=arrays["hashes"], order=arrays["order"]
        )

    def values(self) -> Any:
        """Return all texts as a ``large_string`` Arrow array, without a copy."""
        import pyarrow as pa

        buffers = [None, pa.py_buffer(self.offsets), pa.py_buffer(self.table)]
        return pa.Array.from_buffers(pa.large_string(), len(self), buffers)

    def row_of(self, one: str) -> int:
        """Return the row of a text, or -1."""
        try:
            raw = one.encode()
        except UnicodeEncodeError:  # a lone surrogate is in no UTF-8 file
            return NO_ROW
        table, offsets, hashes, order = self._lookup_views()
        key = _hash(raw)
        place = bisect_left(hashes, key)
        while place < len(hashes) and hashes[place] == key:
            row: int = order[place]
            if table[offsets[row] : offsets[row + 1]] == raw:
                return row
            place += 1
        return NO_ROW

    def rows_of(self, texts: Any) -> RowArray:
        """Return the (n,) int32 rows of a ``large_string`` array; -1 for null and unknown."""
        if len(texts) <= SHORT or (
            self._hashes is not None and len(texts) * PROBES_PER_ID < len(self)
        ):
            found = [NO_ROW if one is None else self.row_of(one) for one in texts.to_pylist()]
            return np.array(found, np.int32)
        return index_in(texts, self.values())

    def ids_of(self, rows: RowArray) -> list[str | None]:
        """Return the text of each row; None for -1."""
        if len(rows) > SHORT:
            import pyarrow as pa

            wanted = pa.array(rows, pa.int32(), mask=rows < 0)
            texts: list[str | None] = self.values().take(wanted).to_pylist()
            return texts
        table, offsets = self._lookup_views()[:2]
        return [
            None if row < 0 else str(table[offsets[row] : offsets[row + 1]], "utf-8")
            for row in rows.tolist()
        ]

    def _hashed(self) -> tuple[npt.NDArray[np.uint64], RowArray]:
        if self._hashes is None or self._order is None:
            raw, starts = self.table.tobytes(), self.offsets.tolist()
            keys = np.fromiter(
                (_hash(raw[a:b]) for a, b in pairwise(starts)),
                np.uint64,
                count=len(self),
            )
            order = np.argsort(keys, kind="stable").astype(np.int32)
            self._order = freeze(order)
            self._hashes = freeze(keys[order])
        return self._hashes, self._order

    def _lookup_views(self) -> tuple[Any, ...]:
        # Indexing a memoryview gives a plain int in 40 ns; a numpy scalar costs three times that.
        if self._views is None:
            hashes, order = self._hashed()
            self._views = tuple(_view(part) for part in (self.table, self.offsets, hashes, order))
        return self._views


class IntStore:
    """64-bit integers in row order, found by bisection in a sorted copy.

    Parameters
    ----------
    values : (n_ids,) int64
        The id of each row.
    ranked, order : (n_ids,) int64 and int32, or None
        The sorted ids, and the row of each; None computes them when first needed.
    """

    __slots__ = ("_order", "_ranked", "_views", "ints")

    def __init__(
        self,
        ints: npt.NDArray[np.int64],
        *,
        ranked: npt.NDArray[np.int64] | None = None,
        order: RowArray | None = None,
    ) -> None:
        self.ints = freeze(ints)
        self._ranked, self._order = ranked, order
        self._views: tuple[Any, ...] | None = None

    @classmethod
    def of(cls, ints: Any) -> IntStore:
        """Build from an int64 Arrow array without nulls."""
        return cls(np.array(ints.to_numpy(zero_copy_only=False), np.int64))

    def __len__(self) -> int:
        return len(self.ints)

    def to_arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Return the three arrays."""
        ranked, order = self._sorted()
        return {"ints": self.ints, "ranked": ranked, "order": order}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray[Any]]) -> IntStore:
        """Take what :meth:`to_arrays` gave, possibly memory-mapped."""
        return cls(arrays["ints"], ranked=arrays["ranked"], order=arrays["order"])

    def values(self) -> Any:
        """Return all ids as an int64 Arrow array."""
        import pyarrow as pa

        return pa.array(np.asarray(self.ints))

    def row_of(self, one: int) -> int:
        """Return the row of an integer, or -1."""
        if self._views is None:
            ranked, order = self._sorted()
            self._views = (_view(ranked), _view(order))
        values, rows = self._views
        place = bisect_left(values, one)
        if place < len(values) and values[place] == one:
            return int(rows[place])
        return NO_ROW

    def rows_of(self, ints: Any) -> RowArray:
        """Return the (n,) int32 rows of an int64 array; -1 for null and unknown."""
        return index_in(ints, self.values())

    def ids_of(self, rows: RowArray) -> list[int | None]:
        """Return the integer of each row; None for -1."""
        if not len(self):
            return [None] * len(rows)
        found: list[int | None] = self.ints[rows].tolist()
        for position in np.flatnonzero(rows < 0).tolist():
            found[position] = None
        return found

    def _sorted(self) -> tuple[npt.NDArray[np.int64], RowArray]:
        if self._ranked is None or self._order is None:
            order = np.argsort(self.ints, kind="stable").astype(np.int32)
            self._order = freeze(order)
            self._ranked = freeze(self.ints[order])
        return self._ranked, self._order


def index_in(wanted: Any, known: Any) -> RowArray:
    """Return the (n,) int32 place of each of ``wanted`` in ``known`` (Arrow arrays); -1 if none."""
    import pyarrow.compute as pc

    if not len(known):
        return np.full(len(wanted), NO_ROW, np.int32)
    found = pc.fill_null(pc.index_in(wanted, value_set=known), NO_ROW)
    return np.array(found.to_numpy(zero_copy_only=False), np.int32)


def _view(array: npt.NDArray[Any]) -> Any:
    buffer: Any = np.asarray(array)  # of a memory map, the plain array
    return memoryview(buffer)


def _hash(raw: bytes) -> int:
    return int.from_bytes(blake2b(raw, digest_size=8).digest(), "little")
