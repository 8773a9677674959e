"""Train/test splits of an event log."""

from __future__ import annotations

from typing import Any

import numpy as np

from recsys.core.arrays import BoolArray
from recsys.core.clock import to_utc
from recsys.core.errors import ConfigError, DataError
from recsys.core.rng import named_rng
from recsys.data.logs.events import EventLog


def split_by_time(events: EventLog, cut: Any) -> tuple[EventLog, EventLog]:
    """Return the events before ``cut``, and those at or after it.

    Raises
    ------
    DataError
        If an event has no time.
    """
    _need_times(events, "split_by_time")
    return _parted(events, events.occurred_at >= to_utc(cut, name="cut"))


def split_last_n(events: EventLog, n: int) -> tuple[EventLog, EventLog]:
    """Return all but each person's last ``n`` events, and these; a tie goes by the given order.

    Raises
    ------
    ConfigError
        If ``n`` is negative.
    DataError
        If some events have a time and some have none; without any, the order given counts.
    """
    if n < 0:
        raise ConfigError(f"n must be at least 0; got {n}.")
    if events.has_times:
        _need_times(events, "split_last_n")
    order = np.lexsort((np.arange(events.n_events), events.occurred_at, events.user_rows))
    return _parted(events, _from_end(events, order) < n)


def split_by_user(events: EventLog, fraction: float, *, seed: int) -> tuple[EventLog, EventLog]:
    """Return the events of most people, and all events of a random ``fraction`` of them.

    Parameters
    ----------
    events : EventLog
        To split.
    fraction : float
        Of the people with events, in [0, 1]; rounded to whole people.
    seed : int
        Fixes the draw.

    Raises
    ------
    ConfigError
        If ``fraction`` is out of range.
    """
    _need_fraction(fraction)
    people = np.unique(events.user_rows)
    drawn = named_rng(seed, "split_by_user").permutation(len(people))
    held_out = people[drawn[: round(fraction * len(people))]]
    return _parted(events, np.isin(events.user_rows, held_out))


def random_per_user(
    events: EventLog, fraction: float, *, rng: np.random.Generator
) -> tuple[EventLog, EventLog]:
    """Return most events of each person, and a random ``fraction`` of them.

    Parameters
    ----------
    events : EventLog
        To split.
    fraction : float
        Of each person's events, in [0, 1]; rounded down, so that one event always stays unless
        ``fraction`` is 1.
    rng : numpy.random.Generator
        The source of the draw.

    Raises
    ------
    ConfigError
        If ``fraction`` is out of range.
    """
    _need_fraction(fraction)
    order = np.lexsort((rng.random(events.n_events), events.user_rows))
    counts = np.bincount(events.user_rows, minlength=events.n_users)
    quota = np.floor(fraction * counts + 1e-9)
    return _parted(events, _from_end(events, order) < quota[events.user_rows])


def _from_end(events: EventLog, order: Any) -> Any:
    """Return (n_events,) the place of each event in its person's stretch of ``order``; 0 = last."""
    ends = np.cumsum(np.bincount(events.user_rows, minlength=events.n_users))
    places = np.empty(events.n_events, np.int64)
    places[order] = np.arange(events.n_events)
    return ends[events.user_rows] - 1 - places if events.n_events else places


def _parted(events: EventLog, test: BoolArray) -> tuple[EventLog, EventLog]:
    return events.select(~test), events.select(test)


def _need_times(events: EventLog, who: str) -> None:
    missing = int(np.isnat(events.occurred_at).sum())
    if missing:
        raise DataError(
            f"{who} needs occurred_at for every event; {missing} of {events.n_events} have none."
        )


def _need_fraction(fraction: float) -> None:
    if not 0 <= fraction <= 1:
        raise ConfigError(f"fraction must lie in 0..1; got {fraction}.")
