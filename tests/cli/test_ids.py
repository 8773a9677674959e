import gzip
import io
import sys
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys.cli.ids import as_known, given_ids, read_ids
from recsys.core.errors import DataError
from recsys.data import IdMap


def write(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def test_ids_stand_one_a_line_with_spaces_and_dashes_kept(tmp_path: Path) -> None:
    path = write(tmp_path / "ids.txt", b"-x\r\n\n two words \nlast")
    assert read_ids(path, column="user_id") == ["-x", " two words ", "last"]


def test_the_column_of_a_csv_is_taken(tmp_path: Path) -> None:
    path = write(tmp_path / "ids.csv", b'name,user_id\n"Bo, the first",b\nAna,a\n')
    assert read_ids(path, column="user_id") == ["b", "a"]


def test_a_comma_in_a_line_is_part_of_the_id_without_such_a_column(tmp_path: Path) -> None:
    assert read_ids(write(tmp_path / "ids", b"a,b\nc,d\n"), column="user_id") == ["a,b", "c,d"]


def test_packed_ids_and_a_byte_order_mark_are_read(tmp_path: Path) -> None:
    path = write(tmp_path / "ids.gz", gzip.compress(b"\xef\xbb\xbfana\n", mtime=0))
    assert read_ids(path, column="user_id") == ["ana"]


def test_a_dash_is_stdin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"ana\nbo\n")))
    assert read_ids(Path("-"), column="user_id") == ["ana", "bo"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "at least one id"),
        (b"\n\n", "at least one id"),
        (b"ok\n" + b"x" * 10**6, r"line 2: an id must have 1 to 1,024 characters; got 1,000,000"),
        (b"user_id,n\n,1\n", r"line 2: an id must have 1 to 1,024 characters; got 0"),
        (b"a\xff\xfe", "must be UTF-8"),
        (gzip.compress(b"ana\n" * 1000, mtime=0)[:-9], "must be a whole gzip file"),
    ],
    ids=["empty", "blank", "a million characters", "empty cell", "encoding", "truncated gzip"],
)
def test_bad_ids_are_told_with_their_place(tmp_path: Path, content: bytes, message: str) -> None:
    path = write(tmp_path / "ids", content)
    with pytest.raises(DataError, match=message) as caught:
        read_ids(path, column="user_id")
    assert str(path) in str(caught.value)
    assert len(str(caught.value)) < 400


def test_a_missing_file_and_a_folder_are_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="there is none"):
        read_ids(tmp_path / "none", column="user_id")
    with pytest.raises(DataError, match="it is a folder"):
        read_ids(tmp_path, column="user_id")


def test_typed_ids_come_before_those_of_a_file(tmp_path: Path) -> None:
    path = write(tmp_path / "ids", b"c\n")
    assert given_ids(["b", "a"], path, option="--user", column="user_id") == ["b", "a", "c"]


@pytest.mark.parametrize("one", ["", "x" * 10**6, "\udcff"])
def test_a_typed_id_that_can_be_none_is_refused(one: str) -> None:
    with pytest.raises(DataError, match="--user") as caught:
        given_ids([one], None, option="--user", column="user_id")
    assert len(str(caught.value)) < 300
    str(caught.value).encode()


def test_typed_text_becomes_what_the_ids_of_the_model_are() -> None:
    uuid = UUID(int=7)
    assert as_known(["62", "-3", "062", "x", "1" * 5000], IdMap.of([62])) == [
        62, -3, "062", "x", "1" * 5000,
    ]  # fmt: skip
    assert as_known([str(uuid), "x"], IdMap.of([uuid])) == [uuid, "x"]
    assert as_known(["62"], IdMap.of(["62"])) == ["62"]


@given(st.integers(-(2**63), 2**63 - 1))
def test_every_integer_id_can_be_typed(number: int) -> None:
    assert as_known([str(number)], IdMap.of([number])) == [number]
