"""Full scores of (user, item) pairs and of candidate lists."""

from __future__ import annotations

from recsys.core.arrays import FloatMatrix, RowArray
from recsys.core.topk import TopK
from recsys.index import (
    best_rows,
)
from recsys.models import Hybrid
from recsys.serving.answer.candidates import Known
from recsys.serving.answer.queries import Asked
from recsys.serving.state.snapshot import Snapshot

SPARE = 16
"""Items beyond ``k`` that are scored once more by one pair at a time: products of whole matrices
differ in their last bits with the shape of the batch."""


def pair_scores(snapshot: Snapshot, asked: Asked, item_rows: RowArray) -> FloatMatrix:
    """Return the (n_queries, n_candidates) float32 score of given items; -inf for row -1."""
    model = snapshot.model
    scores = model.pair_products(model.query_vectors(asked.states), item_rows)
    if model.has_item_item:
        extra = model.kernel_candidate_scores(asked.queries, asked.states, item_rows=item_rows)
        scores = scores + extra
    return scores


def scores_of_all(model: Hybrid, known: Known) -> FloatMatrix:
    """Return the (n_queries, n_items) float32 scores of every item by every block."""
    queries, states, vectors = known
    scores = model.products(vectors)
    if model.has_item_item:
        scores += model.kernel_scores(queries, states)
    return scores


def best_of_candidates(
    model: Hybrid,
    known: Known,
    item_rows: RowArray,
    k: int,
) -> TopK:
    """Return the best ``k`` of each person's candidates by the whole score.

    Parameters
    ----------
    model : Hybrid
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
