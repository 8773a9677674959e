"""The path of one request: score, leave out, keep the best ``k``."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import TypeAlias

import numpy as np

from recsys.core.arrays import NO_ROW, BoolArray, Csr, FloatMatrix, RowArray
from recsys.core.topk import TopK
from recsys.index import (
    Request,
    VectorIndex,
    asks_beside,
    best_rows,
    checked_request,
    is_exact,
    proposes,
    top_k,
)
from recsys.models import HybridModel, Queries, QueryState
from recsys.serving.constraints import Constraints
from recsys.serving.snapshot import Asked, Snapshot

DENSE_BATCH = 512
"""People whose scores of all items are held at once when kernels need whole rows."""

OVERFETCH = 20
"""Candidates fetched per item asked for, before kernels re-score them."""

MIN_CANDIDATES = 200

FEW_ALLOWED = 1500
"""Items that a filter leaves up to which all of them are scored by kernels."""

SPARE = 16
"""Items beyond ``k`` that are scored once more by one pair at a time: products of whole matrices
differ in their last bits with the shape of the batch."""


Known: TypeAlias = tuple[Queries, QueryState, FloatMatrix]
"""What is known of some people, and their weighted (n_queries, n_factors) float32 vectors."""


def rank(snapshot: Snapshot, asked: Asked, constraints: Constraints, *, k: int) -> TopK:
    """Return the best ``k`` allowed items of each person, ties to the lower row."""
    n_queries = len(asked.user_rows)
    k = max(min(k, snapshot.n_items), 1)
    rows = np.full((n_queries, k), NO_ROW, dtype=np.int32)
    scores = np.full((n_queries, k), -np.inf, dtype=np.float32)
    if snapshot.n_items == 0:
        return TopK(rows, scores)
    queries = snapshot.model.query_vectors(asked.states)
    for mask in range(len(constraints.masks)):
        lines = np.flatnonzero(constraints.mask_of == mask).astype(np.int32)
        if not len(lines):
            continue
        best = _rank_group(snapshot, asked, constraints, lines=lines, queries=queries, k=k)
        rows[lines, : best.rows.shape[1]] = best.rows
        scores[lines, : best.rows.shape[1]] = best.scores
    return TopK(rows, scores)


def pair_scores(snapshot: Snapshot, asked: Asked, item_rows: RowArray) -> FloatMatrix:
    """Return the (n_queries, n_candidates) float32 score of given items; -inf for row -1."""
    model = snapshot.model
    scores = model.pair_products(model.query_vectors(asked.states), item_rows)
    if model.has_kernels:
        extra = model.kernel_candidate_scores(asked.queries, asked.states, item_rows=item_rows)
        scores = scores + extra
    return scores


def _rank_group(
    snapshot: Snapshot,
    asked: Asked,
    constraints: Constraints,
    *,
    lines: RowArray,
    queries: FloatMatrix,
    k: int,
) -> TopK:
    allowed = constraints.masks[int(constraints.mask_of[lines[0]])]
    if constraints.candidates is not None:
        return _rank_candidates(snapshot, asked, constraints, lines=lines, k=k)
    if not snapshot.model.has_kernels:
        excluded = constraints.excluded[lines]
        return snapshot.index.search(queries[lines], k=k, exclude=excluded, allowed=allowed)
    if is_exact(snapshot.index):
        return _rank_dense(snapshot, asked, lines, queries=queries, constraints=constraints, k=k)
    parts = []
    at_once = DENSE_BATCH if asks_beside(snapshot.index) else len(lines)
    for start in range(0, len(lines), at_once):
        some = lines[start : start + at_once]
        people = _only(asked, some)
        excluded = constraints.excluded[some]
        search = checked_search(snapshot.index, queries[some], k, excluded, allowed)
        known = (people.queries, people.states, search.queries)
        found = candidate_rows(snapshot, known, search)
        parts.append(best_of_candidates(snapshot.model, known, found, k))
    return _joined(parts)


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
    if asks_beside(index):
        return index.candidates_beside(search, snapshot.model.kernel_scores(*known[:2]))
    fetched = min(max(search.k * OVERFETCH, MIN_CANDIDATES), index.n_items)
    if proposes(index) and fetched < index.n_items // 2:
        return index.candidates(search, effort=max(fetched, index.effort))
    return index.answer(replace(search, k=fetched)).rows


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


def scores_of_all(model: HybridModel, known: Known) -> FloatMatrix:
    """Return the (n_queries, n_items) float32 scores of every item by every block."""
    queries, states, vectors = known
    scores = model.products(vectors)
    if model.has_kernels:
        scores += model.kernel_scores(queries, states)
    return scores


def best_of_candidates(
    model: HybridModel,
    known: Known,
    item_rows: RowArray,
    k: int,
) -> TopK:
    """Return the best ``k`` of each person's candidates by the whole score.

    Parameters
    ----------
    model : HybridModel
    known : Known
    item_rows : (n_queries, n_candidates) int32
        -1 is none.
    k : int
        Greater than 0.
    """
    queries, states, vectors = known
    scores = model.pair_products(vectors, item_rows)
    scores = scores + model.kernel_candidate_scores(queries, states, item_rows=item_rows)
    return best_rows(item_rows, scores, k)


def _rank_dense(
    snapshot: Snapshot,
    asked: Asked,
    lines: RowArray,
    *,
    queries: FloatMatrix,
    constraints: Constraints,
    k: int,
) -> TopK:
    """Score every item: exact where kernels have a say, memory bounded by the batch."""
    parts = []
    model = snapshot.model
    allowed = constraints.masks[int(constraints.mask_of[lines[0]])]
    for start in range(0, len(lines), DENSE_BATCH):
        some = lines[start : start + DENSE_BATCH]
        people = _only(asked, some)
        scores = scores_of_all(model, (people.queries, people.states, queries[some]))
        found = top_k(
            scores,
            min(k + SPARE, snapshot.n_items),
            exclude=constraints.excluded[some],
            allowed=allowed,
        )
        # one kernel gives the final score, whatever the shape of the batch
        parts.append(best_rows(found.rows, pair_scores(snapshot, people, found.rows), k))
    return _joined(parts)


def _joined(parts: list[TopK]) -> TopK:
    return TopK(
        rows=np.concatenate([part.rows for part in parts]),
        scores=np.concatenate([part.scores for part in parts]),
    )


def _rank_candidates(
    snapshot: Snapshot, asked: Asked, constraints: Constraints, *, lines: RowArray, k: int
) -> TopK:
    assert constraints.candidates is not None  # noqa: S101  (the caller checked)
    allowed = constraints.masks[int(constraints.mask_of[lines[0]])]
    lists = []
    for line in lines:
        rows = constraints.candidates[line]
        excluded = constraints.excluded
        out = excluded.indices[excluded.indptr[line] : excluded.indptr[line + 1]]
        lists.append(rows[allowed[rows] & ~np.isin(rows, out)])
    width = max([len(rows) for rows in lists] + [1])
    padded = np.full((len(lists), width), NO_ROW, dtype=np.int32)
    for line, rows in enumerate(lists):
        padded[line, : len(rows)] = rows
    return best_rows(padded, pair_scores(snapshot, _only(asked, lines), padded), k)


def _only(asked: Asked, lines: RowArray) -> Asked:
    return Asked(
        asked.ids[lines],
        asked.user_rows[lines],
        asked.queries.take(lines),
        asked.states.take(lines),
    )
