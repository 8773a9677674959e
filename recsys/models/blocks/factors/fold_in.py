r"""Fold-in: the vector of a person from a history, in closed form, items held fixed.

.. math:: p_u = A_u^{-1} b_u, \quad A_u = G + \sum_i w_{ui} q_i q_i^T + \lambda_u I,
          \quad b_u = \sum_i v_{ui} q_i

It is linear in *b*, so the part of item *s* in the score of item *i* is
:math:`v_{us} \, q_s^T A_u^{-1} q_i` [HuKorenVolinsky2008]_, and the parts add up.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from recsys.core.arrays import Csr, DoubleArray, FloatArray, FloatMatrix
from recsys.core.threads import for_tiles
from recsys.models.blocks.algebra.dense import TILE_BYTES, rows_per_tile


def solve_people(
    factors: FloatMatrix,
    weights: Csr,
    *,
    gram: DoubleArray,
    ridge: FloatArray,
    targets: FloatMatrix,
) -> FloatMatrix:
    """Return the vectors that solve the system of each person exactly.

    Parameters
    ----------
    factors : (n_sources, n_factors) float32
        The vectors of the items (and tags) that a history may hold.
    weights : (n_queries, n_sources) csr float32
        w: what each history item adds to the system.
    gram : (n_factors, n_factors) float64
        G, common to all.
    ridge : (n_queries,) float32
        λ of each person.
    targets : (n_queries, n_factors) float32
        b.

    Returns
    -------
    (n_queries, n_factors) float32
        Zero where ``targets`` is.

    Notes
    -----
    About ``n_factors**3 / 3 + nnz * n_factors**2`` operations each; tiles keep the memory flat.
    """
    n_factors = factors.shape[1]
    out = np.zeros((weights.shape[0], n_factors), dtype=np.float32)

    def work(start: int, stop: int) -> None:
        systems = np.stack(
            [
                person_system(factors, weights, row, gram=gram, ridge=float(ridge[row]))
                for row in range(start, stop)
            ]
        )
        right = targets[start:stop, :, None].astype(np.float64)
        out[start:stop] = np.linalg.solve(systems, right)[:, :, 0]

    for_tiles(work, weights.shape[0], tile=rows_per_tile(8 * n_factors**2))
    return out


def person_system(
    factors: FloatMatrix, weights: Csr, row: int, *, gram: DoubleArray, ridge: float
) -> npt.NDArray[np.float64]:
    """Return A of one person, (n_factors, n_factors) float64."""
    places = slice(weights.indptr[row], weights.indptr[row + 1])
    own = factors[weights.indices[places]].astype(np.float64)
    system = gram + (own * weights.data[places, None]).T @ own
    system[np.diag_indices_from(system)] += ridge
    return np.asarray(system)


def gram_matrix(factors: FloatMatrix, *, scale: float = 1.0) -> DoubleArray:
    """Return ``scale`` times the (n_factors, n_factors) float64 sum of outer products."""
    out = np.zeros((factors.shape[1], factors.shape[1]))
    n_rows = rows_per_tile(8 * factors.shape[1], most=max(len(factors), 1))
    for start in range(0, len(factors), n_rows):
        piece = factors[start : start + n_rows].astype(np.float64)
        out += piece.T @ piece
    return scale * out


def gram_bytes(n_factors: int, n_rows: int) -> int:
    """Return the bytes that :func:`gram_matrix` takes beside its answer."""
    return min(TILE_BYTES, 8 * n_factors * n_rows)
