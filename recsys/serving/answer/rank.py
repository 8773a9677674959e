"""The path of one request: score, leave out, keep the best ``k``."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp

from recsys.core.arrays import NO_ROW, FloatMatrix, RowArray
from recsys.core.topk import TopK
from recsys.index import best_rows, top_k
from recsys.ranking import parse_filter
from recsys.serving.answer.candidates import candidate_rows, checked_search
from recsys.serving.answer.constraints import Constraints, Where
from recsys.serving.answer.queries import Asked
from recsys.serving.answer.score import SPARE, best_of_candidates, pair_scores, scores_of_all
from recsys.serving.state.snapshot import Snapshot

DENSE_BATCH = 512
"""People whose scores of all items are held at once when kernels need whole rows."""


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
    if not snapshot.model.has_item_item:
        excluded = constraints.excluded[lines]
        return snapshot.index.search(queries[lines], k=k, exclude=excluded, allowed=allowed)
    if snapshot.index.is_exact:
        return _rank_dense(snapshot, asked, lines, queries=queries, constraints=constraints, k=k)
    parts = []
    at_once = DENSE_BATCH if snapshot.index.n_with_extra else len(lines)
    for start in range(0, len(lines), at_once):
        some = lines[start : start + at_once]
        people = _only(asked, some)
        excluded = constraints.excluded[some]
        search = checked_search(snapshot.index, queries[some], k, excluded, allowed)
        known = (people.queries, people.states, search.queries)
        found = candidate_rows(snapshot, known, search)
        parts.append(best_of_candidates(snapshot.model, known, found, k))
    return _joined(parts)


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


def similar_rows(snapshot: Snapshot, item_rows: RowArray, *, k: int, where: Where) -> TopK:
    """Return the ``k`` most similar allowed items of each item, itself left out.

    Notes
    -----
    Items that are not for everybody are left out: no person is asking.
    """
    snapshot = snapshot.whole
    vectors = snapshot.similarity
    allowed = snapshot.eligible & snapshot.is_for_all
    if where is not None:
        allowed = allowed & parse_filter(where).mask(snapshot.columns)
    n_queries = len(item_rows)
    itself = sp.csr_matrix(
        (np.ones(n_queries, np.float32), (np.arange(n_queries), item_rows)),
        shape=(n_queries, snapshot.n_items),
    )
    queries = np.ascontiguousarray(vectors.vectors[item_rows])
    n_best = min(k, snapshot.n_items)
    return vectors.search(queries, k=n_best, exclude=itself, allowed=allowed)
