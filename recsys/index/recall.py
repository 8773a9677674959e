"""Recall of an approximate index against the exact one."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from recsys.core.arrays import NO_ROW, DoubleArray, FloatArray, FloatMatrix
from recsys.core.errors import DataError
from recsys.core.topk import TopK
from recsys.index.base import VectorIndex


def index_recall(index: VectorIndex, exact: VectorIndex, queries: FloatMatrix, k: int) -> float:
    """Return the mean share of the exact ``k`` best that an index finds.

    Parameters
    ----------
    index, exact : VectorIndex
        Over the same vectors.
    queries : (n_queries, n_factors) float32
        Real users' vectors if there are any: random ones give a recall too high or too low.
    k : int
        Greater than 0.

    Returns
    -------
    float
        In [0, 1]. An item whose score equals that of the exact k-th item counts as found: which of
        several equal items is given is a matter of row numbers, not of quality.

    Raises
    ------
    DataError
        If there is no query, or the two indexes differ in shape.
    """
    if (index.n_items, index.n_factors) != (exact.n_items, exact.n_factors):
        raise DataError(
            f"index and exact must hold the same vectors; got {index.n_items} x {index.n_factors} "
            f"and {exact.n_items} x {exact.n_factors}."
        )
    if not len(queries):
        raise DataError("queries must hold at least one; got none.")
    return recall_of(index.search(queries, k=k), exact.search(queries, k=k))


measure_recall = index_recall
"""Former name of :func:`index_recall`."""


def recall_of(found: TopK, best: TopK) -> float:
    """Return the mean share of the ``best`` of each query that ``found`` holds, in [0, 1].

    A query for which there is nothing to find counts as 1.
    """
    n_best, hits = best.n_found, n_at_least(found, last_scores(best))
    return float(np.mean(np.where(n_best > 0, hits / np.maximum(n_best, 1), 1.0)))


def last_scores(best: TopK) -> FloatArray:
    """Return (n_queries,) float32: the score of the last item of each list; -inf where none is."""
    return np.asarray(best.scores[np.arange(len(best.rows)), np.maximum(best.n_found - 1, 0)])


def n_at_least(found: TopK, least: FloatArray | DoubleArray) -> npt.NDArray[np.int64]:
    """Return (n_queries,) int64: how many of the items found score at least ``least``."""
    return np.asarray(((found.scores >= least[:, None]) & (found.rows != NO_ROW)).sum(axis=1))
