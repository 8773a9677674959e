"""A dataset as a folder of plain arrays and Arrow tables, and back."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from recsys.core.artifact import (
    describe_files,
    read_arrays,
    read_manifest,
    write_arrays,
    write_manifest,
)
from recsys.data.catalog import Catalog
from recsys.data.dataset import Dataset
from recsys.data.events import EventLog
from recsys.data.ids import IdMap
from recsys.data.kinds import KindTable
from recsys.data.people import People
from recsys.data.tables import load_table, save_table

FORMAT = "recsys-data"
MAJOR = 1


def save_dataset(dataset: Dataset, folder: Path, *, keep_events: bool = True) -> None:
    """Write a dataset into a new folder.

    Parameters
    ----------
    dataset : Dataset
    folder : Path
        Made if absent.
    keep_events : bool
        Whether the events go with it; without them the ids, items and people are kept.
    """
    folder.mkdir(parents=True, exist_ok=True)
    events = dataset.events if keep_events else dataset.events.select(np.zeros(0, np.int64))
    parts: Mapping[str, Mapping[str, Any]] = {
        "users": dataset.users.to_arrays(),
        "items": dataset.items.to_arrays(),
        "events": events.to_arrays(),
        "catalog": dataset.catalog.to_arrays(),
        "people": dataset.people.to_arrays(),
    }
    for name, arrays in parts.items():
        write_arrays(folder / name, arrays)
    write_arrays(folder, {"author_rows": dataset.author_rows})
    save_table(dataset.catalog.table, folder / "catalog.arrow")
    save_table(dataset.people.table, folder / "people.arrow")
    write_manifest(
        folder,
        {
            "format": FORMAT,
            "format_version": f"{MAJOR}.0",
            "kinds": events.kinds.to_dict(),
            "kind_order": list(events.kinds.names),
            "files": describe_files(folder),
        },
    )


def load_dataset(folder: Path) -> Dataset:
    """Return the dataset saved in a folder, its arrays memory-mapped.

    Raises
    ------
    ArtifactError
        If something is missing or damaged.
    """
    manifest = read_manifest(folder, kind=FORMAT, major=MAJOR)
    arrays = {
        name: read_arrays(folder, manifest, prefix=f"{name}/")
        for name in ("users", "items", "events", "catalog", "people")
    }
    users = IdMap.from_arrays(arrays["users"])
    items = IdMap.from_arrays(arrays["items"])
    saved = manifest["kinds"]
    kinds = KindTable.from_dict({name: saved[name] for name in manifest["kind_order"]})
    return Dataset(
        users=users,
        items=items,
        events=EventLog.from_arrays(arrays["events"], users=users, items=items, kinds=kinds),
        catalog=Catalog.from_arrays(
            arrays["catalog"], items=items, table=load_table(folder / "catalog.arrow")
        ),
        people=People.from_arrays(
            arrays["people"], users=users, table=load_table(folder / "people.arrow")
        ),
        author_rows=read_arrays(folder, manifest, prefix="author_rows")[""],
    )
