"""How old events and items are, and which items nobody can have met yet."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from recsys.core.arrays import BoolArray, DoubleArray
from recsys.core.clock import age_days
from recsys.models.base import TrainingSet

MONTH_DAYS = 30.0

EDGE_DAYS = 7.0
"""An item first met in the first days of the log is taken to be older than the log."""


@dataclass(frozen=True, slots=True, eq=False)
class Lifetimes:
    """Ages at the moment a model speaks for.

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
    """

    event_ages: DoubleArray
    item_ages: DoubleArray
    length_days: float
    known_start: BoolArray
    hidden: BoolArray

    @classmethod
    def of(cls, training: TrainingSet) -> Lifetimes:
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
        known = (item_ages > 0) & (item_ages < length - EDGE_DAYS)
        return cls(ages, item_ages, length, known, hidden)

    def likely_new(self, *, window_days: float) -> DoubleArray:
        """Return (n_items,) float64 in (0, 1]: how likely an item is new rather than forgotten.

        1 but for hidden items, where there are more than a month brings: then the month's share.
        """
        window = min(window_days, max(self.length_days - EDGE_DAYS, 1.0))
        came = int((self.known_start & (self.item_ages < window)).sum())
        share = min(1.0, came * MONTH_DAYS / window / max(int(self.hidden.sum()), 1))
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
