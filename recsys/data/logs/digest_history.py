"""History of digests: which items each user was given."""

from __future__ import annotations

import json
import os
import shutil
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import IO, Any, ClassVar

import numpy as np

from recsys.core.arrays import BoolArray, ObjectArray, RowArray, TimeArray, freeze
from recsys.core.clock import to_iso, to_utc
from recsys.core.errors import DataError, RecsysWarning, clip
from recsys.core.storage import atomic_file
from recsys.data.ids.id_map import IdMap, ids_column
from recsys.data.readers.columns import id_column, text_column, word_column
from recsys.data.readers.readable import ReadableTable
from recsys.data.readers.source import OnBadRow, RowReport, SourceTable
from recsys.data.readers.times import NAT, time_column
from recsys.data.text_codes import encoded

HISTORY_COLUMNS = ("user_id", "item_id", "sent_at", "issue", "status")

SENDING = ("sent", "composed")


@dataclass(frozen=True, slots=True, eq=False)
class DigestHistory(ReadableTable):
    """Items of past digests, one row each, oldest first as written.

    Attributes
    ----------
    users, items : IdMap
        The ids behind the rows.
    user_rows, item_rows : (n_rows,) int32
        Who got what.
    sent_at : (n_rows,) datetime64[us]
        UTC; NaT where not given.
    issues : (n_rows,) pyarrow.DictionaryArray of text
        Which digest it was; null where not given.
    is_sent : (n_rows,) bool
        Whether it was sent, or composed only.

    Examples
    --------
    >>> past = DigestHistory.from_frame({"user_id": ["ana"], "item_id": ["q1"]})
    >>> past.items_of(["ana", "bo"])
    [['q1'], []]
    """

    contract: ClassVar[tuple[str, ...]] = HISTORY_COLUMNS
    frame_name: ClassVar[str] = "the frame of digest history"

    users: IdMap
    items: IdMap
    user_rows: RowArray
    item_rows: RowArray
    sent_at: TimeArray
    issues: Any
    is_sent: BoolArray

    def __post_init__(self) -> None:
        for part in (self.user_rows, self.item_rows, self.sent_at, self.is_sent):
            freeze(part)

    @classmethod
    def empty(cls) -> DigestHistory:
        """Return a history without rows."""
        return cls.from_frame({"user_id": [], "item_id": []})

    @classmethod
    def read(
        cls,
        path: str | Path,
        *,
        columns: Mapping[str, str] | None = None,
        on_bad_row: OnBadRow = "stop",
    ) -> DigestHistory:
        """Read what :meth:`append` wrote, or any file with these columns.

        Parameters
        ----------
        path : path
            A file that is not there yet is an empty history.
        columns : mapping or None
            Contract name to name in the file.
        on_bad_row : {"stop", "skip"}
            Raise at the first bad row, or leave bad rows out.

        Raises
        ------
        DataError
            If it cannot be read or a row breaks the contract: file, line, column, reason.
        """
        path = Path(path)
        if not path.exists() or (path.is_file() and not path.stat().st_size):
            return cls.empty()
        return super(DigestHistory, cls).read(path, columns=columns, on_bad_row=on_bad_row)

    @classmethod
    def _of(cls, source: SourceTable, on_bad_row: OnBadRow) -> DigestHistory:
        import pyarrow as pa
        import pyarrow.compute as pc

        source.require("user_id", "item_id")
        report = RowReport(source, on_bad_row)
        users, items = id_column(source, report, "user_id"), id_column(source, report, "item_id")
        times = time_column(source, report, "sent_at")
        status = word_column(source, report, "status", words=SENDING)
        composed = np.zeros(source.n_rows, np.bool_)
        if status is not None:
            composed = np.asarray(pc.fill_null(pc.equal(status, "composed"), False))
        issues = text_column(source, "issue")
        keep, _, _ = report.finish()
        which = np.arange(source.n_rows) if keep is None else np.flatnonzero(keep)
        user_map, user_rows = users.mapped(keep, name="user_id")
        item_map, item_rows = items.mapped(keep, name="item_id")
        if issues is None:
            issues = pa.nulls(source.n_rows, pa.large_string())
        return cls(
            users=user_map,
            items=item_map,
            user_rows=user_rows,
            item_rows=item_rows,
            sent_at=(np.full(source.n_rows, NAT) if times is None else times)[which],
            issues=encoded(issues.take(pa.array(which))),
            is_sent=~composed[which],
        )

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        return len(self.user_rows)

    def items_of(self, user_ids: Iterable[Any], *, sent_only: bool = False) -> list[list[Any]]:
        """Return, for each person asked, the ids of the items they were given.

        Parameters
        ----------
        user_ids : sequence
            Unknown people have an empty list.
        sent_only : bool
            Leave out what was composed and never confirmed as sent.
        """
        wanted = self.users.rows(list(user_ids))
        chosen = self.is_sent if sent_only else np.ones(self.n_rows, np.bool_)
        rows, items = self.user_rows[chosen], self.item_rows[chosen]
        order = np.argsort(rows, kind="stable")
        ends = np.searchsorted(rows[order], [wanted, wanted + 1])
        ids: ObjectArray = self.items.ids(items[order])
        return [
            [] if row < 0 else ids[start:stop].tolist()
            for row, start, stop in zip(wanted, *ends, strict=True)
        ]

    def select(self, which: Any) -> DigestHistory:
        """Return some of the rows: (n_rows,) bool, or positions; id maps stay."""
        import pyarrow as pa

        which = np.asarray(which)
        positions = np.flatnonzero(which) if which.dtype == np.bool_ else which.astype(np.int64)
        return replace(
            self,
            user_rows=self.user_rows[positions],
            item_rows=self.item_rows[positions],
            sent_at=self.sent_at[positions],
            issues=self.issues.take(pa.array(positions)),
            is_sent=self.is_sent[positions],
        )

    def without(self, user_ids: Iterable[Any]) -> DigestHistory:
        """Return the history without these people: neither their rows nor their ids are left."""
        gone = self.users.rows(list(user_ids))
        kept = self.select(~np.isin(self.user_rows, gone[gone >= 0]))
        if not kept.n_rows:
            return DigestHistory.empty()
        return DigestHistory.from_frame(kept.to_frame())

    def to_frame(self) -> Any:
        """Return the rows as a ``pyarrow.Table``."""
        import pyarrow as pa

        status = np.where(self.is_sent, "sent", "composed").astype(object)
        return pa.table(
            {
                "user_id": ids_column(self.users, self.user_rows),
                "item_id": ids_column(self.items, self.item_rows),
                "sent_at": pa.array(self.sent_at, pa.timestamp("us", "UTC")),
                "issue": self.issues.dictionary_decode(),
                "status": pa.array(status, pa.string()),
            }
        )

    def write(self, path: str | Path) -> None:
        """Write the whole history as JSON Lines, whole or not at all."""
        with atomic_file(Path(path)) as file:
            file.writelines(_lines(self.to_frame().to_pylist()))

    @staticmethod
    def append(path: str | Path, rows: Iterable[Mapping[str, Any]]) -> int:
        """Add rows at the end of a JSON Lines file and return how many.

        Parameters
        ----------
        path : path
            Made if it is not there.
        rows : iterable of mappings
            ``user_id``, ``item_id``, ``sent_at`` (any time), ``issue``, ``status``.

        Raises
        ------
        DataError
            If the path is a folder or a compressed or Parquet file, or a time is none.

        Notes
        -----
        One write and one fsync for all rows: after a crash the file ends with all of them, or
        with a torn last line, which the next append cuts off.
        """
        path = Path(path)
        if path.name.lower().endswith((".gz", ".parquet")) or path.is_dir():
            raise DataError(f"{path} must be a JSON Lines file to append to (history.jsonl).")
        lines = list(_lines(rows))
        path.parent.mkdir(parents=True, exist_ok=True)
        append_lines(path, "".join(lines).encode())
        return len(lines)

    @staticmethod
    def append_file(path: Path, rows: Path) -> None:
        """Add the lines of a file that :meth:`append` made at the end of another, at once."""
        append_lines(path, rows)


def append_lines(path: Path, lines: bytes | Path) -> None:
    """Append whole lines, or those of a file, durably.

    A last line without a line feed is ended if it is whole, and cut off, with a warning, if a
    crash has torn it.
    """
    with path.open("ab+") as file, _opened(lines) as source:
        end = file.seek(0, os.SEEK_END)
        whole = _whole_lines_end(file, end)
        file.seek(whole)
        tail = file.read()
        if _is_json(tail):
            file.write(b"\n")
        elif tail.strip():
            file.truncate(whole)
            warnings.warn(
                f"{path}: the torn last line, {clip(repr(tail.decode(errors='replace')))}, is "
                "cut off.",
                RecsysWarning,
                stacklevel=2,
            )
        shutil.copyfileobj(source, file, 1 << 20)
        file.flush()
        os.fsync(file.fileno())


def _opened(lines: bytes | Path) -> IO[bytes]:
    return lines.open("rb") if isinstance(lines, Path) else BytesIO(lines)


def _is_json(text: bytes) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except ValueError:
        return False


def _whole_lines_end(file: Any, end: int) -> int:
    """Return the offset after the last line feed; lines are short, so a stretch back finds it."""
    step = 1 << 16
    while end > 0:
        start = max(0, end - step)
        file.seek(start)
        found = file.read(end - start).rfind(b"\n")
        if found >= 0:
            return int(start + found + 1)
        end = start
    return 0


def _lines(rows: Iterable[Mapping[str, Any]]) -> Iterable[str]:
    last: Any = None
    text: str | None = None
    for row in rows:
        when = row.get("sent_at")
        if when is not last:  # a run has one time; == would not tell the folds of an hour apart
            text = None if when is None else to_iso(to_utc(when, name="sent_at"))
            last = when
        record = {
            "user_id": _plain(row["user_id"]),
            "item_id": _plain(row["item_id"]),
            "sent_at": text,
            "issue": row.get("issue"),
            "status": row.get("status", SENDING[0]),
        }
        yield json.dumps(record, ensure_ascii=False, separators=(",", ":")) + "\n"


def _plain(one: Any) -> int | str:
    if isinstance(one, bool) or not isinstance(one, int | np.integer):
        return str(one)
    return int(one)
