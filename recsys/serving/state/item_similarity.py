"""Item vectors whose inner product says how alike two items are: taste, not popularity."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from recsys.core.arrays import Csr, FloatMatrix
from recsys.models import Hybrid, VectorBlock

WIDTH = 256
"""Length of the random projection of tag profiles, where no block gives item vectors."""


def taste_blocks(model: Hybrid) -> list[VectorBlock]:
    """Return the vector blocks of a model that know taste."""
    return [one for one in model.vector_blocks if one.is_personal]


def unit_vectors(factors: Sequence[FloatMatrix], features: Csr) -> FloatMatrix:
    """Return (n, n_dims) float32 unit vectors of items, each block given the same share.

    Parameters
    ----------
    factors : sequence of (n, n_factors) float32
        Item factors of the taste blocks.
    features : (n, n_tags) csr
        Profiles of the same items.

    Notes
    -----
    Without a taste block the tag profiles stand in, by a random projection, which keeps their
    cosines within about 0.1 [Achlioptas2003]_.
    """
    return _unit(np.hstack([_unit(one) for one in factors or [_projected(features)]]))


def _projected(features: Csr) -> FloatMatrix:
    rng = np.random.default_rng(0)
    signs = rng.integers(0, 2, size=(features.shape[1], WIDTH), dtype=np.int8) * 2 - 1
    return np.asarray(features @ signs.astype(np.float32), dtype=np.float32)


def _unit(vectors: FloatMatrix) -> FloatMatrix:
    norms = np.sqrt((vectors.astype(np.float64) ** 2).sum(axis=1, keepdims=True))
    return np.ascontiguousarray(vectors / np.maximum(norms, 1e-12), dtype=np.float32)
