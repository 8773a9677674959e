"""Which blocks suit the data, and what they weigh before anything is learnt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from recsys.core.arrays import DoubleArray
from recsys.models.base import TrainingSet
from recsys.models.dense_choice import (
    DENSE_ITEMS,
    EASE_SETTINGS,
    dense_notes,
    dense_specs,
    is_dense,
)
from recsys.models.sparse_recipe import is_sparse, sparse_blocks
from recsys.models.spec import BlockSpec

BEST_DENSE_ITEMS = 20_000

WIDTHS = {"fast": 64, "balanced": 256, "best": 1024}
"""Factors of the wide spectral block, by preset."""

NARROW = 32
"""Factors of the narrow one."""

HALF_LIVES_DAYS = (1.0, 2.0, 3.0, 7.0, 14.0, 30.0)
"""Half-lives of popularity that are compared on the validation parts."""

COLLABORATIVE = ("spectral", "ease", "item_knn", "feature_als")

RECENCY = {"recency_boost": 4.0, "recency_half_life": 3.0}
"""Where events come in order without times: the last one counts five times, the sixth twice. On
the films that people rated in a row this gave a tenth more, a gap of an eighth left out between."""


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
    if training.item_features.nnz and training.interactions.nnz:
        specs.append(BlockSpec(kind="affinity"))
        notes.append("affinity: what a person takes more often than others, by tag")
    if training.interactions.nnz and is_dense(training):
        dense = dense_specs(training, preset=preset, seed=seed)
        specs += dense
        notes += dense_notes(training, dense)
    elif training.interactions.nnz and is_sparse(training):
        sparse, why = sparse_blocks(training, preset=preset, seed=seed)
        specs += sparse
        notes += why
    elif training.interactions.nnz:
        _add_collaborative(training, specs, notes, preset=preset, seed=seed)
    if training.in_order:
        specs = [_with_recency(spec) for spec in specs]
        notes.append(
            "order: the events have no times but come in order, so that the latest of a person "
            "count more"
        )
    return tuple(specs), notes


def _with_recency(spec: BlockSpec) -> BlockSpec:
    """Return a block that learns from who took what, with the latest of a history counting more."""
    if spec.kind not in COLLABORATIVE:
        return spec
    boosted: BlockSpec = spec.replace(settings={**spec.settings, **RECENCY})
    return boosted


def block_sets(specs: Sequence[BlockSpec]) -> list[npt.NDArray[np.int64]]:
    """Return the sets of blocks worth comparing, as positions in ``specs``.

    Parameters
    ----------
    specs : sequence of BlockSpec

    Notes
    -----
    Popularity that fills in what new items have not lived through, and popularity that counts
    what was seen, disagree about new items; a blend of both is worse than either where one is
    right. So they are never in one set, where there are both: the first has those with a forecast.
    Half-lives are not chosen: neighbours are nearly the same list, the best of them changes from
    one fortnight to the next, and weights learnt for all of them hold.
    """
    everything = np.arange(len(specs))
    kinds = _popularity_kinds(specs)
    if len(kinds) < 2:
        return [everything]
    return [everything[~np.isin(everything, others)] for others in reversed(kinds)]


def steady_popularity(specs: Sequence[BlockSpec], popular: Mapping[int, float]) -> list[int]:
    """Return the popularity blocks that may be the best: one with a forecast, one without, others.

    Parameters
    ----------
    specs : sequence of BlockSpec
    popular : mapping of position to float
        How good each popularity block is alone.

    Notes
    -----
    Neighbouring half-lives are nearly the same list, and few cuts are a lottery: a half-life counts
    as good as the mean of itself (twice) and its neighbours.
    """
    out = []
    for mine in _popularity_kinds(specs):
        values = np.array([popular[at] for at in mine])
        padded = np.concatenate([[np.nan], values, [np.nan]])
        steady = np.nanmean(np.stack([padded[:-2], values, values, padded[2:]]), axis=0)
        out.append(mine[int(np.argmax(steady))])
    timed = [at for mine in _popularity_kinds(specs) for at in mine]
    return out + [at for at in popular if at not in timed]


def _popularity_kinds(specs: Sequence[BlockSpec]) -> list[list[int]]:
    """Return positions of fading popularity by half-life: with a forecast, and without."""
    timed = [at for at, spec in enumerate(specs) if spec.kind == "popularity" and _fades(spec)]
    timed.sort(key=lambda at: float(specs[at].block_config().to_dict()["half_life_days"]))
    kinds = [[at for at in timed if _forecasts(specs[at]) == which] for which in (True, False)]
    return [mine for mine in kinds if mine]


def _fades(spec: BlockSpec) -> bool:
    return spec.block_config().to_dict()["half_life_days"] is not None


def _forecasts(spec: BlockSpec) -> bool:
    return bool(spec.block_config().to_dict()["forecast_new"])


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
            table[:, at] = np.where(activity == 0, 0.6, 0.35 - 0.15 * activity) / n_popularity
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
    all_time = BlockSpec(kind="popularity", settings={"half_life_days": None})
    if not training.has_times:
        specs.append(all_time)
        notes.append("popularity: of all time, the events have no times")
        return
    for days in HALF_LIVES_DAYS:
        seen = {"half_life_days": days, "forecast_new": False}
        filled = {"half_life_days": days, "forecast_new": True, "confidence_power": 4.0}
        name = f"popularity_{days:g}d"
        specs.append(BlockSpec(kind="popularity", name=f"{name}_forecast", settings=filled))
        specs.append(BlockSpec(kind="popularity", name=name, settings=seen))
    specs.append(all_time)
    shown = ", ".join(f"{days:g}" for days in HALF_LIVES_DAYS)
    notes.append(
        f"popularity: of all time, and with half-lives of {shown} days, each with and without a "
        "forecast for new items"
    )


def _add_collaborative(
    training: TrainingSet,
    specs: list[BlockSpec],
    notes: list[str],
    *,
    preset: str,
    seed: int,
) -> None:
    """Add what learns from who took what: a wide and a narrow space, and item-item matrices.

    Notes
    -----
    Sparse data (check-ins) want many factors and square-root exponents; dense data (films) want
    few factors and milder ones [DAN2025]_. Both are given where time allows; the weights decide.
    """
    most = max(min(training.interactions.shape) - 1, 1)
    width = min(WIDTHS[preset], most)
    specs.append(_spectral("spectral", width, seed, exponent=0.5, output=0.5))
    notes.append(f"spectral: {width} factors")
    if preset != "fast" and most > 2 * NARROW:
        specs.append(_spectral("spectral_narrow", NARROW, seed, exponent=0.25, output=0.0))
        notes.append(f"spectral_narrow: {NARROW} factors, for what most people share")
    if preset != "fast" and training.n_items <= _dense_limit(preset):
        specs.append(BlockSpec(kind="ease", settings=_ease_settings(training)))
        notes.append(f"ease: {training.n_items} items are few enough for a dense item-item matrix")
    if training.has_times:
        specs.append(BlockSpec(kind="cooccurrence"))
        notes.append("cooccurrence: what people with the same history take these days")
    if preset == "best":
        specs.append(BlockSpec(kind="item_knn"))
        notes.append("item_knn: what goes together, as a re-scorer")


def _spectral(name: str, width: int, seed: int, *, exponent: float, output: float) -> BlockSpec:
    settings = {
        "n_factors": width,
        "item_exponent": exponent,
        "user_exponent": exponent,
        "output_exponent": output,
        "ridge": 0.05,
        "seed": seed,
    }
    return BlockSpec(kind="spectral", name=name, settings=settings)


def _ease_settings(training: TrainingSet) -> dict[str, float | str]:
    """Return EASE for few items, or for many, where the rare ones matter."""
    if training.n_items <= DENSE_ITEMS:
        return EASE_SETTINGS
    return {
        "item_exponent": 0.5,
        "user_exponent": 0.25,
        "output_exponent": 0.35,
        "regularization": 1.0,
    }


def _dense_limit(preset: str) -> int:
    return BEST_DENSE_ITEMS if preset == "best" else DENSE_ITEMS
