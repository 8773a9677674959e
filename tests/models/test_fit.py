"""From a training set to a fitted hybrid."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp

from recsys.core.errors import ConfigError
from recsys.core.progress import silent
from recsys.models.base import TrainingSet
from recsys.models.blend.validation import ValidationConfig
from recsys.models.blocks.history_weights import known_queries
from recsys.models.fit import FittedHybrid, HybridConfig, fit_blocks, fit_hybrid, given_weights
from recsys.models.notes import DEFAULT_WEIGHTS, POPULARITY_ADDED, WEIGHTS_AS_CONFIGURED
from recsys.models.spec import BlockSpec

SPECS = (BlockSpec(kind="popularity"), BlockSpec(kind="ease"))
SMALL = ValidationConfig(min_users=5, share=0.2)


def fit(training: TrainingSet, **config: Any) -> FittedHybrid:
    return fit_hybrid(training, HybridConfig(**config), preset="fast", progress=silent)


def test_configured_blocks_and_weights_are_taken_as_they_are(training: TrainingSet) -> None:
    fitted = fit(training, blocks=SPECS, weights={"ease": (0, 1, 2, 3), "popularity": (0.5,)})
    assert fitted.specs == SPECS
    assert fitted.model.weights.tolist() == [[0.5, 0], [0.5, 1], [0.5, 2], [0.5, 3]]
    assert fitted.validation == {}
    assert WEIGHTS_AS_CONFIGURED in fitted.notes


def test_weights_are_learnt_where_there_are_enough_people(training: TrainingSet) -> None:
    fitted = fit(training, blocks=SPECS, validation=SMALL)
    assert fitted.validation["n_people"] >= 5
    assert 0 <= fitted.validation["ndcg@20"] <= 1
    assert fitted.notes[-1].value.startswith("learnt on")


def test_a_blend_is_never_worse_than_its_best_part_where_it_was_learnt(
    training: TrainingSet,
) -> None:
    measured = fit(training, blocks=SPECS, validation=SMALL).validation
    assert measured["ndcg@20"] >= measured["best_single_ndcg@20"] - 1e-3


def test_too_few_people_take_the_default_weights(training: TrainingSet) -> None:
    fitted = fit(training, blocks=SPECS, validation=ValidationConfig(min_users=10**6))
    assert fitted.validation == {}
    assert fitted.notes[-1] == DEFAULT_WEIGHTS


def test_the_blocks_learn_from_everything_not_from_a_part(training: TrainingSet) -> None:
    fitted = fit(training, blocks=SPECS, validation=SMALL)
    at = [spec.kind for spec in fitted.specs].index("popularity")
    alone = fit_blocks(fitted.specs, training, progress=silent)[at]
    arrays, expected = fitted.model.blocks[at].to_arrays(), alone.to_arrays()
    assert {name: one.tolist() for name, one in arrays.items()} == {
        name: one.tolist() for name, one in expected.items()
    }


def test_the_same_seed_gives_the_same_hybrid(training: TrainingSet) -> None:
    one, other = fit(training, validation=SMALL), fit(training, validation=SMALL)
    assert one.specs == other.specs
    assert one.model.weights.tolist() == other.model.weights.tolist()
    queries = known_queries(training)
    np.testing.assert_array_equal(
        one.model.states(queries).vectors, other.model.states(queries).vectors
    )


def test_nothing_but_tags_can_be_fitted(training: TrainingSet) -> None:
    nothing = sp.csr_matrix(training.interactions.shape, dtype=np.float32)
    events = training.events.select(np.zeros(training.events.n_events, bool))
    fitted = fit(replace(training, interactions=nothing, events=events))
    assert "content" in {spec.kind for spec in fitted.specs}


def test_two_blocks_of_one_name_are_refused(training: TrainingSet) -> None:
    with pytest.raises(ConfigError, match="'ease' occurs twice"):
        fit(training, blocks=(BlockSpec(kind="ease"), BlockSpec(kind="ease")))


def test_a_weight_of_no_block_is_refused_with_the_known_names() -> None:
    with pytest.raises(ConfigError, match=r"\(popularity, ease\); got 'als'"):
        given_weights({"als": (1.0,)}, SPECS, (1, 5))


@pytest.mark.parametrize("n_weights", [0, 2, 4])
def test_weights_are_one_or_one_per_bucket(n_weights: int) -> None:
    with pytest.raises(ConfigError, match=r"one per activity bucket \(3\)"):
        given_weights({"ease": (1.0,) * n_weights}, SPECS, (1, 5))


def test_a_former_name_of_a_block_still_names_its_weight() -> None:
    specs = (*SPECS, BlockSpec(kind="item_knn", name="item_knn_rp3"))
    assert given_weights({"walks": (2.0,)}, specs, ()).tolist() == [[0, 0, 2]]


def test_blocks_not_named_weigh_nothing() -> None:
    assert given_weights({"ease": (2.0,)}, SPECS, (1,)).tolist() == [[0, 2], [0, 2]]


def test_each_block_is_told(training: TrainingSet) -> None:
    told: list[str] = []

    def progress(stage: str, done: int, total: int) -> None:
        told.append(stage)

    fit_blocks(SPECS, training, progress=progress)
    assert {"fit popularity", "fit ease", "fit"} <= set(told)


@pytest.mark.parametrize("weights", [None, {"ease": (1.0,)}])
def test_popularity_finds_candidates_where_no_configured_block_has_vectors(
    training: TrainingSet, weights: dict[str, tuple[float, ...]] | None
) -> None:
    fitted = fit(training, blocks=SPECS[1:], weights=weights, validation=SMALL)
    assert [spec.kind for spec in fitted.specs] == ["ease", "popularity"]
    assert (fitted.model.weights[:, 1] > 0).all()
    assert (fitted.model.weights[:, 1] < fitted.model.weights[:, 0]).all()
    assert POPULARITY_ADDED in fitted.notes


def test_blocks_without_any_weight_are_named(training: TrainingSet) -> None:
    weights = {"popularity": (1.0,)}
    fitted = fit(training, weights=weights)
    assert [spec.label for spec in fitted.specs] == ["popularity"]
    learnt = fit(training, validation=SMALL)
    named = [note.value for note in learnt.notes if note.topic == "left out"]
    chosen = {note.topic for note in learnt.notes}
    missing = chosen & {"content", "affinity", "spectral", "popularity"} - {
        spec.kind for spec in learnt.specs
    }
    assert all(label in named[0] for label in missing)
