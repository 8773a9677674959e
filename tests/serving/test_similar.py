"""Items like these."""

import pytest

import recsys
from tests.serving.world import tiny_catalog, tiny_model, tiny_shared


def test_what_is_blocked_expired_or_for_some_is_not_shown_to_everybody() -> None:
    catalog = tiny_catalog(
        status=[None, "blocked", *[None] * 6],
        expires_at=[None, None, "2024-03-02", *[None] * 5],
        visible_to=[None, None, None, "role = staff", *[None] * 4],
    )
    people = recsys.People.from_frame({"user_id": ["ana"], "role": ["staff"]})
    found = tiny_model(catalog, people).similar_items(["g1"], k=8)
    assert set(found.item_ids[0]) == {"n1", "n2", "n3", "new", None}


def test_such_an_item_can_still_be_asked_about() -> None:
    model = tiny_model(tiny_catalog(status=["blocked", *[None] * 7]))
    assert model.similar_items(["g1"], k=1).item_ids[0, 0] in {"g2", "g3", "g4"}


def test_a_filter_limits_the_answer() -> None:
    found = tiny_shared().similar_items(["g1"], k=8, where="format = video")
    assert set(found.item_ids[0]) - {None} == {"g2", "n1", "new"}


def test_no_item_asked_about_is_answered_with_nothing() -> None:
    found = tiny_shared().similar_items([], k=3)
    assert found.item_ids.shape == (0, 3)
    assert found.to_frame().num_rows == 0


@pytest.mark.parametrize("k", [0, -1, "3"])
def test_a_wrong_k_is_refused(k: int) -> None:
    with pytest.raises(recsys.ConfigError, match="k must be a whole number"):
        tiny_shared().similar_items(["g1"], k=k)


def test_an_enormous_k_costs_no_memory() -> None:
    assert tiny_shared().similar_items(["g1"], k=10**15).item_ids.shape == (1, 8)
