"""Blocks for data with event times, and for data that is neither dense nor sparse."""

from __future__ import annotations

from recsys.models.base import TrainingSet
from recsys.models.presets.dense import (
    DENSE_ITEMS,
    EASE_SETTINGS,
)
from recsys.models.spec import BlockSpec

BEST_DENSE_ITEMS = 20_000

WIDTHS = {"fast": 64, "balanced": 256, "best": 1024}
"""Factors of the wide spectral block, by preset."""

NARROW = 32
"""Factors of the narrow one."""

HALF_LIVES_DAYS = (1.0, 2.0, 3.0, 7.0, 14.0, 30.0)
"""Half-lives of popularity that are compared on the validation parts."""


def add_popularity(training: TrainingSet, specs: list[BlockSpec], notes: list[str]) -> None:
    """Add popularity of all time and, where events have times, with several half-lives."""
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


def add_collaborative(
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
