"""Persistent mapping: adding entries returns a new version that shares the former one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Generic, TypeVar

KeyT = TypeVar("KeyT")

ValueT = TypeVar("ValueT")

FEW = 64
"""Largest number of newer entries; beyond it both parts are merged into a new dict."""


class Layered(Mapping[KeyT, ValueT], Generic[KeyT, ValueT]):
    """Immutable mapping of many shared entries and a few newer ones over them.

    Examples
    --------
    >>> first = Layered({1: "a", 2: "b"})
    >>> second = first.plus({2: "c", 3: "d"})
    >>> dict(second), len(second), second.get(9), first[2]
    ({1: 'a', 2: 'c', 3: 'd'}, 3, None, 'b')

    Notes
    -----
    Growing by one costs a copy of ``FEW`` entries, and a copy of all once in as many times.
    """

    __slots__ = ("_n", "_new", "_old")

    def __init__(
        self, old: Mapping[KeyT, ValueT] | None = None, new: Mapping[KeyT, ValueT] | None = None
    ) -> None:
        self._old: dict[KeyT, ValueT] = old if isinstance(old, dict) else dict(old or {})
        self._new: dict[KeyT, ValueT] = dict(new or {})
        self._n = len(self._old) + sum(key not in self._old for key in self._new)

    def plus(self, more: Mapping[KeyT, ValueT]) -> Layered[KeyT, ValueT]:
        """Return the mapping with further entries, and other values for known ones."""
        if not more:
            return self
        new = {**self._new, **more}
        return Layered({**self._old, **new}) if len(new) > FEW else Layered(self._old, new)

    def __getitem__(self, key: KeyT) -> ValueT:
        return self._new[key] if key in self._new else self._old[key]

    def __contains__(self, key: object) -> bool:
        return key in self._new or key in self._old

    def __len__(self) -> int:
        return self._n

    def __iter__(self) -> Iterator[KeyT]:
        yield from self._old
        yield from (key for key in self._new if key not in self._old)
