"""implicit: alternating least squares, and BPR."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from benchmarks.quality.peers import SEED, Params, Peer, variants
from benchmarks.quality.problem import Problem, Scores
from recsys.core.arrays import FloatMatrix, RowArray


def factor_scores(users: FloatMatrix, items: FloatMatrix) -> Scores:
    """Return the inner products of two tables of vectors."""

    def scores(user_rows: RowArray) -> FloatMatrix:
        return np.asarray(users[user_rows] @ items.T, np.float32)

    return scores


def als_grid(problem: Problem) -> Sequence[Params]:  # noqa: ARG001
    return variants(
        {"factors": 64, "regularization": 0.05, "alpha": 10.0, "iterations": 15},
        {"alpha": 1.0},
        {"factors": 128},
        {"alpha": 40.0},
        {"factors": 256},
        {"regularization": 5.0},
        {"factors": 128, "alpha": 1.0},
        {"factors": 256, "alpha": 1.0},
        {"factors": 128, "regularization": 5.0},
        {"factors": 32},
        {"factors": 32, "alpha": 1.0},
        {"regularization": 50.0},
        {"factors": 256, "regularization": 5.0},
        {"factors": 256, "alpha": 40.0},
    )


def fit_als(problem: Problem, params: Params) -> Scores:
    from implicit.cpu.als import AlternatingLeastSquares

    model = AlternatingLeastSquares(**params, random_state=SEED, num_threads=1)
    return _fitted(model, problem)


def bpr_grid(problem: Problem) -> Sequence[Params]:  # noqa: ARG001
    return variants(
        {"factors": 64, "learning_rate": 0.05, "regularization": 0.01, "iterations": 50},
        {"regularization": 0.002},
        {"learning_rate": 0.1},
        {"iterations": 150},
        {"learning_rate": 0.01},
        {"factors": 128},
        {"factors": 128, "iterations": 150},
        {"factors": 32},
        {"regularization": 0.05},
        {"factors": 32, "iterations": 20},
    )


def fit_bpr(problem: Problem, params: Params) -> Scores:
    from implicit.cpu.bpr import BayesianPersonalizedRanking

    model = BayesianPersonalizedRanking(**params, random_state=SEED, num_threads=1)
    return _fitted(model, problem)


def _fitted(model: Any, problem: Problem) -> Scores:
    model.fit(problem.train, show_progress=False)
    return factor_scores(np.asarray(model.user_factors), np.asarray(model.item_factors))


PEERS = (
    Peer("implicit ALS", "implicit", als_grid, fit_als),
    Peer("implicit BPR", "implicit", bpr_grid, fit_bpr),
)
