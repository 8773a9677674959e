"""How much of the exact answer an approximate index finds, and the settings that find enough."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recsys.core.arrays import NO_ROW, DoubleArray, FloatArray, FloatMatrix
from recsys.core.errors import ConfigError, DataError
from recsys.core.topk import TopK
from recsys.index.base import VectorIndex
from recsys.index.faiss import FaissIndex

MAX_EF_SEARCH = 4096
"""Beyond it a graph is no longer worth its name."""


@dataclass(frozen=True, slots=True)
class TunedSearch:
    """What :func:`tune_search` found.

    Attributes
    ----------
    ef_search : int
        The least effort tried that reaches the target, or the greatest tried if none does.
    recall : float
        With that effort, in [0, 1].
    needs_exact : bool
        True when no effort reaches the target: use an exact index.
    """

    ef_search: int
    recall: float
    needs_exact: bool


def measure_recall(index: VectorIndex, exact: VectorIndex, queries: FloatMatrix, k: int) -> float:
    """Return the mean share of the exact ``k`` best that an index finds.

    Parameters
    ----------
    index, exact : VectorIndex
        Over the same vectors.
    queries : (n_queries, n_factors) float32
        Real users' vectors if there are any: random ones flatter or slander a graph.
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


def tune_search(
    index: FaissIndex, exact: VectorIndex, queries: FloatMatrix, *, k: int, target: float
) -> TunedSearch:
    """Find the least effort of a graph search that finds enough.

    Parameters
    ----------
    index : FaissIndex
        Of kind "hnsw".
    exact : VectorIndex
        Over the same vectors; ``index.exact`` will do.
    queries : (n_queries, n_factors) float32
        A few hundred, real users' vectors if there are any.
    k : int
        Greater than 0.
    target : float
        Recall to reach, in (0, 1].

    Returns
    -------
    TunedSearch
        For ``index.with_ef_search(found.ef_search)``.

    Raises
    ------
    ConfigError
        If ``target`` is out of range or the index has no graph.
    """
    if not 0 < target <= 1:
        raise ConfigError(f"target must be in (0, 1]; got {target}.")
    if index.config.kind != "hnsw":
        raise ConfigError(f"index must be of kind 'hnsw' to be tuned; got {index.config.kind!r}.")
    effort = 1 << int(np.ceil(np.log2(max(16, k))))
    recall = 0.0
    while effort <= MAX_EF_SEARCH:
        recall = measure_recall(index.with_ef_search(effort), exact, queries, k)
        if recall >= target:
            return TunedSearch(effort, recall, needs_exact=False)
        effort *= 2
    return TunedSearch(effort // 2, recall, needs_exact=True)
