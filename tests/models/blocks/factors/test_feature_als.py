"""Feature-aware iALS against its own equations."""

from collections.abc import Callable

import numpy as np
import scipy.sparse as sp

from recsys.models.base import Queries, TrainingSet
from recsys.models.blocks.factors.feature_als import FeatureALSBlock, FeatureALSConfig


def test_converged_items_solve_the_equation_of_the_paper(
    training: TrainingSet, new_queries: Callable[..., Queries]
) -> None:
    config = FeatureALSConfig(
        n_factors=4, n_epochs=60, tolerance=0, n_steps=5, use_features=False, regularization=0.02
    )
    block = FeatureALSBlock(config)
    block.fit(training)
    people = block.user_factors(new_queries(training.interactions)).astype(float)
    taken = (training.interactions.toarray() > 0).astype(float)
    for item in (0, 11):
        own = taken[:, item]
        ridge = 0.02 * (own.sum() + 0.1 * 60)
        system = 0.1 * people.T @ people + (people.T * own) @ people + ridge * np.eye(4)
        expected = np.linalg.solve(system, people.T @ own)
        np.testing.assert_allclose(block.item_factors[item], expected, atol=2e-2)


def test_a_cold_item_solves_the_items_system_without_events(training: TrainingSet) -> None:
    config = FeatureALSConfig(n_factors=4)
    block = FeatureALSBlock(config)
    block.fit(training)
    arrays = block.to_arrays()
    prior = training.item_features[:1] @ arrays["tag_map"]
    ridge = config.regularization * 0.1 * training.n_users
    expected = np.linalg.solve(arrays["user_gram"] + ridge * np.eye(4), ridge * prior[0])
    got = block.cold_item_factors(training.item_features[:1])[0]
    np.testing.assert_allclose(got, expected, rtol=1e-3, atol=1e-6)


def test_declared_tags_alone_reach_the_items_of_the_tag(
    training: TrainingSet, strangers: Queries
) -> None:
    block = FeatureALSBlock(FeatureALSConfig(n_factors=4))
    block.fit(training)
    scores = (block.user_factors(strangers) @ block.item_factors.T)[2]
    assert set(np.argsort(-scores)[:5] % 3) == {2}


def test_tags_place_an_item_that_nobody_took(
    training: TrainingSet, new_training: Callable[..., TrainingSet], strangers: Queries
) -> None:
    matrix = training.interactions.toarray()
    matrix[:, 27] = 0
    sparse = new_training(sp.csr_matrix(matrix), features=training.item_features)
    # A strong tie to the tags: with λ small, 60 people who did not take it say it is bad.
    block = FeatureALSBlock(FeatureALSConfig(n_factors=3, regularization=0.1))
    block.fit(sparse)
    scores = block.user_factors(strangers) @ block.item_factors.T
    assert scores[0, 27] > scores[0, [28, 29]].max()
