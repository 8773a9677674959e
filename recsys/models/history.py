"""The people of a training set, asked about like anyone else."""

from __future__ import annotations

from recsys.models.base import Queries, TrainingSet
from recsys.models.pair_weights import pair_age_days


def known_queries(training: TrainingSet) -> Queries:
    """Return a query for every person of ``training``: history, its ages, declared tags."""
    return Queries(
        history=training.interactions,
        age_days=pair_age_days(training),
        tags=training.user_features,
    )
