"""EASE against small numbers worked out plainly."""

from collections.abc import Callable

import numpy as np
import pytest
import scipy.sparse as sp

from recsys.core.errors import ConfigError
from recsys.models.base import Queries, TrainingSet
from recsys.models.blocks.neighbours import ease
from recsys.models.blocks.neighbours.ease import EASEBlock, EASEConfig, check_ease_memory

TWO_ITEMS = np.array([[1, 1], [1, 0], [0, 1], [1, 1]], np.float32)


def test_ease_of_two_items_is_the_one_worked_by_hand(
    new_training: Callable[..., TrainingSet],
) -> None:
    # G = [[3, 2], [2, 3]], λ = 1: P = inv([[4, 2], [2, 4]]) = [[1/3, -1/6], [-1/6, 1/3]],
    # B = -P_ij / P_jj = 1/2 off the diagonal.
    block = EASEBlock(EASEConfig(regularization=1))
    block.fit(new_training(sp.csr_matrix(TWO_ITEMS)))
    np.testing.assert_allclose(block.item_weights, [[0, 0.5], [0.5, 0]], atol=1e-6)


def test_dropout_adds_its_odds_of_the_diagonal(new_training: Callable[..., TrainingSet]) -> None:
    # p = 1/4: Λ = 1 + 3 / 3 = 2, P = inv([[5, 2], [2, 5]]), B = 2/5.
    block = EASEBlock(EASEConfig(regularization=1, dropout=0.25))
    block.fit(new_training(sp.csr_matrix(TWO_ITEMS)))
    np.testing.assert_allclose(block.item_weights, [[0, 0.4], [0.4, 0]], atol=1e-6)


def test_dan_exponents_are_the_formula_in_dense_algebra(training: TrainingSet) -> None:
    config = EASEConfig(
        regularization=0.3, item_exponent=0.5, user_exponent=0.2, output_exponent=0.1
    )
    block = EASEBlock(config)
    block.fit(training)
    taken = (training.interactions.toarray() > 0).astype(float)
    degree = taken.sum(axis=0)
    normal = taken.sum(axis=1)[:, None] ** -0.2 * taken * degree**-0.5
    inverse = np.linalg.inv(normal.T @ normal + 0.3 * np.eye(30))
    weights = np.eye(30) - inverse / np.diag(inverse)
    weights = degree[:, None] ** -0.1 * weights * degree**0.1
    np.testing.assert_allclose(block.item_weights, weights, atol=1e-4)


def test_people_as_the_unit_of_regularization_undo_the_damping(
    new_training: Callable[..., TrainingSet],
) -> None:
    # Everybody takes 4 of 8 items, each item is taken by 8: damping divides all of G by
    # 4 ** (2 b) * 8 ** (2 a), and the same number of people is the same λ beside it.
    taken = np.array([[(item - person) % 8 < 4 for item in range(8)] for person in range(16)])
    assert (taken.sum(axis=0) == 8).all()
    data = new_training(sp.csr_matrix(taken.astype(np.float32)))
    plain = EASEBlock(EASEConfig(regularization=5))
    damped = EASEBlock(
        EASEConfig(
            regularization=5, regularization_unit="people", item_exponent=0.25, user_exponent=0.4
        )
    )
    plain.fit(data)
    damped.fit(data)
    np.testing.assert_allclose(damped.item_weights, plain.item_weights, atol=1e-5)


def test_float64_agrees_with_float32(training: TrainingSet) -> None:
    single = EASEBlock(EASEConfig(regularization=2))
    double = EASEBlock(EASEConfig(regularization=2, precision="float64"))
    single.fit(training)
    double.fit(training)
    assert double.item_weights.dtype == np.float32
    np.testing.assert_allclose(single.item_weights, double.item_weights, atol=1e-5)


def test_an_item_nobody_took_has_finite_weights(new_training: Callable[..., TrainingSet]) -> None:
    matrix = sp.csr_matrix(np.column_stack([TWO_ITEMS, np.zeros(4, np.float32)]))
    block = EASEBlock(EASEConfig(regularization=1, item_exponent=0.5, output_exponent=-0.2))
    block.fit(new_training(matrix))
    assert np.isfinite(block.item_weights).all()
    assert not block.item_weights[2].any()


def test_ease_that_does_not_fit_is_refused_before_it_is_tried(
    training: TrainingSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ConfigError, match=r"EASE of 1000000 items .* needs 4012\.3 GB and 8\.0 GB"):
        check_ease_memory(10**6, EASEConfig(), available=8 * 10**9)
    monkeypatch.setattr("recsys.core.memory.available_bytes", lambda: 100)
    monkeypatch.setattr(ease, "dense_gram", lambda *_: pytest.fail("it was tried"))
    with pytest.raises(ConfigError, match="must fit in memory"):
        EASEBlock().fit(training)


def test_tags_as_pseudo_users_join_items_that_nobody_took_together(
    new_training: Callable[..., TrainingSet], new_queries: Callable[..., Queries]
) -> None:
    apart = sp.csr_matrix(np.eye(2, dtype=np.float32))
    tagged = sp.csr_matrix(np.ones((2, 1), np.float32))
    block = EASEBlock(EASEConfig(regularization=1, tag_weight=1))
    block.fit(new_training(apart, features=tagged))
    assert block.scores(new_queries(apart))[0, 1] > 0


def test_additive_ease_is_the_mix_worked_by_hand(
    new_training: Callable[..., TrainingSet],
) -> None:
    # History alone: B = 1/2 off the diagonal (above). Tags alone: one tag on both, T T' = all ones,
    # with its ridge 1: P = inv([[2, 1], [1, 2]]), B_T = 1/2; with ridge 3: inv([[4, 1], [1, 4]]),
    # B_T = 1/4. A quarter of the second: .75 / 2 + .25 / 4 = .4375.
    tagged = sp.csr_matrix(np.ones((2, 1), np.float32))
    block = EASEBlock(EASEConfig(regularization=1, tag_share=0.25, tag_regularization=3))
    block.fit(new_training(sp.csr_matrix(TWO_ITEMS), features=tagged))
    np.testing.assert_allclose(block.item_weights, [[0, 0.4375], [0.4375, 0]], atol=1e-6)


def test_additive_ease_is_the_mix_of_two_dense_solutions(training: TrainingSet) -> None:
    def dense(gram: np.ndarray, ridge: float) -> np.ndarray:
        inverse = np.linalg.inv(gram + ridge * np.eye(30))
        return np.eye(30) - inverse / np.diag(inverse)

    block = EASEBlock(EASEConfig(regularization=4, tag_share=0.3, tag_regularization=0.5))
    block.fit(training)
    taken = (training.interactions.toarray() > 0).astype(float)
    tags = training.item_features.toarray().astype(float)
    expected = 0.7 * dense(taken.T @ taken, 4) + 0.3 * dense(tags @ tags.T, 0.5)
    np.testing.assert_allclose(block.item_weights, expected, atol=1e-5)


def test_without_tags_the_share_of_the_tags_changes_nothing(
    new_training: Callable[..., TrainingSet],
) -> None:
    block = EASEBlock(EASEConfig(regularization=1, tag_share=0.25))
    block.fit(new_training(sp.csr_matrix(TWO_ITEMS)))
    np.testing.assert_allclose(block.item_weights, [[0, 0.5], [0.5, 0]], atol=1e-6)


def test_two_ways_to_use_tags_at_once_are_refused() -> None:
    with pytest.raises(ConfigError, match="set one of them"):
        EASEConfig(tag_weight=1, tag_share=0.5)
