"""The state that requests read."""

import dataclasses

import numpy as np
import pytest

import recsys
from tests.serving.world import made_up_model, tiny_model, tiny_shared


def test_a_snapshot_is_never_changed() -> None:
    snapshot = tiny_shared().snapshot
    with pytest.raises(dataclasses.FrozenInstanceError):
        snapshot.version = "other"  # type: ignore[misc]


@pytest.mark.parametrize("name", ["seen", "disliked", "own"])
def test_what_people_must_not_see_is_read_only(name: str) -> None:
    assert not getattr(tiny_shared().snapshot, name).data.flags.writeable


def test_the_events_of_each_person_are_found_in_the_logs_order() -> None:
    snapshot = made_up_model().snapshot
    events = snapshot.dataset.events
    for row in range(snapshot.n_users):
        mine = snapshot.events_of(row)
        np.testing.assert_array_equal(mine, np.flatnonzero(events.user_rows == row))


def test_popularity_is_worded_by_the_shortest_half_life_in_use() -> None:
    blocks = [
        {"kind": "popularity", "name": f"p{days}", "settings": {"half_life_days": days}}
        for days in (2, 30)
    ]
    config = {"hybrid": {"blocks": blocks, "weights": {"p30": [1.0]}}, "preset": "fast"}
    model = tiny_model(**recsys.RecommenderConfig.from_dict(config).to_dict())
    assert model.snapshot.wording.popularity_half_life_days == 30


def test_requests_leave_the_snapshot_as_it_was() -> None:
    model = tiny_shared()
    before = [
        model.snapshot.states.vectors.tobytes(),
        model.snapshot.queries.history.data.tobytes(),
    ]
    model.recommend(["ana", "x"], k=3, explain=True, recent=["n1"])
    model.recommend_for_history([["g1"]])
    after = [model.snapshot.states.vectors.tobytes(), model.snapshot.queries.history.data.tobytes()]
    assert before == after
