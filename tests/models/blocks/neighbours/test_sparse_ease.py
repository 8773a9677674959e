"""EASE on neighbours against small numbers, dense EASE, and one dense solve per item."""

from collections.abc import Callable

import numpy as np
import pytest
import scipy.sparse as sp

from recsys.core.errors import ConfigError
from recsys.models.base import TrainingSet
from recsys.models.blocks.neighbours.ease import EASEBlock, EASEConfig
from recsys.models.blocks.neighbours.sparse_ease import SparseEASEBlock, SparseEASEConfig

SETTINGS = {
    "regularization": 0.3,
    "item_exponent": 0.5,
    "user_exponent": 0.2,
    "output_exponent": 0.1,
    "dropout": 0.2,
    "tag_weight": 0.5,
}


def naive_weights(gram: np.ndarray, ridge: np.ndarray, n_neighbors: int) -> np.ndarray:
    """Return B by one dense solve per item, on the neighbours it correlates with most."""
    n_items = len(gram)
    weights = np.zeros((n_items, n_items))
    for item in range(n_items):
        strength = np.abs(gram[item]) / np.sqrt(np.diag(gram) + ridge)
        strength[item] = 0
        order = np.lexsort((np.arange(n_items), -strength))[:n_neighbors]
        near = np.sort(order[strength[order] > 0])
        system = gram[np.ix_(near, near)] + np.diag(ridge[near])
        weights[near, item] = np.linalg.solve(system, gram[near, item])
    return weights


def test_three_items_are_the_ones_worked_by_hand(
    new_training: Callable[..., TrainingSet],
) -> None:
    # G = [[3, 2, 0], [2, 3, 1], [0, 1, 1]], λ = 1, one neighbour each: item 0 from 1: 2 / 4;
    # item 1 from 0 (2 / sqrt(4) against 1 / sqrt(2)): 2 / 4; item 2 from 1: 1 / 4.
    matrix = np.array([[1, 1, 0], [1, 0, 0], [0, 1, 1], [1, 1, 0]], np.float32)
    block = SparseEASEBlock(SparseEASEConfig(regularization=1, n_neighbors=1))
    block.fit(new_training(sp.csr_matrix(matrix)))
    expected = np.array([[0, 0.5, 0], [0.5, 0, 0.25], [0, 0, 0]])
    np.testing.assert_allclose(block.item_weights.toarray(), expected, atol=1e-6)


@pytest.mark.parametrize("settings", [{"regularization": 5.0}, SETTINGS])
def test_with_all_items_as_neighbours_it_is_ease(
    settings: dict[str, float], training: TrainingSet
) -> None:
    sparse = SparseEASEBlock(SparseEASEConfig(**settings, n_neighbors=1000))
    dense = EASEBlock(EASEConfig(**settings))
    sparse.fit(training)
    dense.fit(training)
    # Items of different groups never meet: dense EASE has zeros there up to rounding.
    np.testing.assert_allclose(sparse.item_weights.toarray(), dense.item_weights, atol=2e-5)


@pytest.mark.parametrize("n_neighbors", [1, 4, 7])
def test_few_neighbours_are_one_dense_solve_per_item(
    n_neighbors: int, training: TrainingSet
) -> None:
    block = SparseEASEBlock(
        SparseEASEConfig(regularization=2, dropout=0.3, n_neighbors=n_neighbors)
    )
    block.fit(training)
    taken = (training.interactions.toarray() > 0).astype(float)
    gram = taken.T @ taken
    ridge = 2 + 0.3 / 0.7 * np.diag(gram)
    expected = naive_weights(gram, ridge, n_neighbors)
    np.testing.assert_allclose(block.item_weights.toarray(), expected, atol=1e-5)
    assert (np.diff(block.item_weights.tocsc().indptr) <= n_neighbors).all()


def test_its_neighbours_explain_an_item_better_than_any_others(training: TrainingSet) -> None:
    block = SparseEASEBlock(SparseEASEConfig(regularization=1, n_neighbors=4))
    block.fit(training)
    taken = (training.interactions.toarray() > 0).astype(float)
    weights = block.item_weights.toarray().astype(float)
    rng = np.random.default_rng(0)

    def loss(column: np.ndarray, item: int) -> float:
        return float(((taken[:, item] - taken @ column) ** 2).sum() + (column**2).sum())

    for item in range(30):
        best = loss(weights[:, item], item)
        near = np.flatnonzero(weights[:, item])
        other = weights[:, item].copy()
        other[near] += 0.01 * rng.standard_normal(len(near))
        assert loss(other, item) > best


def test_items_without_company_are_left_alone(new_training: Callable[..., TrainingSet]) -> None:
    block = SparseEASEBlock(SparseEASEConfig(item_exponent=0.5, output_exponent=-0.2))
    block.fit(new_training(sp.csr_matrix(np.eye(3, 4, dtype=np.float32))))
    assert block.item_weights.nnz == 0
    alone = SparseEASEBlock()
    alone.fit(new_training(sp.csr_matrix(np.ones((2, 1), np.float32))))
    assert alone.item_weights.shape == (1, 1)


def test_a_gram_that_does_not_fit_is_refused(
    training: TrainingSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("recsys.core.memory.available_bytes", lambda: 100)
    with pytest.raises(ConfigError, match="sparse EASE of 30 items must fit"):
        SparseEASEBlock().fit(training)
