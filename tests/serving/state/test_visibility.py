"""Which items are for whom."""

import warnings

import numpy as np
import pytest

import recsys
from recsys.serving.state.visibility import VisibilityTable
from tests.serving.world import tiny_catalog, tiny_model

STAFF = recsys.People.from_frame(
    {"user_id": ["ana", "bo"], "role": ["staff", None], "age": [40, 20]}
)
NOBODY = recsys.People.empty()


def catalog(*expressions: str | None) -> recsys.Catalog:
    return recsys.Catalog.from_frame(
        {"item_id": [f"i{at}" for at in range(len(expressions))], "visible_to": list(expressions)}
    )


def test_equal_expressions_are_evaluated_once() -> None:
    table = VisibilityTable.of(catalog("role = staff", None, " role = staff ", "age > 30"), STAFF)
    assert table.expression_of.tolist() == [0, -1, 0, 1]
    assert table.holds.tolist() == [[True, True], [False, False], [False, False]]


def test_an_item_without_expression_is_for_all() -> None:
    table = VisibilityTable.of(catalog(None, "", "  ", "role = staff"), STAFF)
    assert table.is_for_all.tolist() == [True, True, True, False]


def test_no_expression_at_all_needs_no_mask() -> None:
    masks, mask_of = VisibilityTable.of(catalog(None, None), STAFF).masks(np.array([0, -1]))
    assert masks == [None]
    assert mask_of.tolist() == [0, 0]


def test_people_who_satisfy_the_same_share_one_mask() -> None:
    table = VisibilityTable.of(catalog("role = staff", None), STAFF)
    masks, mask_of = table.masks(np.array([1, 0, -1, 0], np.int32))
    assert len(masks) == 2
    shown = [masks[at] for at in mask_of]
    assert [None if one is None else one.tolist() for one in shown] == [
        [False, True], [True, True], [False, True], [True, True],
    ]  # fmt: skip


def test_what_is_not_for_a_role_is_for_strangers_who_have_none() -> None:
    table = VisibilityTable.of(catalog("not role = staff"), STAFF)
    assert table.holds.ravel().tolist() == [False, True, True]


@pytest.mark.parametrize("people", [STAFF, NOBODY], ids=["another column", "no people"])
@pytest.mark.parametrize("text", ["team = red", "not team = red", "role = staff or team = red"])
def test_a_column_that_people_lack_hides_the_item_from_everybody(
    people: recsys.People, text: str
) -> None:
    with pytest.warns(recsys.RecsysWarning, match="'team'"):
        table = VisibilityTable.of(catalog(text, None), people)
    assert not table.holds.any()
    assert table.is_for_all.tolist() == [False, True]


def test_one_warning_names_all_columns_and_counts_the_items() -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        VisibilityTable.of(catalog("team = red", "team = red", "town = x", "age > 3"), STAFF)
    assert len(caught) == 1
    assert "('team', 'town'); 3 item(s)" in str(caught[0].message)


def test_such_an_item_is_in_nobodys_list() -> None:
    with pytest.warns(recsys.RecsysWarning):
        model = tiny_model(tiny_catalog(visible_to=["team = red", *[None] * 7]))
    everyone = [*model.users.ids(), "stranger"]
    assert "g1" not in model.recommend(everyone, k=8, exclude_seen=False).item_ids


@pytest.mark.parametrize("text", ["role = = staff", "role", "(", "age > old"])
def test_an_expression_that_cannot_be_read_names_the_item(text: str) -> None:
    with pytest.raises(recsys.ConfigError, match=r"visible_to of item 'i1': ") as caught:
        VisibilityTable.of(catalog(None, text, text), STAFF)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("ids", [[1, 2], ["a", "b"]])
def test_strangers_are_never_taken_for_somebody(ids: list[object]) -> None:
    people = recsys.People.from_frame({"user_id": ids, "role": ["staff", "staff"]})
    table = VisibilityTable.of(catalog("role = staff"), people)
    assert table.holds.ravel().tolist() == [True, True, False]
