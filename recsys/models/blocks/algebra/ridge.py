"""Ridge regression from item tags to item vectors, for cold items."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import scipy.sparse as sp

from recsys.core.arrays import Csr, FloatArray, FloatMatrix


def ridge_map(
    features: Csr,
    targets: FloatMatrix,
    *,
    regularization: float,
    weights: FloatArray | None = None,
    start: FloatMatrix | None = None,
    n_steps: int = 25,
) -> FloatMatrix:
    r"""Return the linear map from features to targets with the least weighted error.

    .. math:: (T^T \Omega T + \lambda I) B = T^T \Omega H

    solved for all columns of *H* at once by conjugate gradients with a diagonal preconditioner, so
    that tens of thousands of tags need no square matrix [Gantner2010]_.

    Parameters
    ----------
    features : (n_items, n_tags) csr float32
        T.
    targets : (n_items, n_factors) float32
        H.
    regularization : float
        λ, greater than 0.
    weights : (n_items,) float32, optional
        The diagonal of Ω; None: 1.
    start : (n_tags, n_factors) float32, optional
        Where to begin; None: zeros.
    n_steps : int
        At most so many steps.

    Returns
    -------
    (n_tags, n_factors) float32

    Examples
    --------
    >>> tags = sp.csr_matrix(np.eye(2, dtype=np.float32))
    >>> ridge_map(tags, np.array([[2.0], [4.0]], np.float32), regularization=1.0).tolist()
    [[1.0], [2.0]]
    """
    shape = (features.shape[1], targets.shape[1])
    if 0 in shape:
        return np.zeros(shape, dtype=np.float32)
    omega = np.ones(features.shape[0], np.float32) if weights is None else weights
    transposed = features.T.tocsr()
    squares = sp.csr_matrix(
        (features.data**2, features.indices, features.indptr), shape=features.shape
    )
    diagonal = (squares.T @ omega + regularization)[:, None].astype(np.float32)

    def apply(direction: FloatMatrix) -> FloatMatrix:
        image = omega[:, None] * (features @ direction)
        return np.asarray(transposed @ image + regularization * direction, dtype=np.float32)

    answer = np.zeros(shape, np.float32) if start is None else np.array(start, np.float32)
    residual = transposed @ (omega[:, None] * targets) - apply(answer)
    return _conjugate_gradients(apply, answer, residual, diagonal=diagonal, n_steps=n_steps)


def _conjugate_gradients(
    apply: Callable[[FloatMatrix], FloatMatrix],
    answer: FloatMatrix,
    residual: FloatMatrix,
    *,
    diagonal: FloatMatrix,
    n_steps: int,
) -> FloatMatrix:
    tolerance = 1e-6 * np.maximum(_dots(residual, residual), 1e-30)
    scaled = residual / diagonal
    direction = scaled.copy()
    power = _dots(residual, scaled)
    for _ in range(n_steps):
        image = apply(direction)
        step = power / np.maximum(_dots(direction, image), 1e-30)
        answer += step * direction
        residual -= step * image
        if np.all(_dots(residual, residual) <= tolerance):
            break
        scaled = residual / diagonal
        before, power = power, _dots(residual, scaled)
        direction = scaled + (power / np.maximum(before, 1e-30)) * direction
    return answer


def _dots(a: FloatMatrix, b: FloatMatrix) -> FloatArray:
    return np.asarray(np.einsum("ij,ij->j", a, b), dtype=np.float32)
