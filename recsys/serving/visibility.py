"""Which items are for whom: ``visible_to`` of the items, answered for every known person."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import numpy as np
import numpy.typing as npt

from recsys.core.arrays import NO_ROW, BoolArray, RowArray, freeze
from recsys.data import Catalog, IdMap, People
from recsys.ranking import parse_filter


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
    """

    expression_of: RowArray
    holds: BoolArray

    @classmethod
    def of(cls, catalog: Catalog, people: People) -> VisibilityTable:
        """Evaluate each distinct expression once.

        Raises
        ------
        ConfigError
            If an expression cannot be read, or names a column that people do not have.
        """
        expression_of, texts = _distinct(catalog.column("visible_to"))
        holds = np.zeros((len(people.users) + 1, len(texts)), dtype=bool)
        stranger = _stranger(people)
        for at, text in enumerate(texts):
            condition = parse_filter(text)
            holds[:-1, at] = condition.mask(people)
            holds[-1:, at] = condition.mask(stranger)
        return cls(freeze(expression_of), freeze(holds))

    @property
    def is_for_all(self) -> BoolArray:
        """(n_items,) bool: which items everybody may see."""
        return np.asarray(self.expression_of == NO_ROW, dtype=bool)

    def masks(self, user_rows: RowArray) -> tuple[list[BoolArray | None], RowArray]:
        """Return the distinct masks (None is everything) and which one holds for each person."""
        if not self.holds.shape[1]:
            return [None], np.zeros(len(user_rows), dtype=np.int32)
        patterns, group_of = np.unique(self.holds[user_rows], axis=0, return_inverse=True)
        padded = np.hstack([patterns, np.ones((len(patterns), 1), dtype=bool)])
        masks: list[BoolArray | None] = [row[self.expression_of] for row in padded]
        return masks, group_of.ravel().astype(np.int32)


def _distinct(texts: npt.NDArray[np.object_]) -> tuple[RowArray, list[str]]:
    expression_of = np.full(len(texts), NO_ROW, dtype=np.int32)
    known: dict[str, int] = {}
    for row, given in enumerate(texts.tolist()):
        if text := str(given or "").strip():
            expression_of[row] = known.setdefault(text, len(known))
    return expression_of, list(known)


def _stranger(people: People) -> People:
    """Return one person of whom nothing is known, with the columns that these people have."""
    nobody: dict[str, Any] = {
        "text": "\0nobody", "int": -(2**63), "uuid": UUID("ffffffff-ffff-ffff-ffff-fffffffffffe")
    }  # fmt: skip
    return people.aligned(IdMap.of([nobody[people.users.kind]]))
