"""Approximate index on an HNSW graph of faiss; filters and final scores are exact."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import ceil
from pathlib import Path

import numpy as np
import numpy.typing as npt

from recsys.core.arrays import FloatMatrix, RowArray, freeze
from recsys.core.storage import atomic_folder
from recsys.core.threads import thread_budget
from recsys.core.topk import TopK
from recsys.index.base import Searching
from recsys.index.cost import graph_ns, scan_ns
from recsys.index.exact import ExactIndex
from recsys.index.hnsw.graph import FaissConfig, Graph
from recsys.index.request import Heap, Request, empty_heap
from recsys.index.saved import MANIFEST, read_index_manifest, read_vectors, write_index_manifest


@dataclass(frozen=True, slots=True, eq=False)
class FaissIndex(Searching):
    """HNSW graph of faiss for candidates; exact filters, scores and order.

    Attributes
    ----------
    exact : ExactIndex
        The same vectors; it answers where a scan is cheaper or the graph finds too few.
    config : FaissConfig
        Settings of building and searching.
    graph : Graph
        Generates candidates.

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
        for ef_search, some in self._plan(request):
            rows[some], scores[some] = self._search_graph(request.only(some), ef_search, budget)
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
            write_index_manifest(temporary, facts, self.vectors)

    @classmethod
    def load(cls, folder: Path) -> FaissIndex:
        """Open a saved index, its vectors mapped.

        Raises
        ------
        ArtifactError
            If the folder is missing, damaged or holds another kind of index.
        """
        manifest = read_index_manifest(folder, kinds=("faiss",))
        config = FaissConfig(**manifest["config"])
        graph = Graph.read(Path(folder), digest=manifest["sha256"])
        vectors = read_vectors(folder, manifest)
        return cls(ExactIndex(vectors, float(manifest["max_norm"])), config, graph)

    def _plan(self, request: Request) -> Iterator[tuple[int, npt.NDArray[np.int64]]]:
        # (ef_search, positions of queries) for the graph; the others are left to the exact index
        n_allowed = request.n_allowed if len(request.allowed) else self.n_items
        if not n_allowed:
            return
        counts = request.n_excluded.tolist()
        known = {n: self._ef_search(n, k=request.k, n_allowed=n_allowed) for n in set(counts)}
        chosen = np.array([known[n] for n in counts], dtype=np.int64)
        for ef_search in sorted(set(known.values()) - {0}):
            yield ef_search, np.flatnonzero(chosen == ef_search)

    def _ef_search(self, n_excluded: int, *, k: int, n_allowed: int) -> int:
        # 0 where a scan is cheaper; no function of other queries, so that a list is the same
        # alone and in a batch
        share, n_bytes = n_allowed / self.n_items, self.exact.n_bytes
        ef_search = widened_ef_search(n_excluded, k=k, ef_search=self.config.ef_search, share=share)
        scan = scan_ns(self.n_items, n_bytes, n_allowed=n_allowed if share < 1 else None)
        is_scanned = ef_search >= n_allowed or scan <= graph_ns(ef_search, n_bytes)
        return 0 if is_scanned else ef_search

    def _search_graph(self, request: Request, ef_search: int, n_threads: int) -> Heap:
        from recsys.index._kernels import order, pick

        found = self.graph.candidates(
            request.queries, ef_search=ef_search, allowed=request.allowed, n_threads=n_threads
        )
        heap = empty_heap(request.n_queries, request.k)
        pick((request.queries, self.vectors), found, request.exclude, heap)
        order(heap)
        return heap


def widened_ef_search(n_excluded: int, *, k: int, ef_search: int, share: float) -> int:
    r"""Return the candidates to keep (``ef``) under a filter and exclusions.

    .. math:: ef = \frac{\max(ef_{search}, 2k) + n_{excluded}}{share}

    Candidates that may not be given are lost: a filter divides their number by its share, and an
    excluded item (a person's history is close to what they like) takes one.

    Parameters
    ----------
    n_excluded : int
        Items that the query must not get.
    k : int
        Items wanted.
    ef_search : int
        Candidates for a query with nothing excluded and no filter.
    share : float
        Share of the items that are allowed, in (0, 1].

    Returns
    -------
    int
        Before the division rounded up to one of a few values (quarters of ``ef_search``, powers of
        two from four times that), so that a batch is few calls.

    Examples
    --------
    >>> [widened_ef_search(n, k=10, ef_search=128, share=1.0) for n in (0, 30, 50, 1000)]
    [128, 160, 192, 2048]
    """
    wanted = max(ef_search, 2 * k) + n_excluded
    if wanted > 4 * ef_search:
        wanted = 1 << (wanted - 1).bit_length()
    elif n_excluded:
        quarter = max(8, ef_search // 4)
        wanted = -(-wanted // quarter) * quarter
    return ceil(wanted / share)
