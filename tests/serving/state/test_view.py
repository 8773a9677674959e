"""A state with a delta answers every question by rows, and copies nothing for it."""

from typing import Any

import numpy as np
import pytest

import recsys
from recsys.serving.observe.snapshot import DeltaSnapshot
from recsys.serving.state.exclusions import excluded_pairs, excluded_rows
from tests.serving.world import tiny_model


def later(**settings: Any) -> recsys.Recommender:
    people = recsys.People.from_frame(
        {
            "user_id": ["bo", "ana"],
            "muted_tags": ["errors", None],
            "consent": ["digest", None],
            "role": ["staff", None],
        }
    )
    model = tiny_model(users=people, **settings).observe(
        {"user_id": ["bo", "zed"], "item_id": ["n1", "late"]},
        {"item_id": ["late", "g2"], "tags": ["gates", "noise|errors"], "format": ["video", None]},
    )
    return model.observe(users={"user_id": ["bo"], "declared_tags": ["noise"]})


@pytest.mark.parametrize("repeatable", [{}, {"video": 3.0}])
def test_no_request_compacts_the_model(repeatable: dict[str, float]) -> None:
    model = later(repeatable=repeatable)
    for users in (["bo"], ["bo", "ana", "zed", "stranger"]):
        model.recommend(users, k=3)
        model.recommend(users, k=3, where="format = video", explain=True)
    model.recommend_for_history([["late", "g1"]], k=3)
    model.score(["bo"], ["late", "g2"])
    for user in ("bo", "ana", "zed"):
        model.profile(user)
        model.explain(user, "late")
    model.similar_items(["late", "g1"], k=3, where="format = video")
    assert model.version != model.view.lineage.version
    assert isinstance(model.view, DeltaSnapshot)
    assert "compacted" not in vars(model.view)


@pytest.mark.parametrize("preset", ["fast", "balanced"])
def test_profiles_and_similar_items_are_those_of_the_whole_arrays(preset: str) -> None:
    model = later(preset=preset)
    whole = recsys.Recommender(model.snapshot)
    for user in ("bo", "ana", "zed", "gus"):
        assert model.profile(user) == whole.profile(user)
    for where in (None, "format = video"):
        mine, theirs = (one.similar_items(list(one.items), k=4, where=where)
                        for one in (model, whole))  # fmt: skip
        assert mine.item_ids.tolist() == theirs.item_ids.tolist()
        np.testing.assert_array_equal(mine.scores, theirs.scores)


def test_items_that_may_come_back_are_those_of_the_whole_arrays() -> None:
    events = {"user_id": ["ana"], "item_id": ["n1"], "occurred_at": ["2024-06-01T00:00:00Z"]}
    model = later(repeatable={"video": 3.0}).observe(events)
    whole = model.snapshot
    for row in range(model.view.n_users):
        assert model.view.seen_rows(row).tolist() == whole.seen_rows(row).tolist()


def test_what_is_not_given_of_a_person_stays() -> None:
    model = later()
    bo = model.users.row("bo")
    assert not model.view.is_personal(bo)
    assert model.view.muted_rows(bo).tolist() == sorted(model.items.rows(["g2", "n2"]).tolist())
    (now,) = model.view.people_of(np.array([bo], np.int32)).column("role")
    assert now == "staff"


def test_a_batch_leaves_out_what_each_person_does() -> None:
    view = later().view
    rows = np.array([2, -1, view.users.row("bo"), 0, 2], np.int32)
    for asked in ({"with_seen": True, "with_own": True}, {"with_seen": False, "with_own": False}):
        pairs = excluded_pairs(view, rows, **asked)
        assert pairs.shape == (5, view.n_items)
        for line, row in enumerate(rows.tolist()):
            mine = [] if row < 0 else excluded_rows(view, row, **asked).tolist()
            assert pairs[line].indices.tolist() == mine
