"""Two-stage index: candidates by int8 codes, final scores by whole vectors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from recsys.core.arrays import BoolArray, FloatMatrix, RowArray, freeze
from recsys.core.artifact import open_array
from recsys.core.errors import ArtifactError
from recsys.core.storage import atomic_folder
from recsys.core.threads import run_parts, thread_budget
from recsys.core.topk import TopK
from recsys.index.base import Searching
from recsys.index.codes.code import ItemCodes
from recsys.index.codes.graph import NO_GRAPH, NO_ROWS, CodeGraph
from recsys.index.cost import graph_ns, jump_ns, scan_ns
from recsys.index.exact import ExactIndex
from recsys.index.request import Request, empty_heap
from recsys.index.saved import MANIFEST, read_index_manifest, read_vectors, write_index_manifest
from recsys.index.scores import even_parts, fill

FILTER_WIDENING = 0.35
"""Power of (items / allowed items) by which more candidates are kept under a filter: codes tell
less of the whole vectors further down the list."""

MIN_SHARE_FOR_GRAPH = 0.05
"""Share of the items that a filter must let through for a graph search."""

MAX_SHARE_OF_CANDIDATES = 0.25
"""Share of the items from which on scoring every whole vector is as quick."""

SELECTIVE = 1 / 32
"""Share of the items below which a filter is turned into rows."""

QUERIES_AT_ONCE = 16
"""Queries that one thread answers before it takes the next; bounds the memory of full scores."""

NAMES = ("query_map", "codes", "steps", "links", "hubs")

ORDER_NAMES = ("rows", "places")


class Plan(NamedTuple):
    """Plan of a candidate search.

    Attributes
    ----------
    n_candidates : int
    budget : int
        Codes that a graph search may score before it falls back to a scan; 0: scan at once.
    filter_mask_and_rows : tuple of BoolArray and RowArray
        As compiled code takes them.
    """

    n_candidates: int
    budget: int
    filter_mask_and_rows: tuple[BoolArray, RowArray]


@dataclass(frozen=True, slots=True, eq=False)
class CodeIndex(Searching):
    """Candidates by int8 codes, filtered as they are found, then scored by whole vectors.

    Attributes
    ----------
    exact : ExactIndex
        The whole vectors; it answers requests for a large part of the items.
    code : ItemCodes
        Codes of the items, and the map from a query to its code.
    graph : CodeGraph or None
        Links and order of the codes. Without links every search is a scan in the order of norms,
        which ends where no smaller norm can matter. None, as in indexes saved in format 1: a scan
        of all codes in the order of rows.
    n_candidates : int
        Candidates kept for each query, at least.
    filter_widening : float
        Power of (items / allowed items) by which more are kept under a filter.
    min_share_for_graph : float
        Share of the items that a filter must let through for a graph search; below, the allowed
        items are scanned. In [0, 1].
    n_with_extra : int
        Least candidates where the caller has extra scores (of item-item blocks) and all items are
        scored by codes and those together; 0: codes alone generate candidates.
    measured : dict
        Recall and what it was measured with, for the manifest.

    Notes
    -----
    Which items are found is approximate. That they are allowed, not excluded, exactly ``k``, scored
    by the kernel of :func:`score_rows` and in the order of those scores is not. Nothing depends on
    what else is asked at the same time. Memory beside the answer: a bit for each item, the
    candidates, and under a filter or an exclusion 8 bytes for each code a graph search may score;
    with extra scores 4 bytes for each item and query, 16 queries at a time on each thread.

    Examples
    --------
    >>> vectors = np.array([[1, 0], [0, 1], [1, 1]], dtype=np.float32)
    >>> index = CodeIndex(ExactIndex.build(vectors), ItemCodes.fit(vectors, vectors, n_dims=2))
    >>> index.search(np.array([[2, 1]], dtype=np.float32), k=4).rows.tolist()
    [[2, 0, 1, -1]]
    """

    exact: ExactIndex
    code: ItemCodes
    graph: CodeGraph | None = None
    n_candidates: int = 64
    filter_widening: float = FILTER_WIDENING
    min_share_for_graph: float = MIN_SHARE_FOR_GRAPH
    n_with_extra: int = 0
    measured: Mapping[str, Any] = field(default_factory=dict)

    @property
    def n_items(self) -> int:
        """Number of vectors."""
        return self.exact.n_items

    @property
    def n_factors(self) -> int:
        """Length of each vector."""
        return self.exact.n_factors

    @property
    def vectors(self) -> FloatMatrix:
        """(n_items, n_factors) float32, read-only."""
        return self.exact.vectors

    @property
    def has_links(self) -> bool:
        """True if a graph search is possible."""
        return self._links.has_links

    def with_n_candidates(
        self, n_candidates: int, *, measured: Mapping[str, Any] | None = None
    ) -> CodeIndex:
        """Return the same index that keeps another number of candidates; nothing is copied."""
        return replace(self, n_candidates=n_candidates, measured=measured or self.measured)

    def answer(self, request: Request, *, n_threads: int | None = None) -> TopK:
        """Return the answer to a request that has been checked; see :meth:`VectorIndex.answer`."""
        from recsys.index.codes._search import search_codes

        if request.k > MAX_SHARE_OF_CANDIDATES * self.n_items:
            return self.exact.answer(request, n_threads=n_threads)
        rows = np.empty((request.n_queries, request.k), np.int32)
        scores = np.empty(rows.shape, np.float32)
        n = max(self.n_candidates, 2 * request.k)
        plan = self._plan(request, n, scan_widening=self.filter_widening)
        sides = (self.vectors, self.code.arrays, self._links.arrays, plan.filter_mask_and_rows)

        def search_part(part: slice) -> None:
            some = request if request.n_queries == 1 else request.part(part)
            found = np.empty((some.n_queries, plan.n_candidates), np.int32)
            answer = (found, rows[part], scores[part])
            search_codes(some.queries, *sides, some.exclude, plan.budget, answer)

        budget = thread_budget(n_threads, is_small=request.n_queries == 1)
        if request.n_queries == 1:
            search_part(slice(0, 1))
        else:
            run_parts(search_part, _parts(request), n_threads=budget)
        return TopK(freeze(rows), freeze(scores))

    def candidates(self, request: Request, n: int, *, extra: FloatMatrix | None = None) -> RowArray:
        """Return the rows with about the largest scores of codes and extra scores together.

        Parameters
        ----------
        request : Request
            Its ``k`` is not read.
        n : int
            Rows wanted of each query; at least ``n_candidates`` are returned, or ``n_with_extra``
            where there are extra scores.
        extra : (n_queries, n_items) float32, optional
            Added to the scores of the codes; every item is then scored. None: zero.

        Returns
        -------
        (n_queries, n_found) int32
            Best first; allowed and not excluded; -1 where there are fewer.
        """
        if extra is not None:
            return self._candidates_of_sums(request, max(n, self.n_with_extra), extra)
        n = max(n, self.n_candidates)
        if n > MAX_SHARE_OF_CANDIDATES * self.n_items:
            return self.exact.candidates(request, n)
        return self.best_codes(request, n)

    def best_codes(self, request: Request, n: int) -> RowArray:
        """Return the rows of about the ``n`` best codes of each query, found on one thread."""
        from recsys.index.codes._search import search_codes

        plan = self._plan(request, n, scan_widening=0.0)
        out = np.empty((request.n_queries, plan.n_candidates), dtype=np.int32)
        sides = (self.vectors, self.code.arrays, self._links.arrays, plan.filter_mask_and_rows)
        answer = (out, out[:, :0], np.empty((len(out), 0), np.float32))
        search_codes(request.queries, *sides, request.exclude, plan.budget, answer)
        return out

    def _candidates_of_sums(self, request: Request, n: int, extra: FloatMatrix) -> RowArray:
        from recsys.index.codes._code_scores import score_codes

        heap = empty_heap(request.n_queries, min(n, max(self.n_items, 1)))

        def search_part(part: slice) -> None:
            some = request.part(part)
            scores = np.full((some.n_queries, self.n_items), -np.inf, np.float32)
            score_codes(some.queries, self.code.arrays, self._links.rows, scores)
            scores += extra[part]
            fill((heap[0][part], heap[1][part]), scores, some.exclude, some.allowed)

        parts = _parts(request)
        run_parts(search_part, parts, n_threads=thread_budget(None, is_small=len(parts) == 1))
        return freeze(heap[0])

    def save(self, folder: Path) -> None:
        """Write the index as a folder.

        Raises
        ------
        DataError
            If ``folder`` holds something else.
        """
        with atomic_folder(folder, marker=MANIFEST) as temporary:
            arrays = {"vectors": self.vectors, **self.code.to_arrays(), **self._links.to_arrays()}
            for name, array in arrays.items():
                np.save(temporary / f"{name}.npy", array, allow_pickle=False)
            facts = {
                "format": 2,
                "kind": "codes",
                "n_candidates": self.n_candidates,
                "filter_widening": self.filter_widening,
                "min_share_for_graph": self.min_share_for_graph,
                "n_with_extra": self.n_with_extra,
                "max_norm": self.exact.max_norm,
                "measured": dict(self.measured),
            }
            write_index_manifest(temporary, facts, self.vectors)

    @classmethod
    def load(cls, folder: Path) -> CodeIndex:
        """Open a saved index, its arrays mapped.

        Raises
        ------
        ArtifactError
            If the folder is missing, damaged or holds another kind of index.
        """
        manifest = _renamed(read_index_manifest(folder, kinds=("codes", "narrow")))
        exact = ExactIndex(read_vectors(folder, manifest), float(manifest["max_norm"]))
        folder = Path(folder)
        arrays = {name: open_array(folder / f"{name}.npy") for name in NAMES}
        if manifest["format"] > 1:
            arrays |= {name: open_array(folder / f"{name}.npy") for name in ORDER_NAMES}
        code = ItemCodes.from_arrays(arrays)
        if (code.query_map.shape[0], len(code.items)) != (exact.n_factors, exact.n_items):
            raise ArtifactError(f"{folder}: codes and vectors do not fit. Save it again.")
        graph = None
        if len(arrays["links"]):
            graph = CodeGraph.from_arrays(arrays, n_items=exact.n_items)
        return cls(
            exact,
            code,
            graph,
            int(manifest["n_candidates"]),
            float(manifest["filter_widening"]),
            float(manifest["min_share_for_graph"]),
            int(manifest["n_with_extra"]),
            dict(manifest["measured"]),
        )

    @property
    def _links(self) -> CodeGraph:
        return self.graph or NO_GRAPH

    def _plan(self, request: Request, n: int, *, scan_widening: float) -> Plan:
        # no function of other queries, nor of what rows the caller knows: a list is always the same
        n_allowed, n_items, n_bytes = self.n_items, self.n_items, self.code.n_dims
        is_filtered = len(request.allowed) > 0
        if is_filtered:
            n_allowed = request.n_allowed
        n, inverse = min(n, n_items), n_items / max(n_allowed, 1)
        if self.has_links and n_allowed >= self.min_share_for_graph * n_items:
            widened = min(int(n * inverse**self.filter_widening), n_items)
            scan = scan_ns(n_items, n_bytes, n_allowed=n_allowed if is_filtered else None)
            if graph_ns(widened * inverse, n_bytes) < scan:
                return Plan(widened, int(scan / jump_ns(n_bytes)) + 1, (request.allowed, NO_ROWS))
        n = min(int(n * inverse**scan_widening), max(n_allowed, n))
        rows = request.rows() if is_filtered and n_allowed < SELECTIVE * n_items else NO_ROWS
        return Plan(n, 0, (request.allowed, rows))


NarrowIndex = CodeIndex
"""Former name of :class:`CodeIndex`."""


def _parts(request: Request) -> list[slice]:
    n_parts = max(1, -(-request.n_queries // QUERIES_AT_ONCE))
    return even_parts(request.n_queries, n_parts=n_parts)


def _renamed(manifest: dict[str, Any]) -> dict[str, Any]:
    # manifests of kind "narrow" have former names, the first ones fewer of them
    if manifest["kind"] == "codes":
        return manifest
    return {
        "n_candidates": manifest["effort"],
        "filter_widening": manifest.get("spread", 0.25),
        "min_share_for_graph": manifest.get("walk_share", 0.0),
        "n_with_extra": manifest.get("beside", 0),
        **manifest,
    }
