"""From tags to vectors."""

import numpy as np
import pytest
import scipy.sparse as sp

from recsys.models.blocks.algebra.ridge import ridge_map


@pytest.mark.parametrize("weighted", [True, False])
def test_the_map_solves_the_normal_equations(weighted: bool) -> None:
    rng = np.random.default_rng(0)
    features = sp.random(40, 12, density=0.3, rng=rng, format="csr").astype(np.float32)
    targets = rng.standard_normal((40, 3)).astype(np.float32)
    weights = rng.uniform(0.5, 2, 40).astype(np.float32) if weighted else None
    omega = np.diag(np.ones(40) if weights is None else weights)
    dense = features.toarray()
    expected = np.linalg.solve(
        dense.T @ omega @ dense + 0.5 * np.eye(12), dense.T @ omega @ targets
    )
    got = ridge_map(features, targets, regularization=0.5, weights=weights, n_steps=60)
    np.testing.assert_allclose(got, expected, atol=1e-3)


def test_a_start_near_the_answer_needs_no_steps() -> None:
    features = sp.csr_matrix(np.eye(2, dtype=np.float32))
    start = np.array([[7.0], [8.0]], np.float32)
    got = ridge_map(features, start, regularization=1.0, start=start, n_steps=0)
    np.testing.assert_array_equal(got, start)


def test_no_tags_give_an_empty_map() -> None:
    got = ridge_map(sp.csr_matrix((5, 0)), np.ones((5, 3), np.float32), regularization=1.0)
    assert got.shape == (0, 3)
