"""Compiled loops against plain products."""

import numpy as np
import pytest
import scipy.sparse as sp

from recsys.core.arrays import freeze
from recsys.models.blocks.algebra._compiled import add_gram_products, add_residuals, gather_products


def test_gram_products_add_the_weighted_outer_products() -> None:
    rng = np.random.default_rng(0)
    matrix = sp.random(4, 6, density=0.5, rng=rng, format="csr").astype(np.float32)
    factors = rng.standard_normal((6, 3)).astype(np.float32)
    directions = rng.standard_normal((4, 3)).astype(np.float32)
    out = np.ones((4, 3), np.float32)
    add_gram_products(
        freeze(matrix.indptr.astype(np.int64)),
        freeze(matrix.indices),
        freeze(matrix.data),
        factors,
        directions,
        out,
    )
    for row in range(4):
        own = matrix[row].toarray().ravel()
        expected = 1 + (factors.T * own) @ (factors @ directions[row])
        np.testing.assert_allclose(out[row], expected, rtol=1e-4, atol=1e-5)


def test_residuals_are_what_the_answers_leave() -> None:
    rng = np.random.default_rng(0)
    matrix = sp.random(4, 6, density=0.5, rng=rng, format="csr").astype(np.float32)
    factors = rng.standard_normal((6, 3)).astype(np.float32)
    answers = rng.standard_normal((4, 3)).astype(np.float32)
    out = np.ones((4, 3), np.float32)
    squares = add_residuals(
        freeze(matrix.indptr.astype(np.int64)),
        freeze(matrix.indices),
        freeze(matrix.data),
        factors,
        answers,
        out,
    )
    weights = matrix.toarray()
    dots = answers @ factors.T
    np.testing.assert_allclose(out, 1 + (weights * (1 - dots)) @ factors, rtol=1e-4, atol=1e-5)
    assert squares == pytest.approx(float((weights * dots**2).sum()), rel=1e-4)


def test_gathered_products_are_entries_of_the_whole_product() -> None:
    rng = np.random.default_rng(1)
    history = sp.random(3, 8, density=0.5, rng=rng, format="csr").astype(np.float32)
    kernel = sp.random(8, 8, density=0.4, rng=rng, format="csr").astype(np.float32)
    kernel.sort_indices()
    rows = np.array([[7, -1, 0], [1, 2, 3], [4, 5, 6]], np.int32)
    out = np.empty(rows.shape, np.float32)
    gather_products(_parts(history), _parts(kernel), freeze(rows), out)
    whole = (history @ kernel).toarray()
    expected = np.where(rows >= 0, np.take_along_axis(whole, rows.astype(np.int64), axis=1), 0)
    np.testing.assert_allclose(out, expected, rtol=1e-5)


def _parts(matrix: sp.csr_matrix) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    parts = (matrix.indptr.astype(np.int64), matrix.indices.astype(np.int32), matrix.data)
    return tuple(freeze(part.view()) for part in parts)


def test_long_rows_are_searched_as_short_ones_are_walked() -> None:
    rng = np.random.default_rng(2)
    kernel = sp.random(400, 400, density=0.9, rng=rng, format="csr").astype(np.float32)
    kernel.sort_indices()
    history = sp.random(2, 400, density=0.05, rng=rng, format="csr").astype(np.float32)
    for n_candidates in (3, 300):
        rows = np.stack([rng.permutation(400)[:n_candidates] for _ in range(2)]).astype(np.int32)
        out = np.empty(rows.shape, np.float32)
        gather_products(_parts(history), _parts(kernel), freeze(rows), out)
        whole = (history @ kernel).toarray()
        np.testing.assert_allclose(out, np.take_along_axis(whole, rows, axis=1), rtol=1e-4)
