"""One row of the comparison, in a process of its own.

    python -m benchmarks.quality.row JOB.json

The job names the task and the model. A peer's settings are searched in a fork, on a part cut from
train, so that the memory of the search is not in the peak of the fit. The answer is written to
``out``, the values per person to ``values``.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
import time
import traceback
import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp

from benchmarks.quality import datasets, ours
from benchmarks.quality.measure import measured_fit, summary
from benchmarks.quality.peers import SEED, Params, Peer, all_peers
from benchmarks.quality.problem import Judge, Problem, prepare, with_fallback
from benchmarks.quality.search import search

VALIDATION_PEOPLE = 4000
"""At most so many are judged for each candidate of a search."""

TINY = Problem(
    train=sp.csr_matrix((np.arange(40 * 30).reshape(40, 30) % 7 == 0).astype(np.float32)),
    tags=None,
    event_items=np.arange(30, dtype=np.int32),
    event_times=np.arange(30).astype("datetime64[D]").astype("datetime64[us]"),
)


def main() -> None:
    job = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    limit(job["timeout_s"])
    answer = run(job)
    Path(job["out"]).write_text(json.dumps(answer), encoding="utf-8")


def limit(seconds: int) -> None:
    """End this process by SIGXCPU after so many seconds of the processor; forks have their own."""
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, resource.RLIM_INFINITY))


def run(job: dict[str, Any]) -> dict[str, Any]:
    """Return the facts of a row."""
    task = datasets.TASKS[job["task"]]
    folder = Path(job["data"]) if job["data"] else None
    split = datasets.load(task, folder, smoke=job["smoke"])
    if job["model"] in ours.NAMES:
        facts, per_user = ours.run(task, split, preset=ours.NAMES[job["model"]])
        return _finished(job, facts, per_user)
    peer = all_peers()[job["model"]]
    problem, judge = prepare(split, task.ks)
    reason = peer.skip(problem)
    if reason:
        return {"skipped": reason}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the peers: advice on threads and formats
        found = in_fork(lambda: _search(task, split, peer, problem, seconds=job["search_s"]))
        return found | _measure(job, peer, problem, judge, params=found["params"])


def in_fork(work: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Return what ``work`` returns in a fork of this process: its memory is not ours."""
    receive, send = os.pipe()
    child = os.fork()
    if not child:
        try:
            with os.fdopen(send, "w") as out:
                out.write(json.dumps(work()))
            os._exit(0)
        except BaseException:  # noqa: BLE001  # the fork must not go on as if it were the parent
            traceback.print_exc()
            sys.stderr.flush()
            os._exit(1)
    os.close(send)
    with os.fdopen(receive) as answer:
        text = answer.read()
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if code == -signal.SIGXCPU:
        os.kill(os.getpid(), signal.SIGXCPU)
    if code:
        raise RuntimeError(f"the search ended with {code}; its error is above")
    found: dict[str, Any] = json.loads(text)
    return found


def _search(
    task: datasets.Task, split: datasets.Split, peer: Peer, problem: Problem, *, seconds: float
) -> dict[str, Any]:
    grid = peer.grid(problem)
    part = datasets.validation(task, split)
    if part is None or len(grid) == 1:
        return {"params": grid[0], "n_tried": 0, "n_grid": len(grid), "search_s": 0.0}
    problem, judge = prepare(part, task.ks)
    judge = judge.some(VALIDATION_PEOPLE)
    return search(peer, problem, judge, metric=task.metrics[0], seconds=seconds)


def _measure(
    job: dict[str, Any], peer: Peer, problem: Problem, judge: Judge, *, params: Params
) -> dict[str, Any]:
    if peer.measured_fit is None:
        tiny = (
            TINY
            if problem.tags is None
            else replace(TINY, tags=sp.identity(30, dtype=np.float32, format="csr"))
        )
        peer.fit(tiny, _narrow(params))
        scores, facts = measured_fit(lambda: peer.fit(problem, params))
    else:
        scores, facts = peer.measured_fit(problem, params)
        facts = {**facts, "n_fits": 1}
    started = time.process_time()
    per_user = judge.measure(with_fallback(problem, scores))
    facts["rank_cpu_s"] = time.process_time() - started
    return _finished(job, facts, per_user)


def _narrow(params: Params) -> Params:
    """Return settings with vectors that fit a tiny problem."""
    sizes = ("factors", "no_components", "n_components", "top_k")
    return {key: min(value, 8) if key in sizes else value for key, value in params.items()}


def _finished(
    job: dict[str, Any], facts: dict[str, Any], per_user: dict[str, Any]
) -> dict[str, Any]:
    kept = {name: per_user[name] for name in datasets.TASKS[job["task"]].metrics}
    np.savez_compressed(job["values"], **kept)
    rounded = {k: round(v, 3) if isinstance(v, float) else v for k, v in facts.items()}
    n_people = len(next(iter(kept.values())))
    return {**rounded, **summary(kept, seed=SEED), "n_users": n_people}


if __name__ == "__main__":
    main()
