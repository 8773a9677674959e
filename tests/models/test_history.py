"""Known people are asked about like strangers."""

import numpy as np

from recsys.models.base import TrainingSet
from recsys.models.history import known_queries


def test_known_people_are_queries_of_their_own_history(training: TrainingSet) -> None:
    queries = known_queries(training)
    assert queries.n_queries == training.n_users
    assert (queries.history != training.interactions).nnz == 0
    assert len(queries.age_days) == training.interactions.nnz
    assert np.all(queries.age_days >= 0)
    assert queries.tags is training.user_features
