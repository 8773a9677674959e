"""The interface of models that digests are composed from, by ids and on item rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np

from recsys.core.arrays import BoolArray, FloatMatrix, ObjectArray, RowArray
from recsys.core.topk import TopK
from recsys.data import Dataset
from recsys.serving import Recommender, RowRequest

Reasons = Sequence[Sequence[Sequence[Any]]]
"""Per person, per item: reasons with ``text``, ``source`` and ``value``."""


class Ranked(Protocol):
    """Ranked lists, as :class:`recsys.Recommendations` has them."""

    @property
    def item_ids(self) -> ObjectArray:
        """(n_people, k) object, best first; None pads."""

    @property
    def scores(self) -> FloatMatrix:
        """(n_people, k) float32; -inf pads."""

    @property
    def known(self) -> BoolArray:
        """(n_people,) bool."""

    @property
    def reasons(self) -> Reasons | None:
        """Per person, per item: reasons with ``text``, ``source`` and ``value``."""


class Recommends(Protocol):
    """A model that a digest can be composed from: :class:`recsys.Recommender`, or a test's own.

    It leaves out what a person has seen, owns, muted, hid or may not see, and what is blocked.
    """

    @property
    def dataset(self) -> Dataset:
        """Items with their catalog, people with their consent."""

    @property
    def now(self) -> np.datetime64:
        """The moment it speaks for; NaT without times."""

    @property
    def version(self) -> str:
        """Names the state of the model."""

    def recommend(
        self,
        user_ids: Sequence[Any],
        k: int = 10,
        *,
        where: str | Mapping[str, Any] | None = None,
        explain: bool = False,
        candidates: Sequence[Any] | None = None,
        exclude: Sequence[Any] | None = None,
    ) -> Ranked:
        """Return ``k`` items for each person, best first."""


class Ranker(Protocol):
    """Lists and reasons of the people of one chunk, on item rows: a :class:`RowRequest` is one."""

    @property
    def known(self) -> BoolArray:
        """(n_people,) bool: the people whom the model knows, once they are ranked."""

    def rank(self, lines: RowArray, *, k: int, exclude: Sequence[RowArray]) -> TopK:
        """Return the best items of the people at ``lines``, but for excluded rows."""

    def explain(self, lines: RowArray, item_rows: RowArray) -> Reasons:
        """Return the reasons of the items of the people at ``lines``, none for row -1."""


def ranker(model: Recommends, user_ids: Sequence[Any], *, where: str | None) -> Ranker:
    """Return what ranks some people: on rows within the library, by ids for any other model."""
    if isinstance(model, Recommender):
        return RowRequest(model.snapshot, user_ids, where=where)
    return IdRequest(model, user_ids, where=where)


class IdRequest:
    """A :class:`Ranker` over ``recommend`` alone: each call translates ids, and asks anew.

    Parameters
    ----------
    model : Recommends
    user_ids : sequence of n_people ids
    where : str or None
        A filter on items.
    """

    def __init__(self, model: Recommends, user_ids: Sequence[Any], *, where: str | None) -> None:
        self._model, self._user_ids, self._where = model, user_ids, where
        self.known: BoolArray = np.zeros(len(user_ids), dtype=np.bool_)

    def rank(self, lines: RowArray, *, k: int, exclude: Sequence[RowArray]) -> TopK:
        """Return the best items of the people at ``lines``."""
        items = self._model.dataset.items
        answer = self._model.recommend(
            self._ids(lines),
            k=k,
            where=self._where,
            exclude=[items.ids(rows).tolist() for rows in exclude],
        )
        self.known[lines] = answer.known
        return TopK(items.rows(answer.item_ids.ravel()).reshape(len(lines), -1), answer.scores)

    def explain(self, lines: RowArray, item_rows: RowArray) -> Reasons:
        """Return the reasons of the items of the people at ``lines``."""
        items = self._model.dataset.items
        chosen = [items.ids(rows[rows >= 0]).tolist() for rows in item_rows]
        k = max(item_rows.shape[1], 1)
        answer = self._model.recommend(
            self._ids(lines), k=k, where=self._where, candidates=chosen, explain=True
        )
        worded = answer.reasons or [[] for _ in chosen]
        by_item = [
            dict(zip(ids.tolist(), whys, strict=False))
            for ids, whys in zip(answer.item_ids, worded, strict=True)
        ]
        return [
            [whys.get(one, ()) for one in line] for whys, line in zip(by_item, chosen, strict=True)
        ]

    def _ids(self, lines: RowArray) -> list[Any]:
        return [self._user_ids[at] for at in lines.tolist()]
