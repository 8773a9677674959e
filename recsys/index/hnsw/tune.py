"""Tune ef_search of a faiss graph to a recall target."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from recsys.core.arrays import FloatMatrix
from recsys.core.errors import ConfigError
from recsys.index.base import VectorIndex
from recsys.index.hnsw.index import FaissIndex
from recsys.index.recall import measure_recall

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
