"""The small search every peer gets: a fixed grid in a fixed order, for equal seconds."""

from __future__ import annotations

import time
from typing import Any

from benchmarks.quality.peers import Params, Peer
from benchmarks.quality.problem import Judge, Problem, with_fallback


def search(
    peer: Peer, problem: Problem, judge: Judge, *, metric: str, seconds: float
) -> dict[str, Any]:
    """Return the best settings on a validation part, and how many were tried.

    Parameters
    ----------
    peer : Peer
    problem : Problem
        Of the validation part: fitted on.
    judge : Judge
        Of the validation part.
    metric : str
        Decides; ties go to the earlier settings.
    seconds : float
        No candidate is begun after so many.
    """
    best: Params = {}
    best_value, spent, tried = -1.0, 0.0, 0
    for params in peer.grid(problem):
        if tried and spent >= seconds:
            break
        value, cost = _judged(peer, problem, judge, params=params, metric=metric)
        tried, spent = tried + 1, spent + cost
        if value > best_value:
            best, best_value = params, value
    return {
        "params": best,
        "n_tried": tried,
        "n_grid": len(peer.grid(problem)),
        "search_s": round(spent, 2),
        "validation": round(best_value, 5),
    }


def _judged(
    peer: Peer, problem: Problem, judge: Judge, *, params: Params, metric: str
) -> tuple[float, float]:
    started = time.process_time()
    elsewhere = 0.0
    if peer.measured_fit is None:
        scores = peer.fit(problem, params)
    else:
        scores, facts = peer.measured_fit(problem, params)
        elsewhere = facts["fit_cpu_s"]
    values = judge.measure(with_fallback(problem, scores))[metric]
    return float(values.mean()), time.process_time() - started + elsewhere
