"""Rebuild or extend an index after vectors have changed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from recsys.core.arrays import FloatMatrix
from recsys.index.base import VectorIndex
from recsys.index.codes.index import NarrowIndex
from recsys.index.delta.index import NO_ROWS, DeltaIndex
from recsys.index.exact import ExactIndex
from recsys.index.hnsw.index import FaissIndex

MANY = 0.05
"""Share of changed vectors beside a graph above which it is built anew."""


def renewed_index(
    index: VectorIndex, vectors: FloatMatrix, *, rebuild: Callable[[FloatMatrix], VectorIndex]
) -> VectorIndex:
    """Return an index of vectors that came from those of ``index``.

    Parameters
    ----------
    index : VectorIndex
        Perhaps with changes beside it.
    vectors : (n_items, n_factors) float32
        As they are now: what changed much is among the changes of ``index``, the others are what
        they were but for a slow drift that leaves their order (popularity that fades).
    rebuild : callable
        Builds an index from nothing.

    Notes
    -----
    An exact index is made anew: it is its vectors. A graph, or short codes, are kept while few
    vectors changed: they propose, and the vectors as they are now decide.
    """
    main, rows = (index.main, index.rows) if isinstance(index, DeltaIndex) else (index, NO_ROWS)
    if main.is_exact:
        return ExactIndex.build(vectors)
    if not isinstance(main, FaissIndex | NarrowIndex) or len(rows) > MANY * len(vectors):
        built = rebuild(vectors)
        if isinstance(main, NarrowIndex) and isinstance(built, NarrowIndex):
            built = replace(built, n_with_extra=main.n_with_extra)
        return built
    kept = replace(main, exact=ExactIndex.build(vectors[: main.n_items]))
    return DeltaIndex.build(kept, rows, vectors[rows]) if len(rows) else kept
