"""Closed-form people."""

import numpy as np
import scipy.sparse as sp

from recsys.models.blocks.factors.fold_in import gram_matrix, person_system, solve_people


def test_people_solve_their_system_exactly() -> None:
    rng = np.random.default_rng(0)
    factors = rng.standard_normal((9, 4)).astype(np.float32)
    weights = sp.random(5, 9, density=0.4, rng=rng, format="csr").astype(np.float32)
    targets = np.asarray(weights @ factors, dtype=np.float32)
    gram, ridge = gram_matrix(factors, scale=0.1), np.full(5, 0.3, np.float32)
    got = solve_people(factors, weights, gram=gram, ridge=ridge, targets=targets)
    for row in range(5):
        own = weights[row].toarray().ravel()
        system = 0.1 * factors.T @ factors + (factors.T * own) @ factors + 0.3 * np.eye(4)
        np.testing.assert_allclose(system @ got[row], targets[row], atol=1e-4)
        np.testing.assert_allclose(
            person_system(factors, weights, row, gram=gram, ridge=0.3), system, rtol=1e-4
        )


def test_nothing_known_is_a_zero_vector() -> None:
    got = solve_people(
        np.ones((2, 3), np.float32),
        sp.csr_matrix((1, 2), dtype=np.float32),
        gram=np.eye(3),
        ridge=np.ones(1, np.float32),
        targets=np.zeros((1, 3), np.float32),
    )
    assert not got.any()
