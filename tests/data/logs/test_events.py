"""The log of events."""

import gzip
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recsys.core.errors import DataError
from recsys.data.event_kinds import KindTable
from recsys.data.logs.events import EventLog

EVENTS: dict[str, Any] = {
    "user_id": ["ana", "bo", "ana", "cy"],
    "item_id": ["q1", "q1", "q2", "q3"],
    "kind": ["view", "like", "rate", "ask"],
    "value": [None, None, 4.5, None],
    "occurred_at": ["2018-03-12T09:30:00Z", "2018-03-11", None, "2018-03-13"],
    "session_id": ["s1", None, "s1", "s2"],
    "amount": [None, 9.5, None, None],
    "currency": [None, "EUR", None, None],
}
rows = st.lists(
    st.tuples(
        st.sampled_from("abc"),
        st.sampled_from("xyz"),
        st.sampled_from(["view", "like"]),
        st.sampled_from([None, 0, 5]),
    )
)


def log(**changes: Any) -> EventLog:
    return EventLog.from_frame({**EVENTS, **changes})


def of_rows(given_rows: list[tuple[Any, ...]]) -> EventLog:
    columns = list(zip(*given_rows, strict=True)) if given_rows else [()] * 4
    names = ("user_id", "item_id", "kind", "occurred_at")
    return EventLog.from_frame({k: list(v) for k, v in zip(names, columns, strict=True)})


def as_rows(events: EventLog) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for row in events.to_frame().to_pylist()]


def test_columns_become_rows_and_codes() -> None:
    events = log()
    assert (events.n_events, events.n_users, events.n_items) == (4, 3, 3)
    assert events.users.ids(events.user_rows).tolist() == EVENTS["user_id"]
    assert [events.kinds.names[code] for code in events.kind_codes] == EVENTS["kind"]
    assert events.values[2] == 4.5
    dtypes = [
        getattr(events, n).dtype.str for n in ("user_rows", "item_rows", "kind_codes", "values")
    ]
    assert dtypes == ["<i4", "<i4", "<i2", "<f4"]
    assert events.occurred_at.dtype == np.dtype("datetime64[us]")


def test_a_frame_survives_the_way_there_and_back() -> None:
    frame = log().to_frame()
    assert EventLog.from_frame(frame).to_frame().equals(frame)


@settings(max_examples=40)
@given(rows)
def test_duplicates_are_dropped_and_counted(given_rows: list[tuple[Any, ...]]) -> None:
    events = of_rows(given_rows)
    unique = list(dict.fromkeys(given_rows))
    assert events.n_events == len(unique)
    assert events.n_dropped_duplicates == len(given_rows) - len(unique)


@settings(max_examples=30)
@given(rows, rows)
def test_concat_is_reading_one_after_the_other(a: list[Any], b: list[Any]) -> None:
    together, at_once = of_rows(a).concat(of_rows(b)), of_rows(a + b)
    assert as_rows(together) == as_rows(at_once)
    assert together.n_dropped_duplicates == at_once.n_dropped_duplicates
    assert together.users.equals(at_once.users)


@settings(max_examples=30)
@given(st.lists(rows, max_size=4))
def test_batches_are_one_log(batches: list[list[Any]]) -> None:
    names = ("user_id", "item_id", "kind", "occurred_at")
    frames = [dict(zip(names, map(list, zip(*b, strict=True)), strict=True)) for b in batches if b]
    assert as_rows(EventLog.from_batches(frames)) == as_rows(
        of_rows([r for b in batches for r in b])
    )


def test_an_event_id_tells_two_equal_rows_apart() -> None:
    same = {"user_id": ["a", "a"], "item_id": ["x", "x"]}
    assert EventLog.from_frame(same).n_events == 1
    assert EventLog.from_frame({**same, "event_id": ["1", "2"]}).n_events == 2
    assert EventLog.from_frame({**same, "event_id": ["1", "1"]}).n_dropped_duplicates == 1


def test_concat_keeps_what_only_one_log_has() -> None:
    plain = EventLog.from_frame({"user_id": ["dee"], "item_id": ["q1"]})
    both = plain.concat(log())
    assert both.users.ids(both.user_rows).tolist() == ["dee", *EVENTS["user_id"]]
    assert both.session_ids.to_pylist() == [None, *EVENTS["session_id"]]
    assert both.amounts is not None
    assert np.array_equal(both.amounts[1:], log().amounts, equal_nan=True)  # type: ignore[arg-type]


def test_logs_with_different_kinds_share_a_table() -> None:
    a = EventLog.from_frame({"user_id": ["a"], "item_id": ["x"], "kind": ["up"]}, kinds={"up": 2})
    b = EventLog.from_frame(
        {"user_id": ["a"], "item_id": ["x"], "kind": ["down"]}, kinds={"down": 1}
    )
    both = a.concat(b)
    assert [both.kinds.names[code] for code in both.kind_codes] == ["up", "down"]


def test_logs_with_ids_of_different_sorts_do_not_join() -> None:
    with pytest.raises(DataError, match="user_id must be of one sort everywhere"):
        log().concat(EventLog.from_frame({"user_id": [1], "item_id": ["x"]}))


def test_select_takes_a_mask_or_positions_and_keeps_the_maps() -> None:
    events = log()
    some = events.select([2, 0])
    assert some.users.ids(some.user_rows).tolist() == ["ana", "ana"]
    assert some.session_ids.to_pylist() == ["s1", "s1"]
    assert some.users is events.users
    assert events.select(events.user_rows == 0).n_events == 2


def test_before_leaves_out_the_moment_itself_and_keeps_what_has_no_time() -> None:
    found = log().before("2018-03-12T09:30:00Z")
    assert found.items.ids(found.item_rows).tolist() == ["q1", "q2"]


def test_first_and_last_time_pass_over_what_has_none() -> None:
    events = log()
    assert str(events.first_time) == "2018-03-11T00:00:00.000000"
    assert str(events.last_time) == "2018-03-13T00:00:00.000000"
    assert not EventLog.empty().has_times
    assert np.isnat(EventLog.empty().last_time)


def test_compact_forgets_ids_without_an_event() -> None:
    events = log().select([1, 3]).compact()
    assert (list(events.users), list(events.items)) == (["bo", "cy"], ["q1", "q3"])
    assert b"ana" not in b"".join(a.tobytes() for a in events.users.to_arrays().values())


def test_columns_are_read_only() -> None:
    with pytest.raises(ValueError, match="read-only"):
        log().user_rows[0] = 1


def test_columns_of_different_lengths_are_refused() -> None:
    from dataclasses import replace

    with pytest.raises(DataError, match="values must have 4 rows; got 1"):
        replace(log(), values=np.zeros(1, np.float32))


def test_files_are_read_one_after_the_other(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("user_id,item_id\nana,q1\n")
    (tmp_path / "b.csv.gz").write_bytes(gzip.compress(b"user_id,item_id\nbo,q1\nana,q1\n", mtime=0))
    events = EventLog.read([tmp_path / "a.csv", str(tmp_path / "b.csv.gz")])
    assert events.users.ids(events.user_rows).tolist() == ["ana", "bo"]
    assert events.n_dropped_duplicates == 1


def test_a_bad_row_names_file_line_column_and_reason(tmp_path: Path) -> None:
    path = tmp_path / "e.csv"
    path.write_text('user_id,note,thing,kind\nana,"two\nlines",q1,view\n,,q1,view\nbo,,q1,vew\n')
    with pytest.raises(DataError) as caught:
        EventLog.read(path, columns={"item_id": "thing"})
    assert str(caught.value).startswith(f"{path}, line 4, column user_id: must not be missing")
    events = EventLog.read(path, columns={"item_id": "thing"}, on_bad_row="skip")
    assert [(one.line, one.column) for one in events.skipped] == [(4, "user_id"), (5, "kind")]
    assert (events.n_events, events.n_skipped) == (1, 2)


def test_text_ids_of_a_file_are_never_numbers(tmp_path: Path) -> None:
    path = tmp_path / "e.csv"
    path.write_text("user_id,item_id\n007,0013442\n")
    assert list(EventLog.read(path).items) == ["0013442"]


def test_events_after_now_and_a_day_are_refused() -> None:
    frame = {"user_id": ["a"], "item_id": ["x"], "occurred_at": ["2030-01-01"]}
    with pytest.raises(DataError, match="must not be in the future"):
        EventLog.from_frame(frame, now="2025-01-01")
    assert EventLog.from_frame(frame).n_events == 1


def test_plain_arrays_bring_everything_back() -> None:
    events = log()
    arrays = events.to_arrays()
    assert not any(array.dtype.hasobject for array in arrays.values())
    back = EventLog.from_arrays(arrays, users=events.users, items=events.items, kinds=events.kinds)
    assert back.to_frame().equals(events.to_frame())


def test_a_log_can_go_to_another_process() -> None:
    events = log()
    assert pickle.loads(pickle.dumps(events)).to_frame().equals(events.to_frame())


def test_the_library_of_the_frame_is_remembered() -> None:
    assert (
        EventLog.from_frame(pd.DataFrame({"user_id": ["a"], "item_id": ["x"]})).backend == "pandas"
    )
    assert log().backend == "pyarrow"


def test_no_events_are_a_log_too() -> None:
    assert EventLog.from_frame({"user_id": [], "item_id": []}).n_events == 0
    assert EventLog.from_batches([]).kinds == KindTable.default()
    assert EventLog.empty().concat(log()).n_events == 4


def test_a_log_says_what_it_is() -> None:
    assert repr(log()) == "EventLog(4 events, 3 users, 3 items)"
    assert isinstance(log().to_frame(), pa.Table)
