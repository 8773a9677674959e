"""Usual names of columns in other programs."""

import pytest

from recsys.core.errors import DataError
from recsys.data.readers.column_names import (
    bare_name,
    check_columns,
    likely_columns,
    unread_message,
)


def test_names_are_compared_without_case_and_signs() -> None:
    assert bare_name("createdAt") == bare_name("Created_At ") == "createdat"


def test_each_missing_column_gets_the_first_name_that_may_stand_for_it() -> None:
    found = likely_columns(["movieId", "userId", "ts"], ["user_id", "item_id", "occurred_at"])
    assert found == {"user_id": "userId", "item_id": "movieId", "occurred_at": "ts"}
    assert likely_columns(["device"], ["user_id"]) == {}


def test_a_pair_the_wrong_way_round_is_refused() -> None:
    with pytest.raises(DataError, match=r"Did you mean \{'item_id': 'post'\}"):
        check_columns("e.csv", {"post": "item_id"}, ["post"], ["item_id"])
    check_columns("e.csv", {"item_id": "post"}, ["post"], ["item_id"])


def test_attributes_are_read_and_only_misspelt_names_are_said_of_them() -> None:
    contract = ["item_id", "title"]
    assert unread_message("i.csv", ["item_id", "rating"], contract, is_log=False) is None
    message = unread_message("i.csv", ["item_id", "titel"], contract, is_log=False)
    assert message is None or "title" in message
    assert "'title'" in str(unread_message("i.csv", ["item_id", "Title"], contract, is_log=False))
