"""Retrieve narrow, score wide: candidates by short codes, answers by whole vectors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from recsys.core.arrays import FloatMatrix, RowArray, freeze
from recsys.core.errors import ArtifactError
from recsys.core.rng import named_rng
from recsys.core.storage import atomic_folder
from recsys.core.topk import TopK
from recsys.index.code import ShortCode
from recsys.index.exact import ExactIndex
from recsys.index.links import flat_links, with_ways_in
from recsys.index.request import Heap, Request, empty_heap
from recsys.index.saved import MANIFEST, read_manifest, read_vectors, write_manifest
from recsys.index.scores import even_parts
from recsys.index.searching import Searching
from recsys.index.threads import run_parts, thread_budget

SCAN_NANOSECONDS = 7.0
"""To look at one code of a scan."""

STEP_NANOSECONDS = 1200.0
"""Of a walk, for each candidate it keeps: it looks at about 15 codes, far from each other."""

MOST = 0.25
"""Share of the items above which a list is long enough to look at every whole vector."""

PART = 64
"""Queries that one thread answers before it takes the next."""


@dataclass(frozen=True, slots=True, eq=False)
class CodeGraph:
    """Links among codes.

    Attributes
    ----------
    links : (n_items, n_links) int32
        To large inner products and to like directions; -1 ends a line.
    hubs : (n_hubs,) int32
        Items among which a walk looks for its first places.
    """

    links: RowArray
    hubs: RowArray

    @classmethod
    def build(cls, codes: FloatMatrix, *, m: int, ef_construction: int, seed: int) -> CodeGraph:
        """Link the codes (n_items, width) of at least one item; see :class:`IndexConfig`."""
        links = flat_links(codes, m=m, ef_construction=ef_construction, deterministic=True)
        with_ways_in(links, codes)
        n_hubs = int(np.ceil(np.sqrt(len(codes))))
        hubs = named_rng(seed, "index", "hubs").choice(len(codes), n_hubs, replace=False)
        return cls(freeze(links), freeze(np.sort(hubs).astype(np.int32)))

    @property
    def arrays(self) -> tuple[RowArray, RowArray]:
        """Both arrays, as compiled code takes them."""
        return self.links, self.hubs


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
        None: every allowed code is looked at.
    effort : int
        Candidates kept for each query, at least.
    measured : dict
        What is known of the recall, for the manifest.

    Notes
    -----
    Which items are found is approximate. That they are allowed, not excluded, exactly ``k``, scored
    by the kernel of :func:`score_rows` and in the order of those scores is not. Nothing depends on
    what else is asked at the same time. Memory beside the answer: two bits and a few candidates.

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

    def with_effort(self, effort: int, *, measured: Mapping[str, Any] | None = None) -> NarrowIndex:
        """Return the same index that keeps another number of candidates; nothing is copied."""
        return replace(self, effort=effort, measured=measured or self.measured)

    def answer(self, request: Request, *, n_threads: int | None = None) -> TopK:
        """Return the answer to a request that has been checked; see :meth:`VectorIndex.answer`."""
        from recsys.index._kernels import order
        from recsys.index._walk import rescore

        if request.k > MOST * self.n_items:
            return self.exact.answer(request, n_threads=n_threads)
        heap = empty_heap(request.n_queries, request.k)

        def search_part(part: slice) -> None:
            own = (heap[0][part], heap[1][part])
            some = request.part(part)
            rescore(some.queries, self.vectors, self.candidates(some), own)
            order(own)

        budget = thread_budget(n_threads, is_small=request.n_queries == 1)
        if request.n_queries == 1:
            search_part(slice(0, 1))
        else:
            n_parts = max(1, -(-request.n_queries // PART))
            run_parts(search_part, even_parts(request.n_queries, n_parts=n_parts), n_threads=budget)
        return TopK(freeze(heap[0]), freeze(heap[1]))

    def candidates(self, request: Request, *, effort: int | None = None) -> RowArray:
        """Return the rows that the codes say are best, on one thread and in any order.

        Parameters
        ----------
        request : Request
            Its ``k`` is the least number wanted.
        effort : int, optional
            Candidates to keep; None: the index's own, and at least twice ``k``.

        Returns
        -------
        (n_queries, effort) int32
            Allowed and not excluded; -1 where there are fewer. None is left out while a list is
            short.
        """
        effort = max(effort or self.effort, 2 * request.k)
        found = empty_heap(request.n_queries, min(effort, self.n_items))
        n_allowed = request.n_allowed if len(request.allowed) else self.n_items
        if not n_allowed:
            return found[0]
        codes = self.code.of_queries(request.queries)
        if self._walks(found[0].shape[1], n_allowed=n_allowed):
            self._walk(request, codes, found)
            short = np.flatnonzero(found[0][:, 0] < 0)
            if len(short):
                rest = empty_heap(len(short), found[0].shape[1])
                self._scan(request.only(short), codes[short], rest)
                found[0][short] = rest[0]
        else:
            self._scan(request, codes, found)
        return found[0]

    def save(self, folder: Path) -> None:
        """Write the index as a folder.

        Raises
        ------
        DataError
            If ``folder`` holds something else.
        """
        with atomic_folder(folder, marker=MANIFEST) as temporary:
            for name, array in self._arrays().items():
                np.save(temporary / f"{name}.npy", array, allow_pickle=False)
            facts = {
                "kind": "narrow",
                "effort": self.effort,
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
        names = ("query_map", "codes", "steps", "links", "hubs")
        arrays = {name: _read(Path(folder) / f"{name}.npy") for name in names}
        code = ShortCode.from_arrays(arrays)
        if (code.query_map.shape[0], len(code.items)) != (exact.n_factors, exact.n_items):
            raise ArtifactError(f"{folder}: codes and vectors do not fit. Save it again.")
        graph = None
        if len(arrays["links"]):
            graph = CodeGraph(*(arrays[name] for name in ("links", "hubs")))
            _check_graph(graph, exact.n_items)
        return cls(exact, code, graph, int(manifest["effort"]), dict(manifest["measured"]))

    def _arrays(self) -> dict[str, npt.NDArray[Any]]:
        none = np.zeros((0, 0), np.int32)
        links, hubs = self.graph.arrays if self.graph else (none, none[:, 0:0].ravel())
        out: dict[str, npt.NDArray[Any]] = {"vectors": self.vectors, **self.code.to_arrays()}
        return {**out, "links": links, "hubs": hubs}

    def _walks(self, effort: int, *, n_allowed: int) -> bool:
        # it does not depend on what else is asked, so a list is the same alone and in a batch
        share = n_allowed / self.n_items
        scan = n_allowed * SCAN_NANOSECONDS
        return self.graph is not None and effort * STEP_NANOSECONDS < scan * share

    def _walk(self, request: Request, codes: FloatMatrix, found: Heap) -> None:
        from recsys.index._walk import walk

        assert self.graph is not None  # noqa: S101  (the plan looked)
        graph = self.graph.arrays
        walk(codes, self.code.items, graph, request.allowed, request.exclude, found)

    def _scan(self, request: Request, codes: FloatMatrix, found: Heap) -> None:
        from recsys.index._walk import scan_codes

        some = request.rows() if len(request.allowed) else np.zeros(0, np.int32)
        every = np.zeros(0, np.bool_)
        scan_codes(codes, self.code.items, some, every, request.exclude, found)


def _read(path: Path) -> npt.NDArray[Any]:
    try:
        empty = path.stat().st_size <= 128  # nothing but a header cannot be mapped
        array = np.load(path, mmap_mode=None if empty else "r", allow_pickle=False)
    except (OSError, ValueError) as err:
        raise ArtifactError(f"{path} must be an array file; it is missing or damaged.") from err
    return freeze(np.asarray(array))


def _check_graph(graph: CodeGraph, n_items: int) -> None:
    # the numbers of the rows are checked where they are used
    (links, hubs) = graph.arrays
    sound = links.dtype == hubs.dtype == np.int32 and (links.ndim, hubs.ndim) == (2, 1)
    if not (sound and len(links) == n_items):
        raise ArtifactError("the saved graph of an index is damaged. Save it again.")
