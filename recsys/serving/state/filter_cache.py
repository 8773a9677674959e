"""Filters turned into sets of items once, and kept while they are in use."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from recsys.core.arrays import BoolArray, RowArray, freeze
from recsys.core.threads import fork_safe_lock

MOST_KEPT = 32
"""Filters kept per snapshot: at a million items up to 5 MB each."""

PLAIN = (str, int, float, bool, type(None), np.datetime64)
"""Values of a mapping that tell two filters apart."""


@dataclass(frozen=True, slots=True, eq=False)
class Allowed:
    """Some of the items.

    Attributes
    ----------
    mask : (n_items,) bool
        Read-only; empty stands for all.
    rows : (n_allowed,) int32
        Where ``mask`` is True; empty if that is empty.
    """

    mask: BoolArray
    rows: RowArray

    @classmethod
    def of(cls, mask: BoolArray) -> Allowed:
        """Take a mask; one that lets everything through is dropped."""
        if mask.all():
            return cls(freeze(np.zeros(0, np.bool_)), freeze(np.zeros(0, np.int32)))
        rows = np.flatnonzero(mask).astype(np.int32)
        return cls(freeze(np.ascontiguousarray(mask)), freeze(rows))


class FilterCache:
    """The sets of items that were asked for last.

    Safe to use from many threads: two that ask for the same new filter at once both make it.
    """

    def __init__(self) -> None:
        self._kept: OrderedDict[Hashable, Allowed] = OrderedDict()
        self._lock = fork_safe_lock()

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, key: Hashable, make: Callable[[], BoolArray]) -> Allowed:
        """Return the items of a filter.

        Parameters
        ----------
        key : hashable or None
            From :func:`filter_key`, with whatever else the mask depends on. None: not kept.
        make : callable
            Gives the (n_items,) bool mask where it is not known.
        """
        if key is None:
            return Allowed.of(make())
        with self._lock:
            found = self._kept.get(key)
            if found is not None:
                self._kept.move_to_end(key)
                return found
        made = Allowed.of(make())
        with self._lock:
            self._kept[key] = made
            while len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)
        return made


def filter_key(where: Any) -> Hashable:
    """Return what tells one filter from another; None if that cannot be told.

    Examples
    --------
    >>> filter_key({"format": ["video", "live"]})
    ('map', (('format', ('list', (('str', 'video'), ('str', 'live')))),))
    """
    if isinstance(where, Mapping):
        parts = [(str(name), filter_key(value)) for name, value in where.items()]
        return None if any(part is None for _, part in parts) else ("map", tuple(parts))
    if isinstance(where, list | tuple):
        inner = tuple(filter_key(one) for one in where)
        return None if any(one is None for one in inner) else (type(where).__name__, inner)
    if type(where) in PLAIN:
        return (type(where).__name__, where)
    return None
