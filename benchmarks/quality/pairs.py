"""Our default against each other model on the same people."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.quality import datasets, results
from benchmarks.quality.measure import difference
from benchmarks.quality.peers import SEED

DEFAULT = "recsys balanced"


def add_pairs(path: Path, cache: Path) -> None:
    """Write into each row the difference of the default and it, where the values are there.

    A model that uses no tags is also compared on the data set with tags: the same people.
    """
    with results.changing(path) as found:
        for row in found["rows"]:
            paired = {name: _pair(row, name, found, cache) for name in shown_in(row)}
            row["default_minus_this"] = {name: one for name, one in paired.items() if one}


def shown_in(row: Mapping[str, Any]) -> list[str]:
    """Return the data sets in whose table a row stands."""
    own = [row["data"]]
    if row["model"].startswith("recsys"):
        return own
    return own + [name for name, task in datasets.TASKS.items() if task.twin == row["data"]]


def _pair(
    row: dict[str, Any], name: str, found: dict[str, Any], cache: Path
) -> dict[str, Any] | None:
    default = results.row_of(found, name, DEFAULT)
    if default is None or "skipped" in row or "skipped" in default or row is default:
        return None
    of = [row["fingerprint"], default["fingerprint"]]
    older: dict[str, Any] = row.get("default_minus_this", {}).get(name, {})
    if older.get("of") == of:
        return older
    files = [_values(cache, one) for one in (default, row)]
    if not all(file.exists() for file in files):
        return None
    out: dict[str, Any] = {"of": of}
    with np.load(files[0]) as ours, np.load(files[1]) as other:
        for metric in datasets.TASKS[name].metrics[:2]:
            named = f"{name} {row['model']} {metric}"
            out[metric] = difference(ours[metric], other[metric], seed=SEED, name=named)
    return out


def _values(cache: Path, row: dict[str, Any]) -> Path:
    return results.values_file(cache, row["data"], row["model"], row["fingerprint"])
