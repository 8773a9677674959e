"""Relevant test pairs of each person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp

from recsys.core.arrays import NO_ROW, BoolArray, Csr, ObjectArray
from recsys.core.errors import DataError
from recsys.data import EventLog, IdMap
from recsys.ranking import parse_filter


@dataclass(frozen=True, slots=True, eq=False)
class Targets:
    """The people measured, and what they took in the test.

    Attributes
    ----------
    user_ids : (n_targets,) object
        People with at least one positive test pair.
    relevant : (n_targets, n_items) csr
        Their test items that can be recommended.
    n_relevant : (n_targets,) int64
        All their test items, those outside the candidates too: the denominator of recall.
    n_outside : int
        Test pairs whose item is no candidate.
    kinds : tuple of str
        Kinds of the events that counted.
    """

    user_ids: ObjectArray
    relevant: Csr
    n_relevant: Any
    n_outside: int
    kinds: tuple[str, ...]


def targets(
    test: EventLog,
    items: IdMap,
    *,
    candidates: BoolArray,
    kinds: Sequence[str] | None = None,
    positive: str | None = None,
) -> Targets:
    """Return the positive test pairs, each counted once.

    Parameters
    ----------
    test : EventLog
    items : IdMap
        The model's items.
    candidates : (n_items,) bool
        Which of them may be recommended.
    kinds : sequence of str or None
        Kinds that count; None means every kind but the negative and authoring ones.
    positive : str or None
        A filter on the events (kind, value); None means all of those kinds.

    Raises
    ------
    ConfigError
        If a kind is unknown, or the filter cannot be read.
    DataError
        If no test event counts.
    """
    wanted = _wanted(test, kinds, positive)
    if not wanted.any():
        raise DataError(
            "test must hold at least one positive event; none is left after --target-kinds and "
            "--positive. Kinds in the file: " + ", ".join(_present(test)) + "."
        )
    pairs = np.unique(
        test.user_rows[wanted].astype(np.int64) * len(test.items) + test.item_rows[wanted]
    )
    people, line = np.unique(pairs // len(test.items), return_inverse=True)
    item_rows = items.rows(test.items.ids(pairs % len(test.items)))
    inside = (item_rows != NO_ROW) & candidates[item_rows]
    relevant = sp.csr_matrix(
        (np.ones(int(inside.sum()), np.float32), (line[inside], item_rows[inside])),
        shape=(len(people), len(items)),
    )
    return Targets(
        user_ids=test.users.ids(people.astype(np.int32)),
        relevant=relevant,
        n_relevant=np.bincount(line, minlength=len(people)),
        n_outside=int((~inside).sum()),
        kinds=tuple(sorted({test.kinds.names[at] for at in np.unique(test.kind_codes[wanted])})),
    )


def has_targets(
    test: EventLog, *, kinds: Sequence[str] | None = None, positive: str | None = None
) -> bool:
    """Say whether any event of ``test`` counts."""
    return bool(_wanted(test, kinds, positive).any())


def pair_matrix(events: EventLog, users: IdMap, items: IdMap) -> Csr:
    """Return the (n_users, n_items) csr of every pair of ``events`` that both maps know."""
    user_rows = users.rows(events.users.ids())[events.user_rows]
    item_rows = items.rows(events.items.ids())[events.item_rows]
    known = (user_rows != NO_ROW) & (item_rows != NO_ROW)
    ones = np.ones(int(known.sum()), np.float32)
    shape = (len(users), len(items))
    return sp.csr_matrix((ones, (user_rows[known], item_rows[known])), shape=shape)


def without_pairs(events: EventLog, mask: EventLog) -> EventLog:
    """Return the events on no (user, item) pair of ``mask``, with the same id maps."""
    masked = pair_matrix(mask, events.users, events.items)
    n_items = np.int64(len(events.items))
    mask_users = np.repeat(np.arange(len(events.users), dtype=np.int64), np.diff(masked.indptr))
    keys = events.user_rows.astype(np.int64) * n_items + events.item_rows
    return events.select(~np.isin(keys, mask_users * n_items + masked.indices))


def _wanted(test: EventLog, kinds: Sequence[str] | None, positive: str | None) -> BoolArray:
    if kinds is None:
        roles = np.array([test.kinds[name].role == "positive" for name in test.kinds.names])
    else:
        codes = [test.kinds.code(name) for name in kinds]
        roles = np.isin(np.arange(len(test.kinds.names)), codes)
    wanted = roles[test.kind_codes]
    if positive is not None:
        wanted = wanted & parse_filter(positive).mask(EventColumns(test))
    return np.asarray(wanted, dtype=bool)


def _present(test: EventLog) -> list[str]:
    return [test.kinds.names[at] for at in np.unique(test.kind_codes)]


class EventColumns:
    """Events as the columns a filter reads: kind, value and occurred_at.

    Parameters
    ----------
    events : EventLog
    """

    names = ("kind", "value", "occurred_at")

    def __init__(self, events: EventLog) -> None:
        self._events = events

    def __len__(self) -> int:
        return self._events.n_events

    def has(self, name: str) -> bool:
        """Return True if there is such a column."""
        return name in self.names

    def column(self, name: str) -> Any:
        """Return one column."""
        if name == "kind":
            kinds = np.array(self._events.kinds.names, dtype=object)
            return kinds[self._events.kind_codes]
        if name == "value":
            return self._events.values.astype(np.float64)
        return self._events.occurred_at

    def tag_mask(self, name: str) -> BoolArray:  # noqa: ARG002
        """Return no row: events have no tags."""
        return np.zeros(len(self), dtype=bool)
