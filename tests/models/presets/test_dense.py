"""Blocks for dense data without times."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse as sp

from recsys.core.progress import silent
from recsys.models.base import TrainingSet
from recsys.models.fit import HybridConfig, fit_hybrid
from recsys.models.presets import dense
from recsys.models.presets.choose import choose_blocks
from recsys.models.presets.dense import DENSE_SHARE, dense_recipe, dense_specs, is_dense
from recsys.models.spec import BlockSpec

PRESETS = ["fast", "balanced", "best"]


@pytest.fixture
def films(new_training: Callable[..., TrainingSet]) -> TrainingSet:
    """200 people who took a third of 60 items, mostly of their group's half."""
    rng = np.random.default_rng(0)
    mine = np.arange(200)[:, None] % 2 == np.arange(60)[None, :] % 2
    taken = rng.random((200, 60)) < np.where(mine, 0.5, 0.1)
    return new_training(sp.csr_matrix(taken.astype(np.float32)))


def test_dense_means_many_pairs_and_no_times(
    films: TrainingSet, training: TrainingSet, new_training: Callable[..., TrainingSet]
) -> None:
    assert is_dense(films)
    assert training.has_times
    assert not is_dense(training)
    rare = sp.random(1000, 1000, density=DENSE_SHARE / 2, rng=np.random.default_rng(0))
    assert not is_dense(new_training(rare.tocsr()))


@pytest.mark.parametrize("preset", PRESETS)
def test_every_block_has_its_reason(films: TrainingSet, preset: str) -> None:
    specs, notes = choose_blocks(films, preset=preset, seed=3)
    assert any(note.value == "dense, without times" for note in notes)
    for spec in specs:
        assert spec.label in {note.topic for note in notes}
        assert spec.settings.get("seed", 3) == 3


def test_more_time_adds_blocks(films: TrainingSet) -> None:
    chosen = [
        {spec.label for spec in dense_specs(films, preset=preset, seed=0)} for preset in PRESETS
    ]
    assert {"ease", "feature_als"} <= chosen[1] < chosen[2]
    assert len(chosen[0]) == 1


def test_factors_are_fewer_than_people_and_items(new_training: Callable[..., TrainingSet]) -> None:
    tiny = new_training(sp.csr_matrix(np.ones((3, 9), np.float32)))
    for preset in PRESETS:
        widths = [
            spec.settings["n_factors"]
            for spec in dense_specs(tiny, preset=preset, seed=0)
            if "n_factors" in spec.settings
        ]
        assert max(widths) <= 2


def test_only_the_kinds_of_the_prior_have_one_whatever_their_names() -> None:
    kinds = ("popularity", "ease", "feature_als", "ease")
    specs = [BlockSpec(kind=kind, name=f"b{at}") for at, kind in enumerate(kinds)]
    recipe = dense_recipe(specs, (1, 5))
    assert recipe is not None
    assert recipe.prior_blends is not None
    assert recipe.prior_blends.tolist() == [[0.0, 1.0, 0.7, 0.0]]
    assert dense_recipe(specs[:2], (1, 5)) is None


def test_what_two_groups_take_is_found(films: TrainingSet) -> None:
    fitted = fit_hybrid(films, HybridConfig(), preset="balanced", progress=silent)
    assert fitted.validation["ndcg@20"] >= fitted.validation["best_single_ndcg@20"] - 0.01
    labels = [spec.label for spec in fitted.specs]
    most = fitted.model.weights[-1]
    assert max(most[labels.index("ease")], most[labels.index("feature_als")]) > 0


def test_the_same_seed_gives_the_same_weights(films: TrainingSet) -> None:
    first, second = (
        fit_hybrid(films, HybridConfig(seed=5), preset="best", progress=silent) for _ in range(2)
    )
    assert first.model.weights.tobytes() == second.model.weights.tobytes()
    assert first.model.item_factors.tobytes() == second.model.item_factors.tobytes()


def test_an_empty_world_is_not_dense(films: TrainingSet) -> None:
    nothing = sp.csr_matrix(films.interactions.shape, dtype=np.float32)
    assert not is_dense(replace(films, interactions=nothing))


def test_few_pairs_have_fewer_factors(films: TrainingSet, monkeypatch: pytest.MonkeyPatch) -> None:
    def width() -> int:
        specs = dense_specs(films, preset="balanced", seed=0)
        return int(next(spec for spec in specs if spec.kind == "feature_als").settings["n_factors"])

    assert width() == 32
    monkeypatch.setattr(dense, "MANY_PAIRS", 100)
    assert width() == 59
