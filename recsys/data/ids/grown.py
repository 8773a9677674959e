"""Id table that grows at the cost of the added ids alone."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from recsys.core.arrays import NO_ROW, RowArray
from recsys.data.ids.stores import IntStore, TextStore


class GrownStore:
    """The ids of a store, then further ones; nothing of the store is copied.

    Parameters
    ----------
    base : TextStore or IntStore
        Rows 0 to ``len(base) - 1``.
    place : mapping of id to row
        The further ids, which the base does not have, in the order of their rows.
    """

    def __init__(self, base: TextStore | IntStore, place: Mapping[Any, int]) -> None:
        self.base: Any = base
        self.place = place

    def __len__(self) -> int:
        return len(self.base) + len(self.place)

    def plus(self, ids: list[Any]) -> GrownStore:
        """Return the store with ids added that it does not have."""
        rows = range(len(self), len(self) + len(ids))
        return GrownStore(self.base, {**self.place, **dict(zip(ids, rows, strict=True))})

    def row_of(self, one: Any) -> int:
        """Return the row of an id, or -1."""
        found = int(self.base.row_of(one))
        return found if found != NO_ROW else self.place.get(one, NO_ROW)

    def rows_of(self, ids: Any) -> RowArray:
        """Return the (n,) int32 rows of an Arrow array; -1 for null and unknown."""
        rows = np.array(self.base.rows_of(ids), np.int32)
        for at in np.flatnonzero(rows == NO_ROW).tolist():
            rows[at] = self.place.get(ids[at].as_py(), NO_ROW)
        return rows

    def ids_of(self, rows: RowArray) -> list[Any]:
        """Return the id of each row; None for -1."""
        beyond = rows >= len(self.base)
        found: list[Any] = self.base.ids_of(np.where(beyond, NO_ROW, rows).astype(np.int32))
        for at in np.flatnonzero(beyond).tolist():
            found[at] = self._added[int(rows[at]) - len(self.base)]
        return found

    def values(self) -> Any:
        """Return all ids in row order as an Arrow array."""
        return self._whole.values()

    def to_arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Return the arrays of one store with all the ids."""
        arrays: dict[str, npt.NDArray[Any]] = self._whole.to_arrays()
        return arrays

    @cached_property
    def _added(self) -> list[Any]:
        return list(self.place)

    @cached_property
    def _whole(self) -> Any:
        import pyarrow as pa

        own = self.base.values()
        return type(self.base).of(pa.concat_arrays([own, pa.array(self._added, own.type)]))
