from __future__ import annotations

from typing import Any

import numpy as np

from recsys.models.base import TrainingSet
from recsys.models.spec import BlockSpec
from recsys.models.tuning.log import Outcome, Trial
from recsys.models.tuning.state import BlockSearch, SearchState

EASE = BlockSpec(kind="ease", settings={"regularization": 10.0})
KNN = BlockSpec(kind="item_knn")
EVER = BlockSpec(kind="popularity", settings={"half_life_days": None})


def new_state(training: TrainingSet, patience: int = 1) -> SearchState:
    return SearchState([EVER, EASE, KNN], training, patience=patience, seed=0)


def step(state: SearchState, number: int, outcome: Outcome, gain: float = 0.0) -> str | None:
    label = state.next_label()
    if label is None:
        return None
    settings = state.proposal(label)
    if settings is None:
        return label
    trial: dict[str, Any] = {"number": number, "block": label, "settings": settings}
    state.absorb(
        Trial(**trial, outcome=outcome, value=0.0, gain=gain, gain_error=0.001, seconds=0.1)
    )
    return label


def test_a_block_without_ranges_is_never_next(tastes: TrainingSet) -> None:
    state = new_state(tastes)
    assert {step(state, at, "not better") for at in range(1, 9)} == {"ease", "item_knn"}


def test_blocks_that_matter_most_come_first(tastes: TrainingSet) -> None:
    state = new_state(tastes)
    state.order_by(np.array([0.1, 0.2, 0.9]))
    assert state.next_label() == "item_knn"
    assert [spec.label for spec in state.specs] == ["popularity", "ease", "item_knn"]


def test_what_was_better_is_kept(tastes: TrainingSet) -> None:
    state = new_state(tastes)
    label = step(state, 1, "better", gain=0.01)
    assert label == "ease"
    kept = state.blocks["ease"]
    assert kept.spec.settings == {**EASE.settings, **kept.tried[-1][0]}
    assert kept.tried[-1][1] == kept.offset == 0.01


def test_values_stay_comparable_when_the_best_changes(tastes: TrainingSet) -> None:
    block = BlockSearch.begin(EASE, tastes)
    settings = {**block.tried[0][0], "regularization": 20.0}
    common: dict[str, Any] = {"number": 1, "block": "ease", "value": 0.0, "seconds": 0.1}
    block.absorb(Trial(**common, settings=settings, outcome="better", gain=0.02))
    block.absorb(Trial(**common, settings=settings, outcome="not better", gain=-0.005))
    assert [round(value, 6) for _, value in block.tried] == [0.0, 0.02, 0.015]


def test_a_block_that_was_better_gets_more_trials(tastes: TrainingSet) -> None:
    state = new_state(tastes)
    labels = [step(state, 1, "better", gain=0.01)]
    labels += [step(state, at, "not better") for at in range(2, 7)]
    assert labels.count("ease") > labels.count("item_knn") > 0


def test_a_search_without_a_gain_ends(tastes: TrainingSet) -> None:
    state = new_state(tastes)
    labels = [step(state, at, "not better") for at in range(1, 100)]
    assert labels[-1] is None
    assert len([label for label in labels if label]) < 20


def test_a_gain_brings_a_new_round(tastes: TrainingSet) -> None:
    still, moved = new_state(tastes), new_state(tastes)
    step(moved, 1, "better", gain=0.01)
    n_still = sum(step(still, at, "not better") is not None for at in range(1, 200))
    n_moved = sum(step(moved, at, "not better") is not None for at in range(2, 200))
    assert n_moved > n_still


def test_settings_that_are_off_by_default_are_left_out(tastes: TrainingSet) -> None:
    block = BlockSearch.begin(EASE, tastes)
    spec = block.with_settings({"half_life_days": None, "regularization": 5.0})
    assert spec.settings == {"regularization": 5.0}


def test_off_is_said_where_on_is_the_default(tastes: TrainingSet) -> None:
    block = BlockSearch.begin(EVER, tastes)
    assert block.with_settings({}).settings == {"half_life_days": None}


def test_settings_that_cannot_be_fitted_lose_most(tastes: TrainingSet) -> None:
    block = BlockSearch.begin(EASE, tastes)
    settings = block.tried[0][0]
    block.absorb(
        Trial(number=1, block="ease", settings=settings, outcome="failed", value=0, seconds=0)
    )
    assert block.tried[-1][1] <= -1
    assert block.spec == EASE
