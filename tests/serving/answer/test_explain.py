"""Reasons and profiles."""

import numpy as np
import pytest

import recsys
from tests.serving.world import made_up_model, tiny_catalog, tiny_model, tiny_shared


@pytest.mark.parametrize("preset", ["fast", "balanced"])
def test_the_reasons_of_any_item_sum_to_its_score(preset: str) -> None:
    model = made_up_model(preset)
    for user in (*model.users.ids()[:3], "stranger"):
        for item in model.items.ids()[:10]:
            total = sum(reason.value for reason in model.explain(user, item))
            score = float(model.score([user], [item])[0, 0])
            assert total == pytest.approx(score, rel=1e-3, abs=1e-3)


def test_an_item_never_shown_can_be_explained() -> None:
    assert tiny_shared().explain("ana", "g1")  # seen


def test_the_reason_says_what_the_person_did_last() -> None:
    texts = [reason.text for reason in tiny_shared().explain("ana", "g3")]
    assert any("commented on" in text for text in texts)  # g2: the later of two events
    assert any("On g2" in text for text in texts)


def test_a_newcomer_is_told_of_popularity_only() -> None:
    assert {str(one.source) for one in tiny_shared().explain("stranger", "g1")} == {"popularity"}


def test_a_declared_tag_is_named_as_followed() -> None:
    people = recsys.People.from_frame({"user_id": ["zoe"], "declared_tags": ["noise"]})
    top = tiny_model(users=people).recommend(["zoe"], k=1, explain=True)
    assert top.reasons is not None
    assert any("noise" in reason.text for reason in top.reasons[0][0])


def test_reasons_have_the_shape_of_the_lists() -> None:
    top = tiny_shared().recommend(["ana", "stranger"], k=50, explain=True)
    assert top.reasons is not None
    found = (top.item_ids != None).sum(axis=1)  # noqa: E711  (elementwise)
    assert [len(one) for one in top.reasons] == found.tolist()


def test_without_reasons_asked_for_there_are_none() -> None:
    assert tiny_shared().recommend(["ana"]).reasons is None


def test_an_unknown_item_cannot_be_explained() -> None:
    with pytest.raises(recsys.UnknownIdError, match="'zz'"):
        tiny_shared().explain("ana", "zz")


def test_a_muted_tag_is_in_the_profile_as_muted() -> None:
    people = recsys.People.from_frame({"user_id": ["ana"], "muted_tags": ["noise"]})
    rows = {row.tag: row for row in tiny_model(users=people).profile("ana")}
    assert rows["noise"].source == "muted"


def test_who_refused_personal_use_has_a_profile_of_nothing_inferred() -> None:
    people = recsys.People.from_frame({"user_id": ["ana"], "consent": ["none"]})
    assert not [row for row in tiny_model(users=people).profile("ana") if row.source == "inferred"]


def test_a_profile_is_a_table() -> None:
    frame = made_up_model().profile(made_up_model().users.id(0)).to_frame()
    weights = np.asarray(frame.column("weight"))
    assert (weights[:-1] >= weights[1:]).all()
    assert set(frame.column_names) >= {"tag", "family", "weight", "confidence", "source"}


def test_a_blocked_item_of_the_history_is_no_reason_by_name() -> None:
    status = ["active"] * 8
    status[1] = "blocked"  # g2, on which ana commented
    model = tiny_model(tiny_catalog(status=status))
    reasons = model.explain("ana", "g3")
    assert "g2" in {reason.id for reason in tiny_shared().explain("ana", "g3")}
    assert "g2" not in {reason.id for reason in reasons}
    assert sum(one.value for one in reasons) == pytest.approx(
        float(model.score(["ana"], ["g3"])[0, 0]), rel=1e-4
    )
