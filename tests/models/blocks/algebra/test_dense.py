"""Dense symmetric matrices."""

import numpy as np
import pytest
import scipy.sparse as sp

from recsys.core.errors import ConfigError
from recsys.models.blocks.algebra import dense
from recsys.models.blocks.algebra.dense import dense_gram, invert_symmetric, mean_damping


@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_gram_and_inverse_agree_with_numpy_across_bands(
    precision: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dense, "BAND", 4)
    matrix = sp.random(30, 11, density=0.4, rng=np.random.default_rng(0), format="csr")
    matrix = matrix.astype(np.float32)
    gram = dense_gram(matrix, precision)
    np.testing.assert_allclose(gram, (matrix.T @ matrix).toarray(), atol=1e-5)
    gram[np.diag_indices_from(gram)] += 1
    expected = np.linalg.inv(gram.astype(np.float64))
    invert_symmetric(gram)
    np.testing.assert_allclose(gram, expected, atol=1e-5)


def test_what_cannot_be_inverted_is_refused() -> None:
    with pytest.raises(ConfigError, match="regularization must be large enough"):
        invert_symmetric(np.array([[1.0, 2.0], [2.0, 1.0]], np.float32))


def test_mean_damping_is_the_share_of_the_diagonal_that_is_left() -> None:
    history = sp.csr_matrix(np.array([[1, 2], [0, 1]], np.float32))
    assert mean_damping(np.array([0.5, 1.0]), history) == pytest.approx(1.5 / 6)
    assert mean_damping(np.zeros(2), sp.csr_matrix((2, 2), dtype=np.float32)) == 1
