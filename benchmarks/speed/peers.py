"""Others' searches behind one call: build, set the effort, ask for one query."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import numpy.typing as npt

sys.path.insert(0, str(Path(__file__).parent.parent))

from harness import held_mb

from recsys.index import CodeIndex, IndexConfig, choose_index

Floats = npt.NDArray[np.float32]
Rows = npt.NDArray[np.integer]
Mask = npt.NDArray[np.bool_]
EFFORTS = (16, 32, 64, 128, 256, 512)


@dataclass(frozen=True, slots=True)
class Searcher:
    """A built graph.

    Attributes
    ----------
    name : str
    build_seconds : float
    build_mb : float
        Memory that the process holds more than before, in MB; the vectors themselves come on top
        where a library shares them.
    search : callable
        ``search(query, k, effort)`` returns the rows for one (1, width) query, on one thread.
    filtered : callable or None
        ``filtered(query, k, effort, allowed)``, the same among the items of a mask.
    """

    name: str
    build_seconds: float
    build_mb: float
    search: Callable[[Floats, int, int], Rows]
    filtered: Callable[[Floats, int, int, Mask], Rows] | None = None


def ours(vectors: Floats) -> Searcher:
    """Build this library's codes, fitted to a sample of the items themselves."""
    started, held = time.perf_counter(), held_mb()
    config = IndexConfig(kind="codes", graph_from=0)
    index = choose_index(vectors, config=config).index
    taken, held = time.perf_counter() - started, held_mb() - held
    assert isinstance(index, CodeIndex)
    by_effort = {effort: index.with_n_candidates(effort) for effort in EFFORTS}

    def search(query: Floats, k: int, effort: int) -> Rows:
        return by_effort[effort].search(query, k=k, n_threads=1).rows[0]

    def filtered(query: Floats, k: int, effort: int, allowed: Mask) -> Rows:
        return by_effort[effort].search(query, k=k, allowed=allowed, n_threads=1).rows[0]

    name = f"recsys, {'linked codes' if index.has_links else 'codes'} of {index.code.n_dims}"
    return Searcher(name, taken, held, search, filtered)


def faiss_hnsw(vectors: Floats) -> Searcher:
    """Build faiss' own HNSW on inner products, 32 links."""
    import faiss

    started, held = time.perf_counter(), held_mb()
    index = faiss.IndexHNSWFlat(vectors.shape[1], 32, faiss.METRIC_INNER_PRODUCT)
    index.hnsw.efConstruction = 100
    index.add(vectors)
    taken, held = time.perf_counter() - started, held_mb() - held
    effort_of = {effort: faiss.SearchParametersHNSW(efSearch=effort) for effort in EFFORTS}

    def search(query: Floats, k: int, effort: int) -> Rows:
        return index.search(query, k, params=effort_of[effort])[1][0]

    def filtered(query: Floats, k: int, effort: int, allowed: Mask) -> Rows:
        bits = faiss.IDSelectorBitmap(np.packbits(allowed, bitorder="little"))
        params = faiss.SearchParametersHNSW(efSearch=effort, sel=bits)
        return index.search(query, k, params=params)[1][0]

    return Searcher("faiss HNSW, 32 links", taken, held, search, filtered)


def hnswlib_graph(vectors: Floats) -> Searcher:
    """Build hnswlib on inner products, 16 links."""
    import hnswlib

    started, held = time.perf_counter(), held_mb()
    index = hnswlib.Index(space="ip", dim=vectors.shape[1])
    index.init_index(max_elements=len(vectors), ef_construction=100, M=16)
    index.add_items(vectors)
    taken, held = time.perf_counter() - started, held_mb() - held
    index.set_num_threads(1)

    def search(query: Floats, k: int, effort: int) -> Rows:
        index.set_ef(effort)
        return index.knn_query(query, k=k)[0][0].astype(np.int64)

    return Searcher("hnswlib, 16 links", taken, held, search)


def usearch_graph(vectors: Floats) -> Searcher:
    """Build usearch on inner products, 16 links."""
    from usearch.index import Index

    started, held = time.perf_counter(), held_mb()
    index = Index(ndim=vectors.shape[1], metric="ip", dtype="f32", connectivity=16)
    index.add(np.arange(len(vectors)), vectors)
    taken, held = time.perf_counter() - started, held_mb() - held

    def search(query: Floats, k: int, effort: int) -> Rows:
        index.expansion_search = effort
        return index.search(query[0], k, threads=1).keys.astype(np.int64)

    return Searcher("usearch, 16 links", taken, held, search)


def builders() -> dict[str, Callable[[Floats], Searcher]]:
    """Return by library how to build each graph whose library is installed; ours first."""
    every = {
        "recsys": ours,
        "faiss": faiss_hnsw,
        "hnswlib": hnswlib_graph,
        "usearch": usearch_graph,
    }
    return {name: build for name, build in every.items() if find_spec(name)}
