"""Candidate generation: the item rows that are scored in full for each query."""

from __future__ import annotations

from itertools import pairwise
from typing import TypeAlias

import numpy as np

from recsys.core.arrays import NO_ROW, BoolArray, Csr, FloatMatrix, RowArray
from recsys.index import Request, VectorIndex, checked_request
from recsys.models import Queries, QueryState
from recsys.serving.state.snapshot import Snapshot

OVERFETCH = 20
"""Candidates fetched per item asked for, before kernels re-score them."""

MIN_CANDIDATES = 200

FEW_ALLOWED = 1500
"""Items that a filter leaves up to which all of them are scored by kernels."""

Known: TypeAlias = tuple[Queries, QueryState, FloatMatrix]
"""What is known of some people, and their weighted (n_queries, n_factors) float32 vectors."""


def checked_search(
    index: VectorIndex, vectors: FloatMatrix, k: int, excluded: Csr, allowed: BoolArray
) -> Request:
    """Return what an index is asked, checked; see :func:`recsys.index.checked_request`."""
    shape = (index.n_items, index.n_factors)
    return checked_request(vectors, k, shape=shape, exclude=excluded, allowed=allowed)


def candidate_rows(snapshot: Snapshot, known: Known, search: Request) -> RowArray:
    """Return (n_queries, n_candidates) int32: what is then scored by all blocks; -1 is none.

    Where a filter leaves few items these are all of them: the fewer there are, the less the vectors
    alone say which of them are best.
    """
    index = snapshot.index
    if _is_narrow(search):
        return _allowed_rows(search)
    if index.n_with_extra:
        extra = snapshot.model.kernel_scores(*known[:2])
        return index.candidates(search, max(4 * search.k, index.n_with_extra), extra=extra)
    return index.candidates(search, max(search.k * OVERFETCH, MIN_CANDIDATES))


def _is_narrow(search: Request) -> bool:
    """Say whether a filter leaves few; one that leaves all is none, here and for one person."""
    if not len(search.allowed):
        return False
    return search.n_allowed <= max(FEW_ALLOWED, search.k) and not search.allowed.all()


def _allowed_rows(search: Request) -> RowArray:
    """Return (n_queries, n_allowed) int32: the allowed rows; -1 where one is excluded."""
    rows = np.tile(search.rows(), (search.n_queries, 1))
    indptr, indices = search.exclude
    for line, (start, end) in enumerate(pairwise(indptr.tolist())):
        if start < end:
            out = indices[start:end]
            places = np.minimum(np.searchsorted(out, rows[line]), len(out) - 1)
            rows[line][out[places] == rows[line]] = NO_ROW
    return rows
