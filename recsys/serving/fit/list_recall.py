"""Recall of final lists where item-item blocks re-score the candidates of an index."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from recsys.core.arrays import RowArray
from recsys.core.note import Note
from recsys.index import ExactIndex, NarrowIndex, checked_request, last_scores, n_at_least, top_k
from recsys.serving.answer.candidates import candidate_rows
from recsys.serving.answer.queries import ScoringInput
from recsys.serving.answer.score import rescore_candidates, score_all
from recsys.serving.state.snapshot import Snapshot

BESIDE = (64, 128, 256, 512, 1024)
"""Numbers of candidates that are tried where codes and kernels name them together."""

MOST_PEOPLE = 64
"""People whose scores of all items are computed."""

AT_ONCE = 8
"""Of them at the same time: bounds the memory."""


def judged(snapshot: Snapshot, user_rows: RowArray) -> Snapshot:
    """Return the snapshot with what its lists are known to find, exact where that is too little.

    Parameters
    ----------
    snapshot : Snapshot
    user_rows : (n,) int32
        People to judge it with; 64 of them are taken.

    Notes
    -----
    Candidates come from vectors, so an item that only a kernel likes can be missed: this counts
    how often. Where it is too often, kernels name candidates beside the codes, as many as are
    enough. Nothing is done where the index is exact or no block is a kernel.
    """
    config = snapshot.config.index
    people = user_rows[:: max(1, len(user_rows) // MOST_PEOPLE)][:MOST_PEOPLE]
    is_exact = snapshot.index.is_exact or not snapshot.model.has_item_item
    if is_exact or not len(people):
        return snapshot
    k = min(config.recall_k, snapshot.n_items)
    recall = list_recall(snapshot, people, k=k)
    note = f"lists: {recall:.3f} of the best {config.recall_k} by all blocks are found"
    if config.kind == "auto" and recall < config.recall_target:
        beside = _beside(snapshot, people, k=k)
        if beside is None:
            index = ExactIndex.build(snapshot.index.vectors)
            snapshot, note = (
                replace(snapshot, index=index),
                f"{note}; too few, so the index is exact",
            )
        else:
            snapshot, recall = beside
            note = f"{note}, {recall:.3f} where kernels name candidates too"
    found = {**snapshot.measured.get("index", {}), "list_recall": round(recall, 4)}
    measured = {**snapshot.measured, "index": found}
    return replace(snapshot, notes=(*snapshot.notes, Note.parse(note)), measured=measured)


def _beside(snapshot: Snapshot, people: RowArray, *, k: int) -> tuple[Snapshot, float] | None:
    """Return the snapshot whose kernels name candidates too, and its recall; None if too little."""
    if not isinstance(snapshot.index, NarrowIndex):
        return None
    for beside in BESIDE:
        tried = replace(snapshot, index=replace(snapshot.index, n_with_extra=beside))
        recall = list_recall(tried, people, k=k)
        if recall >= snapshot.config.index.recall_target:
            return tried, recall
    return None


def list_recall(snapshot: Snapshot, user_rows: RowArray, *, k: int) -> float:
    """Return the mean share of the exact ``k`` best, seen items left out, that lists hold."""
    model, shares = snapshot.model, []
    for start in range(0, len(user_rows), AT_ONCE):
        rows = user_rows[start : start + AT_ONCE]
        queries, states = snapshot.queries.take(rows), snapshot.states.take(rows)
        excluded = snapshot.seen[rows]
        people = ScoringInput(queries, states, model.query_vectors(states))
        scores = score_all(model, people)
        best = top_k(scores, k, exclude=excluded, allowed=snapshot.eligible)
        shape = (snapshot.n_items, snapshot.index.n_factors)
        search = checked_request(
            people.vectors, k, shape=shape, exclude=excluded, allowed=snapshot.eligible
        )
        found = rescore_candidates(model, people, candidate_rows(snapshot, people, search), k)
        last = last_scores(best)
        slack = 1e-5 * np.maximum(np.abs(last), 1)  # products of matrices and of pairs differ
        hits = n_at_least(found, last - slack)
        shares += np.minimum(hits / np.maximum(best.n_found, 1), 1).tolist()
    return float(np.mean(shares))
