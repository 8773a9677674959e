"""Retrieve narrow, score wide: candidates by short codes, answers by whole vectors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from recsys.core.arrays import BoolArray, FloatMatrix, RowArray, freeze
from recsys.core.errors import ArtifactError
from recsys.core.storage import atomic_folder
from recsys.core.threads import run_parts, thread_budget
from recsys.core.topk import TopK
from recsys.index.base import Searching
from recsys.index.codes.code import ShortCode
from recsys.index.codes.graph import NO_GRAPH, NO_ROWS, CodeGraph
from recsys.index.cost import graph_ns, jump_ns, scan_ns
from recsys.index.exact import ExactIndex
from recsys.index.request import Request, empty_heap
from recsys.index.saved import MANIFEST, read_manifest, read_vectors, write_manifest
from recsys.index.scores import even_parts, fill

FEW = 32
"""Where a filter lets through less than one item in so many, it is turned into rows."""

SPREAD = 0.25
"""Power of (items / allowed items) by which a walk keeps more, at least: what a filter leaves lies
further apart."""

MOST = 0.25
"""Share of the items above which a list is long enough to look at every whole vector."""

PART = 64
"""Queries that one thread answers before it takes the next."""

AT_ONCE = 16
"""Queries of which one thread holds the scores of all items."""

NAMES = ("query_map", "codes", "steps", "links", "hubs")

ORDER_NAMES = ("rows", "places")


class Plan(NamedTuple):
    """How candidates are found: how many, looking at how many codes on a walk, and among which.

    Attributes
    ----------
    effort : int
    budget : int
        0: no walk.
    told : tuple of BoolArray and RowArray
        As compiled code takes them.
    """

    effort: int
    budget: int
    told: tuple[BoolArray, RowArray]


@dataclass(frozen=True, slots=True, eq=False)
class NarrowIndex(Searching):
    """Candidates by short codes, filtered as they are found, then scored by whole vectors.

    Attributes
    ----------
    exact : ExactIndex
        The whole vectors; it answers what asks for most of the items.
    code : ShortCode
        What candidates are found by.
    graph : CodeGraph or None
        Without links no walk: every allowed code is looked at that is long enough for a list.
        None, as in indexes saved in format 1: every one, for codes in no order.
    effort : int
        Candidates kept for each query, at least.
    spread : float
        Power of (items / allowed items) by which more are kept under a filter: further down, codes
        tell less of the whole vectors.
    walk_share : float
        Share of the items that a filter must let through for a walk; below, all it lets through is
        looked at. In [0, 1].
    n_with_extra : int
        Least candidates where the caller has extra scores (of item-item blocks) and all items are
        scored by codes and those together; 0: codes alone generate candidates.
    measured : dict
        What is known of the recall, for the manifest.

    Notes
    -----
    Which items are found is approximate. That they are allowed, not excluded, exactly ``k``, scored
    by the kernel of :func:`score_rows` and in the order of those scores is not. Nothing depends on
    what else is asked at the same time. Memory beside the answer: a bit for each item, the
    candidates, and under a filter or an exclusion 8 bytes for each code a walk may look at; beside
    other scores 4 bytes for each item and query, 16 queries at a time on each thread.

    Examples
    --------
    >>> vectors = np.array([[1, 0], [0, 1], [1, 1]], dtype=np.float32)
    >>> index = NarrowIndex(ExactIndex.build(vectors), ShortCode.fit(vectors, vectors, width=2))
    >>> index.search(np.array([[2, 1]], dtype=np.float32), k=4).rows.tolist()
    [[2, 0, 1, -1]]
    """

    exact: ExactIndex
    code: ShortCode
    graph: CodeGraph | None = None
    effort: int = 64
    spread: float = SPREAD
    walk_share: float = 0.0
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
        """Whether it may walk."""
        return self._links.has_links

    def with_effort(self, effort: int, *, measured: Mapping[str, Any] | None = None) -> NarrowIndex:
        """Return the same index that keeps another number of candidates; nothing is copied."""
        return replace(self, effort=effort, measured=measured or self.measured)

    def answer(self, request: Request, *, n_threads: int | None = None) -> TopK:
        """Return the answer to a request that has been checked; see :meth:`VectorIndex.answer`."""
        from recsys.index.codes._search import search_codes

        if request.k > MOST * self.n_items:
            return self.exact.answer(request, n_threads=n_threads)
        rows = np.empty((request.n_queries, request.k), np.int32)
        scores = np.empty(rows.shape, np.float32)
        plan = self._plan(request, max(self.effort, 2 * request.k), spread=self.spread)
        sides = (self.vectors, self.code.arrays, self._links.arrays)

        def search_part(part: slice) -> None:
            some = request if request.n_queries == 1 else request.part(part)
            found = np.empty((some.n_queries, plan.effort), np.int32)
            answer = (found, rows[part], scores[part])
            search_codes(some.queries, *sides, plan.told, some.exclude, plan.budget, answer)

        budget = thread_budget(n_threads, is_small=request.n_queries == 1)
        if request.n_queries == 1:
            search_part(slice(0, 1))
        else:
            n_parts = max(1, -(-request.n_queries // PART))
            run_parts(search_part, even_parts(request.n_queries, n_parts=n_parts), n_threads=budget)
        return TopK(freeze(rows), freeze(scores))

    def candidates(self, request: Request, n: int, *, extra: FloatMatrix | None = None) -> RowArray:
        """Return the rows with about the largest scores of codes and extra scores together.

        Parameters
        ----------
        request : Request
            Its ``k`` is not read.
        n : int
            Rows wanted of each query; at least ``effort`` are returned, or ``n_with_extra`` where
            there are extra scores.
        extra : (n_queries, n_items) float32, optional
            Added to the scores of the codes; every item is then scored. None: zero.

        Returns
        -------
        (n_queries, n_candidates) int32
            Best first; allowed and not excluded; -1 where there are fewer.
        """
        if extra is not None:
            return self._candidates_of_sums(request, max(n, self.n_with_extra), extra)
        n = max(n, self.effort)
        if n > MOST * self.n_items:
            return self.exact.candidates(request, n)
        return self.best_codes(request, n)

    def best_codes(self, request: Request, n: int) -> RowArray:
        """Return the (n_queries, min(n, n_items)) int32 rows of the best codes, on one thread."""
        from recsys.index.codes._search import search_codes

        plan = self._plan(request, n, spread=0.0)
        out = np.empty((request.n_queries, plan.effort), dtype=np.int32)
        sides = (self.vectors, self.code.arrays, self._links.arrays)
        answer = (out, out[:, :0], np.empty((len(out), 0), np.float32))
        search_codes(request.queries, *sides, plan.told, request.exclude, plan.budget, answer)
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

        parts = even_parts(request.n_queries, n_parts=max(1, -(-request.n_queries // AT_ONCE)))
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
                "format": 2 if len(self._links.rows) else 1,
                "kind": "narrow",
                "effort": self.effort,
                "spread": self.spread,
                "walk_share": self.walk_share,
                "n_with_extra": self.n_with_extra,
                "max_norm": self.exact.max_norm,
                "measured": dict(self.measured),
            }
            write_manifest(temporary, facts, self.vectors)

    @classmethod
    def load(cls, folder: Path) -> NarrowIndex:
        """Open a saved index, its arrays mapped.

        Raises
        ------
        ArtifactError
            If the folder is missing, damaged or holds another kind of index.
        """
        manifest = read_manifest(folder, kind="narrow")
        exact = ExactIndex(read_vectors(folder, manifest), float(manifest["max_norm"]))
        folder = Path(folder)
        arrays = {name: _read(folder / f"{name}.npy") for name in NAMES}
        if manifest["format"] > 1:
            arrays |= {name: _read(folder / f"{name}.npy") for name in ORDER_NAMES}
        code = ShortCode.from_arrays(arrays)
        if (code.query_map.shape[0], len(code.items)) != (exact.n_factors, exact.n_items):
            raise ArtifactError(f"{folder}: codes and vectors do not fit. Save it again.")
        graph = None
        if len(arrays["links"]):
            graph = CodeGraph.from_arrays(arrays, n_items=exact.n_items)
        return cls(
            exact,
            code,
            graph,
            int(manifest["effort"]),
            float(manifest.get("spread", SPREAD)),
            float(manifest.get("walk_share", 0.0)),
            int(manifest.get("n_with_extra", manifest.get("beside", 0))),
            dict(manifest["measured"]),
        )

    @property
    def _links(self) -> CodeGraph:
        return self.graph or NO_GRAPH

    def _plan(self, request: Request, effort: int, *, spread: float) -> Plan:
        # it does not depend on what else is asked, so a list is the same alone and in a batch
        n_allowed = n_items = self.n_items
        effort = min(effort, n_items)
        is_filtered = len(request.allowed) > 0
        if is_filtered:
            n_allowed = request.n_allowed
        n_bytes = self.code.width
        scan = scan_ns(n_items, n_bytes, n_allowed=n_allowed if is_filtered else None)
        inverse = n_items / max(n_allowed, 1)
        more = effort * inverse ** max(spread, SPREAD)
        effort = min(int(effort * inverse**spread), max(n_allowed, effort))
        may_walk = self.has_links and n_allowed >= self.walk_share * n_items
        if may_walk and graph_ns(more * inverse, n_bytes) < scan:
            budget = int(scan / jump_ns(n_bytes)) + 1
            return Plan(min(int(more), n_items), budget, (request.allowed, NO_ROWS))
        known = request.rows() if is_filtered and n_allowed * FEW < n_items else NO_ROWS
        return Plan(effort, 0, (request.allowed, known))


def _read(path: Path) -> npt.NDArray[Any]:
    try:
        empty = path.stat().st_size <= 128  # nothing but a header cannot be mapped
        array = np.load(path, mmap_mode=None if empty else "r", allow_pickle=False)
    except (OSError, ValueError) as err:
        raise ArtifactError(f"{path} must be an array file; it is missing or damaged.") from err
    return freeze(np.asarray(array))
