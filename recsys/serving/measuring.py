"""Ranking under the caller's own rules alone: for measurement, not for people."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from recsys.core.arrays import BoolArray, Csr
from recsys.core.topk import TopK
from recsys.serving.asked import ask_users
from recsys.serving.constraints import Constraints
from recsys.serving.ranking import rank
from recsys.serving.recommender import Recommender


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
    mask_of = np.zeros(len(asked.user_rows), dtype=np.int32)
    constraints = Constraints(exclude, [allowed], mask_of, None)
    return rank(model.snapshot, asked, constraints, k=k)
