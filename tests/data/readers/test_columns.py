"""Ids, texts, lists and words out of columns."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys.core.errors import DataError
from recsys.data.readers.columns import (
    as_text,
    id_column,
    list_column,
    optional_ids,
    split_list,
    text_column,
    text_lists,
    word_column,
    wrong_word,
)
from recsys.data.readers.frames import frame_source
from recsys.data.readers.source import RowReport


def reading(**columns: Any) -> tuple[Any, RowReport]:
    source = frame_source(columns)
    return source, RowReport(source, "skip")


def test_ids_are_coded_in_order_of_appearance() -> None:
    column = id_column(*reading(user_id=["b", "a", "b"]), "user_id")
    ids, rows = column.mapped(None, name="user_id")
    assert (list(ids), rows.tolist()) == (["b", "a"], [0, 1, 0])


def test_ids_of_rows_left_out_are_not_in_the_map() -> None:
    source, report = reading(user_id=["b", "a", None, "c", "a"])
    column = id_column(source, report, "user_id")
    assert report.wrong.tolist() == [2]
    ids, rows = column.mapped(np.array([False, True, False, True, True]), name="user_id")
    assert (list(ids), rows.tolist()) == (["a", "c"], [0, 1, 0])


def test_empty_and_endless_ids_are_bad_rows() -> None:
    source, report = reading(user_id=["", "x" * 1025, "x" * 1024])
    id_column(source, report, "user_id")
    assert report.wrong.tolist() == [0, 1]


def test_a_float_column_of_ids_is_refused_by_name() -> None:
    with pytest.raises(DataError, match=r"the frame, column user_id: ids .* 42 into 42\.0"):
        id_column(*reading(user_id=[1.0, 2.0]), "user_id")


def test_optional_ids_may_be_missing() -> None:
    source, _ = reading(author_id=["a", "", None], number=[1, None, 3])
    assert optional_ids(source, "author_id").to_pylist() == ["a", None, None]
    assert optional_ids(source, "number").to_pylist() == [1, None, 3]
    assert optional_ids(source, "other") is None


def test_everything_with_a_plain_text_becomes_text() -> None:
    source, _ = reading(a=["x", ""], b=[True, None], c=[1, 2])
    found = [text_column(source, name).to_pylist() for name in "abc"]
    assert found == [["x", None], ["true", None], ["1", "2"]]


def test_a_list_is_no_text() -> None:
    with pytest.raises(DataError, match="title must be text; it holds list"):
        as_text(pa.array([["a"]]), name="title")


@pytest.mark.parametrize(
    ("given_column", "expected"),
    [
        (["a|b", None, "", "c"], [["a", "b"], None, None, ["c"]]),
        ([r"a\|b|c", "d"], [["a|b", "c"], ["d"]]),
        ([" a | |b ", "|"], [["a", "b"], []]),
        ([["a", " b ", "", None], [], None], [["a", "b"], [], None]),
        ([["a"], ["b", "c"]], [["a"], ["b", "c"]]),
        ([[1, 2], [3]], [["1", "2"], ["3"]]),
        ([5, None], [["5"], None]),
        ([None, None], [None, None]),
    ],
)
def test_lists_are_read_from_text_and_from_lists(given_column: Any, expected: Any) -> None:
    source, _ = reading(tags=given_column)
    found = list_column(source, "tags")
    assert found.to_pylist() == expected
    assert found.type == text_lists()


def test_a_column_of_numbers_with_a_point_holds_no_lists() -> None:
    with pytest.raises(DataError, match=r"must hold lists or text like a|b"):
        list_column(reading(tags=[1.5])[0], "tags")


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), min_size=1), min_size=1))
def test_an_escaped_list_is_read_back(parts: list[str]) -> None:
    written = "|".join(one.replace("\\", "\\\\").replace("|", "\\|") for one in parts)
    assert split_list(written) == parts


def test_a_backslash_before_anything_else_is_a_backslash() -> None:
    assert split_list("a\\b|c\\") == ["a\\b", "c\\"]


def test_a_word_is_found_in_any_case_and_others_are_bad_rows() -> None:
    source, report = reading(status=["Active", " banned ", None, "bannd"])
    found = word_column(source, report, "status", words=("active", "banned"))
    assert found.to_pylist() == ["active", "banned", None, None]
    assert report.wrong.tolist() == [3]


def test_a_wrong_word_is_told_the_nearest() -> None:
    said = wrong_word("bannd", ("active", "banned"))
    assert said == "must be one of active, banned; got 'bannd'. Did you mean 'banned'?"
