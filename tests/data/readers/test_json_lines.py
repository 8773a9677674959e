"""JSON Lines."""

import json

import pytest

from recsys.core.errors import DataError
from recsys.data.readers.json_lines import json_source


def lines(*records: object) -> bytes:
    return "".join(json.dumps(one) + "\n" for one in records).encode()


def test_types_stay_as_written() -> None:
    raw = lines(
        {"user_id": 1, "item_id": "2018-01-01", "tags": ["a"]}, {"item_id": "x", "user_id": 2}
    )
    assert json_source(raw, "e.jsonl").table.to_pydict() == {
        "user_id": [1, 2], "item_id": ["2018-01-01", "x"], "tags": [["a"], None],
    }  # fmt: skip


def test_blank_lines_are_counted_but_are_no_rows() -> None:
    source = json_source(b'{"a":1}\n\n\n{"a":2}\n', "e.jsonl")
    assert source.table.to_pydict() == {"a": [1, 2]}
    assert source.lines_of([0, 1]) == [1, 4]


def test_a_line_that_is_no_object_is_listed() -> None:
    source = json_source(b'{"a":1}\n{"a":\n[1]\n{"a":2}\n', "e.jsonl")
    assert source.table.to_pydict() == {"a": [1, 2]}
    assert [one.line for one in source.ragged] == [2, 3]
    assert source.lines_of([0, 1]) == [1, 4]


def test_an_array_is_told_how_to_become_lines() -> None:
    with pytest.raises(DataError, match=r"it is one array.*jq"):
        json_source(b'[{"a":1}]', "e.json")


def test_a_column_of_mixed_sorts_names_both_lines() -> None:
    raw = b'{"user_id":1}\n\n{"user_id":"2"}\n'
    with pytest.raises(DataError, match=r"line 1 has a number \(1\) and line 3 has text"):
        json_source(raw, "e.jsonl")


def test_a_sort_that_changes_beyond_the_first_lines_is_found() -> None:
    raw = lines(*({"a": "x"} for _ in range(300)), {"a": 5})
    with pytest.raises(DataError, match="line 301 has a number"):
        json_source(raw, "e.jsonl")


def test_whole_and_broken_numbers_mix_but_lists_do_not() -> None:
    assert json_source(lines({"a": 1}, {"a": 2.5}), "e").table.to_pydict() == {"a": [1.0, 2.5]}
    with pytest.raises(DataError, match="a list or object"):
        json_source(lines({"a": "x"}, {"a": ["x"]}), "e")


def test_a_key_first_seen_late_is_a_column() -> None:
    table = json_source(lines({"a": "x"}, {"a": "y", "b": "z"}), "e").table
    assert table.to_pydict() == {"a": ["x", "y"], "b": [None, "z"]}
