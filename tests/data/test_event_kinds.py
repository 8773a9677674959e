"""The vocabulary of events."""

import math

import numpy as np
import pytest

from recsys.core.errors import ConfigError, DataError
from recsys.data.event_kinds import EventKind, KindTable


def test_the_usual_kinds_have_their_roles() -> None:
    kinds = KindTable.default()
    roles = {kind.name: kind.role for kind in kinds}
    assert {name for name, role in roles.items() if role == "negative"} == {
        "hide", "dislike", "report",
    }  # fmt: skip
    assert {name for name, role in roles.items() if role == "authoring"} == {"ask", "post"}
    assert kinds["view"].weight == 1.0


def test_an_unknown_kind_names_the_nearest_and_the_cure() -> None:
    with pytest.raises(DataError, match=r"nearest: 'bookmark'.*--kind bokmark=WEIGHT"):
        KindTable.default().code("bokmark")


def test_an_unknown_kind_near_nothing_lists_what_there_is() -> None:
    with pytest.raises(DataError, match="known: view, rate"):
        KindTable.default().code("zzz")


def test_added_kinds_leave_the_codes_alone() -> None:
    before = KindTable.default()
    after = before.with_kinds({"upvote": 3.0, "view": 0.5})
    assert after.names[: len(before)] == before.names
    assert (after["upvote"].weight, after["upvote"].role) == (3.0, "positive")
    assert after["view"].weight == 0.5


def test_a_kind_may_be_added_with_its_role() -> None:
    kinds = KindTable().with_kinds({"downvote": EventKind("downvote", 1.0, role="negative")})
    assert kinds.has_role("negative")[kinds.code("downvote")]


def test_a_new_weight_keeps_the_role() -> None:
    assert KindTable().with_kinds({"hide": 4.0})["hide"].role == "negative"


def test_half_lives_are_set_by_name() -> None:
    kinds = KindTable().with_kinds({"view": EventKind("view", half_life_days=7.0)})
    assert kinds.half_lives[kinds.code("view")] == 7.0
    assert math.isinf(kinds.half_lives[kinds.code("like")])


@pytest.mark.parametrize("weight", [0.0, -1.0, math.nan, math.inf])
def test_a_weight_is_positive_and_finite(weight: float) -> None:
    with pytest.raises(ConfigError, match="finite and greater than 0"):
        EventKind("upvote", weight)


def test_other_settings_are_checked_too() -> None:
    with pytest.raises(ConfigError, match="half_life_days"):
        EventKind("upvote", half_life_days=0.0)
    with pytest.raises(ConfigError, match="one of positive, negative, authoring"):
        EventKind("upvote", role="good")  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="must have a name"):
        EventKind("")
    with pytest.raises(ConfigError, match="different names"):
        KindTable((EventKind("a"), EventKind("a")))


def test_a_table_survives_the_way_through_json() -> None:
    import json

    kinds = KindTable().with_kinds({"upvote": 3.0, "view": EventKind("view", half_life_days=7.0)})
    assert KindTable.from_dict(json.loads(json.dumps(kinds.to_dict()))) == kinds


def test_a_strange_setting_of_a_kind_is_refused() -> None:
    with pytest.raises(ConfigError, match="weight, half_life_days and role"):
        KindTable.from_dict({"view": {"wieght": 1.0}})


def test_codes_of_many_names_mark_the_unknown() -> None:
    codes = KindTable().codes(["view", "nope", "like"])
    assert codes.tolist() == [0, -1, KindTable().code("like")]
    assert codes.dtype == np.int16


def test_a_union_appends_what_is_new() -> None:
    a, b = KindTable((EventKind("x"),)), KindTable((EventKind("y"), EventKind("x")))
    assert a.union(b).names == ("x", "y")


def test_what_is_kept_of_a_table_cannot_be_changed() -> None:
    kinds = KindTable.default()
    for array in (kinds.weights, kinds.half_lives, kinds.has_role("negative")):
        assert not array.flags.writeable
    assert kinds.union(KindTable.default()) is kinds
