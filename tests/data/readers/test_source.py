"""The report of bad rows."""

import pyarrow as pa
import pytest

from recsys.core.errors import ConfigError, DataError
from recsys.data.logs.events import EventLog
from recsys.data.readers.source import MAX_LISTED, BadRow, RowReport, SourceTable, rename


def source(n_rows: int = 4, ragged: tuple[BadRow, ...] = ()) -> SourceTable:
    table = pa.table({"user_id": ["u"] * n_rows, "itm": ["i"] * n_rows})
    return SourceTable(table, "e.csv", "line", lambda at: [one + 2 for one in at], ragged)


def test_nothing_is_said_when_nothing_is_wrong() -> None:
    assert RowReport(source(), "stop").finish() == (None, (), 0)


def test_the_first_bad_row_of_the_file_is_named_whatever_the_order_of_finding() -> None:
    report = RowReport(source(), "stop")
    report.bad([3], "item_id", "late.")
    report.bad([False, True, False, False], "kind", lambda at: f"early at {at}.")
    with pytest.raises(DataError, match=r"^e\.csv, line 3, column kind: early at 1\. 1 more row"):
        report.finish()


def test_a_ragged_line_counts_like_any_other() -> None:
    ragged = (BadRow("e.csv", 2, "(the row)", "short."),)
    report = RowReport(source(ragged=ragged), "stop")
    report.bad([2], "kind", "wrong.")
    with pytest.raises(DataError, match=r"line 2, column \(the row\): short\."):
        report.finish()


def test_skipping_keeps_the_good_rows_and_lists_the_bad() -> None:
    report = RowReport(source(), "skip")
    report.bad([2, 0], "kind", "wrong.")
    report.bad([2], "value", "also wrong.")
    keep, skipped, n_skipped = report.finish()
    assert keep is not None
    assert keep.tolist() == [False, True, False, True]
    assert [(one.line, one.column) for one in skipped] == [(2, "kind"), (4, "kind")]
    assert n_skipped == 2


def test_the_list_is_bounded_but_the_count_is_not() -> None:
    report = RowReport(source(MAX_LISTED + 5), "skip")
    report.bad(list(range(MAX_LISTED + 5)), "kind", "wrong.")
    _, skipped, n_skipped = report.finish()
    assert (len(skipped), n_skipped) == (MAX_LISTED, MAX_LISTED + 5)


def test_only_two_answers_to_a_bad_row_are_known() -> None:
    with pytest.raises(ConfigError, match="'stop' or 'skip'; got 'drop'"):
        RowReport(source(), "drop")  # type: ignore[arg-type]


def test_a_missing_column_names_the_nearest_and_how_to_rename() -> None:
    with pytest.raises(DataError, match=r"'item_id'; nearest: 'itm'.*--columns item_id=itm"):
        source().require("item_id")


def test_columns_take_the_contract_names_and_messages_the_file_names() -> None:
    renamed = rename(source(), {"item_id": "itm"}, known=("user_id", "item_id"))
    assert renamed.table.column_names == ["user_id", "item_id"]
    assert renamed.file_name("item_id") == "itm"


def test_renaming_replaces_a_column_that_has_the_name_already() -> None:
    renamed = rename(source(), {"user_id": "itm"}, known=("user_id",))
    assert renamed.table.to_pydict() == {"user_id": ["i"] * 4}


def test_a_pair_for_another_sort_of_file_is_left_alone() -> None:
    assert rename(source(), {"tag": "label"}, known=("user_id",)).table.num_columns == 2


def test_renaming_from_a_column_that_is_not_there_names_the_nearest() -> None:
    with pytest.raises(DataError, match=r"must have the column 'itmm' .* it has: 'itm'"):
        rename(source(), {"item_id": "itmm"}, known=("item_id",))


def test_a_misspelt_name_in_columns_is_refused_with_the_right_one() -> None:
    frame = {"user_id": ["a"], "item_id": ["x"], "when": ["2025-01-01"]}
    with pytest.raises(DataError, match=r"got 'occured_at'\. Did you mean 'occurred_at'"):
        EventLog.from_frame(frame, columns={"occured_at": "when"})
    # a name of another sort of file is left to that file
    assert EventLog.from_frame(frame, columns={"tag": "label"}).n_events == 1


@pytest.mark.parametrize("name", ["occured_at", "Kind", "occurred-at"])
def test_a_column_all_but_named_like_a_missing_one_is_warned_of(name: str) -> None:
    frame = {"user_id": ["a"], "item_id": ["x"], name: ["2025-01-01"]}
    with pytest.warns(UserWarning, match=f"the column '{name}' is not read. Did you mean"):
        EventLog.from_frame(frame)
    EventLog.from_frame({"user_id": ["a"], "item_id": ["x"], "colour": ["red"]})  # no warning
