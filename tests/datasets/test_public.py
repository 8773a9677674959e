"""Readers of public data sets."""

import gzip
import os
from pathlib import Path

import numpy as np
import pytest

from recsys.core.errors import DataError
from recsys.data import EventLog
from recsys.datasets.public import ml100k_split, read_split


def put(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(text.encode(), mtime=0))


def test_a_split_is_read_with_the_tags_one_folder_up(tmp_path: Path) -> None:
    put(tmp_path / "set" / "p10" / "train.csv.gz", "user_id,item_id\n1,2\n1,3\n")
    put(tmp_path / "set" / "p10" / "test.csv.gz", "user_id,item_id\n1,4\n")
    put(tmp_path / "set" / "item_tags.csv.gz", "item_id,tag\n2,a\n")
    split = read_split(tmp_path / "set" / "p10")
    assert (split.name, split.train.n_events, split.test.n_events) == ("p10", 2, 1)
    assert split.valid is None
    assert split.catalog is not None
    assert split.catalog.tag_names == ("a",)


def test_a_validation_part_is_read_where_there_is_one(tmp_path: Path) -> None:
    for part in ("train", "valid", "test"):
        put(tmp_path / f"{part}.csv.gz", "user_id,item_id\n1,2\n")
    split = read_split(tmp_path)
    assert split.valid is not None
    assert split.catalog is None


def test_other_folders_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="must be a folder with a public data set"):
        read_split(tmp_path / "none")
    with pytest.raises(DataError, match=r"must hold train\.csv\.gz and test\.csv\.gz"):
        read_split(tmp_path)


def test_each_item_is_cut_75_to_25_as_written_down() -> None:
    items = [item for item, n in (("x", 4), ("y", 2), ("z", 1), ("w", 10)) for _ in range(n)]
    events = EventLog.from_frame({"user_id": list(range(17)), "item_id": items})
    train, test = ml100k_split(events)
    draws = np.random.RandomState(42).random_sample(17)  # the published protocol
    expected = set()
    for item in set(items):
        mine = sorted((at for at in range(17) if items[at] == item), key=lambda at: draws[at])
        expected |= set(mine[: int(np.round(0.75 * len(mine)))])
    assert set(train.users.ids(train.user_rows)) == expected
    assert set(test.users.ids(test.user_rows)) == set(range(17)) - expected


def test_the_cut_needs_every_row() -> None:
    events = EventLog.from_frame({"user_id": [1, 1], "item_id": [2, 2]})
    with pytest.raises(DataError, match="needs every row"):
        ml100k_split(events)


@pytest.mark.data
@pytest.mark.parametrize(
    ("folder", "n_train", "n_test", "n_tags"),
    [
        ("gowalla", 810_128, 217_242, 0),
        ("ml-1m-temporal", 403_277, 57_532, 0),
        ("ml-100k", 75_066, 24_934, 19),
        ("citeulike-a/p10", 55_510, 149_476, 46_388),
        ("citeulike-a/cold-items", 164_210, 27_739, 46_388),
        ("lastfm", 57_786, 13_508, 9_749),
    ],
)
def test_the_public_sets_are_read(folder: str, n_train: int, n_test: int, n_tags: int) -> None:
    split = read_split(Path(os.environ["RECSYS_DATA"]) / folder)
    assert (split.train.n_events, split.test.n_events) == (n_train, n_test)
    assert len(split.catalog.tag_names if split.catalog else ()) == n_tags
