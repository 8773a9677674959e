"""Fast reader of a few events in plain lists, without an Arrow table.

Whatever is not exactly as usual (another column, an odd time, an id of another sort, a mistake) is
left to :meth:`EventLog.from_frame`, which reads everything and names what is wrong.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from recsys.core.arrays import NO_ROW, DoubleArray, RowArray, TimeArray
from recsys.data.event_kinds import KindTable
from recsys.data.ids.id_map import IdMap
from recsys.data.logs.event_columns import DEFAULT_KIND
from recsys.data.logs.events import EventLog
from recsys.data.readers.times import EPOCH_S, NAT, strict_time

FEW = 64
"""Events up to which they are read one by one."""

COLUMNS = {"user_id", "item_id", "kind", "value", "occurred_at"}

MAX_NUMBER = float(np.finfo(np.float32).max)


def few_events(frame: Any, *, users: IdMap, items: IdMap, kinds: KindTable) -> EventLog | None:
    """Return the events of a small mapping of lists, in rows of ``users`` and ``items``.

    Parameters
    ----------
    frame : Any
        As of :meth:`EventLog.from_frame`.
    users, items : IdMap
        Who and what is known.
    kinds : KindTable

    Returns
    -------
    EventLog or None
        The same events that :meth:`EventLog.from_frame` gives, but for the maps of their ids; None
        where that is to read them: it is no such mapping, an id is unknown, something is unusual.

    Examples
    --------
    >>> known = IdMap.of(["ana", "bo"])
    >>> frame = {"user_id": ["bo"], "item_id": ["ana"], "value": [2]}
    >>> log = few_events(frame, users=known, items=known, kinds=KindTable())
    >>> log.user_rows.tolist(), log.values.tolist()
    ([1], [2.0])
    """
    if not _is_plain(frame):
        return None
    user_rows, item_rows = _rows(users, frame["user_id"]), _rows(items, frame["item_id"])
    if user_rows is None or item_rows is None:
        return None
    n_events = len(user_rows)
    codes = _codes(frame.get("kind"), kinds, n_events)
    values = _numbers(frame.get("value"), n_events)
    times = _times(frame.get("occurred_at"), n_events)
    if codes is None or values is None or times is None:
        return None
    log = EventLog(
        users=users,
        items=items,
        user_rows=user_rows,
        item_rows=item_rows,
        kind_codes=codes,
        values=values.astype(np.float32),
        occurred_at=times,
        kinds=kinds,
    )
    return log if n_events == 1 else log.without_duplicates()


def _is_plain(frame: Any) -> bool:
    """Say whether it is a mapping of a few lists of one length, with usual columns alone."""
    if type(frame) is not dict or not frame.keys() <= COLUMNS:
        return False
    if "user_id" not in frame or "item_id" not in frame:
        return False
    if not all(type(one) is list for one in frame.values()):
        return False
    return {len(one) for one in frame.values()} <= {len(frame["user_id"])} and (
        0 < len(frame["user_id"]) <= FEW
    )


def _rows(known: IdMap, ids: list[Any]) -> RowArray | None:
    if len(set(map(type, ids))) != 1:
        return None
    rows = [known.row(one) for one in ids]
    return None if NO_ROW in rows else np.array(rows, dtype=np.int32)


def _codes(names: list[Any] | None, kinds: KindTable, n: int) -> npt.NDArray[np.int16] | None:
    given = [DEFAULT_KIND] * n if names is None else [one or DEFAULT_KIND for one in names]
    if any(type(one) is not str or one not in kinds.places for one in given):
        return None
    return np.array([kinds.places[one] for one in given], dtype=np.int16)


def _numbers(values: list[Any] | None, n: int) -> DoubleArray | None:
    if values is None:
        return np.full(n, np.nan)
    if {type(one) for one in values} - {int, float, type(None)}:
        return None
    given = [math.nan if one is None else float(one) for one in values]
    if any(abs(one) > MAX_NUMBER for one in given):
        return None
    return np.array(given, dtype=np.float64)


def _times(times: list[Any] | None, n: int) -> TimeArray | None:
    if times is None:
        return np.full(n, NAT)
    sorts = {type(one) for one in times}
    if sorts == {str}:
        found = np.array([strict_time(one) for one in times], dtype="datetime64[us]")
        return None if np.isnat(found).any() else found
    low, high = EPOCH_S[:2]
    if sorts in ({int}, {float}) and all(low <= one < high for one in times):
        return np.rint(np.array(times, np.float64) * 1e6).astype(np.int64).astype("datetime64[us]")
    return None
