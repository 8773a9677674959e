"""Memory of a block, estimated from the sizes of the data before it is fitted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from recsys.core.arrays import Csr
from recsys.models.base import TrainingSet

FLOAT = np.dtype(np.float32).itemsize

PAIR = FLOAT + np.dtype(np.int32).itemsize
"""Bytes of a stored pair of a sparse matrix: a float32 and an int32."""


@dataclass(frozen=True, slots=True)
class DataSize:
    """The sizes that memory depends on.

    Attributes
    ----------
    n_users, n_items, n_tags : int
    n_pairs : int
        Pairs of a person and an item.
    n_events : int
        Taste events behind them.
    n_item_tags : int
        Pairs of an item and a tag.
    n_together : int
        Pairs of items in one history, at most.
    """

    n_users: int
    n_items: int
    n_tags: int
    n_pairs: int
    n_events: int
    n_item_tags: int
    n_together: int

    @classmethod
    def of(cls, training: TrainingSet) -> DataSize:
        """Return the sizes of a training set."""
        return cls(
            n_users=training.n_users,
            n_items=training.n_items,
            n_tags=int(training.item_features.shape[1]),
            n_pairs=int(training.interactions.nnz),
            n_events=training.events.n_events,
            n_item_tags=int(training.item_features.nnz),
            n_together=gram_pairs(training.interactions),
        )


@dataclass(frozen=True, slots=True)
class Footprint:
    """Bytes of one block.

    Attributes
    ----------
    peak : int
        While it is fitted, including what it keeps.
    kept : int
        After the fit.
    width : int
        Columns in the hybrid's vectors; 0 for an item-item block.
    """

    peak: int
    kept: int
    width: int = 0


def gram_pairs(matrix: Csr) -> int:
    """Return the number of entries that the Gram matrix of the columns has at most.

    Examples
    --------
    >>> import scipy.sparse as sp
    >>> gram_pairs(sp.csr_matrix(np.array([[1, 1, 0], [0, 0, 1]], np.float32)))
    5
    """
    lengths = np.diff(matrix.indptr).astype(np.int64)
    return int(min((lengths**2).sum(), matrix.shape[1] ** 2))
