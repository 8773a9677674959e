import gzip
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from recsys.core.errors import DataError
from recsys.digest.confirmations import read_sent

TEXTS = {
    "sent.csv": "user_id,issue\nana,2018-09-01\nbo,\n",
    "sent.jsonl": '{"user_id": "ana", "issue": "2018-09-01"}\n\n{"user_id": "bo"}\n',
    "sent.json": '[{"user_id": "ana", "issue": "2018-09-01"}, {"user_id": "bo", "issue": null}]',
}


@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.parametrize("packed", [False, True])
def test_every_format_says_the_same(tmp_path: Path, name: str, packed: bool) -> None:
    path = tmp_path / (name + ".gz" if packed else name)
    raw = TEXTS[name].encode()
    path.write_bytes(gzip.compress(raw, mtime=0) if packed else raw)
    assert read_sent(path) == (["ana", "bo"], ["2018-09-01", None])


def test_parquet_is_read_too(tmp_path: Path) -> None:
    table = pa.table({"user_id": [1, 2], "issue": ["2018-09-01", None], "items": [[], []]})
    pq.write_table(table, tmp_path / "sent.parquet")
    assert read_sent(tmp_path / "sent.parquet") == ([1, 2], ["2018-09-01", None])


def test_a_title_with_an_odd_line_separator_is_one_record(tmp_path: Path) -> None:
    line = json.dumps({"user_id": "ana", "subject": "a\u2028b"}, ensure_ascii=False)
    (tmp_path / "sent.jsonl").write_text(line + "\n", encoding="utf-8")
    assert read_sent(tmp_path / "sent.jsonl")[0] == ["ana"]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("sent.csv", b"who\nana\n"),
        ("sent.csv", b"user_id,issue\n,x\n"),
        ("sent.csv", b"\xff\xfe\x00"),
        ("sent.jsonl", b"{broken\n"),
        ("sent.jsonl", b"[1, 2]\n"),
        ("sent.json", b"[1]"),
        ("sent.jsonl.gz", b"not gzip"),
        ("sent.jsonl.gz", gzip.compress(b'{"user_id": "ana"}\n', mtime=0)[:-6]),
        ("sent.parquet", b"PAR1 no"),
    ],
)
def test_a_broken_file_gives_one_clear_line(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=name) as caught:
        read_sent(tmp_path / name)
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="it is not there"):
        read_sent(tmp_path / "sent.csv")
