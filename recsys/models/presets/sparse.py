r"""Blocks for sparse data without times, and the blend that learning starts from.

A random part of such data is not a sample of what comes next: on check-ins popular places are half
as frequent in a random part as in the published test. Exponents and filters tuned on it overfit
it, so that here they are those of the literature (square roots [GFCF2021]_ [LinkProp2022]_, a wide
filter with a soft end [Jin2021]_), which did well on every kind of cut that was tried: random,
drawn towards the popular, and whole neighbourhoods held out. The cut only moves the weights away
from a robust blend, by steps that clearly gain (:mod:`recsys.models.blend.steps`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from recsys.core.arrays import BoolArray, DoubleArray
from recsys.models.base import TrainingSet
from recsys.models.blend.validation import unmet_share
from recsys.models.presets.dense import DENSE_SHARE
from recsys.models.spec import BlockSpec

SPARSE = DENSE_SHARE
"""Share of pairs that happened, up to which data is sparse."""

MIN_PAIRS = 2_000
"""Pairs below which there is too little to tell."""

WIDTHS = {"fast": 128, "balanced": 256, "best": 1024}
"""Factors of the spectral block, by preset."""

NEW_ITEMS_FACTORS = {"fast": 128, "balanced": 128, "best": 512}

RIDGE = 0.4
"""Of the spectral filter: a soft end, since the tail of sparse data is noise by degrees."""

EASE_ITEMS = 20_000
"""Items up to which a dense item-item matrix is worth its time in the best preset."""

EASE_SETTINGS: dict[str, Any] = {
    "item_exponent": 0.5,
    "user_exponent": 0.25,
    "output_exponent": 0.35,
    "regularization": 1.0,
}
"""Damped, so that the links of rare items count [DAN2025]_."""

ALS_FACTORS = 128

ALS_STARTS = 4
"""ALS is fitted from so many random starts where that is cheap: each is a little wrong in another
way, most of all far down the list, and their mean is better than any of them. Not with tags, which
tell all starts the same: there it gained nothing."""

ALS_STARTS_OPERATIONS = 1e11
"""Multiplications of all starts together; one start is always paid for."""

ALS_OPERATIONS = 3e10
"""Multiplications of the whole ALS fit that the balanced preset still pays for."""

START = {"spectral": 1.0, "links": 2.0, "walks": 1.0, "ease": 1.0, "feature_als": 2.0}
"""Where learning starts without tags: what did well on check-ins held out at random, towards the
popular, and by whole neighbourhoods of a person, on articles and on music."""

ALS_VOTES = (1.0, 0.5, 2.0, 4.0)
"""What the vote of ALS is multiplied by, where learning may start: what it is worth beside the
others differs most from data to data, from half on check-ins to four times as much on music."""

REACH = 2.0
"""How far weights may go from there, as a factor: where what comes next is unlike any random part,
more of it lost (articles held out by number instead of by chance)."""

TAGGED_START = {
    "content": 1.0,
    "affinity": 1.0,
    "links": 1.0,
    "walks": 1.0,
    "ease": 1.0,
    "feature_als": 1.0,
}
"""The same where items have tags: everything that learns from them, for who typed the tags decides
what they are worth. Where there is no kernel, vectors without tags take part as well."""

TAGGED_DEFAULTS = {
    "content": 2.0,
    "spectral": 0.25,
    "links": 1.0,
    "walks": 1.0,
    "new_items": 1.0,
    "ease": 0.5,
    "feature_als": 0.5,
}
"""Votes where items have tags and nothing can be held out: with one item known, tags know most."""

LABELS = frozenset({"popularity", "affinity", *START, *TAGGED_DEFAULTS})
"""What the recipe may consist of."""

UNMET = 0.01
"""Share of items with tags that nobody met, from which on they are weighed apart."""


def is_sparse(training: TrainingSet) -> bool:
    """Say whether the recipe is for this data: no times, and few of all pairs happened."""
    n_pairs = int(training.interactions.nnz)
    return (
        not training.has_times
        and n_pairs >= MIN_PAIRS
        and n_pairs <= SPARSE * training.n_users * training.n_items
    )


def sparse_blocks(
    training: TrainingSet, *, preset: str, seed: int
) -> tuple[list[BlockSpec], list[str]]:
    """Return the collaborative blocks, and why.

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
    notes = [f"spectral: {width} factors, square-root exponents (sparse data without times)"]
    if tagged and unmet_share(training) > UNMET:
        specs.append(BlockSpec(kind="new_items", settings={"n_factors": NEW_ITEMS_FACTORS[preset]}))
        notes.append("new_items: many items have tags and nobody met them")
    if preset == "fast":
        return specs, notes
    specs += [_kernel("links", (0.5, 0.5, 0.5), tagged), _kernel("walks", (0.7, 0.5, 0.2), tagged)]
    notes.append("links: two links on, each damped by a square root, as a re-scorer")
    notes.append("walks: a random walk of three steps, kind to the rare, as a re-scorer")
    if preset == "best" and training.n_items <= EASE_ITEMS:
        specs.append(BlockSpec(kind="ease", settings=EASE_SETTINGS))
        notes.append(f"ease: {training.n_items} items are few enough for a dense item-item matrix")
    if preset == "best" or als_operations(training) <= ALS_OPERATIONS:
        n_starts = 1 if tagged else _n_starts(training)
        specs += [_als(seed, start=start) for start in range(n_starts)]
        starts = f"; from {n_starts} starts" if n_starts > 1 else ""
        notes.append(
            f"feature_als: {ALS_FACTORS} factors, what was not taken counts a little{starts}"
        )
    return specs, notes


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


def sparse_start(training: TrainingSet, specs: Sequence[BlockSpec]) -> DoubleArray | None:
    """Return (n_blends, n_blocks) float64 blends that learning may start from, the usual one first.

    None where there are none.

    Parameters
    ----------
    training : TrainingSet
    specs : sequence of BlockSpec
        Chosen here, or configured by somebody: of those nothing is known beforehand.
    """
    if not _is_recipe(training, specs):
        return None
    votes = TAGGED_START if training.item_features.nnz else START
    if "links" not in [spec.label for spec in specs]:
        votes = {**votes, "spectral": 1.0}
    usual = _voted(specs, votes)
    is_als = _is_als(specs)
    if training.item_features.nnz or not is_als.any():
        return usual[None]
    blends = np.tile(usual, (len(ALS_VOTES), 1))
    blends[:, is_als] *= np.array(ALS_VOTES)[:, None]
    return blends


def sparse_default_weights(
    training: TrainingSet, specs: Sequence[BlockSpec], bucket_edges: Sequence[int]
) -> DoubleArray | None:
    """Return (n_buckets, n_blocks) float64 for people whose history is too short to hold out.

    None where the blocks are not those of this recipe. Votes for everybody who did anything;
    popularity for newcomers.
    """
    if not _is_recipe(training, specs):
        return None
    votes = TAGGED_DEFAULTS if training.item_features.nnz else START
    table = np.tile(_voted(specs, votes), (len(bucket_edges) + 1, 1))
    table[0] = [spec.kind == "popularity" for spec in specs]
    return table


def _is_recipe(training: TrainingSet, specs: Sequence[BlockSpec]) -> bool:
    """Say whether the blocks are those of this recipe, for data it is for."""
    labels = {spec.label for spec in specs if spec.kind != "feature_als"}
    return is_sparse(training) and "spectral" in labels and labels <= LABELS


def _voted(specs: Sequence[BlockSpec], votes: Mapping[str, float]) -> DoubleArray:
    """Return (n_blocks,) float64: the votes by label, that of ALS shared by its starts."""
    n_als = max(int(_is_als(specs).sum()), 1)
    return np.array(
        [
            votes.get("feature_als", 0.0) / n_als
            if spec.kind == "feature_als"
            else votes.get(spec.label, 0.0)
            for spec in specs
        ]
    )


def _is_als(specs: Sequence[BlockSpec]) -> BoolArray:
    return np.array([spec.kind == "feature_als" for spec in specs], dtype=bool)


def _spectral(width: int, seed: int) -> BlockSpec:
    settings = {
        "n_factors": width,
        "item_exponent": 0.5,
        "user_exponent": 0.5,
        "output_exponent": 0.5,
        "ridge": RIDGE,
        "tag_weight": 0.0,  # other blocks speak for the tags; here they drown who took what
        "seed": seed,
    }
    return BlockSpec(kind="spectral", settings=settings)


def _kernel(name: str, exponents: tuple[float, float, float], tagged: bool) -> BlockSpec:
    settings = {
        "item_exponent": exponents[0],
        "user_exponent": exponents[1],
        "output_exponent": exponents[2],
        "n_neighbours": 1000,
        "tag_weight": 1.0 if tagged else 0.0,
    }
    return BlockSpec(kind="item_knn", name=name, settings=settings)


def _als(seed: int, *, start: int = 0) -> BlockSpec:
    settings = {
        "n_factors": ALS_FACTORS,
        "regularization": 0.003,
        "unobserved_weight": 0.03,
        "n_epochs": 12,
        "seed": seed + start,
    }
    name = f"feature_als_{start + 1}" if start else ""
    return BlockSpec(kind="feature_als", name=name, settings=settings)
