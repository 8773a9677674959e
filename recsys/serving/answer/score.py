"""Stage 4 of an answer: full scores of (user, item) pairs."""

from __future__ import annotations

from recsys.core.arrays import FloatMatrix, RowArray
from recsys.core.topk import TopK
from recsys.index import best_rows
from recsys.models import Hybrid
from recsys.serving.answer.queries import ScoringInput


def pair_scores(model: Hybrid, people: ScoringInput, item_rows: RowArray) -> FloatMatrix:
    """Return the (n_queries, n_candidates) float32 score of given items; -inf for row -1."""
    scores = model.pair_products(people.vectors, item_rows)
    if model.has_item_item:
        scores += model.kernel_candidate_scores(people.queries, people.states, item_rows=item_rows)
    return scores


def score_all(model: Hybrid, people: ScoringInput) -> FloatMatrix:
    """Return the (n_queries, n_items) float32 scores of every item by every block."""
    scores = model.products(people.vectors)
    if model.has_item_item:
        scores += model.kernel_scores(people.queries, people.states)
    return scores


def rescore_candidates(model: Hybrid, people: ScoringInput, item_rows: RowArray, k: int) -> TopK:
    """Return the best ``k`` of each person's candidates by the score of all blocks.

    Parameters
    ----------
    model : Hybrid
    people : ScoringInput
    item_rows : (n_queries, n_candidates) int32
        -1 is none.
    k : int
        Greater than 0.
    """
    return best_rows(item_rows, pair_scores(model, people, item_rows), k)
