"""What a digest needs of a recommender."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np

from recsys.core.arrays import BoolArray, FloatMatrix, ObjectArray
from recsys.data import Dataset


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
    def reasons(self) -> Sequence[Sequence[Sequence[Any]]] | None:
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
