"""Leading singular vectors against numpy's."""

import numpy as np
import pytest
import scipy.sparse as sp

from recsys.models.blocks.algebra.truncated_svd import truncated_svd


@pytest.mark.parametrize("shape", [(300, 120), (120, 300)])
@pytest.mark.parametrize("exact_side", [0, 2500])
def test_projection_on_the_leading_vectors_is_that_of_the_svd(
    shape: tuple[int, int], exact_side: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(f"{truncated_svd.__module__}._EXACT_SIDE", exact_side)
    rng = np.random.default_rng(0)
    low_rank = rng.standard_normal((shape[0], 8)) @ rng.standard_normal((8, shape[1]))
    dense = (low_rank + 0.01 * rng.standard_normal(shape)).astype(np.float32)
    values, vectors = truncated_svd(sp.csr_matrix(dense), 8, rng=np.random.default_rng(1))
    _, singular, right = np.linalg.svd(dense, full_matrices=False)
    np.testing.assert_allclose(values, singular[:8] ** 2, rtol=1e-3)
    np.testing.assert_allclose(vectors @ vectors.T, right[:8].T @ right[:8], atol=1e-3)


def test_more_vectors_than_the_matrix_has_are_cut() -> None:
    values, vectors = truncated_svd(
        sp.csr_matrix(np.eye(3, 5, dtype=np.float32)), 9, rng=np.random.default_rng(0)
    )
    assert values.shape == (3,)
    assert vectors.shape == (5, 3)


def test_a_matrix_of_zeros_has_no_direction() -> None:
    values, vectors = truncated_svd(
        sp.csr_matrix((4, 6), dtype=np.float32), 2, rng=np.random.default_rng(0)
    )
    assert not values.any()
    assert np.isfinite(vectors).all()


def test_steps_are_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(f"{truncated_svd.__module__}._EXACT_SIDE", 0)
    reports: list[tuple[str, int, int]] = []
    matrix = sp.random(200, 150, density=0.1, rng=np.random.default_rng(0), format="csr")
    truncated_svd(
        matrix.astype(np.float32),
        4,
        rng=np.random.default_rng(0),
        n_steps=3,
        progress=lambda *report: reports.append(report),
    )
    assert [report[1:] for report in reports] == [(1, 3), (2, 3), (3, 3)]
