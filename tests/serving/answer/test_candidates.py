"""Candidate generation."""

import numpy as np
import pytest

import recsys
from recsys.datasets import synthetic_world
from recsys.index import IndexConfig
from recsys.models import HybridConfig


@pytest.mark.parametrize("share", [0.02, 0.3])
def test_a_narrow_filter_leaves_the_exact_list(share: float) -> None:
    events, catalog, people = synthetic_world(n_users=80, n_items=600, seed=3)
    weights = {"popularity": (0.3,), "content": (0.5,), "spectral": (0.3,), "cooccurrence": (1.0,)}
    config = recsys.RecommenderConfig(
        hybrid=HybridConfig(weights=weights), index=IndexConfig(kind="narrow", graph_from=500)
    )
    model = recsys.Recommender.fit(events, catalog, users=people, config=config)
    chosen = model.items.ids()[np.random.default_rng(0).random(600) < share].tolist()
    users = model.users.ids()[:20].tolist()
    for user in users:
        alone = model.recommend([user], k=5, where={"item_id": chosen})
        every = model.recommend([user], k=5, candidates=chosen)
        np.testing.assert_allclose(alone.scores, every.scores, rtol=1e-5)
    batch = model.recommend(users, k=5, where={"item_id": chosen})
    again = model.recommend(users, k=5, candidates=chosen)
    np.testing.assert_allclose(batch.scores, again.scores, rtol=1e-5)
