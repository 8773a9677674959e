"""Which blocks suit the data."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from recsys.models import choose
from recsys.models.base import TrainingSet
from recsys.models.choose import (
    block_sets,
    choose_blocks,
    default_weights,
    steady_popularity,
    with_newcomer_floors,
)
from recsys.models.spec import BlockSpec, check_labels

PRESETS = ["fast", "balanced", "best"]
SPECS = tuple(BlockSpec(kind=kind) for kind in ("popularity", "content", "spectral", "ease"))


def kinds(training: TrainingSet, preset: str = "balanced") -> list[str]:
    return [spec.kind for spec in choose_blocks(training, preset=preset, seed=0)[0]]


@pytest.mark.parametrize("preset", PRESETS)
def test_names_are_unique_and_each_choice_is_explained(training: TrainingSet, preset: str) -> None:
    specs, notes = choose_blocks(training, preset=preset, seed=0)
    check_labels(specs)
    assert {"popularity", "content", "spectral"} <= {spec.kind for spec in specs}
    for spec in specs:
        assert any(note.startswith((spec.kind, spec.label)) for note in notes), spec.label


def test_more_time_never_means_fewer_blocks(training: TrainingSet) -> None:
    counts = [len(kinds(training, preset)) for preset in PRESETS]
    assert counts == sorted(counts)


def test_popularity_is_always_there(training: TrainingSet) -> None:
    nothing = sp.csr_matrix(training.interactions.shape, dtype=np.float32)
    empty = replace(training, interactions=nothing, item_features=training.item_features[:, :0])
    assert set(kinds(empty)) == {"popularity"}


def test_without_times_there_is_one_popularity_of_all_time(
    training: TrainingSet, new_training: Callable[..., TrainingSet]
) -> None:
    specs, _ = choose_blocks(new_training(training.interactions), preset="best", seed=0)
    popular = [spec for spec in specs if spec.kind == "popularity"]
    assert [spec.settings["half_life_days"] for spec in popular] == [None]


def test_without_tags_there_is_no_content(
    training: TrainingSet, new_training: Callable[..., TrainingSet]
) -> None:
    assert "content" not in kinds(new_training(training.interactions))


def test_too_many_items_have_no_dense_matrix(
    training: TrainingSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "ease" in kinds(training)
    monkeypatch.setattr(choose, "DENSE_ITEMS", 29)
    assert "ease" not in kinds(training)
    assert "ease" in kinds(training, "best")


def test_the_fast_preset_has_no_dense_matrix(training: TrainingSet) -> None:
    assert "ease" not in kinds(training, "fast")


def test_factors_are_fewer_than_people_and_items(new_training: Callable[..., TrainingSet]) -> None:
    for shape in ((1, 1), (2, 9), (9, 2)):
        tiny = new_training(sp.csr_matrix(np.ones(shape, np.float32)))
        specs, _ = choose_blocks(tiny, preset="best", seed=0)
        widths = [spec.settings["n_factors"] for spec in specs if spec.kind == "spectral"]
        assert widths
        assert max(widths) <= max(min(shape) - 1, 1)


def test_the_seed_reaches_every_block_that_draws(training: TrainingSet) -> None:
    specs, _ = choose_blocks(training, preset="best", seed=11)
    assert {spec.settings["seed"] for spec in specs if "seed" in spec.settings} == {11}


def test_history_takes_over_from_popularity_as_it_grows() -> None:
    table = default_weights(SPECS, (1, 5, 20))
    assert table.shape == (4, 4)
    assert (np.diff(table[:, 0]) < 0).all()
    assert (np.diff(table[:, 2]) > 0).all()
    assert (table > 0).all()


def popular(days: float | None, *, forecast: bool = False) -> BlockSpec:
    settings = {"half_life_days": days, "forecast_new": forecast}
    return BlockSpec(kind="popularity", name=f"{days}-{forecast}", settings=settings)


def sets_of(*specs: BlockSpec) -> list[list[int]]:
    return [one.tolist() for one in block_sets(specs)]


def test_popularity_with_and_without_a_forecast_are_never_in_one_set() -> None:
    specs = (popular(None), popular(1.0), popular(1.0, forecast=True), BlockSpec(kind="ease"))
    assert sets_of(*specs) == [[0, 2, 3], [0, 1, 3]]


def test_half_lives_of_one_kind_stay_together() -> None:
    specs = (popular(1.0), popular(7.0), popular(None), BlockSpec(kind="ease"))
    assert sets_of(*specs) == [[0, 1, 2, 3]]


def test_a_lucky_half_life_at_the_edge_gives_way_to_a_steady_one() -> None:
    specs = tuple(popular(days) for days in (1.0, 2.0, 3.0, 7.0))
    assert steady_popularity(specs, {0: 0.205, 1: 0.17, 2: 0.2, 3: 0.2}) == [3]
    assert steady_popularity(specs, {0: 0.1, 1: 0.2, 2: 0.3, 3: 0.2}) == [2]


def test_without_times_there_is_one_set() -> None:
    assert sets_of(popular(None), BlockSpec(kind="ease")) == [[0, 1]]


def test_with_times_each_half_life_has_a_forecast_and_goes_without(training: TrainingSet) -> None:
    specs, _ = choose_blocks(training, preset="fast", seed=0)
    timed = [one.settings for one in specs if one.kind == "popularity"]
    for which in (True, False):
        mine = [one["half_life_days"] for one in timed if one.get("forecast_new") is which]
        assert mine == list(choose.HALF_LIVES_DAYS)


weights = hnp.arrays(np.float64, (4, 4), elements=st.floats(0, 5))


@given(table=weights)
def test_nobodys_list_is_arbitrary_and_nothing_else_is_changed(table: np.ndarray) -> None:
    floored = with_newcomer_floors(table, SPECS)
    assert (floored[:, 0] > 0).all()
    assert floored[:, 2:].tolist() == table[:, 2:].tolist()
    assert (floored >= table).all()


@given(table=weights)
def test_declared_tags_of_a_newcomer_outweigh_popularity(table: np.ndarray) -> None:
    floored = with_newcomer_floors(table, SPECS)
    assert floored[0, 1] >= 2 * floored[0, 0]


def test_floors_do_not_touch_the_table_given() -> None:
    table = np.zeros((4, 4))
    with_newcomer_floors(table, SPECS)
    assert not table.any()


def test_in_order_without_times_the_latest_of_a_history_count_more(
    training: TrainingSet, new_training: Callable[..., TrainingSet]
) -> None:
    plain = new_training(training.interactions)
    ordered = replace(plain, in_order=True)
    for preset in PRESETS:
        specs, notes = choose_blocks(ordered, preset=preset, seed=0)
        boosted = {spec.kind for spec in specs if spec.settings.get("recency_boost")}
        assert boosted == {spec.kind for spec in specs} - {"popularity"}
        assert notes[-1].startswith("order:")
        assert not any(
            spec.settings.get("recency_boost")
            for spec in choose_blocks(plain, preset=preset, seed=0)[0]
        )
