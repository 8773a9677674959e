"""Compaction of a delta index: its main part is kept, or built anew."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from recsys.core.arrays import FloatMatrix
from recsys.index.base import VectorIndex
from recsys.index.codes.index import CodeIndex
from recsys.index.delta.index import DeltaIndex
from recsys.index.exact import ExactIndex
from recsys.index.hnsw.index import FaissIndex

MAX_SHARE_CHANGED = 0.05
"""Share of changed vectors above which an approximate index is built anew."""


def renewed_index(
    index: VectorIndex, vectors: FloatMatrix, *, rebuild: Callable[[FloatMatrix], VectorIndex]
) -> VectorIndex:
    """Return an index of vectors that came from those of ``index``.

    Parameters
    ----------
    index : VectorIndex
        Possibly a delta index.
    vectors : (n_items, n_factors) float32
        As they are now: large changes are in the delta of ``index``; the others differ from its
        main part by a slow drift that leaves their order (time-decayed popularity).
    rebuild : callable
        Builds an index from nothing.

    Notes
    -----
    An exact index is made anew: it is its vectors. A graph or codes are kept while few vectors
    changed: they generate candidates, which the new vectors score.
    """
    main, rows = index, np.array([], np.int32)
    if isinstance(index, DeltaIndex):
        main, rows = index.main, index.rows
    if main.is_exact:
        return ExactIndex.build(vectors)
    if not isinstance(main, FaissIndex | CodeIndex) or len(rows) > MAX_SHARE_CHANGED * len(vectors):
        built = rebuild(vectors)
        if isinstance(main, CodeIndex) and isinstance(built, CodeIndex):
            built = replace(built, n_with_extra=main.n_with_extra)
        return built
    kept = replace(main, exact=ExactIndex.build(vectors[: main.n_items]))
    return DeltaIndex.build(kept, rows, vectors[rows]) if len(rows) else kept
