"""A whole snapshot turned round, each way at its first use: who took an item, who mutes, ..."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from recsys.core.arrays import NO_ROW, BoolArray, Csr, DoubleArray, RowArray, TimeArray
from recsys.data import Catalog
from recsys.profiles import muted_matrix
from recsys.serving.state.access import author_texts, repeat_days
from recsys.serving.state.filter_cache import FilterCache, filter_key
from recsys.serving.state.snapshot import Snapshot


class Lookups:
    """What observing asks of a whole snapshot beside rows; shared by all that is observed on it.

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
    def muting(self) -> BoolArray:
        """(n_users,) bool: who muted anything."""
        people = self._base.dataset.people
        names = ("muted_tags", "muted_authors")
        columns = [people.column(one) for one in names if one in people.table.column_names]
        out = np.zeros(self._base.n_users, dtype=np.bool_)
        for column in columns:
            out |= np.fromiter((len(one) > 0 for one in column), np.bool_, count=len(column))
        return out

    @cached_property
    def muters_by_tag(self) -> Csr:
        """(n_tags, n_users) csr: 1 where a person muted a tag."""
        muted = self._base.dataset.people.muted_tags
        return muted_matrix(muted, self._base.tags).T.tocsr()

    @cached_property
    def muters_by_author(self) -> dict[str, list[int]]:
        """User rows by the author's id as text."""
        found: dict[str, list[int]] = {}
        for row, names in enumerate(self._base.dataset.people.muted_authors):
            for name in names:
                found.setdefault(str(name), []).append(row)
        return found

    @cached_property
    def muters(self) -> Csr:
        """(n_users, n_items) csc of the muted pairs: who muted an item."""
        return self._base.muted.tocsc()

    @cached_property
    def items_by_tag(self) -> Csr:
        """(n_tags, n_items) csr: 1 where an item has a tag."""
        return (self._base.item_profiles.matrix > 0).astype(np.float32).T.tocsr()

    @cached_property
    def items_by_author(self) -> dict[str, RowArray]:
        """Item rows by the author's id as text."""
        dataset = self._base.dataset
        authors = author_texts(dataset.catalog, dataset.users.ids(dataset.author_rows))
        found: dict[str, list[int]] = {}
        for row, author in enumerate(authors):
            if author is not None:
                found.setdefault(author, []).append(row)
        return {author: np.array(rows, np.int32) for author, rows in found.items()}

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
