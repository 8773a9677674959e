"""The space in which items are alike: taste only, not popularity."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from recsys.core.arrays import FloatMatrix
from recsys.index import ExactIndex
from recsys.models import Hybrid, VectorBlock
from recsys.profiles import ItemProfiles

WIDTH = 256
"""Length of the random projection of tag profiles, where no block gives item vectors."""


def similarity_index(model: Hybrid, profiles: ItemProfiles) -> ExactIndex:
    """Return an index of unit item vectors, each taste block given the same share.

    Notes
    -----
    Without a vector block that knows taste, tag profiles stand in, by a random projection, which
    keeps their cosines within about 0.1 [Achlioptas2003]_.
    """
    blocks = [
        _unit(block.item_factors)
        for block in model.blocks
        if isinstance(block, VectorBlock) and block.is_personal
    ]
    if not blocks:
        blocks = [_unit(_projected(profiles))]
    return ExactIndex.build(_unit(np.hstack(blocks)))


def _projected(profiles: ItemProfiles) -> FloatMatrix:
    rng = np.random.default_rng(0)
    signs = rng.integers(0, 2, size=(profiles.n_tags, WIDTH), dtype=np.int8) * 2 - 1
    out: npt.NDArray[np.float32] = profiles.matrix @ signs.astype(np.float32)
    return np.asarray(out, dtype=np.float32)


def _unit(vectors: FloatMatrix) -> FloatMatrix:
    norms = np.sqrt((vectors.astype(np.float64) ** 2).sum(axis=1, keepdims=True))
    return np.ascontiguousarray(vectors / np.maximum(norms, 1e-12), dtype=np.float32)
