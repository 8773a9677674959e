"""Rankings under the caller's own rules alone: for measurement, not for people."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from recsys.core.arrays import BoolArray, Csr
from recsys.core.topk import TopK
from recsys.index import exclusion, top_k
from recsys.serving.answer.constraints import Constraints
from recsys.serving.answer.queries import ask_users
from recsys.serving.answer.rank import dense_batch, rank
from recsys.serving.answer.score import score_all
from recsys.serving.recommender import Recommender
from recsys.serving.state.filter_cache import Allowed


def rank_rows(
    model: Recommender,
    user_ids: Iterable[Any],
    *,
    k: int,
    exclude: Csr,
    allowed: BoolArray,
) -> TopK:
    """Return item rows under the caller's own rules alone: for measurement, not for people.

    Parameters
    ----------
    model : Recommender
    user_ids : iterable of n_queries ids
    k : int
        Greater than 0.
    exclude : (n_queries, n_items) csr
        Pairs left out; nothing else is.
    allowed : (n_items,) bool
        The candidates.
    """
    asked = ask_users(model.snapshot, user_ids)
    n_queries = len(asked.user_rows)
    excluded = exclusion(exclude, shape=(n_queries, model.snapshot.n_items))
    constraints = Constraints(excluded, [Allowed.of(allowed)], np.zeros(n_queries, np.int32))
    return rank(model.snapshot, asked, constraints, k=k)


def exact_rows(
    model: Recommender,
    user_ids: Iterable[Any],
    *,
    k: int,
    exclude: Csr,
    allowed: BoolArray,
) -> TopK:
    """Return what :func:`rank_rows` would with every item scored by every block: the yardstick.

    Parameters
    ----------
    model, user_ids, k, exclude, allowed
        As in :func:`rank_rows`.

    Notes
    -----
    Takes ``n_queries * n_items`` scores; memory is bounded by working through a few people at a
    time.
    """
    snapshot = model.view
    asked = ask_users(snapshot, user_ids)
    people = asked.scoring(snapshot.model)
    parts = []
    n_queries = len(asked.user_rows)
    size = dense_batch(snapshot.n_items)
    for start in range(0, max(n_queries, 1), size):
        lines = np.arange(start, min(start + size, n_queries))
        scores = score_all(snapshot.model, people.take(lines))
        parts.append(top_k(scores, k, exclude=exclude[lines], allowed=allowed))
    return TopK(
        rows=np.concatenate([part.rows for part in parts]),
        scores=np.concatenate([part.scores for part in parts]),
    )
