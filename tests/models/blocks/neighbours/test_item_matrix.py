"""Sparse weights, kept and gathered."""

from collections.abc import Callable

import numpy as np
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st

from recsys.models.base import Queries
from recsys.models.blocks.history_weights import HistoryConfig
from recsys.models.blocks.neighbours.item_matrix import (
    SparseItemItemBlock,
    best_per_row,
    gather,
    views,
)

WEIGHTS = np.array([[0, 2, -1], [0, 0, 3], [1, 0, 0]], np.float32)


def test_scores_are_the_history_times_the_weights(new_queries: Callable[..., Queries]) -> None:
    block = SparseItemItemBlock(HistoryConfig(weighting="confidence"), name="k")
    block.keep_weights(sp.csr_matrix(WEIGHTS))
    history = np.array([[2, 1, 0], [0, 0, 0]], np.float32)
    queries = new_queries(sp.csr_matrix(history))
    assert block.scores(queries).tolist() == [[0, 4, 1], [0, 0, 0]]
    rows = np.array([[2, -1], [1, 0]], np.int32)
    assert block.candidate_scores(queries, rows).tolist() == [[1, 0], [0, 0]]


def test_gathering_takes_any_index_type() -> None:
    kernel, person = sp.csr_matrix(WEIGHTS), sp.csr_matrix(np.ones((1, 3), np.float32))
    wide = (kernel.indptr.astype(np.int64), kernel.indices.astype(np.int64), kernel.data)
    rows = np.array([[0, 1, 2]], np.int32)
    history = (person.indptr, person.indices, person.data)
    assert gather(history, views(wide), rows).tolist() == [[1, 2, 2]]


def test_only_the_best_neighbours_are_kept_ties_to_the_lower_row() -> None:
    values = np.array([[2, 1, 2, 3, 2], [0, 0, 0, 0, 1]], np.float32)
    kept = best_per_row(sp.csr_matrix(values), 3).toarray()
    assert kept.tolist() == [[2, 0, 2, 3, 0], [0, 0, 0, 0, 1]]


@given(
    st.lists(st.integers(0, 3), min_size=1, max_size=12),
    st.integers(1, 5),
)
def test_a_row_keeps_what_a_stable_sort_puts_first(values: list[int], n_best: int) -> None:
    row = np.array([values], np.float32)
    order = np.argsort(-row[0], kind="stable")[:n_best]
    expected = np.zeros_like(row)
    expected[0, order] = row[0, order]
    np.testing.assert_array_equal(best_per_row(sp.csr_matrix(row), n_best).toarray(), expected)
