"""Fold-in by a learned map."""

import numpy as np
import scipy.sparse as sp

from recsys.models.blocks.factors.history_map import MappedBlock, fit_history_map, mean_history
from recsys.models.blocks.history_weights import HistoryConfig


def test_a_linear_relation_is_found_again() -> None:
    rng = np.random.default_rng(0)
    history = sp.random(80, 20, density=0.3, rng=rng, format="csr").astype(np.float32)
    items = rng.standard_normal((20, 4)).astype(np.float32)  # the last column is a bias
    truth = rng.standard_normal((3, 3)).astype(np.float32)
    people = (mean_history(history) @ items[:, :3]) @ truth
    np.testing.assert_allclose(
        fit_history_map(history, items, people, ridge=1e-8), truth, atol=1e-3
    )


def test_a_mean_history_sums_to_one_or_stays_empty() -> None:
    history = sp.csr_matrix(np.array([[2.0, 6.0], [0.0, 0.0]], np.float32))
    assert mean_history(history).toarray().tolist() == [[0.25, 0.75], [0.0, 0.0]]


def test_the_bias_counts_for_who_has_a_history_only() -> None:
    block = MappedBlock(HistoryConfig(), name="mapped")
    block.set_arrays(
        item_factors=np.array([[1.0, 5.0]], np.float32),
        history_map=np.eye(1, dtype=np.float32),
        tag_factors=np.zeros((0, 2), np.float32),
    )
    from recsys.models.base import Queries

    history = sp.csr_matrix(np.array([[1.0], [0.0]], np.float32))
    queries = Queries(history, np.zeros(1, np.float32), sp.csr_matrix((2, 0)))
    assert block.user_factors(queries).tolist() == [[1, 1], [0, 0]]
