"""Whose row of a snapshot depends on what came."""

from __future__ import annotations

import numpy as np

from recsys.core.arrays import NO_ROW, RowArray
from recsys.data import EventLog, People
from recsys.serving.building import author_texts
from recsys.serving.describing import Described
from recsys.serving.overlay import Facts
from recsys.serving.spread import line_of


def touched_users(before: Facts, described: Described, log: EventLog, people: People) -> RowArray:
    """Return the rising rows of the people to fold in again.

    Parameters
    ----------
    before : Facts
        As it was.
    described : Described
        What the call says of items.
    log : EventLog
        The new events.
    people : People
        Who was described.

    Notes
    -----
    Who acted, who was described, who made or no longer made an item, who took an item that has
    other tags now, and who mutes, or muted, an item that changed.
    """
    after = described.facts
    users = after.overlay.users
    new = np.arange(len(before.overlay.users), len(users))
    if not (len(new) or len(described.rows) or people.n_users):
        return np.unique(log.user_rows)
    parts = [
        log.user_rows,
        users.rows(people.users.ids()) if people.n_users else new,
        new,
        _authors(before, described),
        _takers(before, described.rows[described.other_tags & ~described.is_new]),
        _muters(before, described),
    ]
    return np.asarray(np.unique(np.concatenate(parts)), dtype=np.int32)


def _authors(before: Facts, described: Described) -> RowArray:
    """Return who made an item and did not before, or the other way round."""
    known = ~described.is_new
    old = np.full(len(described.rows), NO_ROW, dtype=np.int32)
    old[known] = before.authors_of(described.rows[known])
    new = described.facts.authors_of(described.rows)
    both = np.concatenate([old[old != new], new[old != new]])
    return np.asarray(both[both != NO_ROW], dtype=np.int32)


def _takers(before: Facts, item_rows: RowArray) -> RowArray:
    """Return who has one of some items in the history."""
    if not len(item_rows):
        return item_rows
    base, overlay = before.base, before.overlay
    takers = overlay.lookups.takers
    old = [line_of(takers, row)[0] for row in item_rows.tolist() if row < base.n_items]
    since = [row for row, one in overlay.people.items() if np.isin(item_rows, one.history[0]).any()]
    return np.concatenate([*old, np.array(since, np.int32)]).astype(np.int32)


def _muters(before: Facts, described: Described) -> RowArray:
    """Return who mutes, or muted, an item that changed."""
    rows, after = described.rows, described.facts
    base, lookups = before.base, before.overlay.lookups
    if not len(rows) or not (lookups.muting.any() or after.overlay.profiles.n_users):
        return rows[:0]
    carries = (after.features_at(rows) > 0).astype(np.float32)
    by_tag = (carries @ lookups.muters_by_tag).indices
    authors = author_texts(after.catalog_at(rows), after.overlay.users.ids(after.authors_of(rows)))
    by_author = [row for one in authors for row in lookups.muters_by_author.get(one, ())]
    muters = lookups.muters
    former = [line_of(muters, row)[0] for row in rows.tolist() if row < base.n_items]
    profiles = after.overlay.profiles
    since = after.overlay.users.rows(profiles.users.ids())
    return np.concatenate([by_tag, np.array(by_author, np.int32), *former, since]).astype(np.int32)
