"""A dataset as a folder."""

import json
from pathlib import Path

import numpy as np
import pytest

from recsys.core.errors import ArtifactError
from recsys.data.dataset import Dataset
from recsys.data.logs.events import EventLog
from recsys.data.saved import load_dataset, save_dataset
from recsys.data.tables.catalog import Catalog
from recsys.data.tables.people import People


def dataset() -> Dataset:
    return Dataset.join(
        EventLog.from_frame(
            {
                "user_id": ["ana", "bo"],
                "item_id": ["q1", "q2"],
                "kind": ["ask", "up"],
                "session_id": ["s", None],
            },
            kinds={"up": 2.0},
        ),
        Catalog.from_frame(
            {"item_id": ["q2", "q3"], "title": ["Two", None], "tags": ["a|b", None]}
        ),
        People.from_frame({"user_id": ["cy"], "consent": ["none"], "declared_tags": ["a"]}),
    )


def test_everything_comes_back(tmp_path: Path) -> None:
    data = dataset()
    save_dataset(data, tmp_path / "d")
    back = load_dataset(tmp_path / "d")
    assert back.events.to_frame().equals(data.events.to_frame())
    assert back.events.kinds == data.events.kinds
    assert back.catalog.table.equals(data.catalog.table)
    assert back.catalog.tag_names == data.catalog.tag_names
    assert (back.catalog.tags != data.catalog.tags).nnz == 0
    assert back.people.consent.digest.tolist() == data.people.consent.digest.tolist()
    assert back.author_rows.tolist() == data.author_rows.tolist()
    assert back.users.rows(["cy", "ana", "nobody"]).tolist() == [0, 1, -1]


def test_columns_are_mapped_not_read(tmp_path: Path) -> None:
    save_dataset(dataset(), tmp_path)
    assert isinstance(load_dataset(tmp_path).events.user_rows.base, np.memmap)


def test_events_may_stay_behind(tmp_path: Path) -> None:
    save_dataset(dataset(), tmp_path, keep_events=False)
    back = load_dataset(tmp_path)
    assert (back.events.n_events, back.n_users) == (0, 3)
    assert "up" in back.events.kinds


def test_an_empty_dataset_comes_back(tmp_path: Path) -> None:
    save_dataset(Dataset.join(EventLog.empty()), tmp_path)
    assert load_dataset(tmp_path).shape == (0, 0)


@pytest.mark.parametrize(
    "name", ["dataset.json", "users/bytes.npy", "events/user_rows.npy", "catalog.arrow"]
)
@pytest.mark.parametrize("harm", ["missing", "cut"])
def test_a_damaged_folder_is_refused_by_name(tmp_path: Path, name: str, harm: str) -> None:
    save_dataset(dataset(), tmp_path)
    path = tmp_path / name
    raw = path.read_bytes()
    path.unlink()
    if harm == "cut":
        path.write_bytes(raw[: len(raw) // 2])
    with pytest.raises(
        ArtifactError, match=r"sound saved dataset|a saved table|is damaged or missing"
    ):
        load_dataset(tmp_path)


def test_rows_beyond_the_maps_are_refused(tmp_path: Path) -> None:
    save_dataset(dataset(), tmp_path)
    np.save(tmp_path / "events" / "item_rows.npy", np.array([0, 99], np.int32))
    with pytest.raises(ArtifactError, match="item_rows must lie below 3"):
        load_dataset(tmp_path)


def test_kinds_that_make_no_sense_are_refused(tmp_path: Path) -> None:
    save_dataset(dataset(), tmp_path)
    path = tmp_path / "dataset.json"
    description = json.loads(path.read_text())
    description["kinds"]["view"]["weight"] = -1
    path.write_text(json.dumps(description))
    with pytest.raises(ArtifactError, match="must be a sound saved dataset"):
        load_dataset(tmp_path)
