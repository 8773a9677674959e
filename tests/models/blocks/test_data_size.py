"""Sizes of a training set, as memory estimates read them."""

import numpy as np
import scipy.sparse as sp

from recsys.models.base import TrainingSet
from recsys.models.blocks.data_size import DataSize, gram_pairs


def test_sizes_are_those_of_the_matrices(training: TrainingSet) -> None:
    size = DataSize.of(training)
    assert (size.n_users, size.n_items, size.n_tags) == (60, 30, 6)
    assert size.n_pairs == size.n_events == training.interactions.nnz
    assert size.n_item_tags == 60


def test_pairs_of_items_are_bounded_by_histories_and_by_the_catalog() -> None:
    history = sp.csr_matrix(np.array([[1, 1, 0], [0, 0, 1]], np.float32))
    assert gram_pairs(history) == (history.T @ history).nnz == 5
    assert gram_pairs(sp.csr_matrix(np.ones((9, 2), np.float32))) == 4
