"""Confidence weights of positive events, and the interaction matrix."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
from pydantic import Field, PositiveFloat

from recsys.core.arrays import (
    BoolArray,
    Csr,
    DoubleArray,
    FloatArray,
    RowArray,
    TimeArray,
    csr_view,
    freeze,
    freeze_csr,
)
from recsys.core.clock import age_days
from recsys.core.config import Config
from recsys.core.errors import DataError
from recsys.data.dataset import Dataset
from recsys.data.logs.events import EventLog

FEW = 1024
"""Events that are summed without scipy's matrices, which cost more to make than these to sum."""


class InteractionConfig(Config):
    """Confidence of user-item pairs, from events."""

    kind_weights: dict[str, float] | None = None
    """Weights by kind that replace those of the kind table; 0 makes a kind seen but not taste."""
    half_lives: dict[str, PositiveFloat | None] | None = None
    """Half-lives in days by kind that replace those of the kind table; None means no decay."""
    rated_kinds: tuple[str, ...] = ("rate",)
    """Kinds whose value is a rating, which scales the weight."""
    rating_floor: float = Field(default=0.5, ge=0.0, le=1.0)
    """The share of its weight that the lowest rating keeps."""
    rating_range: tuple[float, float] | None = None
    """Lowest and highest rating; None takes them from the data. Ratings beyond count as these."""
    min_rating: float | None = None
    """Ratings below are seen but not taste; None counts every rating."""
    max_repeats: PositiveFloat | None = 3.0
    """Confidence of a pair is at most this many times its strongest event; None has no bound."""
    negatives_cancel: bool = True
    """Whether hiding, disliking or reporting an item takes back the earlier taste for it."""


@dataclass(frozen=True, slots=True, eq=False)
class PositiveEvents:
    """Positive events and their confidence, oldest first.

    Attributes
    ----------
    user_rows, item_rows : (n_events,) int32
        Who, and what.
    weights : (n_events,) float32
        Confidence, greater than 0.
    occurred_at : (n_events,) datetime64[us]
        Not decreasing; NaT (after all others) where not given.
    """

    user_rows: RowArray
    item_rows: RowArray
    weights: FloatArray
    occurred_at: TimeArray

    def __post_init__(self) -> None:
        parts = (self.user_rows, self.item_rows, self.weights, self.occurred_at)
        if len({len(part) for part in parts}) > 1:
            raise DataError(f"columns must have one length; got {[len(part) for part in parts]}.")
        for part in parts:
            freeze(part)

    @property
    def n_events(self) -> int:
        """Number of events."""
        return len(self.user_rows)

    def select(self, which: Any) -> PositiveEvents:
        """Return some of the events: (n_events,) bool, or rising positions."""
        return PositiveEvents(
            self.user_rows[which],
            self.item_rows[which],
            self.weights[which],
            self.occurred_at[which],
        )


def positive_events(
    dataset: Dataset, *, now: np.datetime64, config: InteractionConfig | None = None
) -> PositiveEvents:
    r"""Return the positive events with their confidence.

    Left out are negative and authoring kinds, acts on one's own items, people who do not consent
    to ``personalise`` or are banned or deleted, events after ``now``, ratings that a later one of
    the same person and item replaces, and, with ``negatives_cancel``, what the same person later
    hid, disliked or reported.

    .. math:: w_e = w_{kind} \cdot r_e \cdot 2^{-a_e / h_{kind}}

    with :math:`r_e = f + (1 - f) (v_e - v_{min}) / (v_{max} - v_{min})` for rated kinds (1 for
    others, and where no value was given), :math:`f` the rating floor, :math:`a_e` the age in days
    at ``now`` and :math:`h` the half-life, by default infinite.

    Parameters
    ----------
    dataset : Dataset
        Events, items and people.
    now : datetime64
        The moment the weights speak for; NaT keeps every event and decays none.
    config : InteractionConfig or None
        None means the defaults.

    Raises
    ------
    DataError
        If the config names an unknown kind, or a weight is negative or not finite.
    """
    events = dataset.events
    counts = _allowed_people(dataset)[events.user_rows]
    counts &= dataset.author_rows[events.item_rows] != events.user_rows
    if not np.isnat(now):
        counts &= ~(events.occurred_at > now)
    return select_positive_events(events, counts, now=now, config=config)


def select_positive_events(
    events: EventLog,
    counts: BoolArray,
    *,
    now: np.datetime64,
    config: InteractionConfig | None = None,
) -> PositiveEvents:
    """Return the positive events among those that may count.

    Parameters
    ----------
    events : EventLog
        All that is known of the people in it.
    counts : (n_events,) bool
        Whether an event may count: of a person who consents, not on an own item.
    now, config
        As in :func:`positive_events`; events after ``now`` count in full.

    Raises
    ------
    DataError
        If the config names an unknown kind, or a weight is negative or not finite.
    """
    config = InteractionConfig() if config is None else config
    weights = _kind_weights(events, config)[events.kind_codes] * _rating_factors(events, config)
    weights *= _decay(events, now, config)
    keep = (weights > 0) & counts & ~superseded_ratings(events, config)
    if config.negatives_cancel:
        keep &= ~_taken_back(events)
    positions = np.flatnonzero(keep)
    times = events.occurred_at[positions]
    if not (times[1:] >= times[:-1]).all():  # a log is most often in order already
        positions = positions[np.argsort(times, kind="stable")]
    return PositiveEvents(
        events.user_rows[positions],
        events.item_rows[positions],
        weights[positions].astype(np.float32),
        events.occurred_at[positions],
    )


def superseded_ratings(events: EventLog, config: InteractionConfig) -> BoolArray:
    """Return (n_events,) bool: ratings of a pair that a later one of the pair replaces."""
    out = np.zeros(events.n_events, np.bool_)
    rated = _rated(events, config)
    if len(rated) > 1:
        order = rated[np.argsort(events.occurred_at[rated], kind="stable")]
        keys = _keys(events)[order][::-1]
        last = np.zeros(len(keys), np.bool_)
        last[np.unique(keys, return_index=True)[1]] = True
        out[order[::-1][~last]] = True
    return out


def rating_range(events: EventLog, config: InteractionConfig) -> tuple[float, float] | None:
    """Return the range that ratings are scaled by: the configured one, else that of the data."""
    if config.rating_range is not None:
        return config.rating_range
    rated = _rated(events, config)
    if not len(rated):
        return None
    values = events.values[rated]
    return float(values.min()), float(values.max())


def interaction_matrix(
    timed: PositiveEvents, shape: tuple[int, int], *, config: InteractionConfig | None = None
) -> Csr:
    r"""Return the confidence of each pair: the sum over its events, bounded by ``max_repeats``.

    .. math:: c_{ui} = \min(\sum_e w_e, m \max_e w_e)

    Parameters
    ----------
    timed : PositiveEvents
        From :func:`positive_events`.
    shape : (n_users, n_items)
        Of the result.
    config : InteractionConfig or None
        Gives :math:`m`, ``max_repeats``; None means the defaults.

    Returns
    -------
    (n_users, n_items) csr float32
        Greater than 0 where stored.
    """
    config = InteractionConfig() if config is None else config
    sums = _sums(timed, timed.weights.astype(np.float64), shape)
    if config.max_repeats is not None and sums.nnz < timed.n_events:
        _bound(sums, timed, config.max_repeats)
    return freeze_csr(sums)


def _sums(timed: PositiveEvents, weights: DoubleArray, shape: tuple[int, int]) -> Csr:
    """Return the sums by pair; those of few events without what scipy checks on the way."""
    if timed.n_events > FEW:
        return sp.csr_matrix((weights, (timed.user_rows, timed.item_rows)), shape)
    n_items = np.int64(max(shape[1], 1))
    keys, places = np.unique(timed.user_rows * n_items + timed.item_rows, return_inverse=True)
    sums = np.bincount(places, weights, len(keys))
    ends = np.searchsorted(keys, np.arange(shape[0] + 1) * n_items)
    indices = (keys % n_items).astype(np.int32)
    return csr_view(sums, indices, ends.astype(np.int32), shape)


def _bound(sums: Csr, timed: PositiveEvents, max_repeats: float) -> None:
    """Bound, in place, the pairs with so many events that the bound can matter: few, if any."""
    counts = _sums(timed, np.ones(timed.n_events), sums.shape)
    often = np.flatnonzero(counts.data > max_repeats)
    if not len(often):
        return
    rows = np.repeat(np.arange(sums.shape[0]), np.diff(sums.indptr))[often]
    keys = rows * np.int64(sums.shape[1]) + sums.indices[often]  # rising, as csr is sorted
    of_event = timed.user_rows * np.int64(sums.shape[1]) + timed.item_rows
    place = np.minimum(np.searchsorted(keys, of_event), len(keys) - 1)
    hit = keys[place] == of_event
    strongest = np.zeros(len(often))
    np.maximum.at(strongest, place[hit], timed.weights[hit].astype(np.float64))
    sums.data[often] = np.minimum(sums.data[often], max_repeats * strongest)


def negatives(dataset: Dataset) -> Csr:
    """Return (n_users, n_items) csr float32: 1 where a person hid, disliked or reported."""
    events = dataset.events
    return _pairs(events, events.kinds.has_role("negative")[events.kind_codes], dataset.shape)


def seen(dataset: Dataset) -> Csr:
    """Return (n_users, n_items) csr float32: 1 for every pair a person touched, in any way."""
    events = dataset.events
    return _pairs(events, np.ones(events.n_events, np.bool_), dataset.shape)


def _pairs(events: EventLog, keep: BoolArray, shape: tuple[int, int]) -> Csr:
    rows, columns = events.user_rows[keep], events.item_rows[keep]
    matrix = sp.csr_matrix((np.ones(len(rows), np.float32), (rows, columns)), shape)
    matrix.sum_duplicates()
    matrix.data[:] = 1.0
    return freeze_csr(matrix)


def _kind_weights(events: EventLog, config: InteractionConfig) -> DoubleArray:
    kinds = events.kinds
    weights = np.where(kinds.has_role("positive"), kinds.weights, 0.0)
    for name, weight in (config.kind_weights or {}).items():
        if not (np.isfinite(weight) and weight >= 0):
            raise DataError(f"kind_weights[{name!r}] must be finite and at least 0; got {weight}.")
        weights[kinds.code(name)] = weight
    return weights


def _rating_factors(events: EventLog, config: InteractionConfig) -> DoubleArray:
    factors = np.ones(events.n_events)
    rated = _rated(events, config)
    if not len(rated):
        return factors
    values = events.values[rated].astype(np.float64)
    low, high = config.rating_range or (float(values.min()), float(values.max()))
    if high > low:
        share = np.clip((values - low) / (high - low), 0.0, 1.0)
        factors[rated] = config.rating_floor + (1 - config.rating_floor) * share
    if config.min_rating is not None:
        factors[rated[values < config.min_rating]] = 0.0
    return factors


def _rated(events: EventLog, config: InteractionConfig) -> npt.NDArray[np.int64]:
    """Return the positions of the events that have a rating."""
    kinds = events.kinds
    is_rated = np.zeros(len(kinds), np.bool_)
    is_rated[[kinds.code(name) for name in config.rated_kinds if name in kinds]] = True
    return np.flatnonzero(is_rated[events.kind_codes] & ~np.isnan(events.values))


def _decay(events: EventLog, now: np.datetime64, config: InteractionConfig) -> DoubleArray:
    days = events.kinds.half_lives
    if config.half_lives:
        days = days.copy()
        for name, one in config.half_lives.items():
            days[events.kinds.code(name)] = np.inf if one is None else one
    if np.isnat(now) or np.isinf(days).all():
        return np.ones(events.n_events)
    ages = np.nan_to_num(age_days(events.occurred_at, now), nan=0.0)
    return np.asarray(np.exp2(-np.maximum(ages, 0.0) / days[events.kind_codes]), np.float64)


def _allowed_people(dataset: Dataset) -> BoolArray:
    people = dataset.people
    return np.asarray(people.consent.personalise & ~people.is_gone, np.bool_)


def _taken_back(events: EventLog) -> BoolArray:
    """Say of each event whether the same person turned the item down then or later."""
    back = np.zeros(events.n_events, np.bool_)
    negative = np.flatnonzero(events.kinds.has_role("negative")[events.kind_codes])
    if not len(negative):
        return back
    keys = _keys(events)
    pairs, place = np.unique(keys[negative], return_inverse=True)
    ticks = _ticks(events.occurred_at)
    last = np.full(len(pairs), np.iinfo(np.int64).min)
    np.maximum.at(last, place, ticks[negative])
    found = np.minimum(np.searchsorted(pairs, keys), len(pairs) - 1)
    hit = pairs[found] == keys
    back[hit] = ticks[hit] <= last[found[hit]]
    return back


def _keys(events: EventLog) -> npt.NDArray[np.int64]:
    return events.user_rows.astype(np.int64) * max(events.n_items, 1) + events.item_rows


def _ticks(times: TimeArray) -> npt.NDArray[np.int64]:
    """Microseconds; the latest possible for NaT, so that an undated refusal always counts."""
    return np.where(np.isnat(times), np.iinfo(np.int64).max, times.astype(np.int64))


TimedEvents, taste_events, taste_of = PositiveEvents, positive_events, select_positive_events
interactions = interaction_matrix  # the names of 0.1.0
