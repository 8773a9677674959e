import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from recsys.core.errors import ConfigError, DataError, RecsysWarning
from recsys.data import DigestHistory, IdMap
from recsys.digest import confirm
from recsys.digest.history import check_history, new_rows, remember
from recsys.digest.received import Received

ITEMS = IdMap.of(["q0", "q1", "q2"])
AT = "2018-09-01T09:00:00Z"


def record(user_id: str, *item_ids: str, as_of: str = AT) -> dict[str, Any]:
    return {
        "user_id": user_id,
        "issue": as_of[:10],
        "as_of": as_of,
        "items": [{"item_id": one} for one in item_ids],
    }


def add(path: Path, *chunks: list[dict[str, Any]]) -> int:
    received = Received.of(DigestHistory.read(path), ITEMS, unconfirmed="count")
    with new_rows(path, chunks, received=received, items=ITEMS) as rows:
        remember(path, rows)
        n_rows = rows.read_bytes().count(b"\n")
    assert not rows.exists()
    return n_rows


def pairs(path: Path, **settings: bool) -> dict[str, list[str]]:
    past = DigestHistory.read(path)
    return {who: sorted(set(past.items_of([who], **settings)[0])) for who in past.users}


def test_what_was_composed_is_in_the_history_and_not_yet_sent(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    assert add(path, [record("ana", "q0", "q1")], [], [record("bo", "q2")]) == 3
    assert pairs(path) == {"ana": ["q0", "q1"], "bo": ["q2"]}
    assert not DigestHistory.read(path).is_sent.any()


def test_a_failure_half_way_takes_everything_back(tmp_path: Path) -> None:
    def broken() -> Iterator[list[dict[str, Any]]]:
        yield [record("ana", "q0")]
        raise OSError("no space left")

    path = tmp_path / "history.jsonl"
    empty = Received.of(DigestHistory.empty(), ITEMS, unconfirmed="count")
    with (
        pytest.raises(OSError, match="no space"),
        new_rows(path, broken(), received=empty, items=ITEMS),
    ):
        pytest.fail("rows that could not be made are not given")
    assert list(tmp_path.iterdir()) == []
    add(path, [record("bo", "q1")])
    before = path.read_bytes()
    with pytest.raises(FileNotFoundError):
        remember(path, tmp_path / "no such rows")
    assert path.read_bytes() == before


def test_rows_that_a_killed_run_wrote_are_not_added_again(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    add(path, [record("ana", "q0")])
    assert add(path, [record("ana", "q0", "q1"), record("bo", "q0")]) == 2
    assert len(path.read_text().splitlines()) == 3


def test_confirming_the_output_marks_everything_in_it_sent(tmp_path: Path) -> None:
    path, out = tmp_path / "history.jsonl", tmp_path / "w.jsonl"
    add(path, [record("ana", "q0", "q1"), record("bo", "q2")])
    out.write_text(json.dumps(record("ana", "q0", "q1")) + "\n")
    assert confirm(path, out) == 1
    assert pairs(path, sent_only=True) == {"ana": ["q0", "q1"], "bo": []}


def test_without_an_issue_the_last_one_is_meant(tmp_path: Path) -> None:
    path, sent = tmp_path / "history.jsonl", tmp_path / "sent.csv"
    add(path, [record("ana", "q0")])
    add(path, [record("ana", "q1", as_of="2018-09-08T09:00:00Z")])
    sent.write_text("user_id\nana\n")
    assert confirm(path, sent) == 1
    assert pairs(path, sent_only=True) == {"ana": ["q1"]}
    sent.write_text("user_id,issue\nana,2018-09-01\n")
    confirm(path, sent)
    assert pairs(path, sent_only=True) == {"ana": ["q0", "q1"]}


def test_confirming_twice_adds_nothing(tmp_path: Path) -> None:
    path, sent = tmp_path / "history.jsonl", tmp_path / "sent.csv"
    add(path, [record("ana", "q0")])
    sent.write_text("user_id\nana\nana\n")
    assert [confirm(path, sent), confirm(path, sent)] == [1, 0]
    assert len(path.read_text().splitlines()) == 2


def test_number_ids_are_found_though_csv_has_them_as_text(tmp_path: Path) -> None:
    path, sent = tmp_path / "history.jsonl", tmp_path / "sent.csv"
    DigestHistory.append(path, [{"user_id": 42, "item_id": 7, "sent_at": AT, "status": "composed"}])
    sent.write_text("user_id\n42\n")
    assert confirm(path, sent) == 1


def test_strangers_in_the_list_are_counted_in_a_warning(tmp_path: Path) -> None:
    path, sent = tmp_path / "history.jsonl", tmp_path / "sent.csv"
    add(path, [record("ana", "q0")])
    sent.write_text("user_id\nzoe\nana\n")
    with pytest.warns(RecsysWarning, match="1 of 2 rows"):
        assert confirm(path, sent) == 1


def test_a_history_that_is_not_there_cannot_be_confirmed(tmp_path: Path) -> None:
    (tmp_path / "sent.csv").write_text("user_id\nana\n")
    with pytest.raises(DataError, match="no such file"):
        confirm(tmp_path / "history.jsonl", tmp_path / "sent.csv")
    assert not (tmp_path / "history.jsonl").exists()


def test_a_history_must_be_json_lines(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"must end in \.jsonl"):
        check_history(tmp_path / "history.parquet")
    (tmp_path / "history.jsonl").mkdir()
    with pytest.raises(DataError, match="it is a folder"):
        check_history(tmp_path / "history.jsonl")


def test_who_was_composed_for_but_not_sent_to_can_be_served_again(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    add(path, [record("ana", "q0")])
    open_again = Received.of(DigestHistory.read(path), ITEMS, unconfirmed="ignore")
    assert np.isnat(open_again.last(["ana"])).all()


@pytest.mark.parametrize("issue", ["20/04/2024", "x", "2018-09-02", "1", "2018-9-1", "01.09.2018"])
def test_an_issue_that_no_digest_has_is_said(tmp_path: Path, issue: str) -> None:
    path, sent = tmp_path / "history.jsonl", tmp_path / "sent.csv"
    add(path, [record("ana", "q0")])
    sent.write_text(f"user_id,issue\nana,{issue}\n")
    with pytest.warns(RecsysWarning, match=f"no digest in .* has, such as '{issue}'"):
        assert confirm(path, sent) == 0


@pytest.mark.parametrize("sent_at", [1704067200, 1704067200.5, 0, True, [1]])
def test_a_history_whose_times_are_no_text_is_refused_before_anything_is_written(
    tmp_path: Path, sent_at: object
) -> None:
    path = tmp_path / "history.jsonl"
    path.write_text(json.dumps({"user_id": "ana", "item_id": "q0", "sent_at": sent_at}) + "\n")
    with pytest.raises(DataError, match="sent_at must be text"):
        check_history(path)
