"""Decide whether the times of events are worth learning from."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import islice

import numpy as np

from recsys.core.arrays import BoolArray, DoubleArray
from recsys.core.clock import DAY, age_days
from recsys.core.note import Note
from recsys.data import PositiveEvents
from recsys.models.base import TrainingSet
from recsys.models.blend.validation import ValidationConfig, time_masks
from recsys.models.notes import times_ignored
from recsys.models.presets.timed import HALF_LIVES_DAYS

ONE_VISIT_SHARE = 1 / 3
"""Share of events by people of one visit, from which on a cut in time measures only a few others.
The share of people that a cut would measure does not replace it: it is .54 of those after the cut
on ml-100k, where times say nothing, and .59 on community, where they do."""

RECENCY_GAIN_BITS = 0.1
"""Bits per event that recent popularity must save to matter. Both signs are needed: sessions of
diginetica are all of one visit and gain .19 bits; buyers of Beauty come back and gain .05."""


@dataclass(frozen=True, slots=True)
class Timeliness:
    """The two signs that times say what people do next.

    Attributes
    ----------
    one_visit_share : float
        Share of the events, of people with several, whose person came only once; in [0, 1].
    recency_gain_bits : float
        Bits per event that recent popularity saves in coding the item.
    """

    one_visit_share: float
    recency_gain_bits: float

    @property
    def matters(self) -> bool:
        """Evidence that event times predict: repeat visits, and gain of recent popularity."""
        return self.one_visit_share < ONE_VISIT_SHARE or self.recency_gain_bits >= RECENCY_GAIN_BITS


def timeliness(training: TrainingSet) -> Timeliness:
    """Measure the times of a log; see :class:`Timeliness`.

    Parameters
    ----------
    training : TrainingSet
        With times, and at least one event that has one.
    """
    events = training.events
    events = events.select(~np.isnat(events.occurred_at))
    return Timeliness(one_visit_share(events), recency_gain_bits(events, n_items=training.n_items))


def without_useless_times(training: TrainingSet) -> tuple[TrainingSet, list[Note]]:
    """Return the training set without its times where times say nothing, and why.

    Notes
    -----
    Where each person comes once, a cut in time leaves hardly anybody to measure: those few who came
    back, or whom the cut happened to divide. What is learnt on them does not hold for the others.
    Without times, a random part of each history is held out instead: everybody is measured.
    """
    if not training.has_times or np.isnat(training.events.occurred_at).all():
        return training, []
    measured = timeliness(training)
    if measured.matters:
        return training, []
    return without_times(training), [
        times_ignored(measured.one_visit_share, measured.recency_gain_bits)
    ]


def without_times(training: TrainingSet) -> TrainingSet:
    """Return the training set with events of unknown time, in the order they have."""
    unknown = np.datetime64("NaT", "us")
    events = replace(training.events, occurred_at=np.full(training.events.n_events, unknown))
    return replace(training, events=events, now=unknown)


def one_visit_share(events: PositiveEvents) -> float:
    """Return the share of events whose person came only once; people with one event do not count.

    Notes
    -----
    A visit lasts a day at most, or a twentieth of a log shorter than 20 days. 0 where nobody has
    several events.
    """
    if not events.n_events:
        return 0.0
    times = events.occurred_at.astype(np.int64)
    n_people = int(events.user_rows.max()) + 1
    first = np.full(n_people, np.iinfo(np.int64).max)
    last = np.full(n_people, np.iinfo(np.int64).min)
    np.minimum.at(first, events.user_rows, times)
    np.maximum.at(last, events.user_rows, times)
    counts = np.bincount(events.user_rows, minlength=n_people)
    visit = min(int(DAY.astype(np.int64)), int(times[-1] - times[0]) // 20)
    several = np.flatnonzero(counts > 1)
    once = several[last[several] - first[several] <= visit]
    return float(counts[once].sum() / max(counts[several].sum(), 1))


def recency_gain_bits(events: PositiveEvents, *, n_items: int) -> float:
    r"""Return the bits per event that recent popularity saves, over the windows of validation.

    .. math:: \frac{1}{|E|} \sum_{e \in E} \log_2 \frac{q_h(i_e)}{q_\infty(i_e)}, \qquad
              q_h = .05 / n + .95 (p_h + p_\infty) / 2

    with :math:`p_h` the shares of the items in the events before the window, decayed with the best
    half-life *h*; at least 0.

    Parameters
    ----------
    events : PositiveEvents
        All with times.
    n_items : int
        *n*.
    """
    if not events.n_events:
        return 0.0
    config = ValidationConfig()
    gains, n_ahead = np.zeros(len(HALF_LIVES_DAYS)), 0
    for before, after, cut in islice(time_masks(events.occurred_at, config), config.n_cuts):
        gains += _gains(events, before, after, cut=cut, n_items=n_items)
        n_ahead += int(after.sum())
    return max(float(gains.max()) / max(n_ahead, 1), 0.0)


def _gains(
    events: PositiveEvents,
    before: BoolArray,
    after: BoolArray,
    *,
    cut: np.datetime64,
    n_items: int,
) -> DoubleArray:
    """Return the bits saved over the events of one window, for each half-life."""
    items, ahead = events.item_rows[before], events.item_rows[after]
    ages = age_days(events.occurred_at[before], cut)
    ever = np.bincount(items, minlength=n_items) / len(items)

    def logs(shares: DoubleArray) -> DoubleArray:
        return np.asarray(np.log2(0.05 / n_items + 0.95 * (shares + ever) / 2)[ahead])

    out = np.zeros(len(HALF_LIVES_DAYS))
    for at, days in enumerate(HALF_LIVES_DAYS):
        recent = np.bincount(items, np.exp2(-ages / days), n_items)
        if recent.sum():
            out[at] = float((logs(recent / recent.sum()) - logs(ever)).sum())
    return out
