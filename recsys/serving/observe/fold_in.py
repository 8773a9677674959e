"""People folded in again, from all their events and with the items held fixed."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from recsys.core.arrays import NO_ROW, BoolArray, Csr, FloatArray, RowArray, TimeArray
from recsys.core.clock import DAY
from recsys.data import (
    EventLog,
    InteractionConfig,
    PositiveEvents,
    interaction_matrix,
    select_positive_events,
    superseded_ratings,
)
from recsys.models import Hybrid, Queries, events_since
from recsys.profiles import declared_tags
from recsys.serving.observe.delta import DeltaView
from recsys.serving.observe.person import Person
from recsys.serving.state.csr_rows import NO_ROWS, row_entries, rows_of


def fold_in(
    view: DeltaView, user_rows: RowArray, model: Hybrid, *, log: EventLog | None = None
) -> dict[int, Person]:
    """Return people as all their events have them.

    Parameters
    ----------
    view : DeltaView
        With the new events.
    user_rows : (n,) int32
        Rising.
    model : Hybrid
        With the new items.
    log : EventLog or None
        All their events; None looks them up.

    Notes
    -----
    Ages of history items count from the fit, or from the person's own last event if that came
    later: so the vector depends on what the person did and on the fit, and not on when, in how many
    pieces or in which order it was observed.
    """
    if not len(user_rows):
        return {}
    log = view.log_of(user_rows) if log is None else log
    timed = taste(view, user_rows, log)
    queries = _queries(view, user_rows, timed)
    states = model.states(queries)
    pairs = {
        "seen": _pairs(log, None, user_rows),
        "disliked": _pairs(log, _turned_down(log), user_rows),
        "own": own_items(view, user_rows),
    }
    if view.lacks_some_events:
        for name in ("seen", "disliked"):
            pairs[name] = _with_saved(view, user_rows, name, pairs[name])
    personal = view.personal_of(user_rows)
    out = {}
    for at, row in enumerate(user_rows.tolist()):
        ages = slice(int(queries.history.indptr[at]), int(queries.history.indptr[at + 1]))
        alone = len(user_rows) == 1
        out[row] = Person(
            taste=timed if alone else timed.select(timed.user_rows == row),
            history=row_entries(queries.history, at),
            tags=row_entries(queries.tags, at),
            age_days=queries.age_days[ages],
            vector=states.vectors[at],
            bucket=int(states.buckets[at]),
            **{name: lines[at] for name, lines in pairs.items()},
            personal=bool(personal[at]),
        )
    return out


def taste(view: DeltaView, user_rows: RowArray, log: EventLog | None = None) -> PositiveEvents:
    """Return the events of some people that speak of taste, oldest first.

    Parameters
    ----------
    view : DeltaView
    user_rows : (n,) int32
        Rising.
    log : EventLog or None
        All their events; None looks them up.
    """
    log = view.log_of(user_rows) if log is None else log
    timed = _taste_of(view, log)
    if not view.lacks_events:
        return timed
    return _with_saved_taste(view, user_rows, timed, log)


def taste_of_new(view: DeltaView, new: EventLog, log: EventLog) -> PositiveEvents | None:
    """Return what new events add to the taste of people; None if they may also take from it.

    Parameters
    ----------
    view : DeltaView
        With the new events. Nobody, and no item, was described beside them.
    new : EventLog
        These.
    log : EventLog
        All events of the same people.

    Notes
    -----
    Each event then speaks for itself, unless one takes another back, a rating replaces another, or
    ratings have no range yet.
    """
    rated = view.base.config.interactions.rated_kinds
    unscaled = _interactions(view).rating_range is None and any(
        kind in log.kinds and (log.kind_codes == log.kinds.code(kind)).any() for kind in rated
    )
    takes_back = _turned_down(log).any() or superseded_ratings(log, _interactions(view)).any()
    return None if unscaled or takes_back else _taste_of(view, new)


def _taste_of(view: DeltaView, log: EventLog) -> PositiveEvents:
    people = np.unique(log.user_rows)
    personal = view.personal_of(people)
    counts = np.ones(log.n_events, dtype=np.bool_)
    if not personal.all():
        counts = personal[np.searchsorted(people, log.user_rows)]
    counts &= view.authors_of(log.item_rows) != log.user_rows
    return select_positive_events(
        log, counts, now=view.base.lineage.now, config=_interactions(view)
    )


def _interactions(view: DeltaView) -> InteractionConfig:
    """Return how events become confidence, ratings scaled as in the fit."""
    lineage = view.base.lineage
    config: InteractionConfig = view.base.config.interactions
    if config.rating_range is None and lineage.rating_range is not None:
        config = config.replace(rating_range=lineage.rating_range)
    return config


def _turned_down(log: EventLog) -> BoolArray:
    return log.kinds.has_role("negative")[log.kind_codes]


def _queries(view: DeltaView, user_rows: RowArray, timed: PositiveEvents) -> Queries:
    """Return what the blocks read of some people."""
    shape = (len(user_rows), len(view.delta.items))
    local = np.searchsorted(user_rows, timed.user_rows).astype(np.int32)
    moved = PositiveEvents(local, timed.item_rows, timed.weights, timed.occurred_at)
    history = interaction_matrix(moved, shape, config=view.base.config.interactions)
    return Queries(history, _ages(view, history, moved), _declared(view, user_rows))


def _ages(view: DeltaView, history: Csr, timed: PositiveEvents) -> FloatArray:
    """Return the (nnz,) days, or events, since the last event of each pair; 0 where unknown."""
    given = ~np.isnat(timed.occurred_at)
    n_items = np.int64(history.shape[1])
    owners = np.repeat(np.arange(history.shape[0], dtype=np.int64), np.diff(history.indptr))
    keys = owners * n_items + history.indices
    if view.base.lineage.in_order:
        return events_since(timed, keys, int(n_items))
    users, times = timed.user_rows[given].astype(np.int64), _ticks(timed.occurred_at[given])
    never = np.iinfo(np.int64).min
    last_of_pair = np.full(len(keys), never)
    places = np.searchsorted(keys, users * n_items + timed.item_rows[given])
    np.maximum.at(last_of_pair, places, times)
    start = view.base.lineage.now
    first = never if np.isnat(start) else int(start.astype("datetime64[us]").astype(np.int64))
    last_of_user = np.full(history.shape[0], first)
    np.maximum.at(last_of_user, users, times)
    known = last_of_pair != never
    days = np.zeros(len(keys))
    late = last_of_user[owners[known]] - last_of_pair[known]
    days[known] = late / DAY.astype(np.int64)
    return days.astype(np.float32)


def _declared(view: DeltaView, user_rows: RowArray) -> Csr:
    """Return the declared tags, in the vocabulary of the item profiles."""
    base, profiles = view.base, view.delta.profiles
    n_base = base.n_users
    if not profiles.n_users:
        return rows_of(base.queries.tags, np.where(user_rows < n_base, user_rows, NO_ROW))
    places = profiles.users.rows(view.delta.users.ids(user_rows))
    old = np.where((user_rows < n_base) & (places == NO_ROW), user_rows, NO_ROW)
    given = declared_tags(profiles, base.item_profiles)
    return rows_of(base.queries.tags, old) + rows_of(given, places)


def _pairs(log: EventLog, keep: BoolArray | None, user_rows: RowArray) -> list[RowArray]:
    """Return the distinct items of some events (None is all), person by person."""
    items = log.item_rows if keep is None else log.item_rows[keep]
    if len(user_rows) == 1 or not len(items):
        return [np.unique(items)] * len(user_rows)
    users = log.user_rows if keep is None else log.user_rows[keep]
    n_items = np.int64(max(len(log.items), 1))
    local = np.searchsorted(user_rows, users).astype(np.int64)
    keys = np.unique(local * n_items + items)
    ends = np.searchsorted(keys, np.arange(1, len(user_rows) + 1) * n_items)
    return _split((keys % n_items).astype(np.int32), ends)


def _split(values: RowArray, ends: npt.NDArray[np.int64]) -> list[RowArray]:
    return np.split(values, ends[:-1]) if len(ends) else []


def _ticks(times: TimeArray) -> npt.NDArray[np.int64]:
    return times.astype("datetime64[us]").astype(np.int64)


def _with_saved(
    view: DeltaView, user_rows: RowArray, name: str, found: list[RowArray]
) -> list[RowArray]:
    """Add the pairs of a model that was saved without its events."""
    n_base = view.base.n_users
    old = rows_of(getattr(view.base, name), np.where(user_rows < n_base, user_rows, NO_ROW))
    return [
        np.union1d(one, row_entries(old, at)[0]).astype(np.int32) for at, one in enumerate(found)
    ]


def _with_saved_taste(
    view: DeltaView, user_rows: RowArray, timed: PositiveEvents, log: EventLog
) -> PositiveEvents:
    """Add the history of a model saved without its events: each pair as one event of its last day.

    What was turned down since is left out, as are people who no longer consent.
    """
    base = view.base
    known = (user_rows < base.n_users) & view.personal_of(user_rows)
    old = base.queries.take(user_rows[known])
    counts = np.diff(old.history.indptr)
    owners = np.repeat(user_rows[known], counts).astype(np.int32)
    ages = (old.age_days.astype(np.float64) * DAY.astype(np.int64)).astype("timedelta64[us]")
    turned_down = _turned_down(log)
    n_items = np.int64(max(len(log.items), 1))
    back = log.user_rows[turned_down] * n_items + log.item_rows[turned_down]
    items = old.history.indices.astype(np.int32)
    kept = ~np.isin(owners * n_items + items, back) & (view.authors_of(items) != owners)
    users = np.concatenate([timed.user_rows, owners[kept]])
    times = np.concatenate([timed.occurred_at, (base.lineage.now - ages)[kept]])
    # without times what was saved came first, by how many events came since
    since = np.concatenate([np.full(timed.n_events, -1.0), old.age_days[kept]])
    order = np.lexsort((-since if base.lineage.in_order else 0 * since, times))
    return PositiveEvents(
        users[order],
        np.concatenate([timed.item_rows, items[kept]])[order],
        np.concatenate([timed.weights, old.history.data[kept]])[order],
        times[order],
    )


def own_items(view: DeltaView, user_rows: RowArray) -> list[RowArray]:
    """Return the rising rows of the items that each person made."""
    changed = view.delta.item_rows
    old = _unchanged(view, view.base.own, user_rows)
    if not len(changed):
        return old
    authors = view.authors_of(changed)
    return [
        np.union1d(line, changed[authors == row]).astype(np.int32)
        for row, line in zip(user_rows.tolist(), old, strict=True)
    ]


def _unchanged(view: DeltaView, matrix: Csr, user_rows: RowArray) -> list[RowArray]:
    """Return the pairs of the whole snapshot, but those of changed items."""
    n_base, changed = view.base.n_users, view.delta.item_rows
    lines = [row_entries(matrix, row)[0] if row < n_base else NO_ROWS for row in user_rows.tolist()]
    return [line[~np.isin(line, changed)] for line in lines] if len(changed) else lines
