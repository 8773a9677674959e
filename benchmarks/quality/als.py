"""Feature-aware iALS without its tags beside the same model in irspack, and implicit's ALS.

RECSYS_DATA=... python benchmarks/quality/als.py [--quick]

Everything is fitted and measured on the training file alone: a fifth of each person's history,
drawn at random, is held out of it. Test files are not opened.
"""

from __future__ import annotations

import contextlib
import io
import os
import statistics
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp

sys.path.insert(0, str(Path(__file__).parent.parent))

from harness import arguments, show, write_results

from recsys.core.arrays import Csr, FloatMatrix, freeze_csr
from recsys.core.progress import silent
from recsys.core.rng import named_rng
from recsys.data import EventLog, PositiveEvents
from recsys.index import top_k
from recsys.models.base import Queries, TrainingSet
from recsys.models.blocks.factors.feature_als import FeatureALSBlock, FeatureALSConfig

WIDTH, EPOCHS, REGULARIZATION, UNOBSERVED = 128, 16, 0.003, 0.1
FILES = {"ml-1m-temporal": "ml-1m-temporal", "citeulike-a, p10": "citeulike-a/p10"}
SEEDS = (0, 1, 2)

Fit = Callable[[Csr, int], Callable[[Csr], FloatMatrix]]


def read(folder: Path) -> Csr:
    """Return the (n_users, n_items) csr float32 ones of a training file."""
    events = EventLog.read(folder / "train.csv.gz")
    ones = np.ones(events.n_events, np.float32)
    shape = (len(events.users), len(events.items))
    matrix = sp.csr_matrix((ones, (events.user_rows, events.item_rows)), shape=shape)
    matrix.data[:] = 1
    return freeze_csr(matrix)


def cut(matrix: Csr) -> tuple[Csr, Csr]:
    """Hold out a random fifth of each history."""
    rng = named_rng(0, "cut")
    users = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    order = np.lexsort((rng.random(matrix.nnz), users))
    rank = np.empty(matrix.nnz, np.int64)
    rank[order] = np.arange(matrix.nnz) - np.repeat(matrix.indptr[:-1], np.diff(matrix.indptr))
    held = rank < np.round(np.diff(matrix.indptr) * 0.2)[users]

    def part(which: Any) -> Csr:
        rows = (users[which], matrix.indices[which])
        return freeze_csr(sp.csr_matrix((matrix.data[which], rows), shape=matrix.shape))

    return part(~held), part(held)


def ours(train: Csr, seed: int) -> Callable[[Csr], FloatMatrix]:
    """Fit our block with the settings that irspack is given."""
    pairs = train.tocoo()
    nothing = np.full(train.nnz, np.datetime64("NaT", "us"))
    events = PositiveEvents(
        pairs.row.astype(np.int32), pairs.col.astype(np.int32), pairs.data, nothing
    )
    tags = sp.csr_matrix((train.shape[1], 0), dtype=np.float32)
    people = sp.csr_matrix((train.shape[0], 0), dtype=np.float32)
    unborn = np.full(train.shape[1], np.datetime64("NaT", "us"))
    block = FeatureALSBlock(
        FeatureALSConfig(
            n_factors=WIDTH,
            regularization=REGULARIZATION,
            unobserved_weight=UNOBSERVED,
            n_epochs=EPOCHS,
            seed=seed,
        )
    )
    block.fit(
        TrainingSet(train, events, tags, people, unborn, np.datetime64("NaT", "us")),
        progress=silent,
    )

    def scores(history: Csr) -> FloatMatrix:
        ages = np.zeros(history.nnz, np.float32)
        nobody = sp.csr_matrix((history.shape[0], 0), dtype=np.float32)
        return block.user_factors(Queries(history, ages, nobody)) @ block.item_factors.T

    return scores


def irspack(train: Csr, seed: int) -> Callable[[Csr], FloatMatrix]:
    """Fit irspack's iALS, its other settings as they come."""
    from irspack.recommenders import IALSRecommender

    model = IALSRecommender(
        train.astype(np.float64),
        n_components=WIDTH,
        alpha0=UNOBSERVED,
        reg=REGULARIZATION,
        train_epochs=EPOCHS,
        n_threads=1,
        random_seed=seed,
    )
    with contextlib.redirect_stderr(io.StringIO()):
        model.learn()
    return lambda history: np.asarray(model.get_score_cold_user(history.astype(np.float64)))


def implicit(train: Csr, seed: int) -> Callable[[Csr], FloatMatrix]:
    """Fit implicit's ALS; its model weighs differently, so it has settings of its own."""
    from implicit.cpu.als import AlternatingLeastSquares

    model = AlternatingLeastSquares(
        factors=WIDTH,
        regularization=0.05,
        alpha=10,
        iterations=EPOCHS,
        random_state=seed,
        num_threads=1,
    )
    model.fit(train.copy(), show_progress=False)

    def scores(history: Csr) -> FloatMatrix:
        people = model.recalculate_user(np.arange(history.shape[0]), history.copy())
        return np.asarray(people @ model.item_factors.T)

    return scores


def measure(fit: Fit, train: Csr, held: Csr, *, seed: int) -> tuple[float, float, float]:
    """Return recall and ndcg at 20 over everyone with something held out, and processor seconds."""
    started = time.process_time()
    scores = fit(train, seed)
    seconds = time.process_time() - started
    users = np.flatnonzero(np.diff(held.indptr))
    discounts = 1 / np.log2(np.arange(2, 22))
    ideal = np.concatenate([[0], np.cumsum(discounts)])
    recall = gain = 0.0
    for start in range(0, len(users), 1024):
        rows = users[start : start + 1024]
        top = top_k(np.asarray(scores(train[rows]), np.float32), 20, exclude=train[rows]).rows
        wanted = held[rows]
        hits = np.asarray(wanted[np.arange(len(rows))[:, None], np.maximum(top, 0)].toarray()) > 0
        hits &= top >= 0
        counts = np.diff(wanted.indptr)
        recall += float((hits.sum(axis=1) / counts).sum())
        gain += float(((hits * discounts).sum(axis=1) / ideal[np.minimum(counts, 20)]).sum())
    return recall / len(users), gain / len(users), seconds


def run(data: str, folder: Path, *, quick: bool) -> list[dict[str, Any]]:
    """Return a row for each library: medians over the seeds."""
    train, held = cut(read(folder))
    out = []
    for name, fit in {
        "recsys feature_als": ours,
        "irspack iALS": irspack,
        "implicit ALS": implicit,
    }.items():
        found = [measure(fit, train, held, seed=seed) for seed in SEEDS[: 1 if quick else None]]
        recalls, gains, seconds = zip(*found, strict=True)
        out.append(
            {
                "data": data,
                "model": name,
                "recall@20": round(statistics.median(recalls), 4),
                "recall@20, least and most": f"{min(recalls):.4f} to {max(recalls):.4f}",
                "ndcg@20": round(statistics.median(gains), 4),
                "processor seconds": round(statistics.median(seconds), 2),
            }
        )
        show(out[-1:])
    return out


def main() -> None:
    options = arguments(__doc__ or "")
    root = os.environ.get("RECSYS_DATA")
    if not root:
        sys.exit("RECSYS_DATA must name the folder of the public data sets; it is not set.")
    warnings.filterwarnings("ignore", module="implicit")
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    rows: list[dict[str, Any]] = []
    with threadpool_limits(1):
        small = np.zeros((8, 8), np.float32)
        small[::2, ::2] = 1
        ours(freeze_csr(sp.csr_matrix(small)), 0)  # compile
        for data, folder in FILES.items():
            rows += run(data, Path(root) / folder, quick=options.quick)
    if not options.quick:
        write_results(
            "als",
            title="Implicit ALS: ours, irspack's and implicit's",
            caveats=[
                "ALS is compared on a random fifth of the training file held out, not on the test "
                "files; a cut in time gives other numbers.",
                "ALS times are processor seconds on one thread; with more threads the libraries "
                "gain differently.",
            ],
            columns=list(rows[0]),
            rows=rows,
            notes=[
                f"{WIDTH} factors and {EPOCHS} epochs each; medians over seeds "
                f"{', '.join(map(str, SEEDS))}. irspack and ours minimise the same loss with the "
                f"same settings (regularization {REGULARIZATION}, unobserved weight {UNOBSERVED}).",
            ],
        )


if __name__ == "__main__":
    main()
