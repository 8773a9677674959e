"""Base class of item-item blocks with a sparse weight matrix."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import scipy.sparse as sp

from recsys.core.arrays import Csr, FloatArray, FloatMatrix, RowArray, freeze
from recsys.core.contribution import Contribution, Source
from recsys.core.threads import n_cores
from recsys.models.base import Queries
from recsys.models.blocks.algebra.dense import BAND
from recsys.models.blocks.data_size import PAIR, DataSize, Footprint
from recsys.models.blocks.explanation import check_one
from recsys.models.blocks.history_weights import HistoryConfig, history_matrix, history_weights
from recsys.models.blocks.learned import LearnedBlock


class SparseItemItemBlock(LearnedBlock):
    r"""An item-item block that scores by :math:`s(u, i) = \sum_s h_{us} K_{si}` with a sparse *K*.

    Parameters
    ----------
    config : HistoryConfig
        How much each item of a history counts.
    name : str
        Unique among the blocks of a hybrid.
    """

    def __init__(self, config: HistoryConfig, *, name: str) -> None:
        super().__init__(name)
        self._history_config = config

    @property
    def item_weights(self) -> Csr:
        """(n_items, n_items) csr float32: K, from the row's item to the column's."""
        parts = tuple(self.array(name) for name in ("data", "indices", "indptr"))
        n_items = len(parts[2]) - 1
        return sp.csr_matrix(parts, shape=(n_items, n_items))

    @property
    def n_known_items(self) -> int:
        """Number of items it knows."""
        return len(self.array("indptr")) - 1

    def scores(self, queries: Queries) -> FloatMatrix:
        """Return (n_queries, n_items) float32."""
        weights = history_weights(queries, self._history_config)
        return dense_products(queries, weights, compiled_kernel(self))

    def candidate_scores(self, queries: Queries, item_rows: RowArray) -> FloatMatrix:
        """Return (n_queries, n_candidates) float32 for ``item_rows``; 0 for row -1."""
        weights = history_weights(queries, self._history_config)
        history = (queries.history.indptr, queries.history.indices, weights)
        return gather(history, compiled_kernel(self), item_rows)

    def explain(self, query: Queries, item_rows: RowArray) -> Sequence[Contribution]:
        """Return the part of each item of the history."""
        check_one(query)
        history = history_matrix(query, self._history_config)
        near = self.item_weights[history.indices][:, item_rows].toarray()
        values = history.data[:, None] * near
        return [Contribution(self.name, Source.ITEM, history.indices, values)]

    def keep_weights(self, kernel: Csr) -> None:
        """Take K; the columns of each row must be sorted."""
        self.set_arrays(
            data=kernel.data.astype(np.float32, copy=False),
            indices=kernel.indices.astype(np.int32, copy=False),
            indptr=kernel.indptr.astype(np.int64, copy=False),
        )


def compiled_kernel(block: LearnedBlock) -> tuple[Any, ...]:
    """Return the kernel of a block as compiled code takes it, kept with the block."""
    names = ("indptr", "indices", "data")
    return block.derived("kernel", lambda: views(tuple(block.array(name) for name in names)))


def dense_products(queries: Queries, weights: FloatArray, kernel: tuple[Any, ...]) -> FloatMatrix:
    """Return the (n_queries, n_items) float32 product of histories and a kernel.

    Parameters
    ----------
    queries : Queries
        Over the items of the kernel.
    weights : (nnz,) float32
        What each item of the histories counts.
    kernel : (indptr, indices, data)
        From :func:`compiled_kernel`.

    Notes
    -----
    A product of sparse matrices would be made dense anyhow, at three times the cost for one person.
    """
    from recsys.models.blocks.algebra._compiled import add_products

    history = queries.history
    out = np.zeros((queries.n_queries, len(kernel[0]) - 1), dtype=np.float32)
    add_products(views((history.indptr, history.indices, weights)), kernel, out)
    return out


def gather(history: tuple[Any, ...], kernel: tuple[Any, ...], item_rows: RowArray) -> FloatMatrix:
    """Return the (n_queries, n_candidates) float32 entries of history times kernel; 0 for row -1.

    Parameters
    ----------
    history : (indptr, indices, data)
        Of an (n_queries, n_items) csr matrix.
    kernel : (indptr, indices, data)
        Of an (n_items, n_items) csr matrix, the columns of each row sorted; from :func:`views`.
    item_rows : (n_queries, n_candidates) int32
    """
    from recsys.models.blocks.algebra._compiled import gather_products

    out = np.empty(item_rows.shape, dtype=np.float32)
    gather_products(views(history), kernel, freeze(item_rows.view()), out)
    return out


def views(parts: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return csr arrays as read-only views of fixed types: one compilation for all."""
    types = (np.int64, np.int32, np.float32)
    return tuple(
        freeze(np.asarray(part).astype(kind, copy=False).view())
        for part, kind in zip(parts, types, strict=True)
    )


def neighbours_footprint(n_neighbors: int, size: DataSize, *, n_pairs: int) -> Footprint:
    """Return the bytes of a block that counts pairs of items and keeps the best of each item.

    Parameters
    ----------
    n_neighbors : int
        Kept per item.
    size : DataSize
    n_pairs : int
        Stored entries of the matrix that is multiplied by itself.
    """
    kept = PAIR * size.n_items * min(n_neighbors, size.n_items) + 16 * size.n_items
    bands = n_cores() * 24 * min(BAND * size.n_items, size.n_together)
    return Footprint(2 * kept + bands + 6 * PAIR * n_pairs, kept)


def best_per_row(matrix: Csr, n_best: int) -> Csr:
    """Return the ``n_best`` largest positive values of each row, ties to the lower column.

    Examples
    --------
    >>> matrix = sp.csr_matrix(np.array([[1.0, 3.0, 1.0, 0.0]], np.float32))
    >>> best_per_row(matrix, 2).toarray().tolist()
    [[1.0, 3.0, 0.0, 0.0]]
    """
    kept = matrix.data > 0
    starts = matrix.indptr
    for row in np.flatnonzero(np.diff(starts) > n_best):
        values = matrix.data[starts[row] : starts[row + 1]]
        bar = np.partition(values, -n_best)[-n_best]
        above = values > bar
        ties = np.flatnonzero(values == bar)[: n_best - int(above.sum())]
        above[ties] = bar > 0
        kept[starts[row] : starts[row + 1]] &= above
    counts = np.concatenate([[0], np.cumsum(kept)])
    return sp.csr_matrix(
        (matrix.data[kept], matrix.indices[kept].astype(np.int32), counts[starts]),
        shape=matrix.shape,
    )
