"""Large dense symmetric matrices, made and inverted without a second copy."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from recsys.core.arrays import Csr
from recsys.core.errors import ConfigError
from recsys.core.threads import for_tiles

BAND = 512
"""Rows of a dense item-item matrix that are worked on at once: bounds temporary memory."""

TILE_BYTES = 64_000_000
"""Bytes of small systems, or of float64 copies of rows, that one thread works on at once."""


def rows_per_tile(row_bytes: int, *, most: int = 256) -> int:
    """Return the number of rows whose systems of ``row_bytes`` each fit in ``TILE_BYTES``."""
    return max(1, min(most, TILE_BYTES // max(1, row_bytes)))


LEAST_LOG_RATIO = 8 * float(np.finfo(np.float32).eps)
"""Logarithms of ratios of float32 sums below this are rounding noise: 0."""


def dense_gram(matrix: Csr, precision: str) -> npt.NDArray[Any]:
    """Return ``matrix.T @ matrix`` dense, a band of rows at a time."""
    transposed = matrix.T.tocsr()
    n_items = transposed.shape[0]
    out = np.empty((n_items, n_items), dtype=precision)

    def work(start: int, stop: int) -> None:
        (transposed[start:stop] @ matrix).toarray(out=out[start:stop])

    if precision == "float32":
        for_tiles(work, n_items, tile=BAND)
    else:
        for start in range(0, n_items, BAND):
            out[start : start + BAND] = (transposed[start : start + BAND] @ matrix).toarray()
    return out


def invert_symmetric(gram: npt.NDArray[Any]) -> None:
    """Replace a symmetric positive definite matrix by its inverse, in place.

    Raises
    ------
    ConfigError
        If it is not positive definite.
    """
    from scipy.linalg.lapack import get_lapack_funcs

    factorise, invert = get_lapack_funcs(("potrf", "potri"), (gram,))
    columns = gram.T  # Fortran order as LAPACK wants it, without a copy
    _, info = factorise(columns, lower=True, clean=False, overwrite_a=True)
    if info == 0:
        _, info = invert(columns, lower=True, overwrite_c=True)
    if info != 0:
        raise ConfigError(
            f"regularization must be large enough to invert; LAPACK stopped at {info}. "
            "Raise it, or set precision to float64."
        )
    for start in range(0, len(gram), BAND):  # LAPACK wrote one triangle; mirror it
        stop = min(start + BAND, len(gram))
        gram[stop:, start:stop] = gram[start:stop, stop:].T
        square = gram[start:stop, start:stop]
        square[:] = np.triu(square) + np.triu(square, 1).T


def mean_damping(diagonal: npt.NDArray[Any], history: Csr) -> float:
    """Return the mean of a damped Gram diagonal over that of the history's own; 1 of an empty one.

    Parameters
    ----------
    diagonal : (n_items,) float
        Of the Gram matrix of the damped history.
    history : (n_users, n_items) csr float32
        Before any damping.
    """
    plain = float(np.square(history.data, dtype=np.float64).sum())
    return float(diagonal.sum(dtype=np.float64)) / plain if plain > 0 else 1.0
