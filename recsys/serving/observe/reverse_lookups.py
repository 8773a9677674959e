"""Inverted lookups of a snapshot, built at first use."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from recsys.core.arrays import NO_ROW, BoolArray, Csr, DoubleArray, RowArray, TimeArray
from recsys.data import Catalog
from recsys.serving.state.access import repeat_days
from recsys.serving.state.filter_cache import FilterCache, filter_key
from recsys.serving.state.snapshot import Snapshot


class Lookups:
    """Reverse lookups of a snapshot that ``observe`` needs; shared by all deltas on it.

    Parameters
    ----------
    base : Snapshot
        Whole.
    """

    def __init__(self, base: Snapshot) -> None:
        self._base = base
        self._masks = FilterCache()

    def mask_of(self, where: Any) -> BoolArray:
        """Return which items a filter lets through, kept while it is in use; empty is all.

        Raises
        ------
        ConfigError
            If it cannot be read.
        """
        return self._masks.get(filter_key(where), lambda: self._base.mask_of(where)).mask

    @cached_property
    def no_items(self) -> Catalog:
        """The catalog without any item, its columns kept."""
        return self._base.dataset.catalog.at_rows(np.zeros(0, dtype=np.int32))

    @cached_property
    def repeat_days(self) -> DoubleArray:
        """(n_items,) float64: days after which a seen item may come back; inf is never."""
        return repeat_days(self._base.dataset.catalog, self._base.config)

    @cached_property
    def awaiting_author(self) -> dict[Any, list[int]]:
        """Item rows by an author's id that no known person has."""
        dataset = self._base.dataset
        found: dict[Any, list[int]] = {}
        if "author_id" in dataset.catalog.table.column_names:
            given = dataset.catalog.column("author_id")
            known = dataset.users.rows(given)
            for row in np.flatnonzero(known == NO_ROW).tolist():
                if given[row] is not None:
                    found.setdefault(given[row], []).append(row)
        return found

    @cached_property
    def takers(self) -> Csr:
        """(n_users, n_items) csc of the histories: who took an item."""
        return self._base.queries.history.tocsc()

    @cached_property
    def makers(self) -> dict[int, tuple[int, int]]:
        """Time and user row of the first authoring event of each item that has one."""
        events = self._base.dataset.events
        made = np.flatnonzero(events.kinds.has_role("authoring")[events.kind_codes])
        items, users = events.item_rows[made].tolist(), events.user_rows[made].tolist()
        out: dict[int, tuple[int, int]] = {}
        for item, user, when in zip(items, users, ticks(events.occurred_at[made]), strict=True):
            if item not in out or when < out[item][0]:
                out[item] = (int(when), user)
        return out

    @cached_property
    def event_ids(self) -> frozenset[str]:
        """Ids of the events."""
        ids = self._base.dataset.events.event_ids
        return frozenset() if ids is None else frozenset(ids.dictionary.to_pylist())

    @cached_property
    def published(self) -> TimeArray:
        """(n_items,) datetime64: when items were published; NaT where unknown."""
        column: TimeArray = self._base.dataset.catalog.column("published_at")
        return column

    @cached_property
    def _expiring(self) -> tuple[TimeArray, RowArray]:
        times = self._base.dataset.catalog.column("expires_at")
        rows = np.flatnonzero(~np.isnat(times))
        order = np.argsort(times[rows], kind="stable")
        return times[rows][order], rows[order].astype(np.int32)

    def expired_by(self, moment: np.datetime64) -> RowArray:
        """Return the items that are over at a moment."""
        times, rows = self._expiring
        if np.isnat(moment):
            return rows[:0]
        return rows[: int(np.searchsorted(times, moment, side="right"))]


def ticks(times: TimeArray) -> npt.NDArray[np.int64]:
    """Return microseconds; the latest possible for an unknown time."""
    plain = times.astype("datetime64[us]")
    return np.where(np.isnat(plain), np.iinfo(np.int64).max, plain.astype(np.int64))
