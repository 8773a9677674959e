"""The next snapshot."""

import warnings
from typing import Any

import numpy as np
import pytest

import recsys
from recsys.serving.observe import observe
from recsys.serving.observe.snapshot import DeltaSnapshot
from tests.serving.world import tiny_catalog, tiny_model, tiny_shared


def shown(model: recsys.Recommender, person: str = "stranger") -> set[str]:
    return {one for one in model.recommend([person], k=99).item_ids[0] if one is not None}


def test_an_event_is_visible_at_once() -> None:
    later = tiny_shared().observe({"user_id": ["bo"], "item_id": ["n1"]})
    assert "n1" in shown(tiny_shared(), "bo")
    assert "n1" not in shown(later, "bo")


def test_a_blocked_or_expired_item_is_retired_and_comes_back() -> None:
    model = tiny_shared()
    blocked = model.observe(items={"item_id": ["g1"], "status": ["blocked"]})
    assert "g1" not in shown(blocked)
    assert "g1" in shown(blocked.observe(items={"item_id": ["g1"], "status": ["active"]}))
    over = model.observe(items={"item_id": ["g1"], "expires_at": ["2024-03-08T00:00:00Z"]})
    assert "g1" not in shown(over)
    assert over.last_change.n_retired_items == 1


def test_an_item_is_over_when_events_move_the_moment_past_its_end() -> None:
    ends = [None, "2024-03-12T00:00:00Z", None, None, None, None, None, None]
    model = tiny_model(tiny_catalog(expires_at=ends))
    assert "g2" in shown(model)
    event = {"user_id": ["bo"], "item_id": ["n1"], "occurred_at": ["2024-03-12T00:00:00Z"]}
    later = model.observe(event)
    assert str(later.now).startswith("2024-03-12")
    assert "g2" not in shown(later)


def test_an_item_with_other_tags_is_scored_by_them() -> None:
    blocks = {"blocks": [{"kind": "content"}], "weights": {"content": [1.0]}}
    config = recsys.RecommenderConfig.from_dict({"hybrid": blocks})
    model = tiny_model(**config.to_dict())
    later = model.observe(items={"item_id": ["n3"], "tags": ["gates"]})
    assert model.score(["bo"], ["n3"]) < model.score(["bo"], ["g4"])
    np.testing.assert_allclose(later.score(["bo"], ["n3"]), later.score(["bo"], ["g4"]), rtol=1e-5)


def test_who_withdraws_consent_gets_the_common_list_and_counts_for_nothing() -> None:
    model = tiny_shared()
    later = model.observe(users={"user_id": ["bo"], "consent": ["none"]})
    assert later.recommend(["bo"]).known.all()
    assert later.view.compacted.queries.history[later.users.row("bo")].nnz == 0
    back = later.observe(users={"user_id": ["bo"], "consent": ["all"]})
    np.testing.assert_allclose(
        back.score(["bo"], list(model.items)), model.score(["bo"], list(model.items)), rtol=1e-5
    )


def test_a_muted_tag_hides_items_that_come_later() -> None:
    muting = tiny_shared().observe(users={"user_id": ["bo"], "muted_tags": ["noise"]})
    assert shown(muting, "bo").isdisjoint({"n1", "n2", "n3", "new"})
    later = muting.observe(items={"item_id": ["n9", "g9"], "tags": ["noise", "gates"]})
    assert "n9" not in shown(later, "bo")
    assert "g9" in shown(later, "bo")
    free = later.observe(users={"user_id": ["bo"], "muted_tags": [[]]})
    assert {"n9", "n3"} <= shown(free, "bo")


def test_an_author_does_not_get_their_new_item() -> None:
    later = tiny_shared().observe(
        {"user_id": ["bo"], "item_id": ["mine"], "kind": ["ask"]},
        {"item_id": ["other"], "author_id": ["bo"]},
    )
    assert shown(later, "bo").isdisjoint({"mine", "other"})
    assert {"mine", "other"} <= shown(later)


def test_a_filter_reads_new_and_changed_items() -> None:
    later = tiny_shared().observe(
        items={"item_id": ["v1", "g2"], "format": ["video", "question"], "title": ["V", None]}
    )
    found = later.recommend(["stranger"], k=9, where="format = video").item_ids[0]
    assert {one for one in found if one} == {"n1", "new", "v1"}
    level = later.observe(items={"item_id": ["v1"], "level": [3]})
    assert level.recommend(["x"], k=9, where="level = 3").item_ids[0, 0] == "v1"


def test_an_item_for_some_people_is_for_them_alone() -> None:
    users = recsys.People.from_frame({"user_id": ["ana", "bo"], "plan": ["pro", "free"]})
    later = tiny_model(users=users).observe(
        items={"item_id": ["vip"], "visible_to": ["plan = pro"]}
    )
    assert "vip" in shown(later, "ana")
    assert "vip" not in shown(later, "bo") | shown(later)


def test_days_that_go_by_let_popularity_fade_as_a_fit_would() -> None:
    blocks = [{"kind": "popularity", "settings": {"half_life_days": 3, "forecast_new": False}}]
    hybrid = {"blocks": blocks, "weights": {"popularity": [1.0]}}
    config = recsys.RecommenderConfig.from_dict({"hybrid": hybrid})
    model = tiny_model(**config.to_dict())
    event = {"user_id": ["bo"], "item_id": ["n1"], "occurred_at": ["2024-03-19T12:00:00Z"]}
    later = model.observe(event)
    again = recsys.Recommender.fit(
        later.dataset.events, later.dataset.catalog, config=config, now=later.now
    )
    items = list(later.items)
    np.testing.assert_allclose(
        later.view.model.item_factors[:, 0],
        again.view.model.item_factors[again.items.rows(items), 0],
        rtol=1e-5,
    )


def test_too_many_changes_are_made_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    model = tiny_shared()
    calls = [{"user_id": [f"p{at}"], "item_id": ["n1"]} for at in range(6)]
    for one in calls:
        model = model.observe(one)
    monkeypatch.setattr(observe, "MAX_PEOPLE", 2)
    folded = tiny_shared()
    for one in calls:
        folded = folded.observe(one)
    assert isinstance(folded.view, DeltaSnapshot)
    assert len(folded.view.delta.people) <= 3
    people = [f"p{at}" for at in range(6)]
    np.testing.assert_allclose(
        folded.score(people, ["g1", "n1"]), model.score(people, ["g1", "n1"]), rtol=1e-5
    )


def test_versions_name_the_fit_and_differ_from_state_to_state() -> None:
    model = tiny_shared()
    one = model.observe({"user_id": ["ana"], "item_id": ["n1"]})
    two = one.observe({"user_id": ["ana"], "item_id": ["n2"]})
    assert len({model.version, one.version, two.version}) == 3
    assert one.version.startswith(f"{model.version}+")
    assert two.version.startswith(f"{model.version}+")


OTHER_FACTS: list[dict[str, Any]] = [
    {"items": {"item_id": ["g1"], "tags": ["a"]}},
    {"items": {"item_id": ["g1"], "tags": ["b"]}},
    {"items": {"item_id": ["g1"], "title": ["another"]}},
    {"items": {"item_id": ["g2"], "tags": ["a"]}},
    {"items": {"item_id": ["g1"], "visible_to": ["user_id = bo"]}},
    {"items": {"item_id": ["g1"], "status": ["blocked"]}},
    {"item_tags": {"item_id": ["g1"], "tag": ["a"], "weight": [2.0]}},
    {"users": {"user_id": ["ana"], "consent": ["digest"]}},
    {"users": {"user_id": ["ana"], "muted_tags": ["a"]}},
    {"users": {"user_id": ["ana"], "declared_tags": ["a"]}},
    {"users": {"user_id": ["bo"], "declared_tags": ["a"]}},
    {"events": {"user_id": ["ana"], "item_id": ["g1"], "kind": ["rate"], "value": [1.0]}},
    {"events": {"user_id": ["ana"], "item_id": ["g1"], "kind": ["rate"], "value": [5.0]}},
]


def test_states_that_differ_in_anything_have_other_versions() -> None:
    model = tiny_shared()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        versions = [model.observe(**facts).version for facts in OTHER_FACTS]
        again = [model.observe(**facts).version for facts in OTHER_FACTS]
    assert versions == again
    assert len({model.version, *versions}) == len(OTHER_FACTS) + 1


def test_nothing_observed_is_the_same_version() -> None:
    model = tiny_shared()
    assert model.observe().version == model.version
