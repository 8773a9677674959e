"""Opening files: every format, and every way to be broken."""

import gzip
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from recsys.core.errors import DataError
from recsys.data.readers.files import read_bytes, read_source

CSV = b"user_id,item_id\nana,q1\nbo,q2\n"
ROWS = {"user_id": ["ana", "bo"], "item_id": ["q1", "q2"]}
JSON = b'{"user_id":"ana","item_id":"q1"}\n{"user_id":"bo","item_id":"q2"}\n'


def file(folder: Path, name: str, raw: bytes) -> Path:
    path = folder / name
    path.write_bytes(raw)
    return path


@pytest.mark.parametrize(
    ("name", "raw"),
    [
        ("e.csv", CSV),
        ("e.csv.gz", gzip.compress(CSV, mtime=0)),
        ("e.csv", gzip.compress(CSV, mtime=0)),
        ("e.csv.gz", CSV),
        ("e.csv.gz", gzip.compress(CSV[:20], mtime=0) + gzip.compress(CSV[20:], mtime=0)),
        ("e.csv", b"\xef\xbb\xbf" + CSV),
        ("e.txt", CSV),
        ("e.jsonl", JSON),
        ("e.ndjson.gz", gzip.compress(JSON, mtime=0)),
        ("e.json", JSON),
        ("e.data", JSON),
    ],
)
def test_every_format_is_recognised_by_what_is_in_it(tmp_path: Path, name: str, raw: bytes) -> None:
    assert read_source(file(tmp_path, name, raw)).table.to_pydict() == ROWS


def test_parquet_is_read_under_any_name(tmp_path: Path) -> None:
    pq.write_table(pa.table(ROWS), tmp_path / "e.csv")
    assert read_source(tmp_path / "e.csv").table.to_pydict() == ROWS


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"", "must hold a header and rows; it is empty"),
        (b" \n\n", "it is empty"),
        (gzip.compress(b"", mtime=0), "it is empty"),
        (b"user_id,item_id\n", "at least one row; it has a header only"),
        (gzip.compress(CSV * 500, mtime=0)[:-9], "whole gzip file; it ends in the middle"),
        (gzip.compress(CSV, mtime=0)[:12] + b"garbage!" * 3, "sound gzip file|ends in the middle"),
        (bytes(range(256)) * 8, "line 1 holds a zero byte"),
        (b"\x89PNG\r\n\x1a\n\x1e\xff" * 9, "its beginning is no text"),
        (CSV.decode().encode("utf-16"), "must be UTF-8; it is UTF-16"),
        (CSV + b"jos\xe9,q1\n", "line 4 holds the byte 0xe9"),
        (b"PK\x03\x04abc", "zip or Excel file: export it as CSV"),
        (b"%PDF-1.4", "a PDF"),
        (b"PAR1abcdefgh", "must be a sound Parquet file"),
        (b"user_id,user_id\na,b\n", "'user_id' is there 2 times"),
    ],
)
def test_a_broken_file_is_one_clear_line_with_its_name(
    tmp_path: Path, raw: bytes, message: str
) -> None:
    path = file(tmp_path, "events.csv", raw)
    with pytest.raises(DataError, match=message) as caught:
        read_source(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_file_names_its_neighbour(tmp_path: Path) -> None:
    file(tmp_path, "events.csv", CSV)
    with pytest.raises(DataError, match=r"there is none\. Did you mean .*events\.csv\?"):
        read_source(tmp_path / "event.csv")
    with pytest.raises(DataError, match="There is no folder"):
        read_source(tmp_path / "nowhere" / "event.csv")


def test_a_folder_and_an_impossible_name_are_no_files(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="it is a folder"):
        read_source(tmp_path)
    with pytest.raises(DataError, match="must be readable"):
        read_source(tmp_path / ("x" * 5000))
    with pytest.raises(DataError, match="must be readable"):
        read_source("a\0b")


def test_columns_are_renamed_on_the_way(tmp_path: Path) -> None:
    path = file(tmp_path, "e.csv", b"member,item_id\nana,q1\n")
    source = read_source(path, columns={"user_id": "member"}, known=("user_id", "item_id"))
    assert source.table.column_names == ["user_id", "item_id"]


def test_bytes_are_unpacked(tmp_path: Path) -> None:
    assert read_bytes(file(tmp_path, "x", gzip.compress(b"abc", mtime=0))) == b"abc"
