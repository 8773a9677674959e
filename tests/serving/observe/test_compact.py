"""Whole arrays of what was observed, in memory and on disk."""

from pathlib import Path

import numpy as np
import pytest

import recsys
from recsys.index import ExactIndex
from recsys.serving.observe.compact import compact_and_date
from tests.serving.world import tiny_model, tiny_shared

EVENT = {
    "user_id": ["bo", "zed", "bo"],
    "item_id": ["n1", "late", "g1"],
    "kind": ["view", "like", "hide"],
    "occurred_at": ["2024-03-09T00:00:00Z", "2024-03-10T00:00:00Z", "2024-03-10T01:00:00Z"],
}
ITEMS = {"item_id": ["late", "more"], "tags": ["gates", "noise"], "title": ["L", "M"]}


@pytest.mark.parametrize("keep_events", [True, False])
def test_a_saved_model_answers_as_before_and_can_be_observed_again(
    tmp_path: Path, keep_events: bool
) -> None:
    later = tiny_model(keep_events=keep_events).observe(EVENT, ITEMS)
    later.save(tmp_path / "model")
    loaded = recsys.load(tmp_path / "model", check="full")
    people = ["bo", "zed", "nobody"]
    mine, theirs = later.recommend(people, k=20), loaded.recommend(people, k=20)
    assert mine.item_ids.tolist() == theirs.item_ids.tolist()
    np.testing.assert_allclose(mine.scores, theirs.scores, rtol=1e-6)
    more = {"user_id": ["bo", "zed"], "item_id": ["n2", "n2"], "kind": ["view", "hide"]}
    a, b = later.observe(more), loaded.observe(more)
    assert (
        a.recommend(people, k=20).item_ids.tolist() == b.recommend(people, k=20).item_ids.tolist()
    )
    np.testing.assert_allclose(a.score(people, ["g2"]), b.score(people, ["g2"]), rtol=1e-4)
    assert "g1" not in b.recommend(["bo"], k=20, exclude_seen=False).item_ids[0]


def test_a_renewed_snapshot_has_nothing_beside_its_index() -> None:
    later = tiny_shared().observe(EVENT, ITEMS)
    again = recsys.Recommender(compact_and_date(later.snapshot))
    assert isinstance(again.snapshot.index, ExactIndex)
    np.testing.assert_allclose(
        again.recommend(["bo"], k=9).scores, later.recommend(["bo"], k=9).scores, rtol=1e-6
    )


def test_what_may_come_back_after_days_comes_back_when_they_are_over() -> None:
    model = tiny_model(repeatable={"video": 5.0})
    assert "n1" not in model.recommend(["eli"], k=9).item_ids[0]
    event = {"user_id": ["ana"], "item_id": ["n2"], "occurred_at": ["2024-03-20T00:00:00Z"]}
    assert "n1" in model.observe(event).recommend(["eli"], k=9).item_ids[0]
