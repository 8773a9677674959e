"""Our default against each other model on the same people."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.quality import datasets, results
from benchmarks.quality.measure import difference
from benchmarks.quality.peers import SEED

DEFAULT = "recsys balanced"


def add_pairs(path: Path, cache: Path) -> None:
    """Write into each row the difference of the default and it, where the values are there."""
    with results.changing(path) as found:
        for row in found["rows"]:
            paired = _pair(row, found, cache)
            if paired is not None:
                row["default_minus_this"] = paired


def rows_of(found: dict[str, Any], data: str) -> list[dict[str, Any]]:
    """Return the rows of a data set, and those of its twin that use no tags."""
    twin = datasets.TASKS[data].twin
    return [
        row
        for row in found["rows"]
        if row["data"] == data or (row["data"] == twin and not row["model"].startswith("recsys"))
    ]


def _pair(row: dict[str, Any], found: dict[str, Any], cache: Path) -> dict[str, Any] | None:
    default = results.row_of(found, row["data"], DEFAULT)
    if default is None or "skipped" in row or "skipped" in default or row is default:
        return None
    of = [row["fingerprint"], default["fingerprint"]]
    older: dict[str, Any] | None = row.get("default_minus_this")
    if older is not None and older["of"] == of:
        return older
    files = [_values(cache, one) for one in (default, row)]
    if not all(file.exists() for file in files):
        return None
    out: dict[str, Any] = {"of": of}
    with np.load(files[0]) as ours, np.load(files[1]) as other:
        for metric in datasets.TASKS[row["data"]].metrics[:2]:
            name = f"{row['data']} {row['model']} {metric}"
            out[metric] = difference(ours[metric], other[metric], seed=SEED, name=name)
    return out


def _values(cache: Path, row: dict[str, Any]) -> Path:
    from benchmarks.quality.run import values_file

    return values_file(cache, row["data"], row["model"], row["fingerprint"])
