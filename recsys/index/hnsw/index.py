"""Approximate search in faiss, filtered and scored again exactly."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from recsys.core.arrays import FloatMatrix, RowArray, freeze
from recsys.core.storage import atomic_folder
from recsys.core.threads import thread_budget
from recsys.core.topk import TopK
from recsys.index.base import Searching
from recsys.index.exact import ExactIndex
from recsys.index.hnsw.graph import FaissConfig, Graph
from recsys.index.hnsw.plan import graph_effort, scan_is_cheaper
from recsys.index.request import Heap, Request, empty_heap
from recsys.index.saved import MANIFEST, read_manifest, read_vectors, write_manifest

SCAN = 0
"""Stands for "no walk": the exact index answers."""

FLAT_EFFORT = 16
"""Fewest candidates to ask of a flat index: its rounding may swap the last of them."""


@dataclass(frozen=True, slots=True, eq=False)
class FaissIndex(Searching):
    """Candidates from faiss; their filter, scores and order from here.

    Attributes
    ----------
    exact : ExactIndex
        The same vectors; it answers whatever the graph would answer slowly or incompletely.
    config : FaissConfig
        How it was built and is searched.
    graph : Graph
        Finds candidates.

    Notes
    -----
    Which items are found is approximate. That they are allowed, not excluded, exactly ``k``, scored
    by the kernel of :func:`score_rows` and in the order of those scores is not.

    Examples
    --------
    >>> vectors = np.array([[1, 0], [0, 1], [1, 1]], dtype=np.float32)
    >>> index = FaissIndex.build(vectors, FaissConfig(m=4))
    >>> index.search(np.array([[2, 1]], dtype=np.float32), k=4).rows.tolist()
    [[2, 0, 1, -1]]
    """

    exact: ExactIndex
    config: FaissConfig
    graph: Graph

    @classmethod
    def build(cls, vectors: FloatMatrix, config: FaissConfig | None = None) -> FaissIndex:
        """Index vectors.

        Parameters
        ----------
        vectors : (n_items, n_factors) float32
            Finite. Shared if read-only, else copied.
        config : FaissConfig, optional
            None: the defaults.

        Raises
        ------
        DataError
            If they are not 2-d, have no column or are not finite.
        """
        config = config or FaissConfig()
        exact = ExactIndex.build(vectors)
        return cls(exact, config, Graph.build(exact.vectors, config))

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

    def with_ef_search(self, ef_search: int) -> FaissIndex:
        """Return the same index searched with another ``ef_search``; nothing is copied."""
        return FaissIndex(self.exact, self.config.replace(ef_search=ef_search), self.graph)

    def answer(self, request: Request, *, n_threads: int | None = None) -> TopK:
        """Return the answer to a request that has been checked; see :meth:`VectorIndex.answer`."""
        budget = thread_budget(n_threads, is_small=request.n_queries == 1)
        rows, scores = empty_heap(request.n_queries, request.k)
        for effort, places in self._plan(request):
            rows[places], scores[places] = self._walk(request.only(places), effort, budget)
        short = np.flatnonzero(rows[:, -1] < 0)
        if len(short):
            found = self.exact.answer(request.only(short), n_threads=n_threads)
            rows[short], scores[short] = found.rows, found.scores
        return TopK(freeze(rows), freeze(scores))

    def candidates(self, request: Request, n: int, *, extra: FloatMatrix | None = None) -> RowArray:
        """Return about the best ``n`` of each query, the exact ones if there are extra scores.

        The graph knows nothing of extra scores; see :meth:`VectorIndex.candidates`.
        """
        if extra is None:
            return self.answer(replace(request, k=min(n, max(self.n_items, 1)))).rows
        return self.exact.candidates(request, n, extra=extra)

    def save(self, folder: Path) -> None:
        """Write the index as a folder.

        Raises
        ------
        DataError
            If ``folder`` holds something else.
        """
        with atomic_folder(folder, marker=MANIFEST) as temporary:
            np.save(temporary / "vectors.npy", self.vectors, allow_pickle=False)
            facts = {
                "kind": "faiss",
                "config": self.config.to_dict(),
                "max_norm": self.exact.max_norm,
                "sha256": self.graph.write(temporary),
            }
            write_manifest(temporary, facts, self.vectors)

    @classmethod
    def load(cls, folder: Path) -> FaissIndex:
        """Open a saved index, its vectors mapped.

        Raises
        ------
        ArtifactError
            If the folder is missing, damaged or holds another kind of index.
        """
        manifest = read_manifest(folder, kind="faiss")
        config = FaissConfig(**manifest["config"])
        graph = Graph.read(Path(folder), config, digest=manifest["sha256"])
        vectors = read_vectors(folder, manifest)
        return cls(ExactIndex(vectors, float(manifest["max_norm"])), config, graph)

    def _plan(self, request: Request) -> Iterator[tuple[int, npt.NDArray[np.int64]]]:
        # (effort, places of queries) for the graph; the others are left to the exact index
        n_allowed = self.n_items
        if len(request.allowed):
            n_allowed = int(np.count_nonzero(request.allowed))
        if not n_allowed:
            return
        counts = request.n_excluded.tolist()
        effort_of = {n: self._effort(n, k=request.k, n_allowed=n_allowed) for n in set(counts)}
        efforts = np.array([effort_of[n] for n in counts], dtype=np.int64)
        for effort in sorted(set(effort_of.values()) - {SCAN}):
            yield effort, np.flatnonzero(efforts == effort)

    def _effort(self, n_excluded: int, *, k: int, n_allowed: int) -> int:
        if self.config.kind == "flat":
            effort = graph_effort(n_excluded, k=k, ef_search=FLAT_EFFORT, share=1.0)
            return SCAN if effort >= self.n_items else effort
        share = n_allowed / self.n_items
        effort = graph_effort(n_excluded, k=k, ef_search=self.config.ef_search, share=share)
        sizes = {"n_allowed": n_allowed, "n_items": self.n_items, "n_factors": self.n_factors}
        return SCAN if scan_is_cheaper(effort, **sizes) else effort

    def _walk(self, request: Request, effort: int, n_threads: int) -> Heap:
        from recsys.index._kernels import order, pick

        found = self.graph.candidates(
            request.queries, n=effort, allowed=request.allowed, n_threads=n_threads
        )
        heap = empty_heap(request.n_queries, request.k)
        pick((request.queries, self.vectors), found, request.exclude, heap)
        order(heap)
        return heap
