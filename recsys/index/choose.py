"""The index that fits the size of the catalog."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Literal

import numpy as np
from pydantic import Field, NonNegativeInt, PositiveInt

from recsys.core.arrays import FloatMatrix
from recsys.core.config import Config
from recsys.core.rng import named_rng
from recsys.index.base import VectorIndex
from recsys.index.exact import ExactIndex
from recsys.index.faiss import FaissIndex
from recsys.index.graph import FaissConfig
from recsys.index.measure import tune_search
from recsys.index.saved import read_manifest

log = logging.getLogger(__name__)

FACTORS = 64
"""Width of the vectors in which :attr:`IndexConfig.exact_up_to` counts."""


class IndexConfig(Config):
    """Settings of :func:`build_index`."""

    kind: Literal["auto", "exact", "hnsw", "flat"] = "auto"
    """auto: exact up to a size, a graph beyond; hnsw and flat: faiss, always."""
    exact_up_to: NonNegativeInt = 50_000
    """Items of 64 numbers that auto still looks at one by one (about 0.7 ms); fewer if wider."""
    recall_target: float = Field(default=0.95, gt=0, le=1)
    """Share of the exact best that auto wants from a graph; it stays exact if it cannot have it."""
    recall_k: PositiveInt = 10
    """List length at which the recall is measured."""
    n_queries: PositiveInt = 256
    """Queries to measure the recall with."""
    faiss: FaissConfig = FaissConfig()
    """Settings of the graph; ``kind`` is set from this config's own."""
    seed: NonNegativeInt = 0
    """Draws the queries."""


def build_index(
    vectors: FloatMatrix,
    *,
    config: IndexConfig | None = None,
    queries: FloatMatrix | None = None,
) -> VectorIndex:
    """Return an index over vectors, of the kind that fits their number.

    Parameters
    ----------
    vectors : (n_items, n_factors) float32
        Finite. Shared if read-only, else copied.
    config : IndexConfig, optional
        None: the defaults.
    queries : (n_queries, n_factors) float32, optional
        Users' vectors to measure the recall of a graph with. None: items stand in for users, which
        is rougher.

    Returns
    -------
    VectorIndex
        For kind "auto" a graph that reaches ``recall_target`` on the queries, else an exact index.

    Raises
    ------
    DataError
        If the vectors are not 2-d, have no column or are not finite.

    Examples
    --------
    >>> type(build_index(np.eye(3, dtype=np.float32))).__name__
    'ExactIndex'
    """
    config = config or IndexConfig()
    exact = ExactIndex.build(vectors)
    is_small = exact.n_items * exact.n_factors <= config.exact_up_to * FACTORS
    if config.kind == "exact" or (config.kind == "auto" and is_small):
        return exact
    kind = "flat" if config.kind == "flat" else "hnsw"
    index = FaissIndex.build(exact.vectors, config.faiss.replace(kind=kind))
    if config.kind != "auto":
        return index
    sample = _sample(exact.vectors if queries is None else queries, config)
    if not len(sample):
        return index
    k, target = config.recall_k, config.recall_target
    tuned = tune_search(index, exact, sample, k=k, target=target)
    if tuned.needs_exact:
        log.warning(
            "the graph finds %.3f of the best %d, not %.3f; the index stays exact",
            tuned.recall,
            k,
            target,
        )
        return exact
    return index.with_ef_search(tuned.ef_search)


def load_index(folder: Path) -> VectorIndex:
    """Open an index that any ``save`` of this room wrote.

    Raises
    ------
    ArtifactError
        If the folder is missing or damaged.
    """
    if read_manifest(folder)["kind"] == "exact":
        return ExactIndex.load(folder)
    return FaissIndex.load(folder)


def _sample(queries: FloatMatrix, config: IndexConfig) -> FloatMatrix:
    if len(queries) <= config.n_queries:
        return queries
    rng = named_rng(config.seed, "index", "queries")
    return queries[np.sort(rng.choice(len(queries), config.n_queries, replace=False))]
