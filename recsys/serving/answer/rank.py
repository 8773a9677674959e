"""Stage 5 of an answer: the best ``k`` item rows of each person; similar items."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import scipy.sparse as sp

from recsys.core.arrays import NO_ROW, RowArray
from recsys.core.threads import n_cores, run_parts
from recsys.core.topk import TopK
from recsys.index import Request
from recsys.serving.answer.candidates import candidate_rows, without_excluded
from recsys.serving.answer.constraints import Constraints, Where
from recsys.serving.answer.queries import Asked, ScoringInput
from recsys.serving.answer.score import rescore_candidates
from recsys.serving.state.filter_cache import Allowed
from recsys.serving.state.view import View

DENSE_SCORES = 32_000_000
"""Scores held at once where all items of a batch are scored: 128 MB."""

BATCH = 128
"""People whose candidates are scored together, each batch on one thread."""


def rank(snapshot: View, asked: Asked, constraints: Constraints, *, k: int) -> TopK:
    """Return the best ``k`` allowed items of each person, ties to the lower row.

    People with the same allowed items are searched together; a single person is one such group.
    """
    n_queries, k = len(asked.user_rows), max(min(k, snapshot.n_items), 1)
    given = constraints.candidates
    if n_queries and snapshot.n_items and len(constraints.allowed) == 1:
        people = asked.scoring(snapshot.model)
        search = _search(people, constraints, constraints.allowed[0], k)
        return _rank_group(snapshot, people, search, given)
    rows = np.full((n_queries, k), NO_ROW, dtype=np.int32)
    scores = np.full((n_queries, k), -np.inf, dtype=np.float32)
    if not n_queries or not snapshot.n_items:
        return TopK(rows, scores)
    people = asked.scoring(snapshot.model)
    for group, allowed in enumerate(constraints.allowed):
        lines = np.flatnonzero(constraints.allowed_of == group)
        search = _search(people, constraints, allowed, k).only(lines)
        lists = None if given is None else [given[line] for line in lines.tolist()]
        best = _rank_group(snapshot, people.take(lines), search, lists)
        rows[lines], scores[lines] = best.rows, best.scores
    return TopK(rows, scores)


def _search(people: ScoringInput, constraints: Constraints, allowed: Allowed, k: int) -> Request:
    rows = allowed.rows if len(allowed.mask) else None
    return Request(people.vectors, k, constraints.excluded, allowed.mask, rows)


def _rank_group(
    snapshot: View, people: ScoringInput, search: Request, given: Sequence[RowArray] | None
) -> TopK:
    model, index = snapshot.model, snapshot.index
    if given is not None:
        allowed = search.allowed
        lists = [rows[allowed[rows]] for rows in given] if len(allowed) else given
        return rescore_candidates(model, people, without_excluded(search, lists), search.k)
    if not model.has_item_item:
        return index.answer(search)
    is_dense = index.is_exact or index.n_with_extra > 0
    size = dense_batch(snapshot.n_items) if is_dense else BATCH
    if search.n_queries <= size:
        return rescore_candidates(model, people, candidate_rows(snapshot, people, search), search.k)
    rows = np.empty((search.n_queries, search.k), dtype=np.int32)
    scores = np.empty(rows.shape, dtype=np.float32)

    def rank_part(lines: slice) -> None:
        some, part = people.part(lines), search.part(lines)
        best = rescore_candidates(model, some, candidate_rows(snapshot, some, part), part.k)
        rows[lines], scores[lines] = best.rows, best.scores

    ends = range(size, search.n_queries + size, size)
    parts = [slice(end - size, min(end, search.n_queries)) for end in ends]
    if is_dense:  # whole matrices are multiplied on all cores as it is
        for lines in parts:
            rank_part(lines)
    else:
        run_parts(rank_part, parts, n_threads=n_cores())
    return TopK(rows, scores)


def dense_batch(n_items: int) -> int:
    """Return how many people are scored at once where each is scored for all items."""
    return max(1, DENSE_SCORES // max(n_items, 1))


def similar_rows(snapshot: View, item_rows: RowArray, *, k: int, where: Where) -> TopK:
    """Return the ``k`` most similar allowed items of each item, itself left out.

    Notes
    -----
    Items that are not for everybody are left out: no person is asking.
    """
    allowed = snapshot.eligible & snapshot.visibility.is_for_all
    if where is not None:
        allowed = allowed & snapshot.mask_of(where)
    n_queries = len(item_rows)
    itself = sp.csr_matrix(
        (np.ones(n_queries, np.float32), (np.arange(n_queries), item_rows)),
        shape=(n_queries, snapshot.n_items),
    )
    queries = snapshot.taste_vectors(item_rows)
    n_best = min(k, snapshot.n_items)
    return snapshot.similarity.search(queries, k=n_best, exclude=itself, allowed=allowed)
