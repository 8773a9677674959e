"""Stage 3 of an answer: the item rows that are scored by all blocks."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from recsys.core.arrays import NO_ROW, RowArray
from recsys.index import Request, top_k
from recsys.models import Hybrid
from recsys.serving.answer.queries import ScoringInput
from recsys.serving.answer.score import score_all
from recsys.serving.state.view import View

OVERFETCH = 20
"""Candidates fetched per item asked for, at least for 10 items, before kernels re-score them."""

FEW_ALLOWED = 1500
"""Items that a filter leaves up to which all of them are scored by kernels."""

SPARE = 16
"""Items beyond ``k`` that are scored once more by one pair at a time: products of whole matrices
differ in their last bits with the shape of the batch."""


def candidate_rows(snapshot: View, people: ScoringInput, search: Request) -> RowArray:
    """Return (n_queries, n_candidates) int32: the rows to score by all blocks; -1 is none.

    An exact index gives the best by the scores of all items. Where a filter leaves few items the
    candidates are all of them: the fewer there are, the less the vectors alone say which of them
    are best.
    """
    index = snapshot.index
    if index.is_exact:
        return _best_of_all(snapshot.model, people, search)
    if _is_narrow(search):
        return without_excluded(search, [search.rows()] * search.n_queries)
    if index.n_with_extra:
        extra = snapshot.model.kernel_scores(people.queries, people.states)
        return index.candidates(search, max(4 * search.k, index.n_with_extra), extra=extra)
    return index.candidates(search, OVERFETCH * max(search.k, 10))


def without_excluded(search: Request, lists: Sequence[RowArray]) -> RowArray:
    """Return (n_queries, n_longest) int32: the rows of each list that are not excluded, -1 padded.

    Parameters
    ----------
    search : Request
        Holds the excluded rows of each query.
    lists : sequence of n_queries (n_rows,) int32
        Rising.
    """
    indptr, indices = search.exclude
    out = np.full((len(lists), max([len(rows) for rows in lists] + [1])), NO_ROW, dtype=np.int32)
    for line, (start, end) in enumerate(pairwise(indptr.tolist())):
        rows = lists[line]
        out[line, : len(rows)] = rows
        if start < end and len(rows):
            excluded = indices[start:end]
            places = np.minimum(np.searchsorted(excluded, rows), len(excluded) - 1)
            out[line, : len(rows)][excluded[places] == rows] = NO_ROW
    return out


def _best_of_all(model: Hybrid, people: ScoringInput, search: Request) -> RowArray:
    """Return the best ``k + SPARE`` rows by the scores of all items."""
    scores = score_all(model, people)
    indptr, indices = search.exclude
    lines = np.repeat(np.arange(len(scores)), np.diff(indptr)) if len(scores) > 1 else 0
    scores[lines, indices[indptr[0] : indptr[-1]]] = -np.inf
    allowed = search.allowed if len(search.allowed) else None
    n_threads = 1 if len(scores) == 1 else None
    n_best = min(search.k + SPARE, model.n_items)
    return top_k(scores, n_best, allowed=allowed, n_threads=n_threads).rows


def _is_narrow(search: Request) -> bool:
    """Return True if a filter leaves few items; a filter that leaves all of them is none."""
    n_items = len(search.allowed)
    return n_items > 0 and search.n_allowed <= min(max(FEW_ALLOWED, search.k), n_items - 1)
