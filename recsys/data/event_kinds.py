"""Event kinds: weight, half-life and role of each."""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from recsys.core.arrays import BoolArray, DoubleArray, freeze
from recsys.core.errors import ConfigError, DataError, clip

Role: TypeAlias = Literal["positive", "negative", "authoring"]

ROLES: tuple[Role, ...] = ("positive", "negative", "authoring")


@dataclass(frozen=True, slots=True)
class EventKind:
    """One kind of act.

    Attributes
    ----------
    name : str
        As written in the events.
    weight : float
        Confidence of one such event; greater than 0 (an authoring kind may weigh 0).
    half_life_days : float or None
        Its weight halves every so many days; None means it does not fade by itself.
    role : {"positive", "negative", "authoring"}
        "positive" speaks of taste; "negative" says "less of this"; "authoring" made the item:
        activity and contribution, never taste, never a target.

    Raises
    ------
    ConfigError
        If a number is out of range or the role is unknown.
    """

    name: str
    weight: float = 1.0
    half_life_days: float | None = None
    role: Role = "positive"

    def __post_init__(self) -> None:
        if not self.name or not isinstance(self.name, str):
            raise ConfigError(f"an event kind must have a name; got {self.name!r}.")
        if self.role not in ROLES:
            raise ConfigError(
                f"the role of event kind {self.name!r} must be one of {', '.join(ROLES)}; "
                f"got {self.role!r}."
            )
        at_least = 0.0 if self.role == "authoring" else math.ulp(0.0)
        if not (math.isfinite(self.weight) and self.weight >= at_least):
            raise ConfigError(
                f"the weight of event kind {self.name!r} must be finite and greater than 0; "
                f"got {self.weight!r}."
            )
        if self.half_life_days is not None and not self.half_life_days > 0:
            raise ConfigError(
                f"half_life_days of event kind {self.name!r} must be greater than 0; "
                f"got {self.half_life_days!r}."
            )


DEFAULT_KINDS = (
    EventKind("view", 1.0),
    EventKind("rate", 1.0),  # scaled by the rating, see recsys.data.interactions
    EventKind("like", 2.0),
    EventKind("bookmark", 3.0),
    EventKind("share", 3.0),
    EventKind("comment", 3.0),
    EventKind("follow", 3.0),
    EventKind("favorite", 3.0),
    EventKind("answer", 4.0),
    EventKind("join", 4.0),
    EventKind("purchase", 5.0),
    EventKind("ask", 0.0, role="authoring"),
    EventKind("post", 0.0, role="authoring"),
    EventKind("hide", 1.0, role="negative"),
    EventKind("dislike", 1.0, role="negative"),
    EventKind("report", 2.0, role="negative"),
)
"""The vocabulary without settings: effort and cost order the weights, a view being 1."""


@dataclass(frozen=True)  # no slots: what events are weighed by is made at first use
class KindTable:
    """The event kinds that are understood; codes are positions in it.

    Examples
    --------
    >>> kinds = KindTable.default().with_kinds({"upvote": 3.0})
    >>> kinds["upvote"].weight
    3.0
    >>> kinds.code("veiw")
    Traceback (most recent call last):
        ...
    recsys.core.errors.DataError: kind 'veiw' is not known; nearest: 'view'. ...
    """

    kinds: tuple[EventKind, ...] = DEFAULT_KINDS

    def __post_init__(self) -> None:
        names = [kind.name for kind in self.kinds]
        if len(set(names)) != len(names):
            raise ConfigError(f"event kinds must have different names; got {', '.join(names)}.")

    @classmethod
    def default(cls) -> KindTable:
        """Return the vocabulary without settings."""
        return cls()

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The names, in the order of the codes."""
        return tuple(kind.name for kind in self.kinds)

    @cached_property
    def places(self) -> dict[str, int]:
        """The code of each name."""
        return {name: code for code, name in enumerate(self.names)}

    @cached_property
    def weights(self) -> DoubleArray:
        """(n_kinds,) float64: the weight of each code."""
        return freeze(np.array([kind.weight for kind in self.kinds], np.float64))

    @cached_property
    def half_lives(self) -> DoubleArray:
        """(n_kinds,) float64: half-life in days of each code; inf where it does not fade."""
        days = [math.inf if k.half_life_days is None else k.half_life_days for k in self.kinds]
        return freeze(np.array(days, np.float64))

    def has_role(self, role: Role) -> BoolArray:
        """Return (n_kinds,) bool, read-only: which codes have ``role``."""
        return self._by_role[role]

    @cached_property
    def _by_role(self) -> dict[Role, BoolArray]:
        return {
            role: freeze(np.array([kind.role == role for kind in self.kinds], np.bool_))
            for role in ROLES
        }

    def __len__(self) -> int:
        return len(self.kinds)

    def __iter__(self) -> Iterator[EventKind]:
        return iter(self.kinds)

    def __contains__(self, name: object) -> bool:
        return name in self.names

    def __getitem__(self, name: str) -> EventKind:
        return self.kinds[self.code(name)]

    def code(self, name: str) -> int:
        """Return the code of a kind.

        Raises
        ------
        DataError
            If it is unknown; the message names the nearest known one.
        """
        try:
            return self.places[name]
        except (KeyError, TypeError):  # what cannot be a key is no name
            raise DataError(self.unknown(name)) from None

    def codes(self, names: Any) -> npt.NDArray[np.int16]:
        """Return (n,) int16 codes of ``names``; -1 where unknown."""
        places = self.places
        return np.fromiter((places.get(name, -1) for name in names), np.int16, count=len(names))

    def unknown(self, name: object) -> str:
        """Return the message for a kind that is not in the table."""
        near = difflib.get_close_matches(str(name), self.names, n=1, cutoff=0.5)
        hint = f"nearest: {near[0]!r}" if near else f"known: {', '.join(self.names)}"
        shown = clip(str(name), 40)
        return (
            f"kind {shown!r} is not known; {hint}. Add it with --kind {shown}=WEIGHT "
            f"(Python: kinds=KindTable.default().with_kinds({{{shown!r}: WEIGHT}}))."
        )

    def with_kinds(self, kinds: Mapping[str, float | EventKind]) -> KindTable:
        """Return a table with kinds added, or known ones re-weighted; codes so far stay.

        Parameters
        ----------
        kinds : mapping of name to weight or to EventKind
            A number adds a positive kind, or changes the weight of a known one.
        """
        table = {kind.name: kind for kind in self.kinds}
        for name, given in kinds.items():
            if isinstance(given, EventKind):
                table[name] = replace(given, name=name)
            else:
                table[name] = replace(table.get(name, EventKind(name)), weight=float(given))
        return KindTable(tuple(table.values()))

    def union(self, other: KindTable) -> KindTable:
        """Return this table with the other's further kinds appended."""
        more = () if other is self else tuple(kind for kind in other if kind.name not in self)
        return KindTable(self.kinds + more) if more else self

    def to_dict(self) -> dict[str, dict[str, Any]]:
        """Return plain JSON values, by name."""
        return {
            kind.name: {
                "weight": kind.weight,
                "half_life_days": kind.half_life_days,
                "role": kind.role,
            }
            for kind in self.kinds
        }

    @classmethod
    def from_dict(cls, settings: Mapping[str, Mapping[str, Any]]) -> KindTable:
        """Take what :meth:`to_dict` gave.

        Raises
        ------
        ConfigError
            If a setting is wrong or unknown.
        """
        try:
            return cls(tuple(EventKind(name, **one) for name, one in settings.items()))
        except TypeError as err:
            raise ConfigError(
                "each event kind takes weight, half_life_days and role; " + clip(str(err))
            ) from err
