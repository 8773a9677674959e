"""Neighbour kernels against the formulas in dense algebra."""

from collections.abc import Callable

import numpy as np
import pytest
import scipy.sparse as sp

from recsys.core.errors import ConfigError
from recsys.models.base import Queries, TrainingSet
from recsys.models.blocks.neighbours.item_knn import ItemKNNBlock, ItemKNNConfig

TWO_ITEMS = np.array([[1, 1], [1, 0], [0, 1], [1, 1]], np.float32)


def test_tags_join_items_that_nobody_took_together(
    new_training: Callable[..., TrainingSet], new_queries: Callable[..., Queries]
) -> None:
    apart = sp.csr_matrix(np.eye(2, dtype=np.float32))
    tagged = sp.csr_matrix(np.ones((2, 1), np.float32))
    block = ItemKNNBlock(ItemKNNConfig(tag_weight=1))
    block.fit(new_training(apart, features=tagged))
    assert block.scores(new_queries(apart))[0, 1] > 0


@pytest.mark.parametrize(
    "config",
    [
        ItemKNNConfig.rp3beta(beta=0.4),
        ItemKNNConfig.linkprop(beta=0.3, gamma=0.6, delta=0.2),
        ItemKNNConfig.cosine(shrinkage=2),
    ],
)
def test_product_kernels_are_the_formula_in_dense_algebra(
    config: ItemKNNConfig, training: TrainingSet
) -> None:
    block = ItemKNNBlock(config)
    block.fit(training)
    taken = (training.interactions.toarray() > 0).astype(float)
    degree = taken.sum(axis=0)
    together = taken.T @ (taken.sum(axis=1)[:, None] ** -config.user_exponent * taken)
    below = np.outer(degree**config.item_exponent, degree**config.output_exponent)
    expected = together / (below + config.shrinkage)
    np.fill_diagonal(expected, 0)
    np.testing.assert_allclose(block.item_weights.toarray(), expected, rtol=1e-4)


def test_rp3beta_is_the_walk_of_three_steps(training: TrainingSet) -> None:
    block = ItemKNNBlock(ItemKNNConfig.rp3beta(beta=0.0))
    block.fit(training)
    taken = (training.interactions.toarray() > 0).astype(float)
    walk = (taken.T / taken.sum(axis=0)[:, None]) @ (taken / taken.sum(axis=1)[:, None])
    np.fill_diagonal(walk, 0)
    np.testing.assert_allclose(block.item_weights.toarray(), walk, rtol=1e-4)


def test_tversky_with_both_weights_one_is_jaccard(
    new_training: Callable[..., TrainingSet],
) -> None:
    config = ItemKNNConfig(
        similarity="tversky", item_exponent=1, output_exponent=1, user_exponent=0
    )
    block = ItemKNNBlock(config)
    block.fit(new_training(sp.csr_matrix(TWO_ITEMS)))
    np.testing.assert_allclose(block.item_weights.toarray(), [[0, 0.5], [0.5, 0]])


def test_neighbours_that_do_not_fit_are_refused(
    training: TrainingSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("recsys.core.memory.available_bytes", lambda: 100)
    with pytest.raises(ConfigError, match="neighbours of 30 items must fit"):
        ItemKNNBlock().fit(training)
