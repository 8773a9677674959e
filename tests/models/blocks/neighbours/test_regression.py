"""What EASE and its sparse relative share."""

import numpy as np
import pytest
import scipy.sparse as sp

from recsys.models.base import TrainingSet
from recsys.models.blocks.neighbours.regression import (
    ItemRegressionConfig,
    lifts,
    regression_matrix,
    ridges,
)


def test_people_and_tags_are_stacked_and_normalised(training: TrainingSet) -> None:
    config = ItemRegressionConfig(item_exponent=0.5, user_exponent=0.25, tag_weight=4)
    matrix, degrees = regression_matrix(training, config)
    taken = (training.interactions.toarray() > 0).astype(float)
    tags = training.item_features.toarray().T.astype(float)
    people = taken * taken.sum(axis=1, keepdims=True) ** -0.25
    pseudo = 2 * tags * tags.sum(axis=1, keepdims=True) ** -0.25
    expected = np.vstack([people, pseudo]) / np.sqrt(taken.sum(axis=0))
    np.testing.assert_allclose(matrix.toarray(), expected, rtol=1e-5)
    np.testing.assert_allclose(degrees, taken.sum(axis=0))


def test_dropout_of_a_half_doubles_the_diagonal() -> None:
    config = ItemRegressionConfig(regularization=1, dropout=0.5)
    nobody = sp.csr_matrix((1, 2), dtype=np.float32)
    assert ridges(np.array([3.0, 0.0]), config, history=nobody).tolist() == [4.0, 1.0]


def test_people_as_the_unit_scale_the_penalty_like_the_diagonal() -> None:
    config = ItemRegressionConfig(regularization=6, regularization_unit="people")
    history = sp.csr_matrix(np.array([[1, 2], [0, 1]], np.float32))
    assert ridges(np.array([0.5, 1.0]), config, history=history).tolist() == [1.5, 1.5]


def test_an_item_nobody_took_is_lifted_by_nothing() -> None:
    left, right = lifts(np.array([4.0, 0.0], np.float32), 0.5)
    assert left.tolist() == [0.5, 0.0]
    assert right.tolist() == [2.0, 0.0]


@pytest.mark.parametrize("weight", [0.0, 1.0])
def test_without_tags_only_people_are_rows(weight: float, training: TrainingSet) -> None:
    bare = training.item_features[:, :0]
    untagged = TrainingSet(
        training.interactions,
        training.events,
        sp.csr_matrix(bare),
        training.user_features[:, :0],
        training.item_times,
        training.now,
    )
    matrix, _ = regression_matrix(untagged, ItemRegressionConfig(tag_weight=weight))
    assert matrix.shape == (60, 30)
