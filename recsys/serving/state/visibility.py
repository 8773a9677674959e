"""Which items are for whom: ``visible_to`` of the items, answered for every known person."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from uuid import UUID

import numpy as np
import numpy.typing as npt

from recsys.core.arrays import NO_ROW, BoolArray, RowArray, freeze
from recsys.core.errors import ConfigError, RecsysWarning, clip
from recsys.data import Catalog, IdMap, People
from recsys.ranking import Filter, IncomparableError, TypedColumns, parse_filter


@dataclass(frozen=True, slots=True, eq=False)
class VisibilityTable:
    """Which expression each item has, and who satisfies it.

    Attributes
    ----------
    expression_of : (n_items,) int32
        -1 for items that everybody may see.
    holds : (n_users + 1, n_expressions) bool
        Whether each person satisfies each expression; the last row is for unknown people, of
        whom no attribute is given.
    texts : tuple of n_expressions str
        The expressions.
    """

    expression_of: RowArray
    holds: BoolArray
    texts: tuple[str, ...]

    @classmethod
    def of(cls, catalog: Catalog, people: People) -> VisibilityTable:
        """Evaluate each distinct expression once.

        Raises
        ------
        ConfigError
            If an expression cannot be read; the message names an item that has it.

        Notes
        -----
        An item whose expression names a column that people do not have, or that cannot be
        compared so, is hidden from everybody, and a :class:`RecsysWarning` says so: nobody is
        known to be among those it is for.
        """
        expression_of, texts = distinct_texts(catalog.column("visible_to"))
        holds = np.zeros((len(people.users) + 1, len(texts)), dtype=bool)
        known, nobody = frozenset(TypedColumns(people).names), stranger(people)
        absent: dict[int, list[str]] = {}
        incomparable: dict[int, str] = {}
        for at, text in enumerate(texts):
            try:
                condition = parse_filter(text)
                if lacking := sorted(condition.columns - known):
                    absent[at] = lacking
                    continue
                holds[:-1, at] = condition.mask(people)
                holds[-1:, at] = condition.mask(nobody)
            except ConfigError as err:
                if isinstance(err, IncomparableError):
                    holds[:, at] = False
                    incomparable[at] = str(err)
                    continue
                item = catalog.items.id(int(np.flatnonzero(expression_of == at)[0]))
                raise ConfigError(f"visible_to of item {clip(repr(item))}: {err}") from err
        if incomparable:
            n_hidden = int(np.isin(expression_of, list(incomparable)).sum())
            reason = next(iter(incomparable.values()))
            _warn(f"visible_to: {n_hidden} item(s) are hidden from everybody; {reason}")
        if absent:
            _warn_hidden(absent, n_hidden=int(np.isin(expression_of, list(absent)).sum()))
        return cls(freeze(expression_of), freeze(holds), tuple(texts))

    @property
    def is_for_all(self) -> BoolArray:
        """(n_items,) bool: which items everybody may see."""
        return np.asarray(self.expression_of == NO_ROW, dtype=bool)

    def key(self, user_row: int) -> bytes:
        """Return what tells apart people who may see other items; empty where all see all."""
        return self.holds[user_row].tobytes() if self.texts else b""

    def masks(self, user_rows: RowArray) -> tuple[list[BoolArray | None], RowArray]:
        """Return the distinct masks (None is everything) and which one holds for each person."""
        if not self.holds.shape[1]:
            return [None], np.zeros(len(user_rows), dtype=np.int32)
        patterns, group_of = np.unique(self.holds[user_rows], axis=0, return_inverse=True)
        padded = np.hstack([patterns, np.ones((len(patterns), 1), dtype=bool)])
        masks: list[BoolArray | None] = [row[self.expression_of] for row in padded]
        return masks, group_of.ravel().astype(np.int32)


def satisfied(people: People, texts: Sequence[str]) -> BoolArray:
    """Return (n_people, n_texts) bool: whether people satisfy expressions.

    What names a column that they do not have, nobody satisfies.

    Raises
    ------
    ConfigError
        If an expression cannot be read.
    """
    out = np.zeros((len(people.users), len(texts)), dtype=np.bool_)
    columns = TypedColumns(people)
    known = frozenset(columns.names)
    for at, text in enumerate(texts):
        condition = condition_of(text)
        if condition.columns <= known:
            with contextlib.suppress(IncomparableError):  # said when the expression came
                out[:, at] = condition.mask(columns)
    return out


@lru_cache(maxsize=1024)
def condition_of(text: str) -> Filter:
    """Return an expression as what evaluates it, kept while it is in use."""
    return parse_filter(text)


def distinct_texts(texts: npt.NDArray[np.object_]) -> tuple[RowArray, list[str]]:
    """Return (n,) int32 which of the distinct expressions each is (-1 none), and these."""
    expression_of = np.full(len(texts), NO_ROW, dtype=np.int32)
    known: dict[str, int] = {}
    for row, given in enumerate(texts.tolist()):
        if text := str(given or "").strip():
            expression_of[row] = known.setdefault(text, len(known))
    return expression_of, list(known)


def _warn_hidden(absent: Mapping[int, Sequence[str]], *, n_hidden: int) -> None:
    columns = ", ".join(sorted({repr(name) for names in absent.values() for name in names}))
    _warn(
        f"visible_to names what people do not have ({clip(columns, 200)}); {n_hidden} item(s) are "
        "hidden from everybody. Give the column in the users file, or correct visible_to."
    )


def _warn(message: str) -> None:
    warnings.warn(message, RecsysWarning, stacklevel=4)


def stranger(people: People) -> People:
    """Return one person of whom nothing is known, with the columns that these people have."""
    ids: dict[str, Any] = {
        "text": "\0nobody", "int": -(2**63), "uuid": UUID("ffffffff-ffff-ffff-ffff-fffffffffffe")
    }  # fmt: skip
    return people.aligned(IdMap.of([ids[people.users.kind]]))
