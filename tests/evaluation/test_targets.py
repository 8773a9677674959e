"""What counts as a hit."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import recsys
from recsys.data import IdMap
from recsys.evaluation.targets import EventColumns, Targets, pair_matrix, targets, without_pairs
from recsys.testing import event_logs

ITEMS = IdMap.of(["x", "y", "z"])


def log(*rows: tuple[str, str, str], **columns: list[Any]) -> recsys.EventLog:
    users, items, kinds = zip(*rows, strict=True)
    frame = {"user_id": list(users), "item_id": list(items), "kind": list(kinds), **columns}
    return recsys.EventLog.from_frame(frame)


TEST = log(("a", "x", "view"), ("a", "y", "like"), ("a", "x", "like"), ("b", "v", "view"))


def wanted(test: recsys.EventLog = TEST, mask: Any = (True, True, True), **more: Any) -> Targets:
    return targets(test, ITEMS, candidates=np.array(mask), **more)


def test_a_pair_counts_once_however_many_events_it_has() -> None:
    found = wanted()
    assert found.user_ids.tolist() == ["a", "b"]
    assert found.relevant.toarray().tolist() == [[1, 1, 0], [0, 0, 0]]
    assert found.n_relevant.tolist() == [2, 1]


def test_items_the_model_does_not_know_count_in_the_denominator() -> None:
    found = wanted()
    assert found.n_outside == 1
    assert found.n_relevant[1] == 1


def test_items_that_are_no_candidates_are_outside_too() -> None:
    found = wanted(mask=(False, True, True))
    assert found.n_outside == 2
    assert found.relevant.toarray().tolist() == [[0, 1, 0], [0, 0, 0]]


def test_the_last_candidate_is_not_mistaken_for_the_unknown() -> None:
    found = wanted(mask=(False, False, True))
    assert found.n_outside == 3


def test_negative_and_authoring_events_do_not_count() -> None:
    found = wanted(log(("a", "x", "hide"), ("b", "x", "ask"), ("c", "x", "view")))
    assert found.user_ids.tolist() == ["c"]
    assert found.kinds == ("view",)


def test_kinds_may_be_chosen_negative_ones_too() -> None:
    assert wanted(kinds=["like"]).n_relevant.tolist() == [2]
    hidden = wanted(log(("a", "x", "hide"), ("b", "y", "view")), kinds=["hide"])
    assert hidden.user_ids.tolist() == ["a"]


def test_an_unknown_kind_is_refused_by_name() -> None:
    with pytest.raises(recsys.RecsysError, match="lik"):
        wanted(kinds=["lik"])


def test_a_filter_reads_kind_value_and_time() -> None:
    test = log(
        ("a", "x", "rate"), ("b", "x", "rate"), ("c", "x", "view"),
        value=[5.0, 2.0, None], occurred_at=["2024-01-01", "2024-01-02", "2024-01-03"],
    )  # fmt: skip
    for positive, who in (
        ("value >= 4", ["a"]),
        ("kind = rate", ["a", "b"]),
        ("occurred_at >= 2024-01-02", ["b", "c"]),
        ("value is null", ["c"]),
    ):
        assert wanted(test, positive=positive).user_ids.tolist() == who


def test_a_filter_on_an_unknown_column_is_refused_with_the_known_ones() -> None:
    with pytest.raises(recsys.ConfigError, match=r"'stars'.*kind, value, occurred_at"):
        wanted(positive="stars >= 4")


def test_nothing_left_to_find_is_an_error_that_names_the_kinds() -> None:
    with pytest.raises(recsys.DataError, match=r"Kinds in the file: (like, view|view, like)\."):
        wanted(positive="value >= 4")


def test_pairs_are_those_that_both_maps_know() -> None:
    users = IdMap.of(["b", "a"])
    matrix = pair_matrix(TEST, users, ITEMS)
    assert matrix.toarray().tolist() == [[0, 0, 0], [2, 1, 0]]


def test_ids_of_another_sort_are_no_pairs() -> None:
    assert pair_matrix(TEST, IdMap.of([1, 2]), ITEMS).nnz == 0


def test_events_have_no_tags() -> None:
    assert not EventColumns(TEST).tag_mask("x").any()
    assert EventColumns(TEST).has("kind")
    assert not EventColumns(TEST).has("tags")


@given(test=event_logs(), data=st.data())
def test_every_pair_is_relevant_or_outside(test: recsys.EventLog, data: st.DataObject) -> None:
    mask = np.array(
        data.draw(st.lists(st.booleans(), min_size=test.n_items, max_size=test.n_items))
    )
    try:
        found = targets(test, test.items, candidates=mask)
    except recsys.DataError:
        roles = {test.kinds[test.kinds.names[code]].role for code in test.kind_codes}
        assert "positive" not in roles
        return
    assert found.relevant.nnz + found.n_outside == found.n_relevant.sum()
    assert set(found.relevant.indices) <= set(np.flatnonzero(mask).tolist())
    assert (found.n_relevant > 0).all()


pairs = st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("xyz")), min_size=1, max_size=9)


@given(pairs, pairs)
def test_events_on_masked_pairs_are_left_out_and_no_others(
    told: list[tuple[str, str]], masked: list[tuple[str, str]]
) -> None:
    def timed(pairs: list[tuple[str, str]]) -> recsys.EventLog:
        users, items = zip(*pairs, strict=True)
        times = [f"2024-01-01T00:00:{at:02}" for at in range(len(pairs))]
        return recsys.EventLog.from_frame(
            {"user_id": users, "item_id": items, "occurred_at": times}
        )

    events = timed(told)
    left = without_pairs(events, timed(masked))
    kept = zip(left.users.ids(left.user_rows), left.items.ids(left.item_rows), strict=True)
    assert list(kept) == [pair for pair in told if pair not in set(masked)]
    assert left.items is events.items  # an item that only masked pairs hold stays a candidate
