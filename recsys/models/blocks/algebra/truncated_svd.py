"""Truncated SVD of a large sparse matrix by a randomised block-Krylov method."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from recsys.core.arrays import Csr, FloatArray, FloatMatrix
from recsys.core.progress import Progress, silent

_EXACT_SIDE = 600
"""At or below this shorter side the Gram matrix is decomposed whole: quicker, and exact."""


def truncated_svd(
    matrix: Csr,
    n_vectors: int,
    *,
    rng: np.random.Generator,
    n_steps: int = 4,
    oversampling: float = 2.0,
    progress: Progress = silent,
) -> tuple[FloatArray, FloatMatrix]:
    r"""Return the largest eigenvalues of :math:`M^T M` and their vectors.

    The Krylov space of a random block :math:`\Omega`,

    .. math:: K = [\,G\Omega, G^2\Omega, \dots, G^q\Omega\,], \qquad G = M^T M \text{ or } M M^T,

    whichever is smaller, is made orthonormal block by block; :math:`G` is then decomposed inside it
    (Rayleigh-Ritz) [MuscoMusco2015]_. A narrow block and several steps need fewer products than
    plain power iteration of a block as wide as the answer [Halko2011]_.

    Parameters
    ----------
    matrix : (n_rows, n_columns) csr float32
    n_vectors : int
        Cut to the shorter side of ``matrix``.
    rng : Generator
        Draws the start block.
    n_steps : int
        q; more steps of a narrower block are cheaper, but find the tail later.
    oversampling : float
        Width of the space over ``n_vectors``, at least 1. On a slowly falling spectrum (check-ins)
        the last vectors asked for are wrong below 2, and recall with them.

    Returns
    -------
    eigenvalues : (n_vectors,) float32
        Descending, not negative: squared singular values.
    vectors : (n_columns, n_vectors) float32
        Right singular vectors, orthonormal where the eigenvalue is not 0.

    Notes
    -----
    Memory: about oversampling * n_vectors * (2 * shorter side + longer side) float32.
    Deterministic for a given ``rng`` up to the rounding of BLAS (relative 1e-5).
    """
    n_vectors = min(n_vectors, *matrix.shape)
    wide = matrix.shape[0] < matrix.shape[1]
    small = matrix if not wide else matrix.T.tocsr()  # (longer, shorter)
    side = small.shape[1]
    n_basis = max(n_vectors + 32, int(oversampling * n_vectors))
    if side <= _EXACT_SIDE or n_basis > 0.6 * side:
        eigenvalues, vectors = _eigh_top(_dense_gram(small), n_vectors)
    else:
        basis = _krylov_basis(small, n_basis, rng=rng, n_steps=n_steps, progress=progress)
        image = small @ basis
        eigenvalues, inner = _eigh_top(image.T @ image, n_vectors)
        vectors = basis @ inner
    if wide:
        eigenvalues, vectors = _other_side(small, eigenvalues, vectors)
    return eigenvalues, np.ascontiguousarray(vectors)


def krylov_bytes(
    shape: tuple[int, int], n_pairs: int, n_vectors: int, *, oversampling: float = 2.0
) -> int:
    """Return the bytes that :func:`truncated_svd` takes at its peak.

    Parameters
    ----------
    shape : (n_rows, n_columns)
    n_pairs : int
        Stored entries of the matrix.
    n_vectors : int
    oversampling : float
    """
    longer, side = max(shape), min(shape)
    n_vectors = min(n_vectors, side)
    n_basis = max(n_vectors + 32, int(oversampling * n_vectors))
    if side <= _EXACT_SIDE or n_basis > 0.6 * side:
        return 36 * side**2 + 16 * n_pairs + 8 * n_vectors * longer
    block = -(-n_basis // 4)
    return 4 * n_basis * (side + longer) + 24 * block * side + 40 * n_basis**2 + 16 * n_pairs


def _krylov_basis(
    small: Csr, n_basis: int, *, rng: np.random.Generator, n_steps: int, progress: Progress
) -> FloatMatrix:
    transposed = small.T.tocsr()
    width = -(-n_basis // n_steps)
    basis = np.empty((small.shape[1], width * n_steps), dtype=np.float32, order="F")
    block = rng.standard_normal((small.shape[1], width), dtype=np.float32)
    for step in range(n_steps):
        block = transposed @ (small @ np.ascontiguousarray(block))
        block = _orthonormal(block, against=basis[:, : step * width])
        basis[:, step * width : (step + 1) * width] = block
        progress("spectral: Krylov space", step + 1, n_steps)
    return basis


def _orthonormal(block: FloatMatrix, *, against: FloatMatrix) -> FloatMatrix:
    # Twice is enough (Kahan): the second pass removes what rounding left of the first.
    for _ in range(2):
        if against.shape[1]:
            block = block - against @ (against.T @ block)
        block = _whiten(block)
    return block


def _whiten(block: FloatMatrix) -> FloatMatrix:
    """Return the orthonormal factor by the Gram matrix: three times quicker than QR here."""
    gram = block.T.astype(np.float64) @ block.astype(np.float64)
    values, vectors = np.linalg.eigh(gram)
    floor = max(values[-1], np.finfo(np.float64).tiny) * 1e-12
    inverse = np.where(values > floor, 1 / np.sqrt(np.maximum(values, floor)), 0.0)
    return block @ (vectors * inverse).astype(np.float32)


def _dense_gram(small: Csr) -> npt.NDArray[np.float64]:
    return np.asarray((small.T @ small).toarray(), dtype=np.float64)


def _eigh_top(gram: npt.NDArray[np.floating], n: int) -> tuple[FloatArray, FloatMatrix]:
    from scipy.linalg import eigh

    side = len(gram)
    values, vectors = eigh(gram, subset_by_index=(side - n, side - 1))  # a third of a full one
    values = np.maximum(values[::-1][:n], 0)
    return values.astype(np.float32), vectors[:, ::-1][:, :n].astype(np.float32)


def _other_side(
    small: Csr, eigenvalues: FloatArray, vectors: FloatMatrix
) -> tuple[FloatArray, FloatMatrix]:
    roots = np.sqrt(eigenvalues)
    some = roots > 1e-6 * max(float(roots[0]), 1e-30)
    inverse = np.where(some, 1 / np.where(some, roots, 1), 0).astype(np.float32)
    return eigenvalues, (small @ np.ascontiguousarray(vectors)) * inverse
