"""Arguments of ``observe``, checked and deduplicated, as rows of a snapshot."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from recsys.core.arrays import NO_ROW, BoolArray
from recsys.core.errors import DataError
from recsys.data import Catalog, Dataset, EventLog, IdMap, People, few_events
from recsys.serving.observe.delta import DeltaView, SnapshotDelta, UserEvents
from recsys.serving.observe.reverse_lookups import ticks
from recsys.serving.state.view import View

FEW_COMPARED = 8
"""Events of one person up to which each is compared with all that are known."""

FEW = 64
"""Ids that are looked up one by one before anything larger is done with them."""


@dataclass(frozen=True, slots=True, eq=False)
class Arrivals:
    """New events, items and people, under the caller's ids.

    Attributes
    ----------
    events : EventLog
    catalog : Catalog
    people : People
        Each may be empty.
    """

    events: EventLog
    catalog: Catalog
    people: People

    @classmethod
    def of(cls, events: Any, items: Any, item_tags: Any, users: Any, *, known: View) -> Arrivals:
        """Take logs and tables, or frames of them; None is nothing.

        Parameters
        ----------
        events, items, item_tags, users
            As of :meth:`Recommender.observe`.
        known : Snapshot
            Whose kinds of events are understood, and whose ids are looked up first.

        Raises
        ------
        DataError
            If a row of a frame breaks the contract, or an argument is something else.
        """
        if isinstance(item_tags, Catalog | EventLog | People):
            raise DataError("item_tags must be a frame; a Catalog goes in as items.")
        return cls(
            events=_events(events, known),
            catalog=_catalog(items, item_tags, known),
            people=_people(users, known),
        )

    def typed(self, known: Dataset) -> Arrivals:
        """Return the same with attributes in the types that they have already.

        Raises
        ------
        DataError
            If a cell is not of the type of its column.
        """
        catalog = self.catalog.conformed_to(known.catalog) if self.catalog.n_items else self.catalog
        people = self.people.conformed_to(known.people) if self.people.n_users else self.people
        return replace(self, catalog=catalog, people=people)


def _events(events: Any, known: View) -> EventLog:
    kinds = known.kinds
    if events is None:
        return EventLog.empty(kinds=kinds)
    if isinstance(events, EventLog):
        return events
    if isinstance(events, Catalog | People):
        raise DataError(f"events must be an EventLog or a frame; got a {type(events).__name__}.")
    few = few_events(events, users=known.users, items=known.items, kinds=kinds)
    return EventLog.from_frame(events, kinds=kinds) if few is None else few


def _catalog(items: Any, item_tags: Any, known: View) -> Catalog:
    if isinstance(items, EventLog | People):
        raise DataError(f"items must be a Catalog or a frame; got a {type(items).__name__}.")
    if isinstance(items, Catalog):
        if item_tags is None:
            return items
        return items.upserted(Catalog.from_frame(item_tags=item_tags))
    if items is None and item_tags is None:
        return _no_items()
    return Catalog.from_frame(items, item_tags=item_tags, columns=known.item_types)


def _people(users: Any, known: View) -> People:
    if users is None:
        return _no_people()
    if isinstance(users, People):
        return users
    if isinstance(users, Catalog | EventLog):
        raise DataError(f"users must be People or a frame; got a {type(users).__name__}.")
    return People.from_frame(users, columns=known.user_types)


@cache
def _no_items() -> Catalog:
    return Catalog.empty()


@cache
def _no_people() -> People:
    return People.empty()


def with_ids(delta: SnapshotDelta, arrivals: Arrivals) -> SnapshotDelta:
    """Return the delta with a row for every id that arrives.

    Described ids come first, in their order; then those that only events name, in the order of the
    ids, so that the order of events says nothing.

    Raises
    ------
    DataError
        If ids are of another sort than the snapshot's.
    """
    events, people, catalog = arrivals.events, arrivals.people, arrivals.catalog
    users, items = delta.users, delta.items
    kinds = delta.kinds.union(events.kinds)
    if people.n_users:
        users = _grown(users, people.users.ids().tolist(), name="user_id")
    if catalog.n_items:
        items = _grown(items, catalog.items.ids().tolist(), name="item_id")
    if events.users is not users:
        users = _grown(users, _used(events.users, events.user_rows), name="user_id")
    if events.items is not items:
        items = _grown(items, _used(events.items, events.item_rows), name="item_id")
    if users is delta.users and items is delta.items and kinds is delta.kinds:
        return delta  # as most often: one event of someone known
    return replace(delta, users=users, items=items, kinds=kinds)


def new_events(view: DeltaView, events: EventLog) -> EventLog:
    """Return the events that the snapshot does not have, in its rows.

    Parameters
    ----------
    view : DeltaView
        Whose delta has a row for every id of the events.
    events : EventLog
        Without repeated ones among themselves.
    """
    delta = view.delta
    log = events.rerowed(delta.users, delta.items, delta.kinds)
    again = _known_ids(view, log) | _known_keys(view, log)
    return log.select(~again) if again.any() else log


def _grown(ids: IdMap, more: list[Any], *, name: str) -> IdMap:
    if not more or (len(more) <= FEW and (ids.rows(more) != NO_ROW).all()):
        return ids
    return ids.grown(more, name=name)


def _used(ids: IdMap, rows: npt.NDArray[np.int32]) -> list[Any]:
    return sorted(ids.ids(np.unique(rows)).tolist()) if len(rows) else []


def _known_ids(view: DeltaView, log: EventLog) -> BoolArray:
    """Say of each event whether one with its ``event_id`` was there."""
    if log.event_ids is None:
        return np.zeros(log.n_events, dtype=np.bool_)
    delta, old = view.delta, view.delta.lookups.event_ids
    given = log.event_ids.to_pylist()
    return np.array(
        [one is not None and (one in old or one in delta.event_ids) for one in given], np.bool_
    )


def _known_keys(view: DeltaView, log: EventLog) -> BoolArray:
    """Say of each event without an id whether the same person did the same at the same time."""
    out = np.zeros(log.n_events, dtype=np.bool_)
    mine = UserEvents.of(log, np.arange(log.n_events))
    for row in set(log.user_rows[~mine.named].tolist()):
        places = np.flatnonzero((log.user_rows == row) & ~mine.named)
        for user_events in view.user_events_of(row):
            out[places] |= _among(mine, places, user_events)
    return out


def _among(mine: UserEvents, places: npt.NDArray[np.int64], user_events: UserEvents) -> BoolArray:
    """Say of some events whether they are among others of the same person that have no id."""
    if len(places) > FEW_COMPARED:
        known = {
            key
            for key, named in zip(_keys(user_events), user_events.named, strict=True)
            if not named
        }
        keys = _keys(mine)
        return np.array([keys[at] in known for at in places.tolist()], dtype=np.bool_)
    same = (
        (mine.item_rows[places, None] == user_events.item_rows)
        & (mine.kind_codes[places, None] == user_events.kind_codes)
        & (ticks(mine.occurred_at[places])[:, None] == ticks(user_events.occurred_at))
        & ~user_events.named
    )
    return np.asarray(same.any(axis=1), dtype=np.bool_)


def _keys(user_events: UserEvents) -> list[tuple[int, int, int]]:
    times = ticks(user_events.occurred_at).tolist()
    return list(
        zip(user_events.item_rows.tolist(), user_events.kind_codes.tolist(), times, strict=True)
    )
