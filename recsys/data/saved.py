"""Save and load a dataset as a folder of memory-mapped arrays and tables."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from recsys.core.artifact import is_safe_name, open_array, write_arrays
from recsys.core.errors import ArtifactError, DataError, clip
from recsys.data.dataset import Dataset
from recsys.data.event_kinds import KindTable
from recsys.data.ids.id_map import IdMap
from recsys.data.logs.events import EventLog
from recsys.data.tables.attributes import load_table, save_table
from recsys.data.tables.catalog import Catalog
from recsys.data.tables.people import People

DESCRIPTION = "dataset.json"


def save_dataset(dataset: Dataset, folder: str | Path, *, keep_events: bool = True) -> None:
    """Write a dataset into a folder.

    Parameters
    ----------
    dataset : Dataset
        To save.
    folder : path
        Made if it is not there; its place in a larger saved form, which is written as a whole.
    keep_events : bool
        Whether the events go with it; without them, loading gives an empty log.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    events = dataset.events if keep_events else dataset.events.select(np.empty(0, np.int64))
    parts = {
        "users": dataset.users.to_arrays(),
        "items": dataset.items.to_arrays(),
        "events": events.to_arrays(),
        "catalog": dataset.catalog.to_arrays(),
        "people": dataset.people.to_arrays(),
        "authors": {"rows": dataset.author_rows},
    }
    arrays = {f"{part}/{name}": one for part, more in parts.items() for name, one in more.items()}
    write_arrays(folder, arrays)
    save_table(dataset.catalog.table, folder / "catalog.arrow")
    save_table(dataset.people.table, folder / "people.arrow")
    description = {"kinds": dataset.events.kinds.to_dict(), "arrays": sorted(arrays)}
    text = json.dumps(description, indent=1, ensure_ascii=False)
    (folder / DESCRIPTION).write_text(text + "\n", encoding="utf-8")


def load_dataset(folder: str | Path) -> Dataset:
    """Open what :func:`save_dataset` wrote; arrays and tables are mapped, not read.

    Raises
    ------
    ArtifactError
        If a file is missing or damaged, or the parts do not fit together.
    """
    folder = Path(folder)
    try:
        description = json.loads((folder / DESCRIPTION).read_text(encoding="utf-8"))
        kinds = KindTable.from_dict(description["kinds"])
        arrays = {name: _mapped(folder, name) for name in description["arrays"]}
        _check_texts(arrays)
        return _dataset(folder, arrays, kinds)
    except ArtifactError:
        raise
    except (OSError, ValueError, KeyError, TypeError, IndexError) as err:  # DataError too
        reason = clip(f"{type(err).__name__}: {err}", 120)
        raise ArtifactError(
            f"{folder} must be a sound saved dataset; {reason}. Restore it, or refit."
        ) from err


def _dataset(folder: Path, arrays: Mapping[str, npt.NDArray[Any]], kinds: KindTable) -> Dataset:
    users, items = (IdMap.from_arrays(_below(f"{one}/", arrays)) for one in ("users", "items"))
    events = EventLog.from_arrays(_below("events/", arrays), users=users, items=items, kinds=kinds)
    _check_rows(events)
    authors = arrays["authors/rows"]
    if len(authors) != len(items):
        raise DataError(f"authors of {len(items)} items; got {len(authors)}")
    return Dataset(
        users=users,
        items=items,
        events=events,
        catalog=Catalog.from_arrays(
            _below("catalog/", arrays), items=items, table=load_table(folder / "catalog.arrow")
        ),
        people=People.from_arrays(
            _below("people/", arrays), users=users, table=load_table(folder / "people.arrow")
        ),
        author_rows=authors,
    )


def _check_rows(events: EventLog) -> None:
    limits = {
        "user_rows": events.n_users,
        "item_rows": events.n_items,
        "kind_codes": len(events.kinds),
    }
    for name, limit in limits.items():
        rows = getattr(events, name)
        if len(rows) and not (rows.min() >= 0 and rows.max() < limit):
            raise DataError(f"{name} must lie below {limit}")


def _check_texts(arrays: Mapping[str, npt.NDArray[Any]]) -> None:
    """Check texts, where each starts and which row it has: Arrow reads there unasked."""
    for name, array in arrays.items():
        if name.endswith("offsets"):
            _check_table(name, array, arrays[name.removesuffix("offsets") + "bytes"])
        is_order = name in ("users/order", "items/order")
        if is_order and len(array) and not (array.min() >= 0 and array.max() < len(array)):
            raise DataError(f"{name} must lie below {len(array)}")
        if name.endswith(("tag_names.codes", "tag_families.codes")) and (array < 0).any():
            raise DataError(f"{name} must name a tag each")


def _check_table(name: str, starts: npt.NDArray[Any], table: npt.NDArray[Any]) -> None:
    import pyarrow as pa

    is_table = starts.dtype.str == "<i8" and starts.ndim == 1 and table.dtype == np.uint8
    if not (is_table and len(starts) and starts[0] == 0 and starts[-1] == len(table)):
        raise DataError(f"{name} must go from 0 to the number of bytes")
    buffers = [None, *(pa.py_buffer(np.asarray(part)) for part in (starts, table))]
    pa.Array.from_buffers(pa.large_string(), len(starts) - 1, buffers).validate(full=True)


def _mapped(folder: Path, name: str) -> npt.NDArray[Any]:
    if not is_safe_name(name):
        raise DataError(f"arrays must lie in the folder; got {clip(repr(name))}")
    return open_array(folder / f"{name}.npy")


def _below(prefix: str, arrays: Mapping[str, npt.NDArray[Any]]) -> dict[str, npt.NDArray[Any]]:
    return {name[len(prefix) :]: one for name, one in arrays.items() if name.startswith(prefix)}
