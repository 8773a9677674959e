"""Who may see what after observing, against the same state in whole arrays."""

from typing import Any

import numpy as np
import pytest

import recsys
from tests.serving.world import tiny_catalog, tiny_events

ROLES = {"user_id": ["ana", "bo", "cy"], "role": ["staff", None, "member"]}


def model() -> recsys.Recommender:
    catalog = tiny_catalog(visible_to=["role = staff", None, "user_id = new", *[None] * 5])
    people = recsys.People.from_frame(ROLES)
    return recsys.Recommender.fit(tiny_events(), catalog, users=people)


STEPS: list[tuple[str, dict[str, Any]]] = [
    ("an event", {"events": {"user_id": ["bo"], "item_id": ["n1"]}}),
    ("a new person", {"events": {"user_id": ["new"], "item_id": ["n1"]}}),
    ("another role", {"users": {"user_id": ["bo", "cy"], "role": ["staff", "guest"]}}),
    ("a known expression", {"items": {"item_id": ["x1"], "visible_to": ["role = staff"]}}),
    ("a new one", {"items": {"item_id": ["x2"], "visible_to": ["role in (staff, guest)"]}}),
    ("an item for all again", {"items": {"item_id": ["x2"], "visible_to": ["role = none"]}}),
    ("an item without", {"items": {"item_id": ["x3"], "tags": ["gates"]}}),
    ("other columns", {"users": {"user_id": ["cy"], "team": ["red"]}}),
]


@pytest.mark.parametrize("n_steps", range(1, len(STEPS) + 1), ids=[name for name, _ in STEPS])
def test_what_people_see_is_what_they_see_in_whole_arrays(n_steps: int) -> None:
    later = model()
    for _, step in STEPS[:n_steps]:
        later = later.observe(**step)
        later.recommend(["ana"], k=1)
    snapshot = later.view
    rows = np.array([*range(len(later.users)), -1, 0], np.int32)
    found, expected = (one.visibility.masks(rows) for one in (snapshot, snapshot.compacted))
    for line in range(len(rows)):
        mine, theirs = found[0][found[1][line]], expected[0][expected[1][line]]
        np.testing.assert_array_equal(
            np.ones(snapshot.n_items, bool) if mine is None else mine,
            np.ones(snapshot.n_items, bool) if theirs is None else theirs,
        )
    np.testing.assert_array_equal(
        snapshot.visibility.is_for_all, snapshot.compacted.visibility.is_for_all
    )
    k, people = snapshot.n_items, [*later.users, "stranger"]
    together = later.recommend(people, k=k, exclude_seen=False)
    for line, person in enumerate(people):
        alone = later.recommend([person], k=k, exclude_seen=False)
        assert alone.item_ids[0].tolist() == together.item_ids[line].tolist()


def test_nothing_is_put_together_for_a_request() -> None:
    later = model()
    for _, step in STEPS[:-1]:
        later = later.observe(**step)
        later.recommend(["ana"], k=3)
        later.recommend(["ana", "bo", "stranger"], k=3)
    assert "compacted" not in vars(later.view)


def test_who_took_part_last_tells_who_sees_the_same() -> None:
    start = model().observe({"user_id": ["bo"], "item_id": ["n1"]})
    rows = start.users.rows(["ana", "bo", "cy"]).tolist()
    audiences = [start.view.visibility.key(row) for row in rows]
    assert audiences[0] != audiences[1] == audiences[2]
    later = start.observe(users={"user_id": ["bo"], "role": ["staff"]})
    assert later.view.visibility.key(rows[1]) == later.view.visibility.key(rows[0])


def test_filters_are_kept_until_what_they_speak_of_changes() -> None:
    start = model().observe({"user_id": ["bo"], "item_id": ["n1"]})
    again = start.observe({"user_id": ["ana"], "item_id": ["n2"]})
    assert again.view.filters is start.view.filters
    blocked = again.observe(items={"item_id": ["n2"], "status": ["blocked"]})
    assert blocked.view.filters is not start.view.filters
    assert "n2" not in blocked.recommend(["bo"], k=8, where="tags has any (gates)").item_ids


def test_an_expression_that_cannot_be_read_is_refused_while_it_is_observed() -> None:
    with pytest.raises(recsys.ConfigError, match="visible_to of item 'x'"):
        model().observe(items={"item_id": ["x"], "visible_to": ["role = = staff"]})
    with pytest.warns(recsys.RecsysWarning, match="'town'"):
        model().observe(items={"item_id": ["x"], "visible_to": ["town = x"]})


def test_a_kept_mask_is_never_that_of_other_people() -> None:
    columns = {"role": ["staff", "mod", None], "points": [1.0, 1.0, 3.0]}
    people = recsys.People.from_frame({"user_id": ["ana", "bo", "cy"], **columns})
    catalog = tiny_catalog(visible_to=["role = mod", "role = staff", "points >= 2", *[None] * 5])
    start = recsys.Recommender.fit(tiny_events(), catalog, users=people)
    start = start.observe(
        items={"item_id": ["g1", "g2"], "visible_to": ["role = staff", "role = mod"]}
    )

    def shown(model: recsys.Recommender) -> list[list[str]]:
        where = {"item_id": ["g1", "g2"]}
        lists = [model.recommend([one], k=1, where=where, exclude_seen=False, include_own=True)
                 for one in ("ana", "bo")]  # fmt: skip
        return [one.item_ids[0].tolist() for one in lists]

    assert shown(start) == [["g1"], ["g2"]]
    later = start.observe(users={"user_id": ["dee"], "role": ["mod"], "points": [None]})
    assert shown(later) == [["g1"], ["g2"]]
