"""Which items are for whom after something was observed, answered for the people asked about."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from recsys.core.arrays import NO_ROW, BoolArray, RowArray, freeze
from recsys.data import Catalog, People
from recsys.serving.observe.delta import Facts
from recsys.serving.state.visibility import (
    VisibilityTable,
    condition_of,
    distinct_texts,
    satisfied,
    stranger,
)


class ObservedVisibility:
    """What :class:`VisibilityTable` says, without evaluating every expression for everybody.

    Parameters
    ----------
    facts : Facts
        The whole snapshot, and what came since.

    Raises
    ------
    ConfigError
        If a new expression cannot be read; the message names an item that has it.

    Notes
    -----
    Whoever is as before has the answers of the whole snapshot to its expressions. Others, and new
    expressions, are evaluated for the people of a request, and kept.
    """

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self._known: dict[int, BoolArray] = {}
        base, overlay = facts.base, facts.overlay
        old = overlay.lookups.visible_texts
        places = {text: at for at, text in enumerate(old)}
        expression_of = base.visibility.expression_of
        if overlay.catalog.n_items:
            local, texts = distinct_texts(overlay.catalog.column("visible_to"))
            of_text = [places.setdefault(text, len(places)) for text in texts]
            table = np.array([*of_text, NO_ROW], dtype=np.int32)
            wide = np.full(len(overlay.items), NO_ROW, dtype=np.int32)
            wide[: base.n_items] = expression_of
            wide[overlay.item_rows] = table[local]
            expression_of = freeze(wide)
        self.expression_of: RowArray = expression_of
        self._old, self._new = old, list(places)[len(old) :]
        if self._new:
            self._check()

    @property
    def is_open(self) -> bool:
        """Whether every item is for everybody."""
        return not (self._old or self._new)

    @cached_property
    def columns(self) -> frozenset[str]:
        """What the expressions name."""
        every = [condition_of(text).columns for text in (*self._old, *self._new)]
        return frozenset().union(*every)

    @property
    def is_for_all(self) -> BoolArray:
        """(n_items,) bool: which items everybody may see."""
        return np.asarray(self.expression_of == NO_ROW, dtype=np.bool_)

    def audience_of(self, user_row: int) -> bytes:
        """Return what tells apart people who may see other items; empty where all see all."""
        if self.is_open:
            return b""
        if not self._is_asked(user_row):
            return bytes(self._facts.base.visibility.holds[user_row].tobytes())
        if user_row not in self._known:
            self._known[user_row] = self.holds(np.array([user_row], dtype=np.int32))[0]
        return self._known[user_row].tobytes()

    def masks(self, user_rows: RowArray) -> tuple[list[BoolArray | None], RowArray]:
        """Return the distinct masks (None is everything) and which one holds for each person."""
        if self.is_open:
            return [None], np.zeros(len(user_rows), dtype=np.int32)
        people, which = np.unique(user_rows, return_inverse=True)
        table = VisibilityTable(self.expression_of, self.holds(people.astype(np.int32)))
        masks, group_of = table.masks(np.arange(len(people), dtype=np.int32))
        return masks, group_of[which.ravel()]

    def holds(self, user_rows: RowArray) -> BoolArray:
        """Return (n, n_expressions) bool: whether people satisfy each expression.

        Parameters
        ----------
        user_rows : (n,) int32
            Distinct; -1 is a stranger.
        """
        n_base, n_old = self._facts.base.n_users, len(self._old)
        before = np.where(user_rows < n_base, user_rows, NO_ROW)
        out = np.zeros((len(user_rows), n_old + len(self._new)), dtype=np.bool_)
        out[:, :n_old] = self._facts.base.visibility.holds[before]
        known = user_rows != NO_ROW
        asked = known.copy()
        asked[known] = (user_rows[known] >= n_base) | self._facts.described(user_rows[known])
        if asked.any() and n_old:
            people = self._facts.people_at(user_rows[asked])
            out[asked, :n_old] = satisfied(people, self._old)
        if self._new:
            if known.any():
                people = self._facts.people_at(user_rows[known])
                out[known, n_old:] = satisfied(people, self._new)
            out[~known, n_old:] = satisfied(self._nobody(), self._new)
        return out

    def _is_asked(self, user_row: int) -> bool:
        """Say whether the whole snapshot does not have the answers for a person."""
        if self._new or user_row >= self._facts.base.n_users:
            return True
        return bool(self._facts.described(np.array([user_row], dtype=np.int32))[0])

    def _nobody(self) -> People:
        return stranger(self._facts.base.dataset.people)

    def _check(self) -> None:
        """Read each new expression once: what is wrong with it is said while it is observed."""
        catalog: Catalog = self._facts.overlay.catalog
        local, texts = distinct_texts(catalog.column("visible_to"))
        new = [at for at, text in enumerate(texts) if text in self._new]
        first = [int(np.flatnonzero(local == at)[0]) for at in new]
        some = catalog.at_rows(np.array(first, dtype=np.int32))
        VisibilityTable.of(some, self._nobody())
