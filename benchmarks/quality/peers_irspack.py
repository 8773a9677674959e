"""irspack: iALS (also with item features), RP3beta, and EASE (its DenseSLIM)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from benchmarks.quality.peers import SEED, Params, Peer, variants
from benchmarks.quality.peers_implicit import factor_scores
from benchmarks.quality.problem import Problem, Scores
from recsys.core.arrays import Csr, FloatMatrix, RowArray

MOST_ITEMS = 15_000
"""EASE keeps and inverts a matrix of all pairs of items: beyond, many minutes to hours."""

MOST_TAGS = 10_000
"""iALS with item features solves a system as wide as the tags: 46,000 would be 17 GB."""

NO_SEARCH_ITEMS = 6_000
"""Beyond, a single EASE fit takes more than the search may."""


def ials_grid(problem: Problem) -> Sequence[Params]:
    base: Params = {"n_components": 64, "alpha0": 0.1, "reg": 0.003, "train_epochs": 16}
    others: list[Params] = [
        {"n_components": 128},
        {"alpha0": 0.3},
        {"reg": 0.01},
        {"n_components": 256},
        {"alpha0": 0.03},
        {"n_components": 128, "alpha0": 0.3},
        {"n_components": 128, "reg": 0.01},
        {"alpha0": 1.0},
        {"n_components": 256, "alpha0": 0.3, "reg": 0.01},
        {"reg": 0.001},
        {"n_components": 32},
    ]
    if usable_tags(problem) is not None:
        base = {**base, "lambda_item_feature": 0.01}
        others = [{"lambda_item_feature": 1.0}, *others[:4], {"lambda_item_feature": 1e-4}]
    return variants(base, *others)


def fit_ials(problem: Problem, params: Params) -> Scores:
    from irspack import IALSRecommender

    tags = usable_tags(problem)
    side = {} if tags is None else {"item_features": tags.astype(np.float64)}
    train = problem.train.astype(np.float64)
    model = IALSRecommender(train, **params, **side, random_seed=SEED, n_threads=1)
    model.learn()
    items = np.array(model.get_item_embedding(), np.float32)
    if tags is not None:
        cold = np.asarray(problem.train.sum(axis=0)).ravel() == 0
        if cold.any():
            vectors = model.compute_item_embedding_from_features(side["item_features"][cold])
            items[cold] = np.asarray(vectors, np.float32)
    return factor_scores(np.asarray(model.get_user_embedding(), np.float32), items)


def usable_tags(problem: Problem) -> Csr | None:
    """Return the tags, unless there are too many."""
    few = problem.tags is not None and problem.tags.shape[1] <= MOST_TAGS
    return problem.tags if few else None


def too_many_tags(problem: Problem) -> str:
    if problem.tags is None or usable_tags(problem) is not None:
        return ""
    n_tags = problem.tags.shape[1]
    return f"{n_tags} tags make a dense system of {8 * n_tags**2 / 1e9:.0f} GB"


def rp3beta_grid(problem: Problem) -> Sequence[Params]:  # noqa: ARG001
    return variants(
        {"top_k": 200, "beta": 0.4, "normalize_weight": True},
        {"beta": 0.6},
        {"beta": 0.2},
        {"top_k": 1000},
        {"normalize_weight": False},
        {"top_k": 50},
        {"beta": 0.8},
        {"beta": 0.6, "normalize_weight": False},
        {"beta": 0.6, "top_k": 1000},
        {"beta": 0.6, "top_k": 50},
        {"beta": 0.0},
    )


def fit_rp3beta(problem: Problem, params: Params) -> Scores:
    from irspack import RP3betaRecommender

    return _item_based(RP3betaRecommender(problem.train.astype(np.float64), **params, n_threads=1))


def ease_grid(problem: Problem) -> Sequence[Params]:
    weights = (300.0, 100.0, 1000.0, 30.0, 3000.0)
    return [{"reg": weight} for weight in weights[: 1 if problem.n_items > NO_SEARCH_ITEMS else 5]]


def fit_ease(problem: Problem, params: Params) -> Scores:
    from irspack import DenseSLIMRecommender

    return _item_based(DenseSLIMRecommender(problem.train.astype(np.float64), **params))


def too_many_items(problem: Problem) -> str:
    if problem.n_items <= MOST_ITEMS:
        return ""
    size = 4 * problem.n_items**2 / 1e9
    return f"a dense matrix of {problem.n_items} items: {size:.1f} GB, too long on one core"


def _item_based(model: object) -> Scores:
    model.learn()  # type: ignore[attr-defined]

    def scores(user_rows: RowArray) -> FloatMatrix:
        return np.asarray(model.get_score(user_rows), np.float32)  # type: ignore[attr-defined]

    return scores


PEERS = (
    Peer("irspack iALS", "irspack", ials_grid, fit_ials, uses_tags=True, skip=too_many_tags),
    Peer("irspack RP3beta", "irspack", rp3beta_grid, fit_rp3beta),
    Peer("irspack EASE", "irspack", ease_grid, fit_ease, skip=too_many_items),
)
