"""From what callers pass to queries."""

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import recsys
from recsys.core.arrays import NO_ROW
from recsys.core.errors import DataError
from recsys.serving.answer.queries import as_ids, ask_histories, ask_users, item_lists, item_rows
from tests.serving.world import tiny_model, tiny_shared

LISTS: dict[str, Callable[[list[str]], Iterable[Any]]] = {
    "list": list,
    "tuple": tuple,
    "generator": lambda ids: (one for one in ids),
    "numpy": np.array,
    "numpy objects": lambda ids: np.array(ids, dtype=object),
    "pyarrow": pa.array,
    "pyarrow chunks": lambda ids: pa.chunked_array([ids]),
    "dict keys": dict.fromkeys,
}


@pytest.mark.parametrize("sort", LISTS)
def test_any_sort_of_list_names_the_people(sort: str) -> None:
    asked = ask_users(tiny_shared().snapshot, LISTS[sort](["ana", "bo"]))
    assert asked.ids.tolist() == ["ana", "bo"]
    assert (asked.user_rows != NO_ROW).all()


def test_a_pandas_or_polars_series_names_the_people() -> None:
    for library in (pytest.importorskip("pandas"), pytest.importorskip("polars")):
        asked = ask_users(tiny_shared().snapshot, library.Series(["ana", "bo"]))
        assert (asked.user_rows != NO_ROW).all()


@pytest.mark.parametrize("sort", LISTS)
def test_any_sort_of_list_names_the_items(sort: str) -> None:
    rows = item_lists(tiny_shared().snapshot, LISTS[sort](["g3", "n1"]), 2, name="candidates")
    assert [one.tolist() for one in rows] == [[2, 4], [2, 4]]


@pytest.mark.parametrize("wrong", ["ana", b"ana", 5, 5.0, True, np.int64(5), np.str_("ana")])
def test_one_id_instead_of_a_list_is_refused_with_the_cure(wrong: Any) -> None:
    with pytest.raises(recsys.DataError, match=r"user_ids must be a list of ids; got .* Write \["):
        as_ids(wrong, name="user_ids")


@pytest.mark.parametrize("wrong", [None, object()])
def test_what_is_no_list_is_refused(wrong: Any) -> None:
    with pytest.raises(recsys.DataError, match="user_ids must be a list of ids"):
        as_ids(wrong, name="user_ids")


def test_an_id_of_a_million_characters_does_not_flood_the_message() -> None:
    with pytest.raises(recsys.DataError) as caught:
        as_ids("x" * 10**6, name="user_ids")
    assert len(str(caught.value)) < 300


ODD: list[Any] = [None, float("nan"), {}, ["x"], ("ana",), b"ana", object(), "", "x" * 10**6, 2**80]


def test_one_bad_id_never_fails_the_batch() -> None:
    model = tiny_shared()
    top = model.recommend([*ODD, "ana"], k=3)
    alone = model.recommend(["ana", "stranger"], k=3)
    assert top.known.tolist() == [False] * len(ODD) + [True]
    assert top.item_ids[-1].tolist() == alone.item_ids[0].tolist()
    assert all(row.tolist() == alone.item_ids[1].tolist() for row in top.item_ids[:-1])


def test_a_long_batch_with_bad_ids_is_answered_too() -> None:
    top = tiny_shared().recommend([*ODD * 20, "ana"], k=1)
    assert top.known.sum() == 1


def test_a_person_asked_for_twice_gets_the_same_list_twice() -> None:
    top = tiny_shared().recommend(["ana", "bo", "ana"], k=4)
    assert top.item_ids[0].tolist() == top.item_ids[2].tolist()


def test_nobody_asked_for_is_answered_with_nothing() -> None:
    top = tiny_shared().recommend([], k=3, explain=True, candidates=["g1"], where="format = video")
    assert top.item_ids.shape == top.scores.shape == (0, 3)
    assert (top.shortfall, top.reasons, top.to_records()) == ((), (), [])


@pytest.mark.parametrize("ids", [np.array([1, 2]), [np.int32(1), np.int64(2)], (1, 2)])
def test_numbers_of_numpy_are_the_same_ids(ids: Any) -> None:
    events = recsys.EventLog.from_frame({"user_id": [1, 2], "item_id": [10, 20]})
    assert recsys.Recommender.fit(events).recommend(ids, k=1).known.all()


@pytest.mark.parametrize("ids", [["1"], [1.0], ["x", "2"], ["77"], [1, "2"]])
def test_an_id_of_another_sort_is_refused_never_converted(ids: list[Any]) -> None:
    events = recsys.EventLog.from_frame({"user_id": [1, 2], "item_id": [10, 20]})
    with pytest.raises(recsys.DataError, match=r"int ids \(as 1\) meet (text|float) ids"):
        recsys.Recommender.fit(events).recommend(ids, k=1)


def test_what_can_be_no_id_of_the_model_is_a_stranger() -> None:
    events = recsys.EventLog.from_frame({"user_id": [1, 2], "item_id": [10, 20]})
    assert not recsys.Recommender.fit(events).recommend(["x", None, True], k=1).known.any()


def test_unknown_items_are_named_up_to_five() -> None:
    with pytest.raises(recsys.UnknownIdError, match=r"7 unknown: 'z0', .*'z4' and 2 more"):
        item_rows(tiny_shared().snapshot, [f"z{at}" for at in range(7)])


def test_ids_beside_lists_are_refused() -> None:
    with pytest.raises(recsys.DataError, match="exclude must be ids, or one list of ids per"):
        item_lists(tiny_shared().snapshot, ["g1", ["g2"]], 2, name="exclude")


def test_lists_per_person_must_be_as_many_as_people() -> None:
    with pytest.raises(recsys.DataError, match=r"one per person \(3\); got 2 lists"):
        item_lists(tiny_shared().snapshot, [["g1"], []], 3, name="exclude")


def test_page_two_excludes_the_answer_of_page_one_as_it_is() -> None:
    model = tiny_shared()
    whole = model.recommend(["ana", "bo"], k=50)
    first = model.recommend(["ana", "bo"], k=4)
    second = model.recommend(["ana", "bo"], k=4, exclude=first.item_ids)
    assert second.item_ids.tolist() == whole.item_ids[:, 4:8].tolist()
    assert not model.recommend(["ana", "bo"], k=4, exclude=whole.item_ids).item_ids.any()


def test_a_flat_history_is_refused_with_the_cure() -> None:
    with pytest.raises(recsys.DataError, match=r"one list of item ids per person; got 'g1'.*\[\["):
        tiny_shared().recommend_for_history(["g1", "g2"])


@pytest.mark.parametrize("wrong", ["g1", None, [None], [["g1"], 5]])
def test_a_history_that_is_no_list_is_refused(wrong: Any) -> None:
    with pytest.raises(recsys.DataError, match="histories must be"):
        tiny_shared().recommend_for_history(wrong)


def test_an_unknown_item_in_a_history_is_named() -> None:
    with pytest.raises(recsys.UnknownIdError, match="'zz'"):
        tiny_shared().recommend_for_history([["g1", "zz"]])


def test_the_same_item_twice_in_a_history_counts_once() -> None:
    snapshot = tiny_shared().snapshot
    asked = ask_histories(snapshot, [["g1", "g1", "n1"]])
    assert asked.queries.history.toarray()[0].tolist() == [1, 0, 0, 0, 1, 0, 0, 0]
    assert asked.queries.age_days.tolist() == [0, 0]


def test_no_history_at_all_is_answered_with_nothing() -> None:
    assert tiny_shared().recommend_for_history([], k=3).item_ids.shape == (0, 3)


def test_a_session_renews_the_age_of_an_item_and_keeps_the_rest() -> None:
    snapshot = tiny_shared().snapshot
    before = ask_users(snapshot, ["ana"]).queries
    after = ask_users(snapshot, ["ana"], recent=["g1", "n1"]).queries
    ages = dict(zip(after.history.indices.tolist(), after.age_days.tolist(), strict=True))
    known = dict(zip(before.history.indices.tolist(), before.age_days.tolist(), strict=True))
    assert ages == pytest.approx({0: 0.0, 1: known[1], 4: 0.0}, abs=1e-5)


def test_an_empty_session_changes_nothing() -> None:
    model = tiny_shared()
    plain, empty = model.recommend(["ana"], k=5), model.recommend(["ana"], k=5, recent=[])
    assert plain.item_ids.tolist() == empty.item_ids.tolist()
    np.testing.assert_allclose(plain.scores, empty.scores, rtol=1e-5)


def test_without_consent_nothing_known_of_a_person_is_in_the_query() -> None:
    people = recsys.People.from_frame(
        {"user_id": ["ana"], "consent": ["digest"], "declared_tags": ["noise"]}
    )
    asked = ask_users(tiny_model(users=people).snapshot, ["ana", "bo"])
    assert asked.user_rows[0] != NO_ROW
    assert asked.queries.history[0].nnz == asked.queries.tags[0].nnz == 0
    assert asked.queries.history[1].nnz > 0


@pytest.mark.parametrize(
    "table", [pd.DataFrame({"user_id": ["u1", "u2"]}), np.array([["u1"], ["u2"]])]
)
def test_a_table_instead_of_a_list_of_ids_is_refused(table: Any) -> None:
    with pytest.raises(DataError, match="user_ids must be a list of ids; got a"):
        ask_users(tiny_shared().snapshot, table)


@pytest.mark.parametrize("gone", ["zz", "", "g1 ", "deleted post", "ähnlich", "0", "G1", "g1,g2"])
def test_an_unknown_item_to_exclude_is_left_out(gone: str) -> None:
    model = tiny_shared()
    plain = model.recommend(["ana", "bo"], k=8).item_ids.tolist()
    for exclude in ([gone], [[gone], []], [[gone], [gone, None]]):
        assert model.recommend(["ana", "bo"], k=8, exclude=exclude).item_ids.tolist() == plain


@pytest.mark.parametrize("name", ["candidates", "recent"])
@pytest.mark.parametrize("gone", ["zz", "deleted post", "ähnlich", "0", "G1"])
def test_an_unknown_item_of_one_person_fails_no_other_list(name: str, gone: str) -> None:
    model: Any = tiny_shared()
    lists = [["g1", "n1", "n2"], ["n1", "n2"]]
    plain = model.recommend(["ana", "bo"], k=3, **{name: lists}).item_ids.tolist()
    lists[1] = [gone, *lists[1]]
    with pytest.warns(recsys.RecsysWarning, match=f"{name}: .*1 unknown.*left out"):
        found = model.recommend(["ana", "bo"], k=3, **{name: lists})
    assert found.item_ids.tolist() == plain
    with pytest.raises(recsys.UnknownIdError, match="1 unknown"):
        model.recommend(["bo"], k=3, **{name: [lists[1]]})
    with pytest.raises(recsys.UnknownIdError, match="unknown"):
        model.recommend(["ana", "bo"], k=3, **{name: [[gone], [gone]]})


def test_an_unknown_item_of_one_history_fails_no_other_list() -> None:
    model = tiny_shared()
    plain = model.recommend_for_history([["g1"], ["n1"]], k=3).item_ids.tolist()
    with pytest.warns(recsys.RecsysWarning, match="histories: .*left out"):
        found = model.recommend_for_history([["g1"], ["zz", "n1"]], k=3)
    assert found.item_ids.tolist() == plain
