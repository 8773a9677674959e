"""Popularity of the items that events came to, or were taken back from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from recsys.core.arrays import NO_ROW, BoolArray, DoubleArray, FloatArray, RowArray, TimeArray
from recsys.core.clock import DAY
from recsys.data import EventLog, PositiveEvents
from recsys.models import BlockDelta, ItemDelta, counts_events
from recsys.serving.observe.delta import DeltaView
from recsys.serving.observe.reverse_lookups import ticks


def updated_popularity(
    view: DeltaView,
    patch: ItemDelta,
    *,
    before: PositiveEvents,
    after: PositiveEvents,
    log: EventLog,
    described: RowArray,
) -> tuple[ItemDelta, RowArray]:
    """Return the patch with the popularity of touched items as the events now have it, and these.

    Parameters
    ----------
    view : DeltaView
        With the new events.
    patch : ItemDelta
        With the new items.
    before, after : PositiveEvents
        The taste of the touched people, as it was and as it is.
    log : EventLog
        The new events of all kinds: they tell how old an item is.
    described : (n,) int32
        Items that were described in this call.
    """
    blocks = enumerate(view.base.model.vector_blocks)
    counting = {at: block for at, block in blocks if counts_events(block)}
    items, weights, times, signs = _difference(before, after)
    rows = np.unique(np.concatenate([items, log.item_rows, described])).astype(np.int32)
    if not counting or not len(rows):
        return patch, rows[:0]
    event_ages = days_between(view.base.lineage.dated, times)
    event_ages[np.isnan(event_ages)] = np.inf
    known = _known_ages(view, rows, log, described)
    of_event = np.searchsorted(rows, items)
    parts = list(patch.parts)  # what is no popularity stays as it is
    for at, block in counting.items():
        old = parts[at]
        own = old.over(block, rows)
        added = signs * own.event_weights(weights, event_ages)
        sums = np.bincount(of_event, added, len(rows)).astype(np.float64)
        counted = own.counted(sums, known.of(own.item_ages))
        parts[at] = old.overlaid(BlockDelta(rows, counted))
    return ItemDelta(tuple(parts)), rows


def days_between(moment: np.datetime64, times: TimeArray) -> DoubleArray:
    """Return days from times to a moment, negative for later ones; NaN where either is unknown."""
    return np.asarray((moment - times) / DAY, dtype=np.float64)


def _difference(
    before: PositiveEvents, after: PositiveEvents
) -> tuple[RowArray, FloatArray, TimeArray, DoubleArray]:
    """Return the events that came and went: their items, weights, times, and 1 or -1 (times n)."""
    users = np.concatenate([before.user_rows, after.user_rows])
    items = np.concatenate([before.item_rows, after.item_rows])
    weights = np.concatenate([before.weights, after.weights])
    times = np.concatenate([before.occurred_at, after.occurred_at])
    signs = np.repeat([-1.0, 1.0], [before.n_events, after.n_events])
    keys: list[npt.NDArray[Any]] = [weights.view(np.int32), ticks(times), items, users]
    order = np.lexsort(keys)
    if not len(order):
        return items, weights, times, signs
    new = np.zeros(len(order), dtype=np.bool_)
    new[0] = True
    for key in keys:
        new[1:] |= key[order][1:] != key[order][:-1]
    firsts = np.flatnonzero(new)
    net = np.add.reduceat(signs[order], firsts)
    kept = order[firsts[net != 0]]
    return items[kept], weights[kept], times[kept], net[net != 0]


@dataclass(frozen=True, slots=True, eq=False)
class _KnownAges:
    """Ages of items, by one call of ``observe``.

    Attributes
    ----------
    first : (n,) float64
        Days since their first new event; NaN without one.
    published : (n,) float64
        Days since they were published; NaN where unknown.
    told : (n,) bool
        Whether the call told when they were published.
    """

    first: DoubleArray
    published: DoubleArray
    told: BoolArray

    def of(self, ages: DoubleArray) -> DoubleArray:
        """Return the ages of items: since published, else since the first event that is known."""
        since = np.where(np.isnan(self.published), np.fmax(ages, self.first), ages)
        return np.where(self.told, self.published, since)


def _known_ages(view: DeltaView, rows: RowArray, log: EventLog, described: RowArray) -> _KnownAges:
    dated = view.base.lineage.dated
    times = log.occurred_at
    given = np.flatnonzero(~np.isnat(times))
    first = np.full(len(rows), np.nan)
    np.fmax.at(
        first,
        np.searchsorted(rows, log.item_rows[given]),
        days_between(dated, times[given]),
    )
    published = days_between(dated, _published(view, rows))
    told = np.zeros(len(rows), dtype=np.bool_)
    if len(described):
        told = ~np.isnan(published) & np.isin(rows, described)
    return _KnownAges(first, published, told)


def _published(view: DeltaView, rows: RowArray) -> TimeArray:
    """Return when items were published; NaT where unknown."""
    out = np.full(len(rows), np.datetime64("NaT", "us"))
    old = rows < view.base.n_items
    out[old] = view.delta.lookups.published[rows[old]]
    catalog = view.delta.catalog
    if catalog.n_items:
        places = catalog.items.rows(view.delta.items.ids(rows))
        given = places != NO_ROW
        out[given] = catalog.column("published_at")[places[given]]
    return out
