"""Tune the dimensions of codes and the number of candidates to a recall target."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from recsys.core.arrays import Csr, FloatMatrix, RowArray
from recsys.core.topk import TopK
from recsys.index.codes.code import ItemCodes
from recsys.index.codes.graph import CodeGraph
from recsys.index.codes.index import CodeIndex
from recsys.index.cost import graph_ns, jump_ns, scan_ns
from recsys.index.exact import ExactIndex
from recsys.index.recall import recall_of
from recsys.index.request import Request, empty_heap, exclusion

Counts = npt.NDArray[np.int64]

N_DIMS = (16, 32, 64, 128, 256)
"""Dimensions of a code that are tried."""

N_CANDIDATES = (24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024)
"""Numbers of candidates that are tried."""

GRAPH_SLACK = 0.5
"""Share of the allowed misses that the code may use up where a graph will miss some more."""


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """Queries to measure with, and their exact answers.

    Attributes
    ----------
    queries : (n_queries, n_factors) float32
    exclude : Csr or None
        (n_queries, n_items); None: nothing.
    best : TopK
        The exact ``k`` best of each.
    """

    queries: FloatMatrix
    exclude: Csr | None
    best: TopK

    @classmethod
    def of(cls, exact: ExactIndex, queries: FloatMatrix, *, k: int, exclude: Csr | None) -> Sample:
        """Return a sample with the exact answers to queries."""
        return cls(queries, exclude, exact.search(queries, k=k, exclude=exclude))

    @property
    def k(self) -> int:
        """Length of the lists."""
        return int(self.best.rows.shape[1])

    def recall(self, found: TopK) -> float:
        """Return the mean share of the exact best that was found; see :func:`index_recall`."""
        return recall_of(found, self.best)


def tuned_index(
    exact: ExactIndex,
    queries: FloatMatrix,
    sample: Sample,
    *,
    target: float,
    with_graph: bool,
    m: int,
    ef_construction: int,
    seed: int,
) -> CodeIndex | None:
    """Return the cheapest index of codes that reaches a recall, or None if none does.

    Where no graph search reaches it, codes are scanned in the order of norms: slower, but far from
    scoring whole vectors. And where a few norms are so large that such a scan ends early, it is
    quicker than any graph search, and nothing is linked.

    Parameters
    ----------
    exact : ExactIndex
        The whole vectors.
    queries : (n_queries, n_factors) float32
        Users' vectors that the code is fitted to.
    sample : Sample
        Others, that the recall is measured with.
    target : float
        Recall to reach, in (0, 1].
    with_graph : bool
        Whether to link the codes, so that a search need not score all of them.
    m, ef_construction, seed : int
        Of the graph; see :class:`IndexConfig`.
    """
    if with_graph:
        wanted = 1 - (1 - target) * GRAPH_SLACK
        found = _cheapest_code(exact, queries, sample, wanted=wanted, with_graph=True)
        if found is not None:
            n_scanned = _n_scanned(found, sample)
            if _ends_early(n_scanned, found):
                return _in_order(found, n_scanned)
            graph = CodeGraph.build(found.code, m=m, ef_construction=ef_construction, seed=seed)
            linked = replace(found, code=graph[0], graph=graph[1])
            enough = enough_candidates(linked, sample, target=target)
            if enough is not None:
                return enough
    found = _cheapest_code(exact, queries, sample, wanted=target, with_graph=False)
    return None if found is None else _in_order(found, _n_scanned(found, sample))


def enough_candidates(index: CodeIndex, sample: Sample, *, target: float) -> CodeIndex | None:
    """Return the index with the fewest candidates tried that reach ``target``, or None."""
    for n in N_CANDIDATES:
        if n < 2 * sample.k:
            continue
        tried = index.with_n_candidates(n)
        recall = sample.recall(tried.search(sample.queries, k=sample.k, exclude=sample.exclude))
        if recall >= target:
            return index.with_n_candidates(n, measured=_facts(tried, sample, recall))
    return None


def _in_order(index: CodeIndex, n_scanned: Counts) -> CodeIndex:
    """Return an index with its codes in the order of norms instead of rows, without links."""
    code, graph = CodeGraph.in_order(index.code)
    measured = {**index.measured, "n_scanned": round(float(n_scanned.mean()), 1)}
    return replace(index, code=code, graph=graph, measured=measured)


def _n_scanned(index: CodeIndex, sample: Sample) -> Counts:
    """Return (n_queries,) int64: codes that a scan in the order of norms scores for each query.

    It ends where a norm is so small that, whatever the direction, the product with the query is no
    larger than that of the last candidate. The codes of ``index`` are in the order of the rows.
    """
    last = index.best_codes(_request(index, sample), index.n_candidates)[:, -1]
    queries = index.code.of_queries(sample.queries) / index.code.steps
    codes = index.code.items[last] * index.code.steps
    norms = np.maximum(np.linalg.norm(queries, axis=1), 1e-30)
    enough = np.where(last < 0, 0.0, np.einsum("qf,qf->q", queries, codes) / norms)
    smaller = np.searchsorted(np.sort(index.code.norms()), enough)
    return np.asarray(index.n_items - smaller, dtype=np.int64)


def _ends_early(n_scanned: Counts, index: CodeIndex) -> bool:
    """Say whether scans of so many codes are cheaper than graph searches, for 95 of 100."""
    scan = scan_ns(int(np.percentile(n_scanned, 95)), index.code.n_dims)
    return scan <= graph_ns(index.n_candidates, index.code.n_dims)


def _cheapest_code(
    exact: ExactIndex,
    queries: FloatMatrix,
    sample: Sample,
    *,
    wanted: float,
    with_graph: bool,
) -> CodeIndex | None:
    best, least = None, np.inf
    for n_dims in N_DIMS:
        if n_dims > exact.n_factors and n_dims > N_DIMS[0]:
            break
        if _cost(n_dims, N_CANDIDATES[0], exact, with_graph=with_graph) >= least:
            break
        code = ItemCodes.fit(exact.vectors, queries, n_dims=n_dims)
        for n, recall in _recalls(CodeIndex(exact, code), sample):
            cost = _cost(n_dims, n, exact, with_graph=with_graph)
            if recall >= wanted and cost < least:
                index = CodeIndex(exact, code, None, n)
                best, least = replace(index, measured=_facts(index, sample, recall)), cost
    return best


def _recalls(index: CodeIndex, sample: Sample) -> Iterator[tuple[int, float]]:
    # one scan for all numbers of candidates: fewer are the first of more
    request = _request(index, sample)
    found = index.best_codes(request, min(N_CANDIDATES[-1], index.n_items))
    for n in N_CANDIDATES:
        if n >= 2 * sample.k:
            yield n, sample.recall(_best_of(index, request, found[:, :n]))


def _request(index: CodeIndex, sample: Sample) -> Request:
    limits = exclusion(sample.exclude, shape=(len(sample.queries), index.n_items))
    return Request(sample.queries, sample.k, limits, np.zeros(0, np.bool_))


def _best_of(index: CodeIndex, request: Request, found: RowArray) -> TopK:
    from recsys.index._kernels import order
    from recsys.index.codes._search import rescore

    heap = empty_heap(request.n_queries, request.k)
    rescore(request.queries, index.vectors, np.ascontiguousarray(found), heap)
    order(heap)
    return TopK(*heap)


def _cost(n_dims: int, n_candidates: int, exact: ExactIndex, *, with_graph: bool) -> float:
    found = graph_ns(n_candidates, n_dims) if with_graph else scan_ns(exact.n_items, n_dims)
    return found + n_candidates * jump_ns(exact.n_bytes)


def _facts(index: CodeIndex, sample: Sample, recall: float) -> dict[str, float | int]:
    return {
        "recall": round(recall, 4),
        "k": sample.k,
        "n_queries": len(sample.queries),
        "n_dims": index.code.n_dims,
        "n_candidates": index.n_candidates,
    }
