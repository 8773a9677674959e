"""Latency of calls, as percentiles."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from recsys.core.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Latency:
    """The times of one kind of call, in milliseconds.

    Attributes
    ----------
    n_calls : int
        Calls that were timed, after the warm-up.
    p50_ms, p95_ms, p99_ms, max_ms : float
        Half, 95 %, 99 % and all of the calls took at most so long.
    """

    n_calls: int
    p50_ms: float
    p95_ms: float
    p99_ms: float
    max_ms: float

    def to_dict(self) -> dict[str, float]:
        """Return plain numbers."""
        return asdict(self)


def measure_latency(
    call: Callable[[int], Any], *, n_calls: int = 500, warm_up: int = 20
) -> Latency:
    """Return how long ``call(0)``, ``call(1)``, ... take, one after the other.

    Parameters
    ----------
    call : callable
        Given the number of the call, so that it can ask something else each time.
    n_calls : int
        At least 1.
    warm_up : int
        Calls before, which are not timed: what is compiled or cached at first use is not the
        latency of a page view.

    Raises
    ------
    ConfigError
        If ``n_calls`` is below 1 or ``warm_up`` below 0.

    Examples
    --------
    >>> measure_latency(lambda at: sum(range(at)), n_calls=10).n_calls
    10
    """
    if n_calls < 1 or warm_up < 0:
        raise ConfigError(
            f"n_calls must be at least 1 and warm_up at least 0; got {n_calls} and {warm_up}."
        )
    for at in range(warm_up):
        call(at)
    taken = np.empty(n_calls)
    for at in range(n_calls):
        started = time.perf_counter()
        call(warm_up + at)
        taken[at] = time.perf_counter() - started
    p50, p95, p99 = np.percentile(taken * 1000, [50, 95, 99], method="higher")
    return Latency(n_calls, *(round(float(one), 4) for one in (p50, p95, p99, taken.max() * 1000)))
