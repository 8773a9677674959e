"""Updates of the digest history: composed digests, and confirmations of sending."""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from recsys.core.arrays import NO_ROW, BoolArray, RowArray
from recsys.core.clock import to_utc
from recsys.core.errors import ConfigError, DataError, RecsysWarning, clip
from recsys.core.storage import locked
from recsys.data import DigestHistory, IdMap
from recsys.digest.confirmations import read_sent
from recsys.digest.received import LONG_AGO, NEVER, Received

Record: TypeAlias = "Mapping[str, Any]"

HISTORY_ENDINGS = (".jsonl", ".ndjson")


def check_history(path: Path) -> None:
    """Raise unless rows can be added to the history file.

    Raises
    ------
    ConfigError
        If its ending is not that of JSON Lines.
    DataError
        If it is a folder, or its times are numbers, which the text of new rows would not fit.
    """
    if not path.name.lower().endswith(HISTORY_ENDINGS):
        raise ConfigError(
            f"history must end in {' or '.join(HISTORY_ENDINGS)}: it grows by lines; "
            f"got {path.name!r}."
        )
    if path.is_dir():
        raise DataError(f"{path} must be a file; it is a folder. Give a file name in it.")
    if not path.is_file():
        return
    with path.open("rb") as file:
        first = file.readline()
    record = None
    with suppress(ValueError):
        record = json.loads(first)
    if isinstance(record, dict) and not isinstance(record.get("sent_at"), str | None):
        raise DataError(
            f"{path}, line 1: sent_at must be text for rows to be added to it; got "
            f"{clip(repr(record['sent_at']))}. Write it as 2026-03-01T08:00:00Z."
        )


@contextmanager
def new_rows(
    path: Path, chunks: Iterable[Sequence[Record]], *, received: Received, items: IdMap
) -> Iterator[Path]:
    """Write the rows that a history lacks into a file beside it, which is gone afterwards.

    Parameters
    ----------
    path : Path
        The history, JSON Lines.
    chunks : iterable of sequences of mappings
        Records of digests as written, read one chunk at a time.
    received : Received
        The history before. What is in it already, of a run that was killed while it wrote, is
        not among the rows.
    items : IdMap
        The model's items.
    """
    rows = path.with_name(f".{path.name}.new.jsonl")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        rows.write_bytes(b"")  # of a run that was killed
        for chunk in chunks:
            DigestHistory.append(rows, _new_rows(chunk, received, items))
        yield rows
    finally:
        rows.unlink(missing_ok=True)


def remember(path: Path, rows: Path) -> None:
    """Add the rows of a file to the history file, made if it does not exist: all or none."""
    before = path.stat().st_size if path.exists() else None
    try:
        DigestHistory.append_file(path, rows)
    except BaseException:
        if before is None:
            path.unlink(missing_ok=True)
        else:
            os.truncate(path, before)
        raise


def confirm(history: str | Path, sent: str | Path) -> int:
    """Mark digests in the history as sent; return the number of people.

    Parameters
    ----------
    history : path
        The history file of :func:`recsys.digest.run`; rows "sent" are added to it.
    sent : path
        CSV, JSON Lines or Parquet with ``user_id`` and, where several issues are open, ``issue``;
        the output of :func:`recsys.digest.run` will do. Without an issue the last one counts.

    Raises
    ------
    ConfigError
        If the history is not JSON Lines.
    DataError
        If a file is missing or cannot be read.

    Warns
    -----
    RecsysWarning
        If some of the people are not in the history; they are left out.
    """
    path = Path(history)
    check_history(path)
    if not path.is_file():
        raise DataError(f"{path} must be the history of a digest run; there is no such file.")
    with locked(path):
        return _confirm(path, sent)


def _confirm(path: Path, sent: str | Path) -> int:
    past = DigestHistory.read(path)
    ids, issues = read_sent(Path(sent))
    users = past.users.rows(_like(past.users, ids))
    if (users == NO_ROW).any():
        warnings.warn(
            f"{int((users == NO_ROW).sum())} of {len(ids)} rows of {sent} are of people without a "
            f"digest in {path}; they are left out.",
            RecsysWarning,
            stacklevel=3,
        )
    known = set(past.issues.dictionary.to_pylist())
    other = sorted({one for one in issues if one and one not in known})
    if other:
        warnings.warn(
            f"{sent} names issues that no digest in {path} has, such as {clip(repr(other[0]))}; "
            "its rows are left out. The last one of the history is "
            f"{clip(repr(max(filter(None, known), default=None)))}.",
            RecsysWarning,
            stacklevel=3,
        )
    chosen = _is_open(past) & _is_meant(past, users, issues)
    rows = past.select(chosen).to_frame().to_pylist()
    if rows:
        DigestHistory.append(path, ({**row, "status": "sent"} for row in rows))
    return len(np.unique(past.user_rows[chosen]))


def _new_rows(
    chunk: Sequence[Record], received: Received, items: IdMap
) -> Iterator[dict[str, Any]]:
    ids = [record["user_id"] for record in chunk]
    moment = to_utc(chunk[0]["as_of"]) if chunk else NEVER
    last_at, had = received.last(ids), received.rows_of(ids)
    for record, last, rows in zip(chunk, last_at, had, strict=True):
        is_known = last >= moment  # NaT, never, compares False
        known = {str(one) for one in items.ids(rows)} if is_known else ()
        for item in record["items"]:
            if str(item["item_id"]) not in known:
                yield {
                    "user_id": record["user_id"],
                    "item_id": item["item_id"],
                    "sent_at": moment,
                    "issue": record["issue"],
                    "status": "composed",
                }


def _is_open(past: DigestHistory) -> BoolArray:
    """Return (n_rows,) bool: composed, and not among what was confirmed before."""
    pairs = past.user_rows.astype(np.int64) * len(past.items) + past.item_rows
    return np.asarray(~past.is_sent & ~np.isin(pairs, pairs[past.is_sent]), dtype=bool)


def _is_meant(past: DigestHistory, users: RowArray, issues: Sequence[str | None]) -> BoolArray:
    """Return (n_rows,) bool: of the person and issue named, or of the person's last issue."""
    names = {name: code for code, name in enumerate(past.issues.dictionary.to_pylist())}
    unnamed = len(names)
    codes = past.issues.indices.fill_null(unnamed).to_numpy(zero_copy_only=False)
    given = np.array([names.get(one, unnamed + 1) for one in issues if one], dtype=np.int64)
    has_issue = np.array([bool(one) for one in issues], dtype=bool)
    named = users[has_issue].astype(np.int64) * (unnamed + 2) + given
    is_named = np.isin(past.user_rows.astype(np.int64) * (unnamed + 2) + codes, named)
    last_at = np.full(len(past.users), LONG_AGO)
    np.fmax.at(last_at, past.user_rows, past.sent_at)
    is_last = ~(past.sent_at < last_at[past.user_rows])
    is_asked = np.isin(past.user_rows, users[~has_issue])
    return np.asarray(is_named | (is_last & is_asked), dtype=bool)


def _like(users: IdMap, ids: Sequence[Any]) -> list[Any]:
    """Return ids in the sort of ``users``: CSV has numbers as text."""
    if users.kind == "int":
        return [int(one) if isinstance(one, str) and one.isdecimal() else one for one in ids]
    return [str(one) for one in ids]
