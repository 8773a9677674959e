r"""Blocks for sparse data without times, and the prior blend of their weights.

A random part of such data is not a sample of what comes next: on check-ins popular places are half
as frequent in a random part as in the published test. Exponents and filters tuned on it overfit
it, so that here they are those of the literature (square roots [GFCF2021]_ [LinkProp2022]_, a wide
filter with a soft end [Jin2021]_), which did well on every kind of cut that was tried: random,
drawn towards the popular, and whole neighbourhoods held out. The cut only moves the weights away
from a robust prior blend, by steps that clearly gain (:mod:`recsys.models.blend.steps`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from recsys.core.arrays import BoolArray, DoubleArray
from recsys.models.base import TrainingSet
from recsys.models.blend.recipe import Recipe
from recsys.models.blend.validation import cold_share, expected_cold_share
from recsys.models.presets.dense import DAMPED_EASE, DENSE_ITEMS, DENSE_SHARE
from recsys.models.spec import BlockSpec

MIN_PAIRS = 2_000
"""Pairs below which there is too little to tell."""

WIDTHS = {"fast": 128, "balanced": 256, "best": 1024}
"""Factors of the spectral block, by preset."""

ALS_STARTS = 4
"""ALS is fitted from so many random starts where that is cheap: each is a little wrong in another
way, most of all far down the list, and their mean is better than any of them. Not with tags, which
tell all starts the same: there it gained nothing. With one start recall@50 falls by .0023 (standard
error .0012) on a fifth of the training part of Last.fm, recall@300 of articles by .008."""

ALS_STARTS_OPERATIONS = 1e11
"""Multiplications of all starts together; one start is always paid for."""

ALS_OPERATIONS = 3e10
"""Multiplications of the whole ALS fit that the balanced preset still pays for."""

PRIOR: dict[str, tuple[float, ...]] = {
    "spectral": (1.0,),
    "item_knn": (2.0, 1.0),
    "ease": (1.0,),
    "feature_als": (2.0,),
}
"""Prior weights without tags, by kind; where a kind has several, the first block has the first and
all further ones the last. They did well on check-ins held out at random, towards the popular, and
by whole neighbourhoods of a person, on articles and on music."""

ALS_VOTES = (1.0, 0.5, 2.0, 4.0)
"""What the vote of ALS is multiplied by, where learning may start: what it is worth beside the
others differs most from data to data, from half on check-ins to four times as much on music. With
the first alone recall@20 falls by .0089 (standard error .0016) on Last.fm."""

MAX_RATIO = 2.0
"""Largest factor between a prior weight and the learnt one without tags: where what comes next is
unlike any random part, more of it lost (articles held out by number instead of by chance)."""

TAGGED_PRIOR: dict[str, tuple[float, ...]] = {
    "content": (1.0,),
    "affinity": (1.0,),
    "item_knn": (1.0,),
    "ease": (1.0,),
    "feature_als": (1.0,),
}
"""The same where items have tags: every block that learns from them, for who typed the tags decides
what they are worth. Without an item_knn block the spectral one, which has no tags, takes part."""

TAGGED_DEFAULTS: dict[str, tuple[float, ...]] = {
    "content": (2.0,),
    "spectral": (0.25,),
    "item_knn": (1.0,),
    "new_items": (1.0,),
    "ease": (0.5,),
    "feature_als": (0.5,),
}
"""Default weights where items have tags: with one item known, tags know most."""

KINDS = frozenset({"popularity", *PRIOR, *TAGGED_PRIOR, *TAGGED_DEFAULTS})
"""Kinds of blocks of which the weights are known beforehand."""

MIN_COLD_SHARE = 0.01
"""Share of cold items among those with tags, from which on they are weighed apart."""

NEW_ITEMS_SHARE = 0.6
"""Weight of the block of cold items, where much is expected on them, as a share of the largest
other weight. How often cold items will be taken is a matter of what is published next, which no cut
of the past tells: held out as often as the catalog lets expect they cost the others a tenth of
recall, held out less often they are never shown. This share cost at most a fiftieth of the recall
on three data sets, and found as many of the new items as the learnt weight did."""

MUCH = 0.06
"""Share of the coming events expected on cold items, from which on it is much."""


def is_sparse(training: TrainingSet) -> bool:
    """Say whether the recipe is for this data: no times, and few of all pairs happened."""
    n_pairs = int(training.interactions.nnz)
    return (
        not training.has_times
        and n_pairs >= MIN_PAIRS
        and n_pairs <= DENSE_SHARE * training.n_users * training.n_items
    )


def sparse_specs(training: TrainingSet, *, preset: str, seed: int) -> list[BlockSpec]:
    """Return the blocks that learn from interactions, for data that :func:`is_sparse` holds of.

    Parameters
    ----------
    training : TrainingSet
    preset : {"fast", "balanced", "best"}
    seed : int
        Goes into every block that draws.
    """
    width = min(WIDTHS[preset], max(min(training.interactions.shape) - 1, 1))
    tagged = bool(training.item_features.nnz)
    specs = [_spectral(width, seed)]
    if tagged and cold_share(training) > MIN_COLD_SHARE:
        n_factors = max(WIDTHS[preset] // 2, WIDTHS["fast"])
        specs.append(BlockSpec(kind="new_items", settings={"n_factors": n_factors}))
    if preset == "fast":
        return specs
    specs += [
        _item_knn("item_knn_linkprop", (0.5, 0.5, 0.5), tagged),
        _item_knn("item_knn_rp3", (0.7, 0.5, 0.2), tagged),
    ]
    if preset == "best" and training.n_items <= DENSE_ITEMS[preset]:
        specs.append(BlockSpec(kind="ease", settings=DAMPED_EASE))
    if preset == "best" or als_operations(training) <= ALS_OPERATIONS:
        n_starts = 1 if tagged else _n_starts(training)
        specs += [_als(seed, start=start) for start in range(n_starts)]
    return specs


def _n_starts(training: TrainingSet) -> int:
    affordable = ALS_STARTS_OPERATIONS / max(als_operations(training), 1.0)
    return int(np.clip(affordable, 1, ALS_STARTS))


def als_operations(training: TrainingSet) -> float:
    """Return about how many multiplications the ALS of the recipe takes."""
    config: Any = _als(0).block_config()
    width = config.n_factors
    per_step = 4.0 * training.interactions.nnz * width
    per_step += 2.0 * (training.n_users + training.n_items) * width**2
    return float(config.n_epochs * config.n_steps * per_step)


def sparse_recipe(
    training: TrainingSet, specs: Sequence[BlockSpec], bucket_edges: Sequence[int]
) -> Recipe | None:
    """Return how to weigh blocks on data that :func:`is_sparse` holds of.

    None where a kind is not in ``KINDS``, or no kind has a prior weight.

    Parameters
    ----------
    training : TrainingSet
    specs : sequence of BlockSpec
        Chosen here, or configured by somebody.
    bucket_edges : sequence of int
        Of the activity buckets.
    """
    kinds = [spec.kind for spec in specs]
    tagged = bool(training.item_features.nnz)
    prior = _by_kind(kinds, TAGGED_PRIOR if tagged else PRIOR)
    if "item_knn" not in kinds:
        prior = np.where(_is(kinds, "spectral"), 1.0, prior)
    if not (set(kinds) <= KINDS and prior.any()):
        return None
    defaults = _by_kind(kinds, TAGGED_DEFAULTS if tagged else PRIOR)
    table = np.tile(defaults, (len(bucket_edges) + 1, 1))
    table[0] = _is(kinds, "popularity")  # nothing is known of newcomers
    new_items_share = NEW_ITEMS_SHARE * min(expected_cold_share(training) / MUCH, 1.0)
    is_als = _is(kinds, "feature_als")
    blends = np.tile(prior, (1 if tagged or not is_als.any() else len(ALS_VOTES), 1))
    if len(blends) > 1:
        blends[:, is_als] *= np.array(ALS_VOTES)[:, None]
    return Recipe(
        blocks=tuple(specs),
        defaults=table,
        prior_blends=blends,
        max_ratio=np.inf if tagged else MAX_RATIO,
        fixed_shares=np.where(_is(kinds, "new_items"), new_items_share, 0.0),
    )


def _by_kind(kinds: Sequence[str], weights: Mapping[str, tuple[float, ...]]) -> DoubleArray:
    """Return (n_blocks,) float64: the weights of each kind, that of ALS shared by its starts."""
    out = np.zeros(len(kinds))
    for at, kind in enumerate(kinds):
        values = weights.get(kind, (0.0,))
        out[at] = values[min(kinds[:at].count(kind), len(values) - 1)]
    return np.asarray(out / np.where(_is(kinds, "feature_als"), kinds.count("feature_als"), 1))


def _is(kinds: Sequence[str], kind: str) -> BoolArray:
    return np.array([one == kind for one in kinds], dtype=bool)


def _spectral(width: int, seed: int) -> BlockSpec:
    settings = {
        "n_factors": width,
        "item_exponent": 0.5,
        "user_exponent": 0.5,
        "output_exponent": 0.5,
        "ridge": 0.4,  # a soft end of the spectral filter: the tail of sparse data is noise
        "tag_weight": 0.0,  # other blocks speak for the tags; here they drown who took what
        "seed": seed,
    }
    return BlockSpec(kind="spectral", settings=settings)


def _item_knn(name: str, exponents: tuple[float, float, float], tagged: bool) -> BlockSpec:
    settings = {
        "item_exponent": exponents[0],
        "user_exponent": exponents[1],
        "output_exponent": exponents[2],
        "n_neighbors": 1000,
        "tag_weight": 1.0 if tagged else 0.0,
    }
    return BlockSpec(kind="item_knn", name=name, settings=settings)


def _als(seed: int, *, start: int = 0) -> BlockSpec:
    settings = {
        "n_factors": 128,
        "regularization": 0.003,
        "unobserved_weight": 0.03,
        "n_epochs": 12,
        "seed": seed + start,
    }
    name = f"feature_als_{start + 1}" if start else ""
    return BlockSpec(kind="feature_als", name=name, settings=settings)
