"""The memory of past digests."""

from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from recsys.core.errors import DataError, RecsysWarning
from recsys.data.logs.digest_history import DigestHistory, append_lines

COLUMNS = ("user_id", "item_id", "sent_at", "issue", "status")
ROWS: list[dict[str, Any]] = [
    dict(zip(COLUMNS, row, strict=True))
    for row in (
        ("ana", "q1", "2018-01-01", "w1", "sent"),
        ("bo", "q1", "2018-01-01", "w1", "composed"),
        ("ana", "q2", "2018-01-08", "w2", "composed"),
    )
]


def past(tmp_path: Path) -> DigestHistory:
    DigestHistory.append(tmp_path / "h.jsonl", ROWS)
    return DigestHistory.read(tmp_path / "h.jsonl")


def test_what_is_appended_is_read_back(tmp_path: Path) -> None:
    history = past(tmp_path)
    found = history.to_frame().to_pylist()
    assert [(r["user_id"], r["item_id"], r["issue"], r["status"]) for r in found] == [
        (r["user_id"], r["item_id"], r["issue"], r["status"]) for r in ROWS
    ]
    assert str(history.sent_at[2]) == "2018-01-08T00:00:00.000000"


def test_each_row_keeps_its_own_time(tmp_path: Path) -> None:
    day = np.datetime64("2018-01-01")
    autumn = datetime(2018, 10, 28, 2, 30, tzinfo=ZoneInfo("Europe/Berlin"))  # comes twice
    times = [None, day, day, autumn, autumn.replace(fold=1), None, day]
    rows = [{"user_id": "ana", "item_id": "q1", "sent_at": when} for when in times]
    DigestHistory.append(tmp_path / "h.jsonl", rows)
    found = DigestHistory.read(tmp_path / "h.jsonl").sent_at.astype("datetime64[m]")
    hours = [f"2018-10-28T0{hour}:30" for hour in (0, 1)]
    dawn = "2018-01-01T00:00"
    assert found.astype(str).tolist() == ["NaT", dawn, dawn, *hours, "NaT", dawn]


def test_appending_adds_and_says_how_many(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "h.jsonl"
    assert DigestHistory.append(path, ROWS) == 3
    assert DigestHistory.append(path, [{"user_id": "cy", "item_id": "q9"}]) == 1
    assert DigestHistory.append(path, []) == 0
    history = DigestHistory.read(path)
    assert history.n_rows == 4
    assert history.is_sent.tolist() == [True, False, False, True]
    assert np.isnat(history.sent_at[3])


def test_a_torn_last_line_is_cut_off_by_the_next_append(tmp_path: Path) -> None:
    path = tmp_path / "h.jsonl"
    DigestHistory.append(path, ROWS)
    with path.open("ab") as file:
        file.write(b'{"user_id":"torn')
    with pytest.warns(RecsysWarning, match="torn last line"):
        DigestHistory.append(path, ROWS[:1])
    assert DigestHistory.read(path).n_rows == 4
    long_line = tmp_path / "long.jsonl"
    long_line.write_bytes(b"x" * 200_000)
    with pytest.warns(RecsysWarning, match="torn last line"):
        append_lines(long_line, b"{}\n")
    assert long_line.read_bytes() == b"{}\n"


@pytest.mark.parametrize("end", [b"", b" ", b"\t", b"\r"])
@pytest.mark.parametrize("n_lines", [1, 2, 3])
def test_a_whole_last_line_without_a_line_feed_is_kept(
    tmp_path: Path, n_lines: int, end: bytes
) -> None:
    path = tmp_path / "h.jsonl"
    DigestHistory.append(path, ROWS[:n_lines])
    path.write_bytes(path.read_bytes().rstrip(b"\n") + end)
    DigestHistory.append(path, ROWS[:1])
    assert DigestHistory.read(path).n_rows == n_lines + 1


def test_items_are_asked_by_person(tmp_path: Path) -> None:
    history = past(tmp_path)
    assert history.items_of(["ana", "nobody", "bo"]) == [["q1", "q2"], [], ["q1"]]
    assert history.items_of(["ana", "bo"], sent_only=True) == [["q1"], []]


def test_a_person_taken_out_leaves_no_trace(tmp_path: Path) -> None:
    history = past(tmp_path).without(["ana", "nobody"])
    assert (history.items_of(["ana", "bo"]), list(history.users)) == ([[], ["q1"]], ["bo"])
    history.write(tmp_path / "h.jsonl")
    assert "ana" not in (tmp_path / "h.jsonl").read_text()
    assert DigestHistory.read(tmp_path / "h.jsonl").items_of(["bo"]) == [["q1"]]
    assert history.without(["bo"]).n_rows == 0


def test_integers_stay_integers(tmp_path: Path) -> None:
    DigestHistory.append(tmp_path / "h.jsonl", [{"user_id": np.int64(7), "item_id": 8}])
    assert DigestHistory.read(tmp_path / "h.jsonl").items_of([7]) == [[8]]


def test_no_file_yet_is_an_empty_history(tmp_path: Path) -> None:
    assert DigestHistory.read(tmp_path / "none.jsonl").n_rows == 0
    (tmp_path / "empty.jsonl").touch()
    assert DigestHistory.read(tmp_path / "empty.jsonl").n_rows == 0
    assert DigestHistory.empty().items_of(["ana"]) == [[]]


def test_other_formats_are_read_but_not_appended_to(tmp_path: Path) -> None:
    path = tmp_path / "h.csv"
    path.write_text("member,item_id,status\nana,q1,composed\n")
    history = DigestHistory.read(path, columns={"user_id": "member"})
    assert (history.items_of(["ana"]), history.is_sent.tolist()) == ([["q1"]], [False])
    for name in ("h.jsonl.gz", "h.parquet"):
        with pytest.raises(DataError, match="must be a JSON Lines file to append to"):
            DigestHistory.append(tmp_path / name, ROWS)


def test_a_row_without_a_status_was_sent() -> None:
    assert DigestHistory.from_frame({"user_id": ["a"], "item_id": ["x"]}).is_sent.tolist() == [True]


def test_rows_are_selected(tmp_path: Path) -> None:
    history = past(tmp_path)
    assert history.select([2]).issues.to_pylist() == ["w2"]
    assert history.select(history.is_sent).n_rows == 1
