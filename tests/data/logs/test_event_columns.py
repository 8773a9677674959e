"""Columns of events: read, checked and deduplicated."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys.core.errors import ConfigError, DataError
from recsys.data.event_kinds import EventKind, KindTable
from recsys.data.logs import event_columns
from recsys.data.logs.event_columns import (
    CheckedEvents,
    EventSettings,
    duplicate_rows,
    first_of_each,
    kept,
    kind_column,
)
from recsys.data.readers.frames import frame_source
from recsys.data.readers.source import RowReport
from recsys.data.text_codes import encoded

small = st.integers(-2, 2)


def read(columns: dict[str, Any], *, on_bad_row: Any = "stop") -> CheckedEvents:
    return EventSettings.of(None, None, on_bad_row, None).read(frame_source(columns))


def test_what_is_not_given_is_missing_and_a_kind_is_a_view() -> None:
    found = read({"user_id": ["a"], "item_id": ["x"]})
    assert KindTable().names[found.kind_codes[0]] == "view"
    assert np.isnan(found.values).all()
    assert np.isnat(found.occurred_at).all()
    assert (found.amounts, found.texts) == (None, {})


def test_an_empty_kind_is_a_view_too() -> None:
    found = read({"user_id": ["a", "b"], "item_id": ["x", "y"], "kind": [None, "like"]})
    assert [KindTable().names[code] for code in found.kind_codes] == ["view", "like"]


def test_the_ids_and_texts_of_a_row_left_out_are_gone() -> None:
    columns = {
        "user_id": ["a", "b", "c"],
        "item_id": ["x", "y", "x"],
        "kind": ["view", "nope", "like"],
        "session_id": ["s1", "s2", "s3"],
    }
    found = read(columns, on_bad_row="skip")
    assert list(found.users) == ["a", "c"]
    assert list(found.items) == ["x"]
    assert found.texts["session_id"].to_pylist() == ["s1", "s3"]
    assert (found.n_skipped, found.skipped[0].line) == (1, 1)


def test_without_a_view_among_the_kinds_one_must_be_named() -> None:
    source = frame_source({"user_id": ["a"]})
    report = RowReport(source, "stop")
    kind_column(source, report, KindTable((EventKind("like"),)))
    with pytest.raises(DataError, match="kind 'view' is not known"):
        report.finish()


def test_settings_are_checked_before_anything_is_read() -> None:
    with pytest.raises(DataError, match="columns must map our names to yours; got list"):
        EventSettings.of(["a"], None, "stop", None)  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="finite and greater than 0"):
        EventSettings.of(None, {"upvote": -1.0}, "stop", None)
    with pytest.raises(DataError, match="now must be"):
        EventSettings.of(None, None, "stop", "soon")


def test_event_ids_tell_duplicates_and_where_they_lack_the_rest_does() -> None:
    rows, codes = np.zeros(5, np.int32), np.zeros(5, np.int16)
    times = np.array(["2018-01-01"] * 4 + ["2018-01-02"], "datetime64[us]")
    ids = encoded(pa.array(["e1", "e2", None, None, "e1"]))
    again = duplicate_rows(rows, rows, codes, times, ids)
    assert again.tolist() == [False, False, False, True, True]
    assert duplicate_rows(rows, rows, codes, times, None).tolist() == [
        False,
        True,
        True,
        True,
        False,
    ]


def test_none_keeps_everything() -> None:
    array = np.arange(3)
    assert kept(array, None) is array
    assert kept(array, np.array([True, False, True])).tolist() == [0, 2]


@given(st.lists(st.tuples(small, small, small)))
def test_the_first_of_each_key_is_what_a_set_says(rows: list[tuple[int, int, int]]) -> None:
    keys = [np.array([row[at] for row in rows], np.int64) for at in range(3)]
    expected = [row not in rows[:at] for at, row in enumerate(rows)]
    assert first_of_each(keys).tolist() == expected


@pytest.mark.parametrize("mix", [lambda keys: np.zeros(len(keys[0]), np.uint64)])
def test_colliding_hashes_are_compared_exactly(
    monkeypatch: pytest.MonkeyPatch, mix: Callable[[Any], Any]
) -> None:
    monkeypatch.setattr(event_columns, "_mixed", mix)
    assert first_of_each([np.array([1, 2, 1, 3])]).tolist() == [True, True, False, True]


def test_times_are_keys_too() -> None:
    times = np.array(["2018-01-01", "NaT", "NaT", "2018-01-01"], "datetime64[us]")
    assert first_of_each([times]).tolist() == [True, True, False, False]
