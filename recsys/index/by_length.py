"""The longest vectors first, and no further than a list can reach: exact, and for many at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recsys.core.arrays import FloatArray, FloatMatrix, RowArray
from recsys.index.request import Heap, Request

TILE_SCORES = 1 << 18
"""Scores of a tile: 1 MB, so that it is still in the core's own cache when it is looked through."""

SHORTEST_TILE = 256
LONGEST_TILE = 4096
"""Vectors of a tile, at least and at most: they are gathered, which takes memory."""

WORTH_LEAVING = 0.8
"""Share of the queries still asking below which the others are put aside."""


@dataclass(frozen=True, slots=True, eq=False)
class ByLength:
    """Rows of vectors, the longest first.

    Attributes
    ----------
    rows : (n_rows,) int32
    lengths : (n_rows,) float64
        Of their vectors, descending.
    """

    rows: RowArray
    lengths: npt.NDArray[np.float64]

    @classmethod
    def of(cls, vectors: FloatMatrix) -> ByLength:
        """Put all (n_items, n_factors) float32 vectors in order."""
        lengths = np.sqrt(np.einsum("if,if->i", vectors, vectors, dtype=np.float64))
        rows = np.argsort(-lengths, kind="stable").astype(np.int32)
        return cls(rows, lengths[rows])

    def only(self, allowed: npt.NDArray[np.bool_]) -> ByLength:
        """Return the rows that a (n_items,) mask allows."""
        some = allowed[self.rows]
        return ByLength(self.rows[some], self.lengths[some])


def scan_by_length(
    vectors: FloatMatrix, order: ByLength, request: Request, slack: FloatArray, heap: Heap
) -> None:
    r"""Move the best of each query into its heap.

    A query asks on while a vector may be among its best: no inner product is larger than the
    product of the lengths, so that it ends at the first vector *v* with

    .. math:: \|q\| \|v\| + \epsilon < s_k

    where :math:`s_k` is its k-th best score so far, and epsilon the slack. Pruning whole blocks of
    vectors by their lengths is how [LEMP2015]_ begins.

    Parameters
    ----------
    vectors : (n_items, n_factors) float32
    order : ByLength
        What may be given.
    request : Request
        Its mask is not looked at.
    slack : (n_queries,) float32
        How far a score may lie from its exact value; above 0.
    heap : Heap
        Empty; changed in place.
    """
    from recsys.index._kernels import scan

    queries = request.queries
    reach = np.linalg.norm(queries.astype(np.float64), axis=1)
    lines = np.arange(request.n_queries)
    asking, own, at = request, heap, 0
    anything = np.zeros(0, np.bool_)
    scores = np.empty(max(TILE_SCORES, SHORTEST_TILE * len(queries)), dtype=np.float32)
    while at < len(order.rows) and len(lines):
        n_tile = min(max(SHORTEST_TILE, TILE_SCORES // len(lines)), LONGEST_TILE)
        rows = order.rows[at : at + n_tile]
        some = vectors[rows]
        tile = scores[: len(lines) * len(rows)].reshape(len(lines), len(rows))
        np.matmul(asking.queries, some.T, out=tile)
        scan(tile, rows, (asking.queries, vectors), asking.exclude, anything, slack[lines], own)
        at += len(rows)
        if at == len(order.rows):
            break
        on = reach[lines] * order.lengths[at] + slack[lines] >= own[1][:, 0]
        if on.mean() < WORTH_LEAVING:
            _put_back(heap, own, lines)
            lines = lines[on]
            asking = request.only(lines)
            own = (heap[0][lines], heap[1][lines])
    _put_back(heap, own, lines)


def _put_back(heap: Heap, own: Heap, lines: npt.NDArray[np.int64]) -> None:
    if own is not heap:
        heap[0][lines], heap[1][lines] = own
