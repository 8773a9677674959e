"""Choice of the index for a catalog, and loading of saved ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import Field, NonNegativeInt, PositiveInt, field_validator

from recsys.core.arrays import Csr, FloatMatrix, RowArray
from recsys.core.config import Config
from recsys.core.rng import named_rng
from recsys.index.base import VectorIndex
from recsys.index.codes.index import CodeIndex
from recsys.index.codes.tune import Sample, tuned_index
from recsys.index.delta.index import MAIN, DeltaIndex
from recsys.index.exact import ExactIndex
from recsys.index.hnsw.graph import FaissConfig
from recsys.index.hnsw.index import FaissIndex
from recsys.index.saved import read_index_manifest, read_vectors

KINDS = ("auto", "exact", "codes", "hnsw", "narrow", "flat")

INDEXES: dict[str, tuple[Callable[[FloatMatrix], VectorIndex], Callable[[Path], VectorIndex]]] = {}
"""Kinds of indexes added by the caller: how one is built over (n_items, n_factors) float32 vectors,
and how its saved folder is opened, whose ``index.json`` names the kind. Add it before loading."""


class IndexConfig(Config):
    """Settings of :func:`choose_index`."""

    kind: str = "auto"
    """auto: exact up to a size, two-stage search by codes beyond; codes: always two-stage; exact;
    hnsw: a graph of faiss over whole vectors; or a kind of ``INDEXES``. narrow and flat are former
    names of codes and exact."""
    exact_up_to: NonNegativeInt = 16_000
    """Largest catalog, in vectors of 64 numbers, that auto searches exactly (about 0.25 ms)."""
    graph_from: NonNegativeInt = 60_000
    """Items from which codes are linked, so that a search scores a few thousand of them only."""
    recall_target: float = Field(default=0.97, gt=0, le=1)
    """Share of the exact best that a list must hold; where it cannot be had, auto stays exact."""
    recall_k: PositiveInt = 10
    """List length at which the recall is measured."""
    n_queries: PositiveInt = 256
    """Queries to measure the recall with."""
    n_fitted: PositiveInt = 4096
    """Queries that codes are fitted to."""
    links: int = Field(default=16, ge=4, multiple_of=4)
    """Half the links of a code to large products; half as many lead to like directions."""
    ef_construction: PositiveInt = 100
    """Candidates kept while a code is linked: more makes a better graph, slower."""
    faiss: FaissConfig = FaissConfig()
    """Settings of the graph of kind hnsw."""
    seed: NonNegativeInt = 0
    """Draws the queries."""

    @field_validator("kind")
    @classmethod
    def _known(cls, kind: str) -> str:
        if kind not in (*KINDS, *INDEXES):
            raise ValueError(f"kind must be one of {', '.join((*KINDS, *INDEXES))}; got {kind!r}")
        return kind


@dataclass(frozen=True, slots=True, eq=False)
class BuiltIndex:
    """An index, and the reason for its choice.

    Attributes
    ----------
    index : VectorIndex
    note : str
        For a person to read.
    measured : dict
        Recall and what it was measured with; empty where the index is exact.
    """

    index: VectorIndex
    note: str
    measured: dict[str, Any]


def build_index(
    vectors: FloatMatrix,
    *,
    config: IndexConfig | None = None,
    queries: FloatMatrix | None = None,
    exclude: Csr | None = None,
) -> VectorIndex:
    """Return the index of :func:`choose_index` alone.

    Examples
    --------
    >>> type(build_index(np.eye(3, dtype=np.float32))).__name__
    'ExactIndex'
    """
    return choose_index(vectors, config=config, queries=queries, exclude=exclude).index


def choose_index(
    vectors: FloatMatrix,
    *,
    config: IndexConfig | None = None,
    queries: FloatMatrix | None = None,
    exclude: Csr | None = None,
) -> BuiltIndex:
    """Return an index over vectors, of the kind that fits their number.

    Parameters
    ----------
    vectors : (n_items, n_factors) float32
        Finite. Shared if read-only, else copied.
    config : IndexConfig, optional
        None: the defaults.
    queries : (n_queries, n_factors) float32, optional
        Users' vectors to fit codes to and to measure the recall with. None or none: items stand in
        for users, which is rougher.
    exclude : (n_queries, n_items) csr, optional
        What each of ``queries`` must not get, as when people are served. None: nothing.

    Returns
    -------
    BuiltIndex
        For kind "auto" one that reaches ``recall_target`` on the queries, else an exact one.

    Raises
    ------
    DataError
        If the vectors are not 2-d, have no column or are not finite.

    Examples
    --------
    >>> choose_index(np.eye(3, dtype=np.float32)).note
    'index: exact, 3 items are few enough to look at every one'
    """
    config = config or IndexConfig()
    exact = ExactIndex.build(vectors)
    if config.kind in INDEXES:
        index = INDEXES[config.kind][0](exact.vectors)
        return BuiltIndex(index, f"index: {config.kind}, as configured", {})
    if config.kind == "hnsw":
        graph = FaissIndex.build(exact.vectors, config.faiss)
        return BuiltIndex(graph, "index: hnsw over whole vectors, as configured", {})
    if config.kind == "flat":
        return BuiltIndex(exact, "index: exact, which replaces kind flat", {})
    is_small = exact.n_items * exact.n_factors <= config.exact_up_to * 64
    if config.kind == "exact" or not exact.n_items:
        return BuiltIndex(exact, "index: exact, as configured", {})
    if config.kind == "auto" and is_small:
        few = f"{exact.n_items} items are few enough to look at every one"
        return BuiltIndex(exact, f"index: exact, {few}", {})
    return _two_stage(exact, config, queries=queries, exclude=exclude)


def _two_stage(
    exact: ExactIndex,
    config: IndexConfig,
    *,
    queries: FloatMatrix | None,
    exclude: Csr | None,
) -> BuiltIndex:
    if queries is None or not len(queries):
        queries, exclude = exact.vectors, None
    fitted, judged = _samples(len(queries), config)
    k = min(config.recall_k, exact.n_items)
    some = None if exclude is None else exclude[judged]
    sample = Sample.of(exact, np.ascontiguousarray(queries[judged]), k=k, exclude=some)
    index = tuned_index(
        exact,
        np.ascontiguousarray(queries[fitted]),
        sample,
        target=config.recall_target,
        with_graph=exact.n_items >= config.graph_from,
        m=config.links,
        ef_construction=config.ef_construction,
        seed=config.seed,
    )
    if index is None:
        note = f"index: exact, no code finds {config.recall_target:g} of the best {k}"
        return BuiltIndex(exact, note, {})
    facts = index.measured
    search = "linked" if index.has_links else f"{facts['n_scanned']:.0f} scanned on average"
    note = (
        f"index: codes of {facts['n_dims']} numbers, {search}, "
        f"{facts['n_candidates']} candidates find {facts['recall']:.3f} of the best {k}"
    )
    return BuiltIndex(index, note, dict(facts))


def load_index(folder: Path) -> VectorIndex:
    """Open an index that any ``save`` of this room wrote.

    Raises
    ------
    ArtifactError
        If the folder is missing or damaged.
    """
    manifest = read_index_manifest(folder)
    kind = manifest["kind"]
    if kind == "exact":
        return ExactIndex.load(folder)
    if kind in ("codes", "narrow"):
        return CodeIndex.load(folder)
    if kind == "delta":
        return DeltaIndex.load(folder, main=load_index(Path(folder) / MAIN))
    if kind in INDEXES:
        return INDEXES[kind][1](Path(folder))
    if manifest["config"].get("kind") == "flat":  # an exact search by faiss, saved by 0.1.0
        return ExactIndex(read_vectors(folder, manifest), float(manifest["max_norm"]))
    return FaissIndex.load(folder)


def _samples(n: int, config: IndexConfig) -> tuple[RowArray, RowArray]:
    # queries to fit to and queries to measure with: others, if there are enough
    order = named_rng(config.seed, "index", "queries").permutation(n).astype(np.int32)
    judged = order[: min(config.n_queries, max(1, n // 2)) if n > 1 else 1]
    rest = order[len(judged) :] if n > 1 else order
    return np.sort(rest[: config.n_fitted]), np.sort(judged)
