"""Items that each person has received already, by chunk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

import numpy as np

from recsys.core.arrays import NO_ROW, RowArray, TimeArray
from recsys.data import DigestHistory, IdMap

NEVER = np.datetime64("NaT", "us")
LONG_AGO = np.datetime64(0, "us")


@dataclass(frozen=True, slots=True, eq=False)
class Received:
    """The digest history on row numbers.

    Attributes
    ----------
    people : IdMap
        Everyone in the history, known to the model or not.
    indptr : (n_people + 1,) int64
        Where the items of each person begin in ``item_rows``.
    item_rows : (n_received,) int32
        The model's item rows; items the model does not know are left out.
    last_at : (n_people,) datetime64[us]
        When the last digest of each person was; long ago where the history gives no time.

    Examples
    --------
    >>> past = DigestHistory.from_frame({"user_id": ["ana"], "item_id": ["q1"]})
    >>> received = Received.of(past, IdMap.of(["q0", "q1"]), unconfirmed="count")
    >>> [rows.tolist() for rows in received.rows_of(["ana", "bo"])]
    [[1], []]
    """

    people: IdMap
    indptr: Any
    item_rows: RowArray
    last_at: TimeArray

    @classmethod
    def of(
        cls, history: DigestHistory, items: IdMap, *, unconfirmed: Literal["count", "ignore"]
    ) -> Received:
        """Build from a history.

        Parameters
        ----------
        history : DigestHistory
            Read from a file, where UUIDs are text.
        items : IdMap
            The model's items.
        unconfirmed : "count" or "ignore"
            Whether rows that are composed, but not sent, count.
        """
        if unconfirmed == "ignore":
            history = history.select(history.is_sent)
        n_people = len(history.users)
        last_at = np.full(n_people, LONG_AGO)
        np.fmax.at(last_at, history.user_rows, history.sent_at)
        rows = items.rows(_like(items, history.items))[history.item_rows]
        kept = rows != NO_ROW
        who, rows = history.user_rows[kept], rows[kept]
        order = np.argsort(who, kind="stable")
        indptr = np.concatenate([[0], np.cumsum(np.bincount(who, minlength=n_people))])
        had = np.zeros(n_people, dtype=bool)
        had[history.user_rows] = True
        last_at[~had] = NEVER  # of whom only unconfirmed rows were
        return cls(history.users, indptr, rows[order].astype(np.int32), last_at)

    def last(self, user_ids: Sequence[Any]) -> TimeArray:
        """Return (n,) datetime64[us]: the last digest of each person, NaT if there was none."""
        return np.append(self.last_at, NEVER)[self._rows(user_ids)]

    def rows_of(self, user_ids: Sequence[Any]) -> list[RowArray]:
        """Return the item rows each person has had."""
        return [
            self.item_rows[self.indptr[row] : self.indptr[row + 1]]
            if row != NO_ROW
            else self.item_rows[:0]
            for row in self._rows(user_ids).tolist()
        ]

    def _rows(self, user_ids: Sequence[Any]) -> RowArray:
        return self.people.rows([str(one) if isinstance(one, UUID) else one for one in user_ids])


def _like(wanted: IdMap, ids: IdMap) -> Any:
    """Return ids as read from a file in the sort of ``wanted``: UUIDs were written as text."""
    if wanted.kind != "uuid" or ids.kind != "text":
        return ids.ids()
    return [_uuid(one) for one in ids.ids()]


def _uuid(text: str) -> UUID | str:
    try:
        return UUID(text)
    except ValueError:
        return text
