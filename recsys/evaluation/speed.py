"""Cost of serving: latency, throughput, recall and memory of a fitted recommender."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from recsys.core.errors import DataError
from recsys.core.progress import Progress, silent
from recsys.core.rng import named_rng
from recsys.evaluation.latency import Latency, measure_latency
from recsys.evaluation.machine import peak_rss_mb
from recsys.index import last_scores, n_at_least
from recsys.serving import Recommender, exact_rows, load, rank_rows

N_RECALL = 200
"""People whose lists are compared with the exact ones."""

BATCH = 1024
"""People per call when throughput is measured."""


@dataclass(frozen=True, slots=True)
class Speed:
    """Cost of serving a recommender on this machine.

    Attributes
    ----------
    single, filtered : Latency or None
        One known person per call, ids in and ids out; None for ``filtered`` without a filter.
    batch_per_second : float
        People ranked per second in calls of up to 1,024.
    recall : float
        Share of the exact best ``k`` that is found, over known people, in [0, 1].
    load_seconds, first_answer_seconds : float
        Opening the saved folder in this process, and the first call after it.
    saved_mb, peak_rss_mb : float
        Size of the saved folder, and the most memory this process ever held, in MiB.
    """

    single: Latency
    filtered: Latency | None
    batch_per_second: float
    recall: float
    load_seconds: float
    first_answer_seconds: float
    saved_mb: float
    peak_rss_mb: float

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, as ``recsys bench --json`` writes them."""
        return asdict(self)


def measure_speed(
    model: Recommender,
    *,
    k: int = 10,
    where: str | None = None,
    n_calls: int = 500,
    n_batch: int = 10_000,
    seed: int = 0,
    progress: Progress = silent,
) -> Speed:
    """Return what asking a recommender costs here and now.

    Parameters
    ----------
    model : Recommender
        With at least one known person.
    k : int
        Length of the lists, greater than 0.
    where : str or None
        A filter to measure as well; None measures none.
    n_calls : int
        Single calls to time, greater than 0.
    n_batch : int
        People of the batch, greater than 0.
    seed : int
        Fixes whom is asked about.
    progress : Progress
        Told of each stage.

    Raises
    ------
    DataError
        If nobody is known.
    """
    ids = _people(model, max(n_calls, n_batch), seed)
    progress("single calls", 0, 5)
    single = measure_latency(lambda at: model.recommend([ids[at % len(ids)]], k=k), n_calls=n_calls)
    progress("filtered calls", 1, 5)
    filtered = where and measure_latency(
        lambda at: model.recommend([ids[at % len(ids)]], k=k, where=where), n_calls=n_calls
    )
    progress("batches", 2, 5)
    per_second = _throughput(model, ids[:n_batch], k=k)
    progress("recall", 3, 5)
    recall = measure_recall(model, ids[:N_RECALL], k=k)
    progress("load", 4, 5)
    load_s, first_s, size = _storage(model, ids[0], k=k)
    progress("done", 5, 5)
    return Speed(single, filtered or None, per_second, recall, load_s, first_s, size, peak_rss_mb())


def measure_recall(model: Recommender, user_ids: Sequence[Any], *, k: int = 10) -> float:
    """Return the share of the exact best ``k`` items that the index finds, in [0, 1].

    Parameters
    ----------
    model : Recommender
    user_ids : sequence of n_queries known ids
        Not empty.
    k : int
        Greater than 0.

    Notes
    -----
    Exact means every item scored by every block at full width. Seen items are left out of both.
    An item that ties with the last of the exact list counts as found.
    """
    snapshot = model.view
    exclude = model.seen[model.users.rows(user_ids)]
    how: dict[str, Any] = {"k": k, "exclude": exclude, "allowed": snapshot.eligible}
    found, exact = rank_rows(model, user_ids, **how), exact_rows(model, user_ids, **how)
    last = last_scores(exact)
    good = n_at_least(found, last - 1e-5 * np.abs(last))
    return round(float(good.sum() / max(exact.n_found.sum(), 1)), 4)


def _people(model: Recommender, n: int, seed: int) -> list[Any]:
    if not len(model.users):
        raise DataError("speed is measured with known people; the model has none. Fit on events.")
    rows = named_rng(seed, "speed").permutation(len(model.users))[:n]
    return list(model.users.ids(rows))


def _throughput(model: Recommender, ids: Sequence[Any], *, k: int) -> float:
    model.recommend(ids[:BATCH], k=k)  # warm
    started = time.perf_counter()
    for start in range(0, len(ids), BATCH):
        model.recommend(ids[start : start + BATCH], k=k)
    return round(len(ids) / (time.perf_counter() - started), 1)


def _storage(model: Recommender, user_id: Any, *, k: int) -> tuple[float, float, float]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model"
        model.save(path)
        started = time.perf_counter()
        opened = load(path)
        loaded = time.perf_counter()
        opened.recommend([user_id], k=k)
        ended = time.perf_counter()
        size = sum(file.stat().st_size for file in path.rglob("*") if file.is_file()) / 2**20
    return round(loaded - started, 4), round(ended - loaded, 4), round(size, 2)
