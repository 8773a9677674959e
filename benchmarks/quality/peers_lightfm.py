"""LightFM: WARP, with tags where there are tags (lightfm-next, the fork that still builds)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import scipy.sparse as sp

from benchmarks.quality.peers import SEED, Params, Peer, variants
from benchmarks.quality.peers_implicit import factor_scores
from benchmarks.quality.problem import Problem, Scores
from recsys.core.arrays import Csr


def grid(problem: Problem) -> Sequence[Params]:
    base: Params = {
        "no_components": 64,
        "learning_rate": 0.05,
        "epochs": 20,
        "item_alpha": 0.0,
        "normalised": True,
    }
    others: list[Params] = [
        {"epochs": 50},
        {"no_components": 128},
        {"epochs": 10},
        {"item_alpha": 1e-5},
        {"no_components": 128, "epochs": 50},
        {"learning_rate": 0.02, "epochs": 50},
        {"no_components": 32},
    ]
    if problem.tags is not None:
        others.insert(1, {"normalised": False})
    return variants(base, *others)


def design(problem: Problem, *, normalised: bool) -> Csr:
    """Return (n_items, n_items + n_tags): each item's own column, then its tags."""
    own = sp.identity(problem.n_items, dtype=np.float32, format="csr")
    if problem.tags is None:
        return own
    both = sp.hstack([own, problem.tags], format="csr", dtype=np.float32)
    if not normalised:
        return both
    sums = np.asarray(both.sum(axis=1)).ravel()
    return sp.csr_matrix(sp.diags((1 / sums).astype(np.float32)) @ both, dtype=np.float32)


def fit(problem: Problem, params: Params) -> Scores:
    from lightfm import LightFM

    settings = dict(params)
    epochs, normalised = settings.pop("epochs"), settings.pop("normalised")
    features = design(problem, normalised=normalised)
    model = LightFM(**settings, loss="warp", random_state=SEED)
    pairs = sp.coo_matrix(problem.train, copy=True)  # LightFM writes through its inputs
    model.fit(pairs, item_features=features, epochs=epochs, num_threads=1)
    biases, items = model.get_item_representations(features)
    _, users = model.get_user_representations()
    ones = np.ones((len(users), 1), np.float32)
    # the bias of a person does not change their order
    return factor_scores(np.hstack([users, ones]), np.hstack([items, biases[:, None]]))


PEERS = (Peer("LightFM WARP", "lightfm-next", grid, fit, uses_tags=True),)
