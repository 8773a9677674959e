"""Delivery confirmations: the people an app has sent a digest to."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from recsys.core.errors import DataError, clip
from recsys.data import RowReport, read_source


def read_sent(path: Path) -> tuple[list[Any], list[str | None]]:
    """Return the people of a file, and the issue each of them got.

    Parameters
    ----------
    path : Path
        CSV or JSON Lines (either gzipped), a JSON list, or Parquet.

    Returns
    -------
    tuple of list of ids and list of (str or None)
        None where the file names no issue.

    Raises
    ------
    DataError
        If the file is missing, cannot be read, or has no ``user_id``.
    """
    if not path.is_file():
        raise DataError(
            f"{path} must be a file that names whom digests were sent to; it is not there."
        )
    ids: list[Any] = []
    issues: list[str | None] = []
    try:
        for number, record in enumerate(_records(path), start=1):
            one = record.get("user_id")
            if one is None or one == "":
                raise DataError(
                    f"{path}: each record must have a user_id; record {number} has none."
                )
            ids.append(one)
            issues.append(str(record["issue"]) if record.get("issue") else None)
    except (OSError, EOFError, ValueError) as err:
        if isinstance(err, DataError):
            raise
        reason = clip(" ".join(str(err).split()), 120)
        raise DataError(
            f"{path} must be CSV, JSON Lines or Parquet, as its ending says; reading it: {reason}"
        ) from err
    return ids, issues


def _records(path: Path) -> Iterator[dict[str, Any]]:
    name = path.name.lower()
    if name.endswith(".parquet"):
        yield from _parquet(path)
        return
    with _text(path) as file:
        if name.removesuffix(".gz").endswith(".json"):
            yield from map(_mapping, json.load(file))
        elif name.removesuffix(".gz").endswith((".jsonl", ".ndjson")):
            yield from (_mapping(json.loads(line)) for line in file if line.strip())
        else:
            yield from _csv(path)


def _csv(path: Path) -> list[dict[str, Any]]:
    source = read_source(path, known=("user_id", "issue"))
    RowReport(source, "stop").finish()
    names = [one for one in ("user_id", "issue") if source.has(one)]
    records: list[dict[str, Any]] = source.table.select(names).to_pylist()
    return records


def _mapping(record: Any) -> dict[str, Any]:
    if not isinstance(record, dict):
        raise ValueError(f"a record must be an object, got {clip(repr(record))}")
    return record


def _text(path: Path) -> IO[str]:
    # newline: a line ends at a line feed only; a title may hold other separators
    if path.name.lower().endswith(".gz"):
        return gzip.open(path, "rt", encoding="utf-8-sig", newline="\n")
    return path.open(encoding="utf-8-sig", newline="\n")


def _parquet(path: Path) -> Iterator[dict[str, Any]]:
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as file:
        columns = [one for one in ("user_id", "issue") if one in file.schema_arrow.names]
        for batch in file.iter_batches(columns=columns):
            yield from batch.to_pylist()
