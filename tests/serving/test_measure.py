"""Ranking under the caller's rules alone."""

import numpy as np
import pytest
import scipy.sparse as sp

from recsys.serving import exact_rows, rank_rows
from recsys.testing import naive_top_k
from tests.serving.world import made_up_model, tiny_catalog, tiny_model, tiny_shared


def nothing(n_queries: int, n_items: int = 8) -> sp.csr_matrix:
    return sp.csr_matrix((n_queries, n_items), dtype=np.float32)


def test_neither_seen_nor_blocked_items_are_left_out_by_themselves() -> None:
    model = tiny_model(tiny_catalog(status=["blocked", *["active"] * 7]))
    best = rank_rows(model, ["ana"], k=8, exclude=nothing(1), allowed=np.ones(8, bool))
    assert sorted(best.rows[0].tolist()) == list(range(8))


def test_only_what_is_allowed_and_not_excluded_is_ranked() -> None:
    allowed = np.array([True, True, True, False, True, False, False, False])
    exclude = sp.csr_matrix(np.eye(1, 8, k=2, dtype=np.float32))
    best = rank_rows(tiny_shared(), ["stranger"], k=8, exclude=exclude, allowed=allowed)
    assert set(best.rows[0].tolist()) == {0, 1, 4, -1}


def test_nobody_is_ranked_for_nobody() -> None:
    best = rank_rows(tiny_shared(), [], k=3, exclude=nothing(0), allowed=np.ones(8, bool))
    assert best.rows.shape == (0, 3)


def test_the_order_is_that_of_recommend() -> None:
    model = made_up_model("balanced")
    ids = model.users.ids()[:9]
    rows = model.users.rows(ids)
    best = rank_rows(model, ids, k=5, exclude=model.seen[rows], allowed=np.ones(80, bool))
    top = model.recommend(ids, k=5, include_own=True)
    assert model.items.ids(best.rows).tolist() == top.item_ids.tolist()


@pytest.mark.parametrize("preset", ["fast", "best"])
def test_the_yardstick_scores_every_item_by_every_block(preset: str) -> None:
    model = made_up_model(preset)
    ids = model.users.ids()[:70]  # more than one batch
    seen = model.seen[model.users.rows(ids)]
    best = exact_rows(model, ids, k=4, exclude=seen, allowed=np.ones(80, bool))
    scores = model.score(ids, model.items.ids().tolist())
    hidden = [set(seen[row].indices.tolist()) for row in range(len(ids))]
    wanted = naive_top_k(np.round(scores, 4).tolist(), 4, exclude=hidden)
    assert np.mean(best.rows == np.array(wanted)) > 0.98  # but for near ties
    assert exact_rows(
        model, [], k=4, exclude=nothing(0, 80), allowed=np.ones(80, bool)
    ).rows.shape == (0, 4)
