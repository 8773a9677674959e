"""Sparse weights, kept and gathered."""

from collections.abc import Callable

import numpy as np
import scipy.sparse as sp

from recsys.models.base import Queries
from recsys.models.pair_weights import HistoryConfig
from recsys.models.sparse_kernel import SparseKernelBlock, gather, views

WEIGHTS = np.array([[0, 2, -1], [0, 0, 3], [1, 0, 0]], np.float32)


def test_scores_are_the_history_times_the_weights(new_queries: Callable[..., Queries]) -> None:
    block = SparseKernelBlock(HistoryConfig(weighting="confidence"), name="k")
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
