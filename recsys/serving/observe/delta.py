"""The delta of a snapshot: changed people, changed items and new events."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recsys.core.arrays import (
    NO_ROW,
    BoolArray,
    Csr,
    DoubleArray,
    RowArray,
    TimeArray,
    csr_rows,
    positions_of,
)
from recsys.core.persistent_map import Layered
from recsys.data import Catalog, EventLog, IdMap, KindTable, People
from recsys.index import ChangedVectors, DeltaIndex
from recsys.models import ItemDelta, empty_delta
from recsys.serving.observe.person import Person
from recsys.serving.observe.reverse_lookups import Lookups
from recsys.serving.state.access import personal_people, repeat_days
from recsys.serving.state.mutes import NO_MUTES, Mutes, Postings
from recsys.serving.state.snapshot import Snapshot


@dataclass(frozen=True, slots=True, eq=False)
class UserEvents:
    """Events of one person.

    Attributes
    ----------
    item_rows, kind_codes, values, occurred_at : (n_events,) arrays
        As in an event log; the codes are those of the delta.
    named : (n_events,) bool
        Which have an ``event_id``.
    """

    item_rows: RowArray
    kind_codes: npt.NDArray[np.int16]
    values: npt.NDArray[np.float32]
    occurred_at: TimeArray
    named: BoolArray

    @classmethod
    def of(cls, log: EventLog, places: npt.NDArray[np.int64]) -> UserEvents:
        """Return some events of a log."""
        named = np.zeros(len(places), dtype=np.bool_)
        if log.event_ids is not None:
            named = np.asarray(log.event_ids.take(places).is_valid())
        return cls(
            log.item_rows[places],
            log.kind_codes[places],
            log.values[places],
            log.occurred_at[places],
            named,
        )

    def followed_by(self, other: UserEvents) -> UserEvents:
        """Return these and then the others."""
        return UserEvents(
            np.concatenate([self.item_rows, other.item_rows]),
            np.concatenate([self.kind_codes, other.kind_codes]),
            np.concatenate([self.values, other.values]),
            np.concatenate([self.occurred_at, other.occurred_at]),
            np.concatenate([self.named, other.named]),
        )


@dataclass(frozen=True, slots=True, eq=False)
class SnapshotDelta:
    """Everything that differs from a whole snapshot; never changed after it is made.

    Attributes
    ----------
    users, items : IdMap
        Those of the snapshot, grown.
    kinds : KindTable
        Those of the snapshot, then further ones.
    logs : tuple of EventLog
        Accepted events, call by call, in rows of ``users`` and ``items``.
    user_events : mapping of user row to UserEvents
        The same events, by person.
    people : mapping of user row to Person
        Who was touched.
    profiles : People
        Who was described, as they are now.
    catalog : Catalog
        The items that are new or were described, as they are now.
    item_rows : (n_described,) int32
        Their rows.
    features : (n_described, n_tags) csr
        Their profiles.
    postings : Postings
        Item rows by tag, word and author.
    authors : mapping of item row to user row
        Whoever made them; -1 nobody known.
    makers : mapping of item row to (time, user row)
        The first observed authoring event of an item.
    patch : ItemDelta
        The items whose vectors differ.
    changes : ChangedVectors
        These vectors, and those that the index of the snapshot holds beside its main part.
    event_ids : mapping of str to None
        Ids of the observed events.
    lookups : Lookups
        The whole snapshot turned round.
    """

    users: IdMap
    items: IdMap
    kinds: KindTable
    logs: tuple[EventLog, ...]
    user_events: Layered[int, UserEvents]
    people: Layered[int, Person]
    profiles: People
    catalog: Catalog
    item_rows: RowArray
    features: Csr
    postings: Postings
    authors: Layered[int, int]
    makers: Layered[int, tuple[int, int]]
    patch: ItemDelta
    changes: ChangedVectors
    event_ids: Layered[str, None]
    lookups: Lookups

    @classmethod
    def empty(cls, base: Snapshot) -> SnapshotDelta:
        """Return the delta of a snapshot since which nothing happened."""
        return cls(
            users=base.users,
            items=base.items,
            kinds=base.dataset.events.kinds,
            logs=(),
            user_events=Layered(),
            people=Layered(),
            profiles=People.empty(),
            catalog=Catalog.empty(),
            item_rows=np.zeros(0, np.int32),
            features=base.item_profiles.matrix[:0],
            postings=base.postings,
            authors=Layered(),
            makers=Layered(),
            patch=empty_delta(base.model),
            changes=_changes_of(base),
            event_ids=Layered(),
            lookups=Lookups(base),
        )


@dataclass(frozen=True, slots=True, eq=False)
class DeltaView:
    """A whole snapshot and what came since, asked about rows of both.

    Attributes
    ----------
    base : Snapshot
        Whole.
    delta : SnapshotDelta
    """

    base: Snapshot
    delta: SnapshotDelta

    @property
    def lacks_events(self) -> bool:
        """True if the snapshot was saved without events, so that histories replace them."""
        return not self.base.dataset.events.n_events and bool(self.base.queries.history.nnz)

    @property
    def lacks_some_events(self) -> bool:
        """True if saved pairs and authors replace events, also after compaction."""
        lineage = self.base.lineage
        n_met = lineage.n_events + lineage.n_since
        return self.lacks_events or self.base.dataset.events.n_events < n_met

    def described(self, user_rows: RowArray) -> BoolArray:
        """Return (n,) bool: who of some people was described since."""
        if not self.delta.profiles.n_users:
            return np.zeros(len(user_rows), dtype=np.bool_)
        ids = self.delta.users.ids(user_rows)
        return np.asarray(self.delta.profiles.users.rows(ids) != NO_ROW, dtype=np.bool_)

    def mutes_of(self, user_row: int) -> Mutes:
        """Return the tags and authors that a person muted."""
        profiles = self.delta.profiles
        if profiles.n_users:
            place = profiles.users.row(self.delta.users.id(user_row))
            if place != NO_ROW:
                return Mutes.of(profiles, place)
        return self.base.mutes_of(user_row) if user_row < self.base.n_users else NO_MUTES

    def user_events_of(self, user_row: int) -> list[UserEvents]:
        """Return the events of a person: those of the snapshot, then those since."""
        known = user_row < self.base.n_users
        old = (
            [UserEvents.of(self.base.dataset.events, self.base.events_of(user_row))]
            if known
            else []
        )
        return old + (
            [self.delta.user_events[user_row]] if user_row in self.delta.user_events else []
        )

    def log_of(self, user_rows: RowArray) -> EventLog:
        """Return all events of some people, in the log's order person by person.

        Parameters
        ----------
        user_rows : (n,) int32
            Distinct.
        """
        nothing = UserEvents.of(self.base.dataset.events, np.zeros(0, np.int64))
        parts = [self.user_events_of(row) for row in user_rows.tolist()]
        every = [nothing, *(part for mine in parts for part in mine)]
        counts = [sum(len(part.item_rows) for part in mine) for mine in parts]
        return EventLog(
            users=self.delta.users,
            items=self.delta.items,
            user_rows=np.repeat(user_rows.astype(np.int32), counts),
            item_rows=np.concatenate([part.item_rows for part in every]),
            kind_codes=np.concatenate([part.kind_codes for part in every]),
            values=np.concatenate([part.values for part in every]),
            occurred_at=np.concatenate([part.occurred_at for part in every]),
            kinds=self.delta.kinds,
        )

    def authors_of(self, item_rows: RowArray) -> RowArray:
        """Return the user row of who made each item; -1 where nobody is known."""
        n_base = self.base.n_items
        out = np.full(len(item_rows), NO_ROW, dtype=np.int32)
        old = item_rows < n_base
        out[old] = self.base.dataset.author_rows[item_rows[old]]
        changed = self.delta.authors
        if changed:
            for at in np.flatnonzero(np.isin(item_rows, list(changed))).tolist():
                out[at] = changed[int(item_rows[at])]
        return out

    def personal_of(self, user_rows: RowArray) -> BoolArray:
        """Return (n,) bool: who is served personally."""
        out = np.ones(len(user_rows), dtype=np.bool_)
        old = user_rows < self.base.n_users
        out[old] = self.base.personal[user_rows[old]]
        profiles = self.delta.profiles
        if profiles.n_users:
            places = profiles.users.rows(self.delta.users.ids(user_rows))
            given = places != NO_ROW
            out[given] = personal_people(profiles)[places[given]]
        return out

    def people_at(self, user_rows: RowArray) -> People:
        """Return what is known of some people beside events, in that order."""
        people, profiles = self.base.dataset.people, self.delta.profiles
        described, old = self.described(user_rows), user_rows < self.base.n_users
        if old.all() and not described.any():
            return people.at_rows(user_rows)
        ids = self.delta.users.ids(user_rows)
        given = profiles.at_rows(profiles.users.rows(ids[described]))
        if described.all():
            return given
        known = people.at_rows(user_rows[old & ~described])
        return known.upserted(given).aligned(IdMap.of(ids))

    def repeat_days(self, item_rows: RowArray) -> DoubleArray:
        """Return (n,) float64 days after which some items may come back; inf is never."""
        old = item_rows < self.base.n_items
        out = np.full(len(item_rows), np.inf)
        out[old] = self.delta.lookups.repeat_days[item_rows[old]]
        places = positions_of(item_rows, self.delta.item_rows)
        changed = places != NO_ROW
        if changed.any():
            out[changed] = repeat_days(self.delta.catalog, self.base.config)[places[changed]]
        return out

    def catalog_at(self, item_rows: RowArray) -> Catalog:
        """Return some items, in that order, as they are now."""
        ids, described = self.delta.items.ids(item_rows), self.delta.catalog
        old = item_rows[item_rows < self.base.n_items]
        catalog = self.base.dataset.catalog
        known = catalog.at_rows(old) if len(old) else self.delta.lookups.no_items
        if described.n_items:
            places = described.items.rows(ids)
            if (places != NO_ROW).any():
                known = known.upserted(described.at_rows(places[places != NO_ROW]))
        return known.aligned(IdMap.of(ids))

    def features_at(self, item_rows: RowArray) -> Csr:
        """Return the (n, n_tags) csr profiles of some items, as they are now."""
        delta, n_base = self.delta, self.base.n_items
        places = positions_of(item_rows, delta.item_rows)
        known = csr_rows(
            self.base.item_profiles.matrix,
            np.where((item_rows < n_base) & (places == NO_ROW), item_rows, NO_ROW),
        )
        return known + csr_rows(delta.features, places) if (places != NO_ROW).any() else known


def _changes_of(base: Snapshot) -> ChangedVectors:
    """Return the vectors beside the main part of an index: those of observing begin with them."""
    if isinstance(base.index, DeltaIndex):
        return base.index.changes
    return ChangedVectors.empty(int(base.model.item_factors.shape[1]))
