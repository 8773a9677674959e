"""Seconds, memory and intervals: how a row is measured."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from recsys.core.arrays import DoubleArray
from recsys.core.rng import named_rng
from recsys.evaluation import peak_rss_mb
from recsys.metrics import bootstrap_interval, paired_bootstrap

T = TypeVar("T")

CHEAP_S = 5.0
"""A fit shorter than this is run three times, and the median is kept."""

N_RESAMPLES = 1000


def memory_mb(field: str) -> float:
    """Return VmRSS (now) or VmHWM (peak) of this process in MiB.

    The peak of ``getrusage`` is not used where /proc exists: it is inherited from the parent.
    """
    status = Path("/proc/self/status")
    if status.exists():
        for line in status.read_text(encoding="utf-8").splitlines():
            if line.startswith(field):
                return round(int(line.split()[1]) / 1024, 1)
    return peak_rss_mb()


def measured_fit(fit: Callable[[], T]) -> tuple[T, dict[str, float]]:
    """Return what ``fit`` returns, with its seconds (of the clock, and of the processor).

    The memory is that of the first run: the peak of the process, and what it held before.
    """
    before = memory_mb("VmRSS")
    fitted, first = _timed(fit)
    facts = {"before_mb": before, "peak_mb": memory_mb("VmHWM")}
    taken = [first]
    while len(taken) < 3 and first[1] < CHEAP_S:
        taken.append(_timed(fit)[1])
    facts["fit_s"] = statistics.median(wall for wall, _ in taken)
    facts["fit_cpu_s"] = statistics.median(cpu for _, cpu in taken)
    facts["n_fits"] = len(taken)
    return fitted, facts


def single_call_ms(call: Callable[[Any], object], asked: Sequence[Any]) -> dict[str, float]:
    """Return the median and 99th percentile of one call for one person, in milliseconds.

    ``p50_cpu_ms`` is the median of the processor's time: the same on a quiet machine.
    """
    for one in asked[:10]:
        call(one)
    taken = np.array([_timed(lambda one=one: call(one))[1] for one in asked]) * 1000
    p50, p99 = np.quantile(taken[:, 0], [0.5, 0.99])
    values = {"p50_ms": p50, "p99_ms": p99, "p50_cpu_ms": np.median(taken[:, 1])}
    return {name: round(float(value), 4) for name, value in values.items()}


def summary(per_user: Mapping[str, DoubleArray], *, seed: int) -> dict[str, dict[str, Any]]:
    """Return means and their 95 % bootstrap intervals over people."""
    means, intervals = {}, {}
    for name, values in per_user.items():
        rng = named_rng(seed, "bootstrap", name)
        found = bootstrap_interval(values, rng=rng, n_resamples=N_RESAMPLES)
        means[name] = round(found.mean, 5)
        intervals[name] = [round(found.low, 5), round(found.high, 5)]
    return {"metrics": means, "intervals": intervals}


def difference(ours: DoubleArray, other: DoubleArray, *, seed: int, name: str) -> dict[str, Any]:
    """Return ours minus another model's, paired over the same people."""
    rng = named_rng(seed, "paired", name)
    found = paired_bootstrap(ours, other, rng=rng, n_resamples=N_RESAMPLES)
    return {
        "difference": round(found.difference, 5),
        "low": round(found.low, 5),
        "high": round(found.high, 5),
        "p_value": round(found.p_value, 4),
    }


def _timed(call: Callable[[], T]) -> tuple[T, tuple[float, float]]:
    started, cpu = time.perf_counter(), time.process_time()
    result = call()
    return result, (time.perf_counter() - started, time.process_time() - cpu)
