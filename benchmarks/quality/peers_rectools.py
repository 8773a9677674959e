"""RecTools' wrappers, in an environment of their own (see ``rectools_worker.py``)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp

from benchmarks.quality.peers import Params, Peer, variants
from benchmarks.quality.peers_implicit import factor_scores
from benchmarks.quality.problem import Problem, Scores
from recsys.core.arrays import Csr, FloatMatrix, RowArray

RECTOOLS = "0.19.0"
VENV_VARIABLE = "RECSYS_RECTOOLS_VENV"
WORKER = Path(__file__).with_name("rectools_worker.py")

MOST_TAGS = 500
"""RecTools makes tags dense, one column of the factors each: more are left out."""


def make_environment(folder: Path) -> str:
    """Build RecTools' environment where it is missing; return why it cannot be, or nothing."""
    python = folder / "bin" / "python"
    try:
        if not python.exists():
            run = partial(subprocess.run, check=True, capture_output=True, text=True)
            run([sys.executable, "-m", "venv", str(folder)])
            run([str(python), "-m", "pip", "install", "--quiet", f"rectools=={RECTOOLS}"])
        subprocess.run([str(python), "-c", "import rectools"], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as err:
        words = (getattr(err, "stderr", "") or str(err)).strip().splitlines()
        return f"RecTools {RECTOOLS} could not be installed: {words[-1] if words else err}"
    return ""


def unavailable(problem: Problem) -> str:  # noqa: ARG001
    folder = os.environ.get(VENV_VARIABLE, "")
    if folder and (Path(folder) / "bin" / "python").exists():
        return ""
    return f"no environment with RecTools ({VENV_VARIABLE})"


def als_grid(problem: Problem) -> Sequence[Params]:
    base: Params = {
        "factors": 64,
        "regularization": 0.05,
        "alpha": 10.0,
        "iterations": 15,
        "fit_features_together": False,
    }
    others: list[Params] = [
        {"alpha": 1.0},
        {"factors": 128},
        {"alpha": 40.0},
        {"factors": 256},
        {"regularization": 5.0},
        {"factors": 32},
        {"factors": 256, "regularization": 5.0},
    ]
    if usable_tags(problem) is not None:
        others = [{"fit_features_together": True}, *others, {"factors": 32, "alpha": 1.0}]
    return variants(base, *others)


def puresvd_grid(problem: Problem) -> Sequence[Params]:
    return [{"factors": n} for n in (64, 32, 128, 16, 256) if n < min(problem.train.shape)]


def knn_grid(problem: Problem) -> Sequence[Params]:  # noqa: ARG001
    return variants(
        {"similarity": "cosine", "K": 100},
        {"similarity": "tfidf"},
        {"similarity": "bm25"},
        {"K": 20},
        {"K": 300},
        {"similarity": "tfidf", "K": 300},
        {"similarity": "tfidf", "K": 20},
    )


def usable_tags(problem: Problem) -> Csr | None:
    """Return the tags, unless there are too many to be made dense."""
    few = problem.tags is not None and problem.tags.shape[1] <= MOST_TAGS
    return problem.tags if few else None


def fit(problem: Problem, params: Params, *, model: str) -> tuple[Scores, dict[str, float]]:
    """Fit in the other environment; return the scores, and its seconds and memory."""
    python = Path(os.environ[VENV_VARIABLE]) / "bin" / "python"
    tags = usable_tags(problem) if model == "als" else None
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        sp.save_npz(folder / "train.npz", problem.train, compressed=False)
        if tags is not None:
            sp.save_npz(folder / "tags.npz", tags, compressed=False)
        job: dict[str, Any] = {
            "train": str(folder / "train.npz"),
            "tags": None if tags is None else str(folder / "tags.npz"),
            "model": model,
            "params": params,
            "out": str(folder / "out.npz"),
        }
        (folder / "job.json").write_text(json.dumps(job), encoding="utf-8")
        clean = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
        done = subprocess.run(
            [str(python), str(WORKER), str(folder / "job.json")],
            check=False, capture_output=True, text=True, env=clean,
        )  # fmt: skip
        if done.returncode:
            raise RuntimeError(done.stderr.strip()[-2000:])
        with np.load(folder / "out.npz") as found:
            scores = _scores({key: found[key] for key in found}, problem)
    return scores, json.loads(done.stdout.strip().splitlines()[-1])


def _scores(found: dict[str, Any], problem: Problem) -> Scores:
    if "user_factors" in found:
        return factor_scores(found["user_factors"], found["item_factors"])
    shape = (problem.n_items, problem.n_items)
    similar = sp.csr_matrix((found["data"], found["indices"], found["indptr"]), shape=shape)

    def scores(user_rows: RowArray) -> FloatMatrix:
        return np.asarray((problem.train[user_rows] @ similar).toarray(), np.float32)

    return scores


def _peer(name: str, model: str, grid: Callable[[Problem], Sequence[Params]]) -> Peer:
    measured = partial(fit, model=model)
    return Peer(
        name=f"RecTools {name}",
        package="rectools",
        grid=grid,
        fit=lambda problem, params: measured(problem, params)[0],
        uses_tags=model == "als",
        skip=unavailable,
        measured_fit=measured,
    )


PEERS = (
    _peer("ALS", "als", als_grid),
    _peer("item KNN", "knn", knn_grid),
    _peer("PureSVD", "puresvd", puresvd_grid),
)
