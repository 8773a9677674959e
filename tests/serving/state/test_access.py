"""Which items each person may be shown."""

from typing import Any

import pytest

import recsys
from tests.serving.world import tiny_catalog, tiny_model, tiny_shared


def pairs_of(model: recsys.Recommender, name: str) -> set[tuple[Any, Any]]:
    matrix = getattr(model.snapshot, name).tocoo()
    users, items = model.users.ids(matrix.row), model.items.ids(matrix.col)
    return set(zip(users.tolist(), items.tolist(), strict=True))


def test_every_touched_pair_is_seen() -> None:
    seen = pairs_of(tiny_shared(), "seen")
    assert {("ana", "g1"), ("gus", "g4"), ("hal", "n1")} <= seen
    assert len(seen) == 17


def test_hidden_items_are_refused_and_only_they() -> None:
    assert pairs_of(tiny_shared(), "disliked") == {("hal", "n1")}


def test_the_author_is_who_asked_unless_the_catalog_says() -> None:
    assert pairs_of(tiny_shared(), "own") == {("gus", "g4")}
    given = tiny_model(tiny_catalog(author_id=["bo", *[None] * 7]))
    assert pairs_of(given, "own") == {("bo", "g1"), ("gus", "g4")}


def test_a_repeatable_format_is_unseen_again_after_its_days() -> None:
    model = tiny_model(repeatable={"video": 4.0})  # g2 on day 2, 3, 5; now is day 9
    seen = pairs_of(model, "seen")
    assert not {("ana", "g2"), ("bo", "g2")} & seen
    assert ("cy", "g2") not in pairs_of(tiny_model(repeatable={"video": 3.0}), "seen")
    assert ("cy", "g2") in pairs_of(tiny_model(repeatable={"video": 5.0}), "seen")
    assert ("ana", "g1") in seen


@pytest.mark.parametrize("status", ["banned", "deleted"])
def test_who_is_gone_or_said_no_is_not_served_personally(status: str) -> None:
    people = recsys.People.from_frame(
        {"user_id": ["ana", "bo"], "status": [status, "active"], "consent": [None, "none"]}
    )
    model = tiny_model(users=people)
    rows = model.users.rows(["ana", "bo", "cy"])
    assert model.snapshot.personal[rows].tolist() == [False, False, True]
