"""Which blocks suit the data, and what they weigh before anything is learnt."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from recsys.core.arrays import DoubleArray
from recsys.models.base import TrainingSet
from recsys.models.spec import BlockSpec

DENSE_ITEMS = 6_000
"""Items up to which a dense item-item matrix is worth its time in the balanced preset."""

BEST_DENSE_ITEMS = 20_000

HALF_LIVES_DAYS = (2.0, 7.0, 30.0)


def choose_blocks(
    training: TrainingSet, *, preset: str, seed: int
) -> tuple[tuple[BlockSpec, ...], list[str]]:
    """Return the blocks for some data, and why, for a person to read.

    Parameters
    ----------
    training : TrainingSet
    preset : {"fast", "balanced", "best"}
        How much time the fit may take.
    seed : int
        Goes into every block that draws.
    """
    specs: list[BlockSpec] = []
    notes: list[str] = []
    _add_popularity(training, specs, notes)
    if training.item_features.nnz:
        specs.append(BlockSpec(kind="content"))
        notes.append("content: items have tags or text")
    if training.interactions.nnz:
        _add_collaborative(training, specs, notes, preset=preset, seed=seed)
    return tuple(specs), notes


def default_weights(specs: Sequence[BlockSpec], bucket_edges: Sequence[int]) -> DoubleArray:
    """Return (n_buckets, n_blocks) float64 for data too small to learn from.

    Notes
    -----
    Newcomers lean on popularity and on what they declared; history takes over as it grows.
    """
    n_buckets = len(bucket_edges) + 1
    activity = np.linspace(0.0, 1.0, n_buckets)
    table = np.zeros((n_buckets, len(specs)))
    n_popularity = max(sum(spec.kind == "popularity" for spec in specs), 1)
    n_taste = max(sum(spec.kind not in ("popularity", "content") for spec in specs), 1)
    for at, spec in enumerate(specs):
        if spec.kind == "popularity":
            table[:, at] = (0.6 - 0.3 * activity) / n_popularity
        elif spec.kind == "content":
            table[:, at] = 0.8 - 0.5 * activity
        else:
            table[:, at] = (0.2 + 0.6 * activity) / n_taste
    return table


def with_newcomer_floors(weights: DoubleArray, specs: Sequence[BlockSpec]) -> DoubleArray:
    """Return weights under which nobody's list is arbitrary, and declared tags are felt.

    Parameters
    ----------
    weights : (n_buckets, n_blocks) float64
        As learnt.
    specs : sequence of BlockSpec

    Notes
    -----
    A person of whom the taste blocks know nothing is ranked by popularity, so it keeps a small
    weight everywhere. Validation people declared nothing, so that what a newcomer's declared tags
    are worth cannot be learnt: it is twice the popularity.
    """
    table = np.array(weights, dtype=np.float64)
    popular = np.array([spec.kind == "popularity" for spec in specs])
    content = np.array([spec.kind == "content" for spec in specs])
    if popular.any():
        silent = table[:, popular].sum(axis=1) == 0
        first = int(np.flatnonzero(popular)[0])
        table[silent, first] = 0.01 * np.maximum(table[silent].max(axis=1), 1e-6)
    if content.any():
        at = int(np.flatnonzero(content)[0])
        table[0, at] = max(table[0, at], 2.0 * table[0, popular].sum())
    return table


def _add_popularity(training: TrainingSet, specs: list[BlockSpec], notes: list[str]) -> None:
    specs.append(BlockSpec(kind="popularity", settings={"half_life_days": None}))
    if not training.has_times:
        notes.append("popularity: of all time, the events have no times")
        return
    specs += [
        BlockSpec(
            kind="popularity", name=f"popularity_{days:g}d", settings={"half_life_days": days}
        )
        for days in HALF_LIVES_DAYS
    ]
    shown = ", ".join(f"{days:g}" for days in HALF_LIVES_DAYS)
    notes.append(f"popularity: of all time, and with half-lives of {shown} days")


def _add_collaborative(
    training: TrainingSet,
    specs: list[BlockSpec],
    notes: list[str],
    *,
    preset: str,
    seed: int,
) -> None:
    width = {"fast": 32, "balanced": 64, "best": 128}[preset]
    n_factors = max(min(width, min(training.interactions.shape) - 1), 1)
    specs.append(BlockSpec(kind="spectral", settings={"n_factors": n_factors, "seed": seed}))
    notes.append(f"spectral: {n_factors} factors")
    if preset != "fast" and training.n_items <= _dense_limit(preset):
        specs.append(BlockSpec(kind="ease"))
        notes.append(f"ease: {training.n_items} items are few enough for a dense item-item matrix")


def _dense_limit(preset: str) -> int:
    return BEST_DENSE_ITEMS if preset == "best" else DENSE_ITEMS
