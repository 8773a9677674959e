"""Exact batch search in the order of norms, with early termination."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recsys.core.arrays import FloatArray, FloatMatrix, RowArray
from recsys.index.request import Heap, Request

TILE_SCORES = 1 << 18
"""Scores of a tile: 1 MB, so that it is still in the cache of the core when it is searched."""

MIN_TILE = 256
MAX_TILE = 4096
"""Vectors of a tile, at least and at most: they are gathered, which takes memory."""

MAX_ACTIVE = 0.8
"""Share of active queries below which the finished ones are put aside."""


@dataclass(frozen=True, slots=True, eq=False)
class NormOrder:
    """Rows of vectors, largest norm first.

    Attributes
    ----------
    rows : (n_rows,) int32
    norms : (n_rows,) float64
        Norms of their vectors, descending.
    """

    rows: RowArray
    norms: npt.NDArray[np.float64]

    @classmethod
    def of(cls, vectors: FloatMatrix) -> NormOrder:
        """Sort all (n_items, n_factors) float32 vectors by norm."""
        norms = np.sqrt(np.einsum("if,if->i", vectors, vectors, dtype=np.float64))
        rows = np.argsort(-norms, kind="stable").astype(np.int32)
        return cls(rows, norms[rows])

    def only(self, allowed: npt.NDArray[np.bool_]) -> NormOrder:
        """Return the rows that a (n_items,) mask allows."""
        some = allowed[self.rows]
        return NormOrder(self.rows[some], self.norms[some])


def scan_by_norm(
    vectors: FloatMatrix, order: NormOrder, request: Request, error_bound: FloatArray, heap: Heap
) -> None:
    r"""Fill the heap of each query with its best items.

    No inner product is larger than the product of the norms, so a query is finished at the first
    vector *v* with

    .. math:: \|q\| \|v\| + \epsilon < s_k

    where :math:`s_k` is its k-th best score so far and epsilon its error bound; pruning blocks of
    vectors by norm is the first step of [LEMP2015]_.

    Parameters
    ----------
    vectors : (n_items, n_factors) float32
    order : NormOrder
        Of the items that may be given.
    request : Request
        Its mask is not read.
    error_bound : (n_queries,) float32
        Largest error of a score; above 0.
    heap : Heap
        Empty; changed in place.
    """
    from recsys.index._kernels import scan

    queries = request.queries
    reach = np.linalg.norm(queries.astype(np.float64), axis=1)
    lines = np.arange(request.n_queries)
    asking, own, at = request, heap, 0
    anything = np.zeros(0, np.bool_)
    scores = np.empty(max(TILE_SCORES, MIN_TILE * len(queries)), dtype=np.float32)
    while at < len(order.rows) and len(lines):
        n_tile = min(max(MIN_TILE, TILE_SCORES // len(lines)), MAX_TILE)
        rows = order.rows[at : at + n_tile]
        some = vectors[rows]
        tile = scores[: len(lines) * len(rows)].reshape(len(lines), len(rows))
        np.matmul(asking.queries, some.T, out=tile)
        scan(
            tile, rows, (asking.queries, vectors), asking.exclude, anything, error_bound[lines], own
        )
        at += len(rows)
        if at == len(order.rows):
            break
        on = reach[lines] * order.norms[at] + error_bound[lines] >= own[1][:, 0]
        if on.mean() < MAX_ACTIVE:
            _put_back(heap, own, lines)
            lines = lines[on]
            asking = request.only(lines)
            own = (heap[0][lines], heap[1][lines])
    _put_back(heap, own, lines)


def _put_back(heap: Heap, own: Heap, lines: npt.NDArray[np.int64]) -> None:
    if own is not heap:
        heap[0][lines], heap[1][lines] = own
