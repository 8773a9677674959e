"""Top-k lists: the common result type of ranked answers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from recsys.core.arrays import NO_ROW, FloatMatrix, RowArray, freeze
from recsys.core.errors import DataError


@dataclass(frozen=True, slots=True, eq=False)  # eq=False: == on arrays is ambiguous
class TopK:
    """The best ``k`` items of each query, best first.

    Attributes
    ----------
    rows : (n_queries, k) int32
        Item rows; -1 where a query has fewer than ``k`` items.
    scores : (n_queries, k) float32
        Higher is better; -inf exactly where ``rows`` is -1.

    Raises
    ------
    DataError
        If the two shapes differ or are not two-dimensional.

    Examples
    --------
    >>> TopK(rows=[[3, 1]], scores=[[0.9, 0.2]]).rows.tolist()
    [[3, 1]]
    """

    rows: RowArray
    scores: FloatMatrix

    def __post_init__(self) -> None:
        rows = np.asarray(self.rows, dtype=np.int32)
        scores = np.asarray(self.scores, dtype=np.float32)
        if rows.ndim != 2 or rows.shape != scores.shape:
            raise DataError(
                f"rows and scores must be 2-d of one shape; got {rows.shape} and {scores.shape}."
            )
        object.__setattr__(self, "rows", freeze(rows.copy() if rows.flags.writeable else rows))
        object.__setattr__(
            self, "scores", freeze(scores.copy() if scores.flags.writeable else scores)
        )

    @property
    def n_found(self) -> RowArray:
        """(n_queries,) int32: how many real items each query has."""
        found: RowArray = np.sum(self.rows != NO_ROW, axis=1, dtype=np.int32)
        return found
