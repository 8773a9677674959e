"""What may be given to observe, and what of it is new."""

from typing import Any

import pytest

import recsys
from recsys.core.errors import DataError, UnknownIdError
from tests.serving.world import tiny_catalog, tiny_events, tiny_model, tiny_shared


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"events": tiny_catalog()}, "events must be an EventLog"),
        ({"items": tiny_events()}, "items must be a Catalog"),
        ({"users": tiny_events()}, "users must be People"),
        ({"item_tags": tiny_catalog()}, "item_tags must be a frame"),
        ({"events": {"user_id": ["a"]}}, "item_id"),
        ({"events": {"user_id": [1], "item_id": ["g1"]}}, "one sort"),
        ({"events": {"user_id": ["a"], "item_id": [7]}}, "one sort"),
    ],
)
def test_what_is_no_log_or_table_is_refused(given: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError, match=message):
        tiny_shared().observe(**given)


def test_nothing_given_changes_nothing() -> None:
    later = tiny_shared().observe()
    assert later.last_change == tiny_shared().last_change
    assert later.recommend(["ana"]).item_ids.tolist() == (
        tiny_shared().recommend(["ana"]).item_ids.tolist()
    )


def test_an_event_id_tells_a_repeated_event_whoever_and_whatever_it_names() -> None:
    events = recsys.EventLog.from_frame(
        {"user_id": ["a", "b"], "item_id": ["x", "y"], "event_id": ["e1", "e2"]}
    )
    model = recsys.Recommender.fit(events)
    again = {"user_id": ["a", "a", "a"], "item_id": ["z", "z", "x"], "event_id": ["e1", "e9", None]}
    later = model.observe(again)
    assert (later.last_change.n_events, later.last_change.n_repeated_events) == (2, 1)
    assert later.observe(again).last_change.n_events == 0


def test_an_item_that_nobody_described_is_known_from_then_on() -> None:
    with pytest.raises(UnknownIdError):
        tiny_shared().explain("ana", "unheard")
    later = tiny_shared().observe({"user_id": ["ana"], "item_id": ["unheard"]})
    assert "unheard" in later.items
    assert "unheard" not in later.recommend(["ana"], k=99).item_ids[0]
    assert "unheard" in later.recommend(["bo"], k=99).item_ids[0]


def test_a_kind_that_the_fit_had_not_met_counts() -> None:
    events = recsys.EventLog.from_frame(
        {"user_id": ["zed"], "item_id": ["n1"], "kind": ["clap"]}, kinds={"clap": 2.0}
    )
    later = tiny_model().observe(events)
    assert later.snapshot.kinds["clap"].weight == 2.0
    assert later.recommend(["zed"]).known.all()
    assert "n1" not in later.recommend(["zed"], k=20).item_ids[0]


def test_tags_may_come_as_a_long_table() -> None:
    later = tiny_shared().observe(item_tags={"item_id": ["n1", "long"], "tag": ["gates", "gates"]})
    assert "long" in later.items
    tags = later.dataset.catalog
    assert tags.tag_mask("gates")[later.items.rows(["n1", "long"])].all()
