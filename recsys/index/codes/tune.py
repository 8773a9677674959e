"""How narrow a code may be, and how many candidates it needs: measured with real queries."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from recsys.core.arrays import BoolArray, Csr, FloatMatrix, RowArray
from recsys.core.rng import named_rng
from recsys.core.topk import TopK
from recsys.index.codes.code import ShortCode
from recsys.index.codes.graph import CodeGraph
from recsys.index.codes.index import NarrowIndex
from recsys.index.cost import graph_ns, jump_ns, scan_ns
from recsys.index.exact import ExactIndex
from recsys.index.recall import recall_of
from recsys.index.request import Request, empty_heap, exclusion

Counts = npt.NDArray[np.int64]

WIDTHS = (16, 32, 64, 128, 256)
"""Widths of a code that are tried."""

EFFORTS = (24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024)
"""Numbers of candidates that are tried."""

SHARES = (0.5, 0.1, 0.01, 0.001)
"""Shares of the items that the filters tried let through."""

SPREADS = (0.25, 0.35, 0.5, 0.7, 1.0)
"""Spreads that are tried."""

FILTERED_QUERIES = 48

GRAPH_SLACK = 0.5
"""Share of the misses allowed that the code may use up where a graph will miss some more."""


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
        """Answer the queries exactly."""
        return cls(queries, exclude, exact.search(queries, k=k, exclude=exclude))

    def filtered(self, exact: ExactIndex, allowed: BoolArray, *, n: int) -> Sample:
        """Return the first ``n`` queries, answered among allowed items only."""
        queries = self.queries[:n]
        exclude = None if self.exclude is None else self.exclude[:n]
        best = exact.search(queries, k=self.k, exclude=exclude, allowed=allowed)
        return Sample(queries, exclude, best)

    @property
    def k(self) -> int:
        """Length of the lists."""
        return int(self.best.rows.shape[1])

    def recall(self, found: TopK) -> float:
        """Return the mean share of the exact best that was found; see :func:`measure_recall`."""
        return recall_of(found, self.best)


def narrow_index(
    exact: ExactIndex,
    queries: FloatMatrix,
    sample: Sample,
    *,
    target: float,
    with_graph: bool,
    m: int,
    ef_construction: int,
    seed: int,
) -> NarrowIndex | None:
    """Return the cheapest index that finds enough, or None if none does.

    Where no walk does, codes are looked at one after the other, the longest first: slower, but far
    from looking at whole vectors. And where a few are so much longer that such a scan soon ends, it
    is quicker than any walk, and nothing is linked.

    Parameters
    ----------
    exact : ExactIndex
        The whole vectors.
    queries : (n_queries, n_factors) float32
        People's vectors that the code is fitted to.
    sample : Sample
        Others, that the recall is measured with.
    target : float
        Recall to reach, in (0, 1].
    with_graph : bool
        Whether to link the codes, so that a search need not look at all of them.
    m, ef_construction, seed : int
        Of the graph; see :class:`IndexConfig`.
    """
    if with_graph:
        wanted = 1 - (1 - target) * GRAPH_SLACK
        short = _cheapest_code(exact, queries, sample, wanted=wanted, with_graph=True)
        if short is not None:
            looked_at = _looked_at(short, sample)
            if _is_short(looked_at, short):
                return _scanned(short, sample, looked_at, target=target, seed=seed)
            graph = CodeGraph.build(short.code, m=m, ef_construction=ef_construction, seed=seed)
            linked = enough_effort(_placed(short, graph), sample, target=target)
            if linked is not None:
                return enough_spread(linked, sample, target=target, seed=seed)
    found = _cheapest_code(exact, queries, sample, wanted=target, with_graph=False)
    if found is None:
        return None
    return _scanned(found, sample, _looked_at(found, sample), target=target, seed=seed)


def _scanned(
    index: NarrowIndex, sample: Sample, looked_at: Counts, *, target: float, seed: int
) -> NarrowIndex:
    """Return an index in the order of rows as one in that of lengths, without links."""
    ordered = _placed(index, CodeGraph.in_order(index.code))
    measured = {**index.measured, "looked_at": round(float(looked_at.mean()), 1)}
    return enough_spread(replace(ordered, measured=measured), sample, target=target, seed=seed)


def _looked_at(index: NarrowIndex, sample: Sample) -> Counts:
    """Return (n_queries,) int64: how many of the longest codes a scan looks at for each query.

    It ends where a code is so short that, whatever its direction, its product with the query is no
    larger than that of the last candidate. The codes of ``index`` are in the order of the rows.
    """
    limits = exclusion(sample.exclude, shape=(len(sample.queries), index.n_items))
    request = Request(sample.queries, sample.k, limits, np.zeros(0, np.bool_))
    last = index.best_codes(request, index.effort)[:, -1]
    queries = index.code.of_queries(sample.queries) / index.code.steps
    codes = index.code.items[last] * index.code.steps
    norms = np.maximum(np.linalg.norm(queries, axis=1), 1e-30)
    enough = np.where(last < 0, 0.0, np.einsum("qf,qf->q", queries, codes) / norms)
    shorter = np.searchsorted(np.sort(index.code.lengths()), enough)
    return np.asarray(index.n_items - shorter, dtype=np.int64)


def _is_short(looked_at: Counts, index: NarrowIndex) -> bool:
    """Say whether scans that look at so many codes are quicker than walks, for 95 of 100."""
    n_bytes = index.code.width
    scan = scan_ns(int(np.percentile(looked_at, 95)), n_bytes)
    return scan <= graph_ns(index.effort, n_bytes)


def _placed(index: NarrowIndex, ordered: tuple[ShortCode, CodeGraph]) -> NarrowIndex:
    return replace(index, code=ordered[0], graph=ordered[1])


def enough_effort(index: NarrowIndex, sample: Sample, *, target: float) -> NarrowIndex | None:
    """Return the index with the fewest candidates tried that reach ``target``, or None."""
    for effort in EFFORTS:
        if effort < 2 * sample.k:
            continue
        tried = index.with_effort(effort)
        recall = sample.recall(tried.search(sample.queries, k=sample.k, exclude=sample.exclude))
        if recall >= target:
            return index.with_effort(effort, measured=_facts(tried, sample, recall))
    return None


def enough_spread(index: NarrowIndex, sample: Sample, *, target: float, seed: int) -> NarrowIndex:
    """Return the index with as many candidates under filters as reach ``target`` there too.

    Filters that let a random half, tenth, hundredth and thousandth of the items through are tried
    on a few of the queries. Where no spread is enough for walks, what such filters let through is
    scanned; where none is enough then, it is the greatest.
    """
    found: dict[str, float] = {}
    wider = 1.0
    for share in SHARES:
        draw = named_rng(seed, "index", "filter", str(share)).random(index.n_items)
        allowed = draw < share
        some = sample.filtered(index.exact, allowed, n=FILTERED_QUERIES)
        tried, recall = _spread_for(index, some, allowed, target=target)
        if recall < target and index.has_links and not index.walk_share:
            # what lies further down is out of the way of a walk
            index = replace(index, walk_share=float(np.sqrt(share * wider)))
            tried, recall = _spread_for(index, some, allowed, target=target)
        index, wider = tried, share
        found[f"{share:g}"] = round(recall, 4)
    facts = {"filtered_recall": found, "spread": index.spread, "walk_share": index.walk_share}
    return replace(index, measured={**index.measured, **facts})


def _spread_for(
    index: NarrowIndex, sample: Sample, allowed: BoolArray, *, target: float
) -> tuple[NarrowIndex, float]:
    """Return the index with the least spread from its own on that is enough, and its recall."""
    recall = 0.0
    for spread in (one for one in SPREADS if one >= index.spread):
        index = replace(index, spread=spread)
        recall = sample.recall(
            index.search(sample.queries, k=sample.k, exclude=sample.exclude, allowed=allowed)
        )
        if recall >= target:
            break
    return index, recall


def _cheapest_code(
    exact: ExactIndex,
    queries: FloatMatrix,
    sample: Sample,
    *,
    wanted: float,
    with_graph: bool,
) -> NarrowIndex | None:
    best, least = None, np.inf
    for width in WIDTHS:
        if width > exact.n_factors and width > WIDTHS[0]:
            break
        if _cost(width, EFFORTS[0], exact, with_graph=with_graph) >= least:
            break
        code = ShortCode.fit(exact.vectors, queries, width=width)
        for effort, recall in _recalls(NarrowIndex(exact, code), sample):
            cost = _cost(width, effort, exact, with_graph=with_graph)
            if recall >= wanted and cost < least:
                index = NarrowIndex(exact, code, effort=effort)
                best, least = (
                    index.with_effort(effort, measured=_facts(index, sample, recall)),
                    cost,
                )
    return best


def _recalls(index: NarrowIndex, sample: Sample) -> Iterator[tuple[int, float]]:
    # one scan for all efforts: the candidates of a smaller one are the first of a larger one
    most = min(EFFORTS[-1], index.n_items)
    limits = exclusion(sample.exclude, shape=(len(sample.queries), index.n_items))
    request = Request(sample.queries, sample.k, limits, np.zeros(0, np.bool_))
    found = index.best_codes(request, most)
    for effort in EFFORTS:
        if effort >= 2 * sample.k:
            yield effort, sample.recall(_best_of(index, request, found[:, :effort]))


def _best_of(index: NarrowIndex, request: Request, found: RowArray) -> TopK:
    from recsys.index._kernels import order
    from recsys.index.codes._search import rescore

    heap = empty_heap(request.n_queries, request.k)
    rescore(request.queries, index.vectors, np.ascontiguousarray(found), heap)
    order(heap)
    return TopK(*heap)


def _cost(width: int, effort: int, exact: ExactIndex, *, with_graph: bool) -> float:
    found = graph_ns(effort, width) if with_graph else scan_ns(exact.n_items, width)
    return found + effort * jump_ns(exact.n_bytes)


def _facts(index: NarrowIndex, sample: Sample, recall: float) -> dict[str, float | int]:
    return {
        "recall": round(recall, 4),
        "k": sample.k,
        "n_queries": len(sample.queries),
        "width": index.code.width,
        "candidates": index.effort,
    }
