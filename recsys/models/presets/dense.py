"""Blocks for dense data without times: films and the like."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from recsys.models.base import TrainingSet
from recsys.models.blend.floors import default_weights
from recsys.models.blend.recipe import Recipe
from recsys.models.spec import BlockSpec

DENSE_ITEMS = {"fast": 0, "balanced": 6_000, "best": 20_000}
"""Items up to which a dense item-item matrix is worth its time, by preset."""

DENSE_SHARE = 0.015
"""Share of all pairs that happened, from which on data are dense."""

EASE_SETTINGS: dict[str, float | str] = {
    "item_exponent": 0.25,
    "user_exponent": 0.0,
    "output_exponent": 0.2,
    "regularization": 500.0,
    "regularization_unit": "people",
}
"""EASE that lasts when taste moves on. Held out at random, histories want their length damped; what
people take later does not. So it is not, and λ is so many people whatever the data's size."""

DAMPED_EASE: dict[str, float | str] = {
    "item_exponent": 0.5,
    "user_exponent": 0.25,
    "output_exponent": 0.35,
    "regularization": 1.0,
}
"""EASE for many items, damped so that the links of rare ones count [DAN2025]_."""

MANY_PAIRS = 200_000
"""Pairs from which on there is enough to learn more factors from."""

PRIOR = {"ease": 1.0, "feature_als": 0.7}
"""Prior blend, by kind: it held on every data set and cut it was tried on."""


def is_dense(training: TrainingSet) -> bool:
    """Say whether the data have no times, few items, and people who took many of them."""
    n_pairs = training.n_users * training.n_items
    few = training.n_items <= DENSE_ITEMS["balanced"]
    return few and not training.has_times and training.interactions.nnz >= DENSE_SHARE * n_pairs


def dense_specs(training: TrainingSet, *, preset: str, seed: int) -> list[BlockSpec]:
    """Return the blocks that learn from who took what, for data that :func:`is_dense` holds of.

    Notes
    -----
    What nobody can tell from events without times is whether taste moves on. A random part held out
    does not show it, so the blocks are those that did well on both: held out at random and later.
    """
    most = max(min(training.interactions.shape) - 1, 1)
    wide = _spectral("spectral", min(128, most), seed, exponents=(0.25, 0.0, 0.2), ridge=0.05)
    if preset == "fast":
        return [wide]
    narrow = _spectral("spectral_narrow", min(36, most), seed, exponents=(0.4, 0.25, 0.2))
    factors = _factors(training.interactions.nnz, most=most, seed=seed)
    specs = [BlockSpec(kind="ease", settings=EASE_SETTINGS), factors, narrow]
    if preset == "balanced":
        return specs
    kernel = BlockSpec(
        kind="item_knn",
        settings={"item_exponent": 1.0, "user_exponent": 1.0, "output_exponent": 0.5},
    )
    return [wide, *specs, kernel]


def dense_recipe(specs: Sequence[BlockSpec], bucket_edges: Sequence[int]) -> Recipe | None:
    """Return how to weigh blocks on data that :func:`is_dense` holds of.

    None where a kind of ``PRIOR`` is missing. Only the first block of a kind has a prior weight.

    Parameters
    ----------
    specs : sequence of BlockSpec
        Chosen here, or configured by somebody.
    bucket_edges : sequence of int
        Of the activity buckets.
    """
    kinds = [spec.kind for spec in specs]
    if not set(PRIOR) <= set(kinds):
        return None
    prior = np.zeros(len(kinds))
    for kind, weight in PRIOR.items():
        prior[kinds.index(kind)] = weight
    return Recipe(tuple(specs), default_weights(specs, bucket_edges), prior[None])


def _factors(n_pairs: int, *, most: int, seed: int) -> BlockSpec:
    """Return ALS: fewer vectors, and what was not taken counting more, where pairs are few."""
    width, unobserved = (64, 0.1) if n_pairs >= MANY_PAIRS else (32, 0.3)
    settings = {
        "n_factors": min(width, most),
        "regularization": 0.01,
        "unobserved_weight": unobserved,
        "n_epochs": 10,
        "seed": seed,
    }
    return BlockSpec(kind="feature_als", settings=settings)


def _spectral(
    name: str,
    width: int,
    seed: int,
    *,
    exponents: tuple[float, float, float],
    ridge: float = 0.03,
) -> BlockSpec:
    item, user, output = exponents
    settings = {
        "n_factors": width,
        "item_exponent": item,
        "user_exponent": user,
        "output_exponent": output,
        "ridge": ridge,
        "seed": seed,
    }
    return BlockSpec(kind="spectral", name=name, settings=settings)
