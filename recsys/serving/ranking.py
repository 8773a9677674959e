"""The path of one request: score, leave out, keep the best ``k``."""

from __future__ import annotations

import numpy as np

from recsys.core.arrays import NO_ROW, FloatMatrix, RowArray
from recsys.core.topk import TopK
from recsys.index import ExactIndex, score_rows, top_k
from recsys.serving.constraints import Constraints
from recsys.serving.snapshot import Asked, Snapshot

DENSE_BATCH = 512
"""People whose scores of all items are held at once when kernels need whole rows."""

OVERFETCH = 20
"""Candidates fetched per item asked for, before kernels re-score them."""

MIN_CANDIDATES = 200


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
    scores = score_rows(model.query_vectors(asked.states), model.item_factors, item_rows)
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
    excluded = constraints.excluded[lines]
    allowed = constraints.masks[int(constraints.mask_of[lines[0]])]
    if constraints.candidates is not None:
        return _rank_candidates(snapshot, asked, constraints, lines=lines, k=k)
    if not snapshot.model.has_kernels:
        return snapshot.index.search(queries[lines], k=k, exclude=excluded, allowed=allowed)
    if isinstance(snapshot.index, ExactIndex):
        return _rank_dense(snapshot, asked, lines, queries=queries, constraints=constraints, k=k)
    fetched = max(k * OVERFETCH, MIN_CANDIDATES)
    found = snapshot.index.search(
        queries[lines], k=min(fetched, snapshot.n_items), exclude=excluded, allowed=allowed
    )
    return _best_of(found.rows, pair_scores(snapshot, _only(asked, lines), found.rows), k)


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
        scores = queries[some] @ model.item_factors.T
        scores += model.kernel_scores(people.queries, people.states)
        found = top_k(
            scores,
            min(k + 16, snapshot.n_items),
            exclude=constraints.excluded[some],
            allowed=allowed,
        )
        # one kernel gives the final score, whatever the shape of the batch
        parts.append(_best_of(found.rows, pair_scores(snapshot, people, found.rows), k))
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
    return _best_of(padded, pair_scores(snapshot, _only(asked, lines), padded), k)


def _best_of(rows: RowArray, scores: FloatMatrix, k: int) -> TopK:
    """Sort candidates by score, ties to the lower row, and keep ``k``."""
    scores = np.where(rows == NO_ROW, -np.inf, scores).astype(np.float32)
    by_row = np.argsort(rows, axis=1, kind="stable")
    scores = np.take_along_axis(scores, by_row, axis=1)
    rows = np.take_along_axis(rows, by_row, axis=1)
    best = np.argsort(-scores, axis=1, kind="stable")[:, :k]
    rows = np.take_along_axis(rows, best, axis=1)
    scores = np.take_along_axis(scores, best, axis=1)
    return TopK(np.where(np.isinf(scores), NO_ROW, rows), scores)


def _only(asked: Asked, lines: RowArray) -> Asked:
    return Asked(
        asked.ids[lines],
        asked.user_rows[lines],
        asked.queries.take(lines),
        asked.states.take(lines),
    )
