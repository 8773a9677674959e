"""Ages of events and items, and the items that may be new."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from recsys.core.arrays import BoolArray, DoubleArray
from recsys.core.clock import age_days
from recsys.models.base import TrainingSet


@dataclass(frozen=True, slots=True, eq=False)
class ItemAges:
    """Ages of events and items at the moment of the fit.

    Attributes
    ----------
    event_ages : (n_events,) float64
        Days; infinite for an event without a time.
    item_ages : (n_items,) float64
        Days since the item came (published, else first met); 0 where that is yet to come.
    length_days : float
        Age of the first event.
    known_start : (n_items,) bool
        Whether an item came while the log was kept, so that its first days are in it.
    hidden : (n_items,) bool
        Items without events of which nothing says when they came.
    edge_days : float
        An item first met in the first ``edge_days`` of the log is taken to be older than the log.
    """

    event_ages: DoubleArray
    item_ages: DoubleArray
    length_days: float
    known_start: BoolArray
    hidden: BoolArray
    edge_days: float

    @classmethod
    def of(cls, training: TrainingSet, *, edge_days: float = 7.0) -> ItemAges:
        """Measure ``training``; its ``now`` must be given."""
        events = training.events
        ages = np.asarray(age_days(events.occurred_at, training.now), dtype=np.float64)
        ages = np.where(np.isnan(ages), np.inf, np.maximum(ages, 0.0))
        length = float(ages[np.isfinite(ages)].max(initial=0.0))
        item_ages = _item_ages(training, ages)
        touched = np.bincount(events.item_rows, minlength=training.n_items) > 0
        hidden = np.isnan(item_ages) & ~touched
        # an item met only by events without a time has been there, nobody knows how long
        item_ages = np.where(np.isnan(item_ages), np.where(hidden, 0.0, np.inf), item_ages)
        known = (item_ages > 0) & (item_ages < length - edge_days)
        return cls(ages, item_ages, length, known, hidden, edge_days)

    def likely_new(self, *, window_days: float, month_days: float = 30.0) -> DoubleArray:
        """Return (n_items,) float64 in (0, 1]: how likely an item is new rather than forgotten.

        1 but for hidden items, where there are more than a month brings: then the month's share.
        """
        window = min(window_days, max(self.length_days - self.edge_days, 1.0))
        came = int((self.known_start & (self.item_ages < window)).sum())
        share = min(1.0, came * month_days / window / max(int(self.hidden.sum()), 1))
        return np.where(self.hidden, share, 1.0)


def _item_ages(training: TrainingSet, event_ages: DoubleArray) -> DoubleArray:
    """Return days since the item came, else since its first event, else NaN."""
    first = np.full(training.n_items, -1.0)
    timed = np.isfinite(event_ages)
    np.maximum.at(first, training.events.item_rows[timed], event_ages[timed])
    ages = np.asarray(age_days(training.item_times, training.now), dtype=np.float64)
    # a time after now: a first event that a validation part must not know, or yet to come
    unknown = np.isnan(ages) | (ages < 0)
    return np.where(unknown, np.where(first >= 0, first, np.nan), ages)
