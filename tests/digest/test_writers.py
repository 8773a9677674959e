import gzip
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from recsys.core.errors import ConfigError
from recsys.digest import Digest
from recsys.digest.journal import to_line
from recsys.digest.writers import check_out, new_digests


@pytest.fixture
def parts(tmp_path: Path, letter: Digest) -> list[Path]:
    chunks = [
        [letter, replace(letter, user_id="bo", items=())],
        [],
        [replace(letter, user_id="cy")],
    ]
    paths = []
    for number, chunk in enumerate(chunks):
        paths.append(tmp_path / f"{number}.part")
        paths[-1].write_text("".join(map(to_line, chunk)), encoding="utf-8")
    return paths


def write(path: Path, parts: list[Path], *, ints: bool = False) -> Path:
    with new_digests(path, parts, int_user_ids=ints, int_item_ids=ints):
        assert not path.exists()
    return path


READERS: dict[str, Callable[[Path], list[dict[str, Any]]]] = {
    "w.jsonl": lambda path: [json.loads(line) for line in path.read_text("utf-8").splitlines()],
    "w.ndjson": lambda path: [json.loads(line) for line in path.read_text("utf-8").splitlines()],
    "w.jsonl.gz": lambda path: [
        json.loads(line) for line in gzip.decompress(path.read_bytes()).decode().splitlines()
    ],
    "w.json": lambda path: list(json.loads(path.read_text("utf-8"))),
    "W.PARQUET": lambda path: pq.read_table(path).to_pylist(),
}


@pytest.mark.parametrize("name", READERS)
def test_every_format_holds_the_same_records(
    tmp_path: Path, parts: list[Path], letter: Digest, name: str
) -> None:
    records = READERS[name](write(tmp_path / name, parts))
    assert [one["user_id"] for one in records] == ["ana", "bo", "cy"]
    assert records[0] == letter.to_dict()


@pytest.mark.parametrize("name", READERS)
def test_no_digests_give_a_valid_empty_file(tmp_path: Path, name: str) -> None:
    assert READERS[name](write(tmp_path / name, [])) == []


def test_parquet_has_a_row_group_for_each_chunk(tmp_path: Path, parts: list[Path]) -> None:
    assert pq.ParquetFile(write(tmp_path / "w.parquet", parts)).num_row_groups == 2


def test_whole_number_ids_stay_numbers_in_parquet(tmp_path: Path, letter: Digest) -> None:
    part = tmp_path / "0.part"
    item = replace(letter.items[0], item_id=7)
    part.write_text(to_line(replace(letter, user_id=42, items=(item,))), encoding="utf-8")
    record = pq.read_table(write(tmp_path / "w.parquet", [part], ints=True)).to_pylist()[0]
    assert (record["user_id"], record["items"][0]["item_id"]) == (42, 7)


@pytest.mark.parametrize("name", READERS)
def test_a_failure_leaves_what_was_there(tmp_path: Path, parts: list[Path], name: str) -> None:
    path = tmp_path / name
    path.write_text("last week")
    before = sorted(tmp_path.iterdir())
    parts[1].write_text("broken" if name == "W.PARQUET" else "")
    missing = [*parts, tmp_path / "missing.part"]
    with (
        pytest.raises((OSError, ValueError)),
        new_digests(path, missing, int_user_ids=False, int_item_ids=False),
    ):
        pass
    assert path.read_text() == "last week"
    assert sorted(tmp_path.iterdir()) == before


def test_the_same_digests_give_the_same_bytes(tmp_path: Path, parts: list[Path]) -> None:
    one, two = (write(tmp_path / name, parts).read_bytes() for name in ("a.jsonl.gz", "b.jsonl.gz"))
    assert one == two


@pytest.mark.parametrize("name", ["weekly", "weekly.csv", "weekly.jsonl.bz2"])
def test_an_ending_that_names_no_format_is_refused(name: str) -> None:
    with pytest.raises(ConfigError, match=r"must end in \.jsonl"):
        check_out(Path(name))
