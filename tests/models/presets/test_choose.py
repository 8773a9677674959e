"""Which blocks suit the data."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse as sp

from recsys.models.base import TrainingSet
from recsys.models.presets.choose import choose_blocks, recipe_for
from recsys.models.presets.dense import DENSE_ITEMS
from recsys.models.presets.timed import HALF_LIVES_DAYS
from recsys.models.spec import BlockSpec, check_labels

PRESETS = ["fast", "balanced", "best"]


def kinds(training: TrainingSet, preset: str = "balanced") -> list[str]:
    return [spec.kind for spec in choose_blocks(training, preset=preset, seed=0)[0]]


@pytest.mark.parametrize("preset", PRESETS)
def test_names_are_unique_and_each_choice_is_explained(training: TrainingSet, preset: str) -> None:
    specs, notes = choose_blocks(training, preset=preset, seed=0)
    check_labels(specs)
    assert {"popularity", "content", "spectral"} <= {spec.kind for spec in specs}
    for spec in specs:
        assert {spec.kind, spec.label} & {note.topic for note in notes}, spec.label


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
    monkeypatch.setitem(DENSE_ITEMS, "balanced", 29)
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


def popular(days: float | None, *, forecast: bool = False) -> BlockSpec:
    settings = {"half_life_days": days, "forecast_new": forecast}
    return BlockSpec(kind="popularity", name=f"{days}-{forecast}", settings=settings)


def test_with_times_each_half_life_has_a_forecast_and_goes_without(training: TrainingSet) -> None:
    specs, _ = choose_blocks(training, preset="fast", seed=0)
    timed = [one.settings for one in specs if one.kind == "popularity"]
    for which in (True, False):
        mine = [one["half_life_days"] for one in timed if one.get("forecast_new") is which]
        assert mine == list(HALF_LIVES_DAYS)


def test_in_order_without_times_the_latest_of_a_history_count_more(
    training: TrainingSet, new_training: Callable[..., TrainingSet]
) -> None:
    plain = new_training(training.interactions)
    ordered = replace(plain, in_order=True)
    for preset in PRESETS:
        specs, notes = choose_blocks(ordered, preset=preset, seed=0)
        boosted = {spec.kind for spec in specs if spec.settings.get("recency_boost")}
        assert boosted == {spec.kind for spec in specs} - {"popularity"}
        assert notes[-1].topic == "order"
        assert not any(
            spec.settings.get("recency_boost")
            for spec in choose_blocks(plain, preset=preset, seed=0)[0]
        )


def test_configured_blocks_with_times_have_no_prior_blend(training: TrainingSet) -> None:
    specs = [BlockSpec(kind=kind) for kind in ("popularity", "ease", "feature_als")]
    assert recipe_for(training, specs, bucket_edges=(1, 5)).prior_blends is None


def test_names_of_blocks_do_not_count(
    tastes: TrainingSet, new_training: Callable[..., TrainingSet]
) -> None:
    few = sp.random(400, 600, density=0.012, format="csr", rng=np.random.default_rng(0))
    for data in (tastes, new_training(few)):
        specs, _ = choose_blocks(data, preset="best", seed=0)
        renamed = [spec.replace(name=f"b{at}") for at, spec in enumerate(specs)]
        one, other = (recipe_for(data, some, bucket_edges=(1, 5)) for some in (specs, renamed))
        assert one.prior_blends is not None
        np.testing.assert_array_equal(one.prior_blends, other.prior_blends)
        np.testing.assert_array_equal(one.defaults, other.defaults)
