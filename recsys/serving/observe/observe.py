"""From a snapshot and what happened since to the next snapshot."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from recsys.core.arrays import NO_ROW, BoolArray, RowArray, freeze
from recsys.core.errors import ArtifactError, DataError
from recsys.data import EventLog, IdMap, People, PositiveEvents
from recsys.index import ChangedVectors, DeltaIndex, VectorIndex
from recsys.models import DeltaHybrid, Hybrid, ItemDelta, counts_events
from recsys.serving.observe.arrivals import Arrivals, new_events, with_ids
from recsys.serving.observe.change import Change
from recsys.serving.observe.compact import compact_and_date
from recsys.serving.observe.delta import DeltaView, SnapshotDelta, UserEvents
from recsys.serving.observe.fold_in import fold_in, taste, taste_of_new
from recsys.serving.observe.items import affected_users, describe, patched
from recsys.serving.observe.person import Person
from recsys.serving.observe.popularity import updated_popularity
from recsys.serving.observe.snapshot import DeltaSnapshot
from recsys.serving.observe.visibility import updated_visibility
from recsys.serving.state.access import eligible_items
from recsys.serving.state.filter_cache import FilterCache
from recsys.serving.state.lineage import Lineage, add_descriptions
from recsys.serving.state.snapshot import Snapshot
from recsys.serving.state.view import View

NOTHING = PositiveEvents(
    np.zeros(0, np.int32),
    np.zeros(0, np.int32),
    np.zeros(0, np.float32),
    np.zeros(0, "datetime64[us]"),
)

MAX_PEOPLE = 10_000
"""People folded in again beside a whole snapshot, at which it is made whole."""

MAX_ITEMS = 4_000
"""The same for items whose vector changed, beside an exact index: a scan of them costs little."""

MAX_LOGS = 10_000
"""The same for calls."""


def observe(snapshot: View, arrivals: Arrivals) -> tuple[DeltaSnapshot, Change]:
    """Return the next snapshot, and what changed; the one given stays as it is.

    Raises
    ------
    DataError
        If ids are of another sort than the snapshot's.
    ConfigError
        If a ``visible_to`` cannot be read, or a block cannot take new items.
    ArtifactError
        If the model was saved in a format that does not hold what counts new events.
    """
    if not isinstance(snapshot, DeltaSnapshot):
        _check_counts(snapshot)
    now = _later(snapshot.now, arrivals.events)
    before = _view_of(_prepared(snapshot, now))
    return _observe(snapshot, before, arrivals, now=now)


def _observe(
    snapshot: View, before: DeltaView, arrivals: Arrivals, *, now: np.datetime64
) -> tuple[DeltaSnapshot, Change]:
    base, old = before.base, before.delta
    arrivals = arrivals.typed(base.dataset)
    view = DeltaView(base, with_ids(old, arrivals))
    log = new_events(view, arrivals.events)
    view = DeltaView(base, _with_events(view.delta, log))
    view = DeltaView(base, _with_profiles(view, arrivals.people))
    n_before, n_people = len(old.items), len(old.users)
    described = describe(view, arrivals.catalog, log, n_before=n_before, n_people=n_people)
    view = described.view
    patch = patched(described, old.patch)
    users = affected_users(before, described, log, arrivals.people)
    theirs = view.log_of(users)
    people = fold_in(view, users, DeltaHybrid(base.model, patch), log=theirs)
    added = None
    if not (len(described.rows) or arrivals.people.n_users):
        added = taste_of_new(view, log, theirs)
    former = NOTHING if added is not None else _former_taste(before, users)
    later = _joined([NOTHING, *(one.taste for one in people.values())]) if added is None else added
    patch, counted = updated_popularity(
        view, patch, before=former, after=later, log=log, described=described.rows
    )
    delta = _grown(view, people, patch, np.union1d(described.rows, counted))
    view = DeltaView(base, delta)
    eligible = _eligible(snapshot, delta, now)
    same_items = delta.catalog is old.catalog
    described_people = delta.users.rows(arrivals.people.users.ids())
    visibility = updated_visibility(
        snapshot.visibility,
        view,
        np.union1d(described_people, np.arange(n_people, len(delta.users))).astype(np.int32),
        has_other_items=not same_items,
    )
    keeps_masks = (
        same_items
        and eligible is snapshot.eligible
        and visibility.expression_of is snapshot.visibility.expression_of
    )
    after = DeltaSnapshot(
        view,
        now=now,
        version=_version(snapshot, log, arrivals),
        model=_model(base.model, delta),
        index=_index(base, delta.changes),
        eligible=eligible,
        visibility=visibility,
        lineage=_prior(snapshot, base).after(log),
        filters=snapshot.filters if keeps_masks else FilterCache(),
    )
    n_moved = int((described.is_new | described.other_tags).sum())
    change = _change(snapshot, after, arrivals, log, n_folded=len(users), n_moved=n_moved)
    return after, change


def _prior(snapshot: View, base: Snapshot) -> Lineage:
    """Return the counts so far; the moment that popularity speaks for is that of the base."""
    return replace(snapshot.lineage, dated=base.lineage.dated)


def _view_of(snapshot: View) -> DeltaView:
    if isinstance(snapshot, DeltaSnapshot):
        return snapshot.view
    base = snapshot.compacted
    return DeltaView(base, SnapshotDelta.empty(base))


def _check_counts(snapshot: View) -> None:
    blocks = [one for one in snapshot.model.blocks if counts_events(one)]
    if not all(one.can_count for one in blocks):
        raise ArtifactError(
            "a model that observes must have been saved in format 1.1 or newer; this one is of "
            "format 1.0, which does not hold what popularity is counted from. Fit anew."
        )


def _prepared(snapshot: View, now: np.datetime64) -> View:
    """Return the snapshot to observe on: made whole where a day went by, or too much came."""
    dated = any(counts_events(b) and b.is_dated for b in snapshot.model.blocks)
    days = snapshot.lineage.days_until(now) if dated else 0
    if days or (isinstance(snapshot, DeltaSnapshot) and _is_full(snapshot)):
        return compact_and_date(snapshot, days=days)
    return snapshot


def _is_full(snapshot: DeltaSnapshot) -> bool:
    delta = snapshot.delta
    return (
        len(delta.people) > MAX_PEOPLE
        or delta.patch.n_changed > MAX_ITEMS
        or len(delta.logs) > MAX_LOGS
    )


def _later(now: np.datetime64, events: EventLog) -> np.datetime64:
    """Return the moment to speak for: that of the last event, if it is later."""
    last = events.last_time
    if np.isnat(last) or (not np.isnat(now) and last <= now):
        return now
    moment: np.datetime64 = last.astype("datetime64[us]")
    return moment


def _with_events(delta: SnapshotDelta, log: EventLog) -> SnapshotDelta:
    if not log.n_events:
        return delta
    user_events: dict[int, UserEvents] = {}
    for row, places in _places_by(log.user_rows):
        mine = UserEvents.of(log, places)
        known = delta.user_events.get(row)
        user_events[row] = mine if known is None else known.followed_by(mine)
    named = [] if log.event_ids is None else log.event_ids.to_pylist()
    ids = delta.event_ids.plus({one: None for one in named if one is not None})
    return replace(
        delta,
        logs=(*delta.logs, log),
        user_events=delta.user_events.plus(user_events),
        event_ids=ids,
    )


def _places_by(rows: RowArray) -> Iterator[tuple[int, npt.NDArray[np.int64]]]:
    """Give each distinct row with the places where it stands."""
    if len(rows) == 1:
        yield int(rows[0]), np.zeros(1, dtype=np.int64)
        return
    order = np.argsort(rows, kind="stable")
    distinct, starts = np.unique(rows[order], return_index=True)
    yield from zip(distinct.tolist(), np.split(order, starts[1:]), strict=True)


def _with_profiles(view: DeltaView, people: People) -> SnapshotDelta:
    """Return the delta with described people as they are now: what is not given stays."""
    delta = view.delta
    if not people.n_users:
        return delta
    now = view.people_at(delta.users.rows(people.users.ids())).upserted(people)
    return replace(delta, profiles=delta.profiles.upserted(now))


def _former_taste(before: DeltaView, user_rows: RowArray) -> PositiveEvents:
    """Return the taste of people as it was: what popularity counts of them."""
    known = user_rows[user_rows < len(before.delta.users)]
    people = before.delta.people
    folded = {row: people[row] for row in known.tolist() if row in people}
    rest = np.array([row for row in known.tolist() if row not in folded], dtype=np.int32)
    found = [taste(before, rest)] if len(rest) else [NOTHING]
    return _joined([*found, *(one.taste for one in folded.values())])


def _joined(parts: Sequence[PositiveEvents]) -> PositiveEvents:
    return PositiveEvents(
        np.concatenate([part.user_rows for part in parts]),
        np.concatenate([part.item_rows for part in parts]),
        np.concatenate([part.weights for part in parts]),
        np.concatenate([part.occurred_at for part in parts]),
    )


def _grown(
    view: DeltaView, people: Mapping[int, Person], patch: ItemDelta, item_rows: RowArray
) -> SnapshotDelta:
    """Return the delta with people, and with some items' vectors, as they are now."""
    delta = view.delta
    changes = delta.changes
    if len(item_rows):
        vectors = DeltaHybrid(view.base.model, patch).vectors_of(item_rows)
        changes = changes.followed_by(item_rows, vectors)
    return replace(delta, people=delta.people.plus(people), patch=patch, changes=changes)


def _model(fitted: Hybrid, delta: SnapshotDelta) -> Hybrid:
    if not delta.patch.n_changed:
        return fitted
    model = DeltaHybrid(fitted, delta.patch, delta.changes)
    if model.n_items != len(delta.items):
        lacking = len(delta.items) - model.n_items
        raise DataError(f"a patch must hold every new item; {lacking} lack.")
    return model


def _index(base: Snapshot, changes: ChangedVectors) -> VectorIndex:
    if not len(changes.rows):
        return base.index
    main = base.index.main if isinstance(base.index, DeltaIndex) else base.index
    return DeltaIndex(main, changes)


def _eligible(before: View, delta: SnapshotDelta, now: np.datetime64) -> BoolArray:
    """Return which items may be shown: as before, less what is over, and as described since."""
    gone = delta.lookups.expired_by(now)
    told = eligible_items(delta.catalog, now=now) if len(delta.item_rows) else None
    if len(delta.items) == before.n_items and not before.eligible[gone].any():
        old = before.eligible
        if told is None or (old[delta.item_rows] == told).all():
            return old  # as most often; whoever keeps something by it can go on
    out = np.ones(len(delta.items), dtype=np.bool_)
    out[: before.n_items] = before.eligible
    out[gone] = False
    if told is not None:
        out[delta.item_rows] = told
    return freeze(out)


def _version(snapshot: View, log: EventLog, arrivals: Arrivals) -> str:
    """Return a name of the state: the fit's, and a hash of everything observed since."""
    catalog, people = arrivals.catalog, arrivals.people
    if not (log.n_events or catalog.n_items or people.n_users):
        return snapshot.version
    digest = hashlib.sha256(snapshot.version.encode())
    for part in (log.user_rows, log.item_rows, log.kind_codes, log.values, log.occurred_at):
        digest.update(part.tobytes())
    for ids in (catalog.items.ids(), people.users.ids()):
        digest.update(repr(ids.tolist()).encode())
    add_descriptions(digest, catalog, people)
    return f"{snapshot.lineage.version}+{digest.hexdigest()[:8]}"


def _change(
    before: View,
    after: DeltaSnapshot,
    arrivals: Arrivals,
    log: EventLog,
    *,
    n_folded: int,
    n_moved: int,
) -> Change:
    users, items = before.users, before.items
    repeated = arrivals.events.n_events - log.n_events + arrivals.events.n_dropped_duplicates
    n_retired = 0
    if after.eligible is not before.eligible:
        n_retired = int((before.eligible & ~after.eligible[: before.n_items]).sum())
    return Change(
        n_events=log.n_events,
        n_repeated_events=repeated,
        n_late_events=int((log.occurred_at < before.now).sum()),
        n_new_users=after.n_users - len(users),
        n_new_items=after.n_items - len(items),
        n_described_users=_n_known(users, arrivals.people.users),
        n_described_items=_n_known(items, arrivals.catalog.items),
        n_retired_items=n_retired,
        n_folded_users=n_folded,
        n_moved_items=n_moved,
    )


def _n_known(ids: IdMap, some: IdMap) -> int:
    return int((ids.rows(some.ids()) != NO_ROW).sum()) if len(some) else 0
