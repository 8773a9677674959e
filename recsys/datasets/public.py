"""Readers of public data sets in their published splits."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from recsys.core.errors import DataError, RecsysWarning
from recsys.data import Catalog, EventLog

ML100K_SEED = 42
ML100K_SHARE = 0.75


@dataclass(frozen=True, slots=True, eq=False)
class PublicSplit:
    """A public data set in a published split.

    Attributes
    ----------
    name : str
        The folder's name.
    train, test : EventLog
        To learn from, and to be judged by.
    valid : EventLog or None
        To tune on; None if the split has none. Cut one out of ``train`` then, never of ``test``.
    catalog : Catalog or None
        Items and tags; None if the set has none.
    """

    name: str
    train: EventLog
    test: EventLog
    valid: EventLog | None
    catalog: Catalog | None


def read_split(folder: str | Path) -> PublicSplit:
    """Read a folder with ``train.csv.gz`` and ``test.csv.gz``, or MovieLens 100K.

    Parameters
    ----------
    folder : path
        May also hold ``valid``, ``items`` and ``item_tags`` (as ``.csv.gz``); tags may lie one
        folder up, where several splits of one set share them. A folder named ``ml-100k`` with
        ``events.csv.gz`` is cut by :func:`ml100k_split`.

    Raises
    ------
    DataError
        If there is no such folder, or it holds neither layout.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise DataError(f"{folder} must be a folder with a public data set; there is none.")
    catalog = _catalog(folder)
    if (folder / "train.csv.gz").is_file():
        valid = folder / "valid.csv.gz"
        return PublicSplit(
            name=folder.name,
            train=EventLog.read(folder / "train.csv.gz"),
            test=EventLog.read(folder / "test.csv.gz"),
            valid=EventLog.read(valid) if valid.is_file() else None,
            catalog=catalog,
        )
    if (folder / "events.csv.gz").is_file() and folder.name == "ml-100k":
        with warnings.catch_warnings():  # its ratings are read as views, as the split's makers do
            warnings.simplefilter("ignore", RecsysWarning)
            events = EventLog.read(folder / "events.csv.gz")
        train, test = ml100k_split(events)
        return PublicSplit(folder.name, train, test, None, catalog)
    raise DataError(
        f"{folder} must hold train.csv.gz and test.csv.gz (or be ml-100k with events.csv.gz); "
        "it holds neither."
    )


def ml100k_split(events: EventLog) -> tuple[EventLog, EventLog]:
    """Cut each item's events 75 to 25 in a random order that others used before.

    The protocol of the Microsoft recommenders table: one random number per row by numpy's old
    generator with seed 42, rows sorted by item and that number, the first ``round(.75 n)`` of
    each item to train.

    Raises
    ------
    DataError
        If rows were left out on reading: the random numbers belong to rows by position.
    """
    if events.n_dropped_duplicates or events.n_skipped:
        raise DataError("ml100k_split needs every row of the file; some were left out.")
    # The published split came from the legacy generator: no other makes the same rows.
    draws = np.random.RandomState(ML100K_SEED).random_sample(events.n_events)
    order = np.lexsort((draws, events.item_rows))
    counts = np.bincount(events.item_rows, minlength=events.n_items)
    starts = np.cumsum(counts) - counts
    rows = events.item_rows[order]
    first = np.arange(events.n_events) - starts[rows] < np.round(ML100K_SHARE * counts)[rows]
    return events.select(np.sort(order[first])), events.select(np.sort(order[~first]))


def _catalog(folder: Path) -> Catalog | None:
    items = folder / "items.csv.gz"
    tags = [one / "item_tags.csv.gz" for one in (folder, folder.parent)]
    found = next((one for one in tags if one.is_file()), None)
    if not items.is_file() and found is None:
        return None
    return Catalog.read(items if items.is_file() else None, item_tags=found)
