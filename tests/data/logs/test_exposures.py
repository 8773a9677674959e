"""What was shown to whom."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from recsys.core.errors import DataError
from recsys.data.logs.exposures import EXPOSURE_COLUMNS, ExposureLog

SHOWN: dict[str, Any] = {
    "request_id": ["r1", "r1", "r2"],
    "user_id": ["ana", "ana", "bo"],
    "item_id": ["q1", "q2", "q1"],
    "rank": [1, 2, 1],
    "shown_at": ["2018-01-01T00:00:00Z", "2018-01-01T00:00:00Z", "2018-01-02"],
    "arm": ["a", "a", None],
    "propensity": [0.5, None, 1.0],
}


def log(**changes: Any) -> ExposureLog:
    return ExposureLog.from_frame({**SHOWN, **changes})


def test_a_frame_survives_the_way_there_and_back() -> None:
    frame = log().to_frame()
    assert frame.column_names == [one for one in EXPOSURE_COLUMNS if one in SHOWN]
    assert frame.column("user_id").to_pylist() == SHOWN["user_id"]
    assert frame.column("propensity").to_pylist() == SHOWN["propensity"]
    assert ExposureLog.from_frame(frame).to_frame().equals(frame)


@pytest.mark.parametrize(
    ("column", "values", "message"),
    [
        ("rank", [1, 0, 1], "row 1, column rank: must be a whole number from 1; got 0"),
        ("rank", [1, 1.5, 1], "row 1, column rank"),
        ("rank", [1, None, 1], "row 1, column rank"),
        ("propensity", [0.5, 0.0, 1], r"must lie in \(0, 1\]; got 0"),
        ("propensity", [0.5, 1.5, 1], r"must lie in \(0, 1\]; got 1\.5"),
        ("shown_at", ["2018-01-01", None, "2018-01-01"], "column shown_at: must not be empty"),
        ("request_id", ["r1", "", "r1"], "column request_id: must not be empty"),
        ("user_id", ["a", None, "b"], "column user_id: must not be missing"),
    ],
)
def test_a_bad_row_is_named_and_can_be_left_out(column: str, values: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        log(**{column: values})
    kept = ExposureLog.from_frame({**SHOWN, column: values}, on_bad_row="skip")
    assert (kept.n_exposures, kept.n_skipped) == (2, 1)


def test_every_column_asked_for_must_be_there() -> None:
    with pytest.raises(DataError, match="must have a column 'rank'"):
        ExposureLog.from_frame({k: v for k, v in SHOWN.items() if k != "rank"})


def test_logs_are_put_one_after_the_other() -> None:
    other = {k: v for k, v in SHOWN.items() if k != "arm"}
    both = log().concat(ExposureLog.from_frame({**other, "user_id": ["cy", "ana", "bo"]}))
    assert both.users.ids(both.user_rows).tolist() == ["ana", "ana", "bo", "cy", "ana", "bo"]
    assert both.texts["arm"].to_pylist() == ["a", "a", None, None, None, None]
    assert both.ranks.tolist() == [1, 2, 1, 1, 2, 1]


def test_a_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("request_id,user_id,item_id,rank,shown_at\nr1,ana,q1,1,2018-01-01\n")
    assert ExposureLog.read(path).n_exposures == 1


def test_columns_of_different_lengths_are_refused() -> None:
    from dataclasses import replace

    with pytest.raises(DataError, match="columns must have 3 rows; got 1"):
        replace(log(), ranks=np.ones(1, np.int32))
