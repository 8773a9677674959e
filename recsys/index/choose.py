"""The index that fits the size of the catalog."""

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
from recsys.index.codes.index import NarrowIndex
from recsys.index.codes.tune import Sample, narrow_index
from recsys.index.delta.index import MAIN, DeltaIndex
from recsys.index.exact import ExactIndex
from recsys.index.hnsw.graph import FaissConfig
from recsys.index.hnsw.index import FaissIndex
from recsys.index.saved import read_manifest, read_vectors

KINDS = ("auto", "exact", "narrow", "hnsw", "flat")

INDEXES: dict[str, tuple[Callable[[FloatMatrix], VectorIndex], Callable[[Path], VectorIndex]]] = {}
"""Kinds of indexes added by the caller: how one is built over (n_items, n_factors) float32 vectors,
and how its saved folder is opened, whose ``index.json`` names the kind. Add it before loading."""


class IndexConfig(Config):
    """Settings of :func:`choose_index`."""

    kind: str = "auto"
    """auto: exact up to a size, short codes beyond; exact or narrow always; hnsw and flat: faiss on
    whole vectors; or a kind of ``INDEXES``."""
    exact_up_to: NonNegativeInt = 16_000
    """Items of 64 numbers that auto still looks at one by one (about 0.25 ms); fewer if wider."""
    graph_from: NonNegativeInt = 60_000
    """Items from which short codes are linked, so that a search looks at a few thousand only."""
    recall_target: float = Field(default=0.97, gt=0, le=1)
    """Share of the exact best that a list must hold; where it cannot be had, auto stays exact."""
    recall_k: PositiveInt = 10
    """List length at which the recall is measured."""
    n_queries: PositiveInt = 256
    """Queries to measure the recall with."""
    n_fitted: PositiveInt = 4096
    """Queries that short codes are fitted to."""
    links: int = Field(default=16, ge=4, multiple_of=4)
    """Half the links of a short code to large products; half as many lead to like directions."""
    ef_construction: PositiveInt = 100
    """Candidates kept while a short code is linked: more makes a better graph, slower."""
    faiss: FaissConfig = FaissConfig()
    """Settings of the graph of kind hnsw; its ``kind`` is set from this config's own."""
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
    """An index, and why it is the one it is.

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
    return _narrow(exact, config, queries=queries, exclude=exclude)


def _narrow(
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
    index = narrow_index(
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
        note = f"index: exact, no short code finds {config.recall_target:g} of the best {k}"
        return BuiltIndex(exact, note, {})
    facts = index.measured
    looked = "linked" if index.has_links else f"{facts['looked_at']:.0f} looked at in the mean"
    note = (
        f"index: codes of {facts['width']} numbers, {looked}, "
        f"{facts['candidates']} candidates find {facts['recall']:.3f} of the best {k}"
    )
    return BuiltIndex(index, note, dict(facts))


def load_index(folder: Path) -> VectorIndex:
    """Open an index that any ``save`` of this room wrote.

    Raises
    ------
    ArtifactError
        If the folder is missing or damaged.
    """
    manifest = read_manifest(folder)
    kind = manifest["kind"]
    if kind == "exact":
        return ExactIndex.load(folder)
    if kind == "narrow":
        return NarrowIndex.load(folder)
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
