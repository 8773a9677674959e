"""Additive parts of a score: models produce them, ranking puts them into words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from recsys.core.arrays import BoolArray, FloatArray, FloatMatrix, RowArray, freeze
from recsys.core.errors import DataError


class Source(StrEnum):
    """Origin of a part of a score."""

    ITEM = "item"
    """An item of the person's history; ``rows`` are item rows."""
    TAG = "tag"
    """A tag of the person's profile; ``rows`` are tag rows."""
    POPULARITY = "popularity"
    """Popularity among all people; ``rows`` is [-1]."""
    FRESHNESS = "freshness"
    """The age of the item; ``rows`` is [-1]."""
    PERSON = "person"
    """A part of the person that no single item or tag explains; ``rows`` is [-1]."""


@dataclass(frozen=True, slots=True, eq=False)
class Contribution:
    """Parts of the scores that one person gives to some items.

    Attributes
    ----------
    block : str
        The block of the model that scored.
    source : Source
        The table that ``rows`` refer to.
    rows : (n_sources,) int32
        Item rows or tag rows, or [-1].
    values : (n_sources, n_items) float32
        Summed over all contributions and sources they give the score of each item.

    Raises
    ------
    DataError
        If ``values`` has not one row for each of ``rows``.
    """

    block: str
    source: Source
    rows: RowArray
    values: FloatMatrix

    def __post_init__(self) -> None:
        rows = np.array(self.rows, dtype=np.int32)
        values = np.array(self.values, dtype=np.float32, ndmin=2)
        if rows.ndim != 1 or values.ndim != 2 or len(rows) != len(values):
            raise DataError(
                f"values must be 2-d with one line per row; got {rows.shape} and {values.shape}."
            )
        object.__setattr__(self, "rows", freeze(rows))
        object.__setattr__(self, "values", freeze(values))

    def scaled(self, factor: float) -> Contribution:
        """Return the same parts, each multiplied by ``factor``."""
        return Contribution(self.block, self.source, self.rows, self.values * np.float32(factor))

    def spread(self, places: BoolArray) -> Contribution:
        """Return the same parts of more items: these where ``places`` holds, nothing elsewhere.

        Parameters
        ----------
        places : (n_all,) bool
            As many of them true as there are items here.
        """
        values = np.zeros((len(self.rows), len(places)), dtype=np.float32)
        values[:, places] = self.values
        return Contribution(self.block, self.source, self.rows, values)

    def with_rows(self, rows: RowArray) -> Contribution:
        """Return the same parts under other row numbers of their sources."""
        return Contribution(self.block, self.source, rows, self.values)


def total(contributions: Sequence[Contribution], n_items: int) -> FloatArray:
    """Return the (n_items,) float32 sum of all parts: the score they explain."""
    out = np.zeros(n_items, dtype=np.float64)
    for one in contributions:
        out += one.values.sum(axis=0, dtype=np.float64)
    return out.astype(np.float32)
