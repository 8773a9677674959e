"""The best neighbours of each row of a sparse matrix."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp

from recsys.core.arrays import Csr


def keep_best(matrix: Csr, n_best: int) -> Csr:
    """Return the ``n_best`` largest positive values of each row, ties to the lower column.

    Examples
    --------
    >>> keep_best(sp.csr_matrix(np.array([[1.0, 3.0, 1.0, 0.0]], np.float32)), 2).toarray().tolist()
    [[1.0, 3.0, 0.0, 0.0]]
    """
    kept = matrix.data > 0
    starts = matrix.indptr
    for row in np.flatnonzero(np.diff(starts) > n_best):
        values = matrix.data[starts[row] : starts[row + 1]]
        bar = np.partition(values, -n_best)[-n_best]
        above = values > bar
        ties = np.flatnonzero(values == bar)[: n_best - int(above.sum())]
        above[ties] = bar > 0
        kept[starts[row] : starts[row + 1]] &= above
    counts = np.concatenate([[0], np.cumsum(kept)])
    return sp.csr_matrix(
        (matrix.data[kept], matrix.indices[kept].astype(np.int32), counts[starts]),
        shape=matrix.shape,
    )
