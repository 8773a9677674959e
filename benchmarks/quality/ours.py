"""Our presets: fitted, measured, and asked for one person at a time."""

from __future__ import annotations

from typing import Any

from benchmarks.quality.datasets import Split, Task
from benchmarks.quality.measure import measured_fit, single_call_ms
from recsys.core.arrays import DoubleArray
from recsys.core.rng import named_rng
from recsys.datasets import synthetic_world
from recsys.evaluation import EvaluationOptions, measure
from recsys.serving import Recommender, RecommenderConfig

PRESETS = ("fast", "balanced", "best")
NAMES = {f"recsys {preset}": preset for preset in PRESETS}

N_CALLS = 300
"""People asked for, one call each."""


def run(task: Task, split: Split, *, preset: str) -> tuple[dict[str, Any], dict[str, DoubleArray]]:
    """Return the facts of one row, and each metric of each person."""
    config = RecommenderConfig.from_dict({"preset": preset})
    warm_up(config)
    model, facts = measured_fit(
        lambda: Recommender.fit(split.train, split.catalog, users=split.people, config=config)
    )
    options = EvaluationOptions(ks=task.ks, n_resamples=1)
    found = measure(model, split.train, split.test, mask=split.mask, options=options)
    calls = single_call_ms(lambda one: model.recommend([one], k=10), some_people(model))
    return {**facts, **calls, "notes": [str(note) for note in model.notes]}, found.per_user


def warm_up(config: RecommenderConfig) -> None:
    """Fit a tiny world once: importing and compiling are no part of the fit."""
    events, catalog, people = synthetic_world(60, 40, seed=0)
    Recommender.fit(events, catalog, users=people, config=config)


def some_people(model: Recommender) -> list[Any]:
    """Return known people at random."""
    ids = model.users.ids()
    drawn = named_rng(0, "single calls").integers(0, len(ids), N_CALLS)
    return [ids[at] for at in drawn]
