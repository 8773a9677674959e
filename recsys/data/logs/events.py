"""Event log: users, items, kinds, values and times as columns."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from recsys.core.arrays import BoolArray, DoubleArray, RowArray, TimeArray, freeze
from recsys.core.clock import to_utc
from recsys.core.errors import DataError, RecsysWarning
from recsys.data.event_kinds import KindTable
from recsys.data.ids.id_map import IdMap, ids_column, moved_rows
from recsys.data.logs.event_arrays import (
    ALL,
    NUMERIC,
    TEXTUAL,
    Columns,
    from_arrays,
    picked,
    stacked,
    to_arrays,
)
from recsys.data.logs.event_columns import (
    EVENT_COLUMNS,
    LEAVE_OUT,
    EventSettings,
    ambiguous,
    differing,
    duplicate_rows,
    odd_times,
    odd_values,
)
from recsys.data.readers.frames import frame_backend, frame_source
from recsys.data.readers.source import MAX_LISTED, BadRow, OnBadRow, SourceTable, rename

PathLike: TypeAlias = "str | Path"


@dataclass(frozen=True, slots=True, eq=False)  # eq=False: == on arrays is ambiguous
class EventLog:
    """Events as columns, in the order they were given, duplicates left out.

    Attributes
    ----------
    users, items : IdMap
        The ids behind the rows; they may hold ids without an event.
    user_rows, item_rows : (n_events,) int32
        Who, and what.
    kind_codes : (n_events,) int16
        Positions in ``kinds``.
    values : (n_events,) float32
        A rating, or seconds, by kind; NaN where not given.
    occurred_at : (n_events,) datetime64[us]
        UTC; NaT where not given.
    kinds : KindTable
        What the codes mean.
    session_ids, request_ids, event_ids, currency : (n_events,) pyarrow.DictionaryArray or None
        Texts; None if the column was not given.
    amounts : (n_events,) float64 or None
        Money; NaN where not given.
    n_dropped_duplicates : int
        How many rows repeated an earlier one.
    skipped : tuple of BadRow
        The rows left out because they break the contract, at most 1,000 of them.
    n_skipped : int
        How many were left out in all.
    backend : {"pandas", "polars", "pyarrow"}
        The dataframe library the events came in; pyarrow for files.

    Examples
    --------
    >>> log = EventLog.from_frame({"user_id": ["ana", "bo"], "item_id": [7, 8]})
    >>> log.n_events, log.items.ids(log.item_rows).tolist()
    (2, [7, 8])
    """

    users: IdMap
    items: IdMap
    user_rows: RowArray
    item_rows: RowArray
    kind_codes: npt.NDArray[np.int16]
    values: npt.NDArray[np.float32]
    occurred_at: TimeArray
    kinds: KindTable = KindTable()  # noqa: RUF009  # frozen
    session_ids: Any = None
    request_ids: Any = None
    event_ids: Any = None
    currency: Any = None
    amounts: DoubleArray | None = None
    n_dropped_duplicates: int = 0
    skipped: tuple[BadRow, ...] = ()
    n_skipped: int = 0
    backend: str = "pyarrow"

    def __repr__(self) -> str:
        return f"EventLog({self.n_events} events, {self.n_users} users, {self.n_items} items)"

    def __post_init__(self) -> None:
        n_events = len(self.user_rows)
        for name in ALL:
            column = getattr(self, name)
            if column is not None and len(column) != n_events:
                raise DataError(f"{name} must have {n_events} rows; got {len(column)}.")
        for name in NUMERIC:
            freeze(getattr(self, name))

    @classmethod
    def empty(cls, *, kinds: KindTable | None = None) -> EventLog:
        """Return a log without events."""
        rows = np.empty(0, np.int32)
        return cls(
            users=IdMap.of(),
            items=IdMap.of(),
            user_rows=rows,
            item_rows=rows,
            kind_codes=np.empty(0, np.int16),
            values=np.empty(0, np.float32),
            occurred_at=np.empty(0, "datetime64[us]"),
            kinds=kinds if kinds is not None else KindTable.default(),
        )

    @classmethod
    def read(
        cls,
        paths: PathLike | Sequence[PathLike],
        *,
        columns: Mapping[str, str] | None = None,
        kinds: KindTable | Mapping[str, float] | None = None,
        on_bad_row: OnBadRow = "stop",
        now: Any = None,
    ) -> EventLog:
        """Read one file or several.

        Parameters
        ----------
        paths : path, or sequence of paths
            CSV, JSON Lines (either gzipped) or Parquet.
        columns : mapping or None
            Contract name to name in the file.
        kinds : KindTable, mapping of kind to weight, or None
            A mapping adds to the usual kinds; None means the usual ones.
        on_bad_row : {"stop", "skip"}
            Raise at the first bad row, or leave bad rows out and list them in ``skipped``.
        now : time or None
            Events later than this and a day are bad rows; None accepts any time.

        Raises
        ------
        DataError
            If a file cannot be read or a row breaks the contract: file, line, column, reason.
        """
        from recsys.data.readers.files import read_source

        paths = [paths] if isinstance(paths, str | Path) else list(paths)
        settings = EventSettings.of(columns, kinds, on_bad_row, now)
        return cls._all(
            (
                cls._of(settings, read_source(path, columns=columns, known=EVENT_COLUMNS))
                for path in paths
            ),
            kinds=settings.kinds,
        )

    @classmethod
    def from_frame(
        cls,
        frame: Any,
        *,
        columns: Mapping[str, str] | None = None,
        kinds: KindTable | Mapping[str, float] | None = None,
        on_bad_row: OnBadRow = "stop",
        now: Any = None,
    ) -> EventLog:
        """Take a dataframe of any library, or a mapping of columns; see :meth:`read`.

        Raises
        ------
        DataError
            If a row or a column breaks the contract.
        """
        settings = EventSettings.of(columns, kinds, on_bad_row, now)
        source = rename(frame_source(frame), dict(columns or {}), known=EVENT_COLUMNS)
        return replace(cls._of(settings, source), backend=frame_backend(frame))

    @classmethod
    def from_batches(
        cls,
        frames: Iterable[Any],
        *,
        columns: Mapping[str, str] | None = None,
        kinds: KindTable | Mapping[str, float] | None = None,
        on_bad_row: OnBadRow = "stop",
        now: Any = None,
    ) -> EventLog:
        """Take dataframes one after the other, as from a database cursor; see :meth:`read`.

        Raises
        ------
        DataError
            If a row or a column breaks the contract; the message names the batch.
        """
        settings = EventSettings.of(columns, kinds, on_bad_row, now)
        sources = (frame_source(one, name=f"batch {at}") for at, one in enumerate(frames))
        renamed = (rename(one, dict(columns or {}), known=EVENT_COLUMNS) for one in sources)
        return cls._all((cls._of(settings, one) for one in renamed), kinds=settings.kinds)

    @classmethod
    def _of(cls, settings: EventSettings, source: SourceTable) -> EventLog:
        columns = settings.read(source)
        texts: dict[str, Any] = {our: columns.texts.get(their) for our, their in TEXTUAL.items()}
        log = cls(
            users=columns.users,
            items=columns.items,
            user_rows=columns.user_rows,
            item_rows=columns.item_rows,
            kind_codes=columns.kind_codes,
            values=columns.values,
            occurred_at=columns.occurred_at,
            kinds=settings.kinds,
            amounts=columns.amounts,
            skipped=columns.skipped,
            n_skipped=columns.n_skipped,
            **texts,
        )
        found = log.without_duplicates()
        messages = odd_values(
            values=log.values,
            kind_codes=log.kind_codes,
            kinds=log.kinds,
            has_times=log.has_times,
            n_repeated=found.n_dropped_duplicates,
        )
        for message in (*messages, *odd_times(log.occurred_at)):
            warnings.warn(f"{source.name}: {message}", RecsysWarning, stacklevel=3)
        return found

    def without_duplicates(self) -> EventLog:
        """Return the log without events that repeat an earlier one; how many is counted.

        Of repeated ratings the last one counts.
        """
        again = _repeats(self)
        n_again = int(again.sum())
        if not n_again:
            return self
        if not np.isnan(self.values[again]).all():
            again = _repeats(self.select(np.arange(self.n_events)[::-1]))[::-1]
        found = self.select(~again)
        return replace(found, n_dropped_duplicates=self.n_dropped_duplicates + n_again)

    @property
    def n_events(self) -> int:
        """Number of events."""
        return len(self.user_rows)

    @property
    def n_users(self) -> int:
        """Number of user ids in the map."""
        return len(self.users)

    @property
    def n_items(self) -> int:
        """Number of item ids in the map."""
        return len(self.items)

    @property
    def has_times(self) -> bool:
        """True if any event has a time."""
        return bool((~np.isnat(self.occurred_at)).any())

    @property
    def first_time(self) -> np.datetime64:
        """The earliest time; NaT if there is none."""
        return _extreme(self.occurred_at, np.fmin)

    @property
    def last_time(self) -> np.datetime64:
        """The latest time; NaT if there is none."""
        return _extreme(self.occurred_at, np.fmax)

    def select(self, which: Any) -> EventLog:
        """Return some of the events, with the same id maps.

        Parameters
        ----------
        which : (n_events,) bool, or positions
            Positions may be in any order.
        """
        which = np.asarray(which)
        positions = np.flatnonzero(which) if which.dtype == np.bool_ else which.astype(np.int64)
        return replace(self, **picked(self.columns(), positions))

    def columns(self) -> Columns:
        """Return every column by name; None where one was not given."""
        return {name: getattr(self, name) for name in ALL}

    def compact(self) -> EventLog:
        """Return the same events with maps of only the ids in use: so nothing is left of others."""
        users, items = np.unique(self.user_rows), np.unique(self.item_rows)
        return self.rerowed(self.users.subset(users), self.items.subset(items))

    def before(self, time: Any) -> EventLog:
        """Return the events before ``time``; those without a time stay."""
        return self.select(~(self.occurred_at >= to_utc(time, name="time")))

    def concat(self, other: EventLog) -> EventLog:
        """Return both, this log's first; ids keep this log's rows, repeated events are dropped.

        Raises
        ------
        DataError
            If the ids are of different sorts.
        """
        return EventLog._all([self, other], kinds=self.kinds.union(other.kinds))

    @classmethod
    def _all(cls, logs: Iterable[EventLog], *, kinds: KindTable) -> EventLog:
        logs = list(logs)
        if len(logs) == 1:
            return logs[0]
        if not logs:
            return cls.empty(kinds=kinds)
        users, items = logs[0].users, logs[0].items
        for log in logs[1:]:
            users = users.union(log.users, name="user_id")
            items = items.union(log.items, name="item_id")
        together = cls(
            users=users,
            items=items,
            kinds=kinds,
            **stacked([log.rerowed(users, items, kinds).columns() for log in logs]),
            n_dropped_duplicates=sum(log.n_dropped_duplicates for log in logs),
            skipped=tuple(row for log in logs for row in log.skipped)[:MAX_LISTED],
            n_skipped=sum(log.n_skipped for log in logs),
            backend=logs[0].backend,
        )
        together._check_event_ids()
        return together.without_duplicates()

    def _check_event_ids(self) -> None:
        if self.event_ids is None:
            return
        codes = self.event_ids.indices.fill_null(-1).to_numpy(zero_copy_only=False)
        wrong = differing(codes, (self.user_rows, self.item_rows, self.kind_codes))
        if wrong.any():
            first = self.event_ids[int(np.flatnonzero(wrong)[0])].as_py()
            raise DataError(f"event_id {ambiguous(first)}. {LEAVE_OUT}")

    def followed_by(
        self, logs: Sequence[EventLog], *, users: IdMap, items: IdMap, kinds: KindTable
    ) -> EventLog:
        """Return this log and then others, which repeat nothing, in the rows of larger maps.

        Raises
        ------
        DataError
            If an id of an event is not in the maps.
        """
        moved = [one.rerowed(users, items, kinds) for one in (self, *logs)]
        columns = stacked([one.columns() for one in moved]) if logs else moved[0].columns()
        return replace(moved[0], **columns)

    def rerowed(self, users: IdMap, items: IdMap, kinds: KindTable | None = None) -> EventLog:
        """Return the same events in the rows of other maps, which must hold all their ids.

        Raises
        ------
        DataError
            If an id of an event is not in the other map.
        """
        kinds = self.kinds if kinds is None else kinds
        if users is self.users and items is self.items and kinds is self.kinds:
            return self
        codes = kinds.codes(self.kinds.names)
        return replace(
            self,
            users=users,
            items=items,
            user_rows=moved_rows(self.user_rows, self.users, users),
            item_rows=moved_rows(self.item_rows, self.items, items),
            kind_codes=self.kind_codes if kinds is self.kinds else codes[self.kind_codes],
            kinds=kinds,
        )

    def to_frame(self) -> Any:
        """Return the events as a ``pyarrow.Table`` under the contract's column names."""
        import pyarrow as pa

        names = np.array(self.kinds.names, dtype=object)
        table: dict[str, Any] = {
            "user_id": ids_column(self.users, self.user_rows),
            "item_id": ids_column(self.items, self.item_rows),
            "kind": pa.array(names[self.kind_codes], pa.string()),
            "value": pa.array(self.values, from_pandas=True),
            "occurred_at": pa.array(self.occurred_at, pa.timestamp("us", "UTC")),
        }
        if self.amounts is not None:
            table["amount"] = pa.array(self.amounts, from_pandas=True)
        for ours, theirs in TEXTUAL.items():
            if getattr(self, ours) is not None:
                table[theirs] = getattr(self, ours).dictionary_decode()
        return pa.table(table)

    def to_arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Return plain arrays to save, without the id maps and the kinds."""
        return to_arrays(self.columns())

    @classmethod
    def from_arrays(
        cls,
        arrays: Mapping[str, npt.NDArray[Any]],
        *,
        users: IdMap,
        items: IdMap,
        kinds: KindTable | None = None,
    ) -> EventLog:
        """Take what :meth:`to_arrays` gave; memory-mapped arrays are used in place."""
        kinds = kinds if kinds is not None else KindTable.default()
        return cls(users=users, items=items, kinds=kinds, **from_arrays(arrays))


def _extreme(times: TimeArray, pick: Any) -> np.datetime64:
    return pick.reduce(times) if len(times) else np.datetime64("NaT", "us")


def _repeats(log: EventLog) -> BoolArray:
    return duplicate_rows(
        log.user_rows, log.item_rows, log.kind_codes, log.occurred_at, log.event_ids
    )
