r"""GF-CF as published [GFCF2021]_, on top of the library's decomposition: an anchor, not a peer.

.. math::

    \tilde R = D_U^{-1/2} R D_I^{-1/2}, \qquad
    s_u = r_u \left( \tilde R^T \tilde R
          + \alpha\, D_I^{-1/2} \bar U \bar U^T D_I^{1/2} \right)

with :math:`\bar U` the leading right singular vectors of :math:`\tilde R`. The first part has full
rank, so that no vectors of a servable length hold it; the hybrid's spectral block cuts it off.
"""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp

from benchmarks.quality.problem import Scores
from recsys.core.arrays import Csr, FloatMatrix, RowArray
from recsys.core.rng import named_rng
from recsys.models.blocks.algebra.truncated_svd import truncated_svd

N_VECTORS = 256
ALPHA = 0.3


def gfcf(train: Csr) -> Scores:
    """Return the scores of GF-CF for a (n_users, n_items) csr of ones."""
    of_users = np.diff(train.indptr)
    of_items = np.asarray(train.sum(axis=0)).ravel()
    user_root = sp.diags(np.maximum(of_users, 1) ** -0.5)
    item_root = np.maximum(of_items, 1).astype(np.float32) ** 0.5
    normed = sp.csr_matrix(user_root @ train @ sp.diags(1 / item_root), dtype=np.float32)
    _, vectors = truncated_svd(
        normed, N_VECTORS, rng=named_rng(0, "gfcf"), n_steps=4, oversampling=1.5
    )
    low_pass = np.float32(ALPHA) * (vectors * item_root[:, None]).T
    into = np.ascontiguousarray(vectors / item_root[:, None])
    gram = sp.csr_matrix(normed.T @ normed)

    def scores(user_rows: RowArray) -> FloatMatrix:
        history = train[user_rows]
        out = (history @ into) @ low_pass
        linear = sp.csr_matrix(history @ gram)
        rows = np.repeat(np.arange(len(user_rows)), np.diff(linear.indptr))
        out[rows, linear.indices] += linear.data
        return np.asarray(out, np.float32)

    return scores
