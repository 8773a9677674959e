"""Read, check and deduplicate the columns of an event log."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from recsys.core.arrays import BoolArray, DoubleArray, RowArray, TimeArray
from recsys.core.clock import DAY, to_iso, to_utc
from recsys.core.errors import DataError, clip
from recsys.data.event_kinds import KindTable
from recsys.data.ids.id_map import IdMap
from recsys.data.readers.columns import as_text, id_column, optional_ids, text_column
from recsys.data.readers.source import BadRow, OnBadRow, RowReport, SourceTable
from recsys.data.readers.times import NAT, number_column, time_column
from recsys.data.text_codes import encoded

EVENT_COLUMNS = (
    "user_id", "item_id", "kind", "value", "amount", "currency", "occurred_at", "event_id",
    "session_id", "request_id",
)  # fmt: skip

TEXTS = ("session_id", "request_id", "event_id", "currency")

DEFAULT_KIND = "view"

RATED_KIND = "rate"


@dataclass(frozen=True, slots=True, eq=False)
class CheckedEvents:
    """Checked columns of an :class:`EventLog`; see there for their meaning."""

    users: IdMap
    items: IdMap
    user_rows: RowArray
    item_rows: RowArray
    kind_codes: npt.NDArray[np.int16]
    values: npt.NDArray[np.float32]
    occurred_at: TimeArray
    amounts: DoubleArray | None
    texts: dict[str, Any]
    skipped: tuple[BadRow, ...]
    n_skipped: int


@dataclass(frozen=True, slots=True)
class EventSettings:
    """Settings for reading events."""

    kinds: KindTable
    on_bad_row: OnBadRow
    now: np.datetime64 | None

    @classmethod
    def of(
        cls,
        columns: Mapping[str, str] | None,
        kinds: KindTable | Mapping[str, float] | None,
        on_bad_row: OnBadRow,
        now: Any,
    ) -> EventSettings:
        """Check the arguments of :meth:`EventLog.read`."""
        if columns is not None and not isinstance(columns, Mapping):
            raise DataError(f"columns must map our names to yours; got {type(columns).__name__}.")
        if kinds is not None and not isinstance(kinds, KindTable | Mapping):
            raise DataError(
                f"kinds must map names of event kinds to weights; got {type(kinds).__name__}. "
                "Write {'reply': 2.0}."
            )
        table = kinds if isinstance(kinds, KindTable) else KindTable().with_kinds(kinds or {})
        return cls(table, on_bad_row, None if now is None else to_utc(now))

    def read(self, source: SourceTable) -> CheckedEvents:
        """Read and check every column, then leave the bad rows out.

        Raises
        ------
        DataError
            If a required column is missing, or a row is bad and the settings say "stop".
        """
        return _columns(source, kinds=self.kinds, on_bad_row=self.on_bad_row, now=self.now)


def _columns(
    source: SourceTable, *, kinds: KindTable, on_bad_row: OnBadRow, now: np.datetime64 | None
) -> CheckedEvents:
    source.require("user_id", "item_id")
    report = RowReport(source, on_bad_row)
    users, items = id_column(source, report, "user_id"), id_column(source, report, "item_id")
    codes = kind_column(source, report, kinds)
    values = number_column(source, report, "value")
    amounts = number_column(source, report, "amount")
    times = time_column(source, report, "occurred_at", now=now)
    texts = {name: text_column(source, name) for name in TEXTS}
    texts["event_id"] = event_id_column(source, report, (users.codes, items.codes, codes))
    keep, skipped, n_skipped = report.finish()
    user_map, user_rows = users.mapped(keep, name="user_id")
    item_map, item_rows = items.mapped(keep, name="item_id")
    n_rows = source.n_rows
    return CheckedEvents(
        users=user_map,
        items=item_map,
        user_rows=user_rows,
        item_rows=item_rows,
        kind_codes=kept(codes, keep),
        values=kept(np.full(n_rows, np.nan) if values is None else values, keep).astype(np.float32),
        occurred_at=kept(np.full(n_rows, NAT) if times is None else times, keep),
        amounts=None if amounts is None else kept(amounts, keep),
        texts={k: encoded(_kept_texts(v, keep)) for k, v in texts.items() if v is not None},
        skipped=skipped,
        n_skipped=n_skipped,
    )


def kind_column(source: SourceTable, report: RowReport, kinds: KindTable) -> npt.NDArray[np.int16]:
    """Read the kind of each row as (n_rows,) int16 codes; "view" where not given."""
    import pyarrow.compute as pc

    default = kinds.code(DEFAULT_KIND) if DEFAULT_KIND in kinds else -1
    texts = text_column(source, "kind")
    if texts is None:
        if default < 0 and source.n_rows:
            report.bad(np.ones(source.n_rows, np.bool_), "kind", kinds.unknown(DEFAULT_KIND))
        return np.full(source.n_rows, default, np.int16)
    coded = pc.dictionary_encode(texts)
    names = coded.dictionary.to_pylist()
    table = np.append(kinds.codes(names), np.int16(default))
    place = pc.fill_null(coded.indices, len(names)).to_numpy(zero_copy_only=False)
    report.bad(
        table[place] < 0,
        "kind",
        lambda at: kinds.unknown([*names, DEFAULT_KIND][place[at]]),
    )
    return np.asarray(table[place], np.int16)


def event_id_column(
    source: SourceTable, report: RowReport, keys: Sequence[npt.NDArray[Any]]
) -> Any:
    """Read ``event_id`` as texts; rows of one id that differ in a key are bad.

    Raises
    ------
    DataError
        If the column is of a type that is no id (floats, for one).
    """
    ids = optional_ids(source, "event_id")
    if ids is None:
        return None
    texts = as_text(ids, name="event_id")
    codes = np.asarray(encoded(texts).indices.fill_null(-1).to_numpy(zero_copy_only=False))
    first = first_rows(codes)

    def reason(at: int) -> str:
        line = source.lines_of([int(first[at])])[0]
        return f"{ambiguous(texts[at].as_py())}, in {source.unit} {line}. {LEAVE_OUT}"

    report.bad(differing(codes, keys), "event_id", reason)
    return texts


LEAVE_OUT = "Leave the column out if it does not tell events apart."


def ambiguous(event_id: str) -> str:
    """Return the beginning of the message for an ``event_id`` that is on different events."""
    shown = clip(repr(event_id))
    return f"must name one event; {shown} is also of another user, item or kind"


def differing(codes: npt.NDArray[Any], keys: Sequence[npt.NDArray[Any]]) -> BoolArray:
    """Return (n_rows,) bool: rows that differ in a key from the first row of their code.

    Parameters
    ----------
    codes : (n_rows,) int
        -1 for rows without one.
    keys : sequence of (n_rows,) arrays
    """
    first = first_rows(codes)
    other = np.zeros(len(codes), np.bool_)
    for key in keys:
        other |= key != key[first]
    return other & (codes >= 0)


def first_rows(codes: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
    """Return of each row the first row that has its code."""
    used, first, inverse = np.unique(codes, return_index=True, return_inverse=True)
    return np.asarray(first[inverse.ravel()] if len(used) else first, np.int64)


def odd_values(
    *,
    values: npt.NDArray[np.float32],
    kind_codes: npt.NDArray[np.int16],
    kinds: KindTable,
    has_times: bool,
    n_repeated: int,
) -> list[str]:
    """Return warnings about values and repeated rows that most likely mean something else.

    Parameters
    ----------
    values, kind_codes : (n_events,) arrays
        Before repeated rows were dropped.
    kinds : KindTable
    has_times : bool
        Whether a time was given.
    n_repeated : int
        Rows that were dropped.
    """
    found = []
    given = ~np.isnan(values)
    rated = kind_codes == kinds.code(RATED_KIND) if RATED_KIND in kinds else np.zeros_like(given)
    if not rated.any() and len(np.unique(values[given])) > 1:
        names = ", ".join(kinds.names[code] for code in np.unique(kind_codes[given])[:3])
        found.append(
            f"{int(given.sum())} value(s) of the kind {names} are not used: only those of the kind "
            f"{RATED_KIND!r} are. If they are ratings, say so in a column kind."
        )
    n_negative = int((values[given] < 0).sum())
    if n_negative:
        found.append(
            f"{n_negative} value(s) are negative. If -1 stands for a missing rating, leave these "
            "cells empty; if it is a dislike, give the kind 'dislike'."
        )
    if not has_times and n_repeated > max(9, len(values) / 10):
        found.append(
            f"{n_repeated} of {len(values)} rows repeat another and are left out, for events "
            "without a time are told apart by user, item and kind alone. Give occurred_at, or "
            "an event_id, if each row is an act of its own."
        )
    return found


def odd_times(times: TimeArray) -> list[str]:
    """Return warnings about times that most likely are no times of these events.

    Parameters
    ----------
    times : (n_events,) datetime64[us]
        NaT where not given.
    """
    given = times[~np.isnat(times)].view(np.int64)  # numpy is slow at the parts of datetimes
    if len(given) < 10:
        return []
    n_last = len(given) // 1000 + 2
    last = np.sort(np.partition(given, len(given) - n_last)[-n_last:]).view(times.dtype)
    if len(given) >= 100 and last[-1] < np.datetime64("1980-01-01"):
        return [
            f"the last event is of {to_iso(last[-1])}. Seconds that were read as nanoseconds end "
            "in 1970 (pandas: to_datetime(..., unit='s'))."
        ]
    first = given.min().view(times.dtype)
    for n_late in range(1, n_last):
        late, before = last[-n_late], last[-n_late - 1]
        if late - before > max(365 * DAY, before - first):
            return [
                f"{n_late} event(s) from {to_iso(late)} on come {int((late - before) / DAY):,} "
                f"days after all others, which end {to_iso(before)}. The last event is the moment "
                "that decay is counted from: correct the time, or give now."
            ]
    return []


def duplicate_rows(
    user_rows: RowArray,
    item_rows: RowArray,
    kind_codes: npt.NDArray[np.int16],
    occurred_at: TimeArray,
    event_ids: Any | None,
) -> BoolArray:
    """Say of each event whether an earlier row is the same event.

    The same ``event_id``, or, where there is none, the same user, item, kind and time.
    """
    keys: list[npt.NDArray[Any]] = [
        user_rows,
        item_rows,
        kind_codes,
        occurred_at.view(np.int64),
    ]
    if event_ids is None:
        return ~first_of_each(keys)
    codes = np.asarray(event_ids.indices.fill_null(-1).to_numpy(zero_copy_only=False), np.int64)
    nameless = codes < 0
    return ~first_of_each([codes, *(np.where(nameless, key, 0) for key in keys)])


def kept(array: npt.NDArray[Any], keep: BoolArray | None) -> npt.NDArray[Any]:
    """Return the rows to keep; all of them for None."""
    return array if keep is None else array[keep]


def _kept_texts(texts: Any, keep: BoolArray | None) -> Any:
    import pyarrow as pa

    return texts if keep is None else texts.filter(pa.array(keep))


def first_of_each(keys: Sequence[npt.NDArray[Any]]) -> BoolArray:
    """Say of each row whether it is the first with its key.

    Parameters
    ----------
    keys : sequence of (n_rows,) arrays of integers or datetime64
        Together they are the key.

    Returns
    -------
    (n_rows,) bool

    Notes
    -----
    One 64-bit hash per row is sorted; only rows whose hash occurs twice are compared exactly.
    Ten million rows take about a second, against ten for sorting the columns themselves.

    Examples
    --------
    >>> first_of_each([np.array([1, 1, 2]), np.array([5, 5, 5])]).tolist()
    [True, False, True]
    """
    if len(keys[0]) < 2:
        return np.ones(len(keys[0]), np.bool_)
    plain = [np.ascontiguousarray(key).astype(np.int64, copy=False) for key in keys]
    hashes = _mixed(plain)
    ranked = np.sort(hashes)
    again = np.unique(ranked[1:][ranked[1:] == ranked[:-1]])
    first = np.ones(len(hashes), np.bool_)
    if len(again):
        place = np.searchsorted(again, hashes)
        place[place == len(again)] = 0
        suspects = np.flatnonzero(again[place] == hashes)
        first[suspects] = _exact([key[suspects] for key in plain])
    return first


def _exact(keys: Sequence[npt.NDArray[np.int64]]) -> BoolArray:
    order = np.lexsort(keys)  # stable: of equal rows, the earliest comes first
    new = np.zeros(len(order), np.bool_)
    new[:1] = True
    for key in keys:
        ranked = key[order]
        new[1:] |= ranked[1:] != ranked[:-1]
    first = np.empty(len(order), np.bool_)
    first[order] = new
    return first


def _mixed(keys: Sequence[npt.NDArray[np.int64]]) -> npt.NDArray[np.uint64]:
    """Hash rows: each key is added, then multiplied and folded, modulo 2^64."""
    mixers = (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB)
    mixed = np.full(len(keys[0]), 1, np.uint64)
    for position, key in enumerate(keys):
        mixed += key.view(np.uint64)
        mixed *= np.uint64(mixers[position % len(mixers)])
        mixed ^= mixed >> np.uint64(31)
    return mixed
