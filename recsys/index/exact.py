"""Exact index: all inner products by blocked matrix products."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np

from recsys.core.arrays import (
    BoolArray,
    FloatArray,
    FloatMatrix,
    RowArray,
    check_finite,
    freeze,
)
from recsys.core.errors import DataError
from recsys.core.storage import atomic_folder
from recsys.core.threads import run_parts, thread_budget
from recsys.core.topk import TopK
from recsys.index.base import Searching
from recsys.index.by_norm import TILE_SCORES, NormOrder, scan_by_norm
from recsys.index.cost import BYTE_NS, THREAD_NS, jump_ns, read_ns
from recsys.index.request import Heap, Request, empty_heap
from recsys.index.saved import MANIFEST, read_index_manifest, read_vectors, write_index_manifest
from recsys.index.scores import even_parts, fill

TILE_QUERIES = 1024
"""Queries of a tile: enough that BLAS reads each vector many times for one copy of it."""

MANY = 128
"""Queries of one part from which on vectors are read in the order of norms: they have to be
gathered, which pays for many queries."""


@dataclass(frozen=True, eq=False)  # no slots: the order of norms is made at first use
class ExactIndex(Searching):
    """All inner products, tile by tile, and no approximation.

    Attributes
    ----------
    vectors : (n_items, n_factors) float32
        Read-only; may be mapped from a file.
    max_norm : float
        Largest norm of a vector.

    Notes
    -----
    A tile of scores is one BLAS product. Its numbers depend on the tile's shape in their last bits,
    so they only say what *may* belong among the best: whatever lies above the k-th best less a
    bound of the rounding error is scored again by the one kernel of :func:`score_rows`. The answer
    is therefore the same alone, in a batch and on any number of threads. Memory is one tile per
    thread beside the answer, whatever the number of users and items, and from the first batch on
    12 bytes for each item: many queries together read vectors in the order of norms, and stop where
    no smaller norm can matter.

    Examples
    --------
    >>> index = ExactIndex.build(np.array([[1, 0], [0, 1], [1, 1]], dtype=np.float32))
    >>> index.search(np.array([[2, 1]], dtype=np.float32), k=2).rows.tolist()
    [[2, 0]]
    """

    vectors: FloatMatrix
    max_norm: float

    @classmethod
    def build(cls, vectors: FloatMatrix) -> ExactIndex:
        """Index vectors.

        Parameters
        ----------
        vectors : (n_items, n_factors) float32
            Finite. Shared if read-only, else copied.

        Raises
        ------
        DataError
            If they are not 2-d, have no column or are not finite.
        """
        vectors = read_only(vectors)
        norms = np.einsum("if,if->i", vectors, vectors, dtype=np.float64)
        return cls(vectors, float(np.sqrt(norms.max(initial=0.0))))

    @property
    def n_items(self) -> int:
        """Number of vectors."""
        return int(self.vectors.shape[0])

    @property
    def n_factors(self) -> int:
        """Length of each vector."""
        return int(self.vectors.shape[1])

    @property
    def n_bytes(self) -> int:
        """Bytes of one vector."""
        return self.n_factors * self.vectors.itemsize

    @property
    def is_exact(self) -> bool:
        """True: every answer is the exact one."""
        return True

    def candidates(self, request: Request, n: int, *, extra: FloatMatrix | None = None) -> RowArray:
        """Return the exact best ``n`` of each query; see :meth:`VectorIndex.candidates`."""
        n = min(n, max(self.n_items, 1))
        if extra is None:
            return self.answer(replace(request, k=n)).rows
        heap = empty_heap(request.n_queries, n)
        scores = np.ascontiguousarray(request.queries @ self.vectors.T + extra)
        fill(heap, scores, request.exclude, request.allowed)
        return freeze(heap[0])

    def answer(self, request: Request, *, n_threads: int | None = None) -> TopK:
        """Return the answer to a request that has been checked; see :meth:`VectorIndex.answer`."""
        from recsys.index._kernels import order

        rows, mask = self._worth_scoring(request.allowed)
        heap = empty_heap(request.n_queries, request.k)
        n_bytes = request.n_queries * len(rows) * self.n_bytes
        budget = thread_budget(n_threads, is_small=n_bytes * BYTE_NS <= THREAD_NS)

        def search_part(part: slice) -> None:
            indptr, indices = request.exclude
            own = (heap[0][part], heap[1][part])
            seen = (indptr[part.start : part.stop + 1], indices)
            few = Request(request.queries[part], request.k, seen, mask)
            self._scan(few, rows, by_norm, own)
            order(own)

        n_parts = -(-request.n_queries // TILE_QUERIES)
        parts = even_parts(request.n_queries, n_parts=max(1, -(-n_parts // budget) * budget))
        by_norm = None
        if parts and parts[0].stop - parts[0].start >= MANY:
            by_norm = self._by_norm
            if len(request.allowed):
                by_norm = by_norm.only(request.allowed)
        run_parts(search_part, parts, n_threads=budget)
        return TopK(freeze(heap[0]), freeze(heap[1]))

    def save(self, folder: Path) -> None:
        """Write the index as a folder that :meth:`load` maps.

        Raises
        ------
        DataError
            If ``folder`` holds something else.
        """
        with atomic_folder(folder, marker=MANIFEST) as temporary:
            np.save(temporary / "vectors.npy", self.vectors, allow_pickle=False)
            write_index_manifest(
                temporary, {"kind": "exact", "max_norm": self.max_norm}, self.vectors
            )

    @classmethod
    def load(cls, folder: Path) -> ExactIndex:
        """Open a saved index, its vectors mapped.

        Raises
        ------
        ArtifactError
            If the folder is missing, damaged or holds another kind of index.
        """
        manifest = read_index_manifest(folder, kinds=("exact",))
        return cls(read_vectors(folder, manifest), float(manifest["max_norm"]))

    def _worth_scoring(self, allowed: BoolArray) -> tuple[RowArray, BoolArray]:
        # (rows to score, mask that is left to check); no mask is empty
        if len(allowed):
            rows = np.flatnonzero(allowed).astype(np.int32)
            if len(rows) * jump_ns(self.n_bytes) <= self.n_items * read_ns(self.n_bytes):
                return rows, np.zeros(0, dtype=np.bool_)
        return np.arange(self.n_items, dtype=np.int32), allowed

    def _scan(
        self, request: Request, rows: RowArray, by_norm: NormOrder | None, heap: Heap
    ) -> None:
        error_bound = score_error_bound(request.queries, max_norm=self.max_norm)
        real = np.flatnonzero(error_bound > 0)
        if by_norm is None or len(real) < MANY:
            self._scan_tiles(request, rows, error_bound, heap)
            return
        own = (heap[0][real], heap[1][real])
        scan_by_norm(self.vectors, by_norm, request.only(real), error_bound[real], own)
        heap[0][real], heap[1][real] = own
        zero = np.flatnonzero(
            error_bound == 0
        )  # all their scores are equal: only rows tell them apart
        if not len(zero):
            return
        own = (heap[0][zero], heap[1][zero])
        self._scan_tiles(request.only(zero), rows, error_bound[zero], own)
        heap[0][zero], heap[1][zero] = own

    @cached_property
    def _by_norm(self) -> NormOrder:
        return NormOrder.of(self.vectors)

    def _scan_tiles(
        self, request: Request, rows: RowArray, error_bound: FloatArray, heap: Heap
    ) -> None:
        from recsys.index._kernels import scan

        queries, allowed = request.queries, request.allowed
        n_tile = max(64, TILE_SCORES // max(1, len(queries)))
        scores = np.empty(len(queries) * min(n_tile, len(rows)), dtype=np.float32)
        for start in range(0, len(rows), n_tile):
            tile_rows = rows[start : start + n_tile]
            in_order = len(rows) == self.n_items
            some = self.vectors[start : start + n_tile] if in_order else self.vectors[tile_rows]
            tile = scores[: len(queries) * len(some)].reshape(len(queries), len(some))
            np.matmul(queries, some.T, out=tile)
            scan(
                tile,
                tile_rows,
                (queries, self.vectors),
                request.exclude,
                allowed,
                error_bound,
                heap,
            )


def read_only(vectors: FloatMatrix) -> FloatMatrix:
    """Return vectors as read-only C-contiguous float32: shared if they are that, else copied.

    Raises
    ------
    DataError
        If they are not 2-d, have no column or are not finite.
    """
    given = np.asarray(vectors)
    if given.ndim != 2 or given.shape[1] == 0:
        raise DataError(f"vectors must have shape (n_items, n_factors >= 1); got {given.shape}.")
    check_finite(given, name="vectors")
    ready = np.ascontiguousarray(given, dtype=np.float32)
    if ready is given or ready.base is not None:
        ready = ready.copy() if ready.flags.writeable else ready
    return freeze(ready)


def score_error_bound(queries: FloatMatrix, *, max_norm: float) -> FloatArray:
    r"""Return how far two float32 inner products of the same pair may lie from each other.

    .. math:: |fl(q \cdot v) - q \cdot v| \le \gamma_d \sum_f |q_f v_f| \le \gamma_d \|q\| \|v\|

    for any order of the sum, with :math:`\gamma_d \approx d u` and *u* = 2**-24. Twice that, and
    a little for the comparison itself and for numbers too small to be normal.

    Parameters
    ----------
    queries : (n_queries, n_factors) float32
        Any.
    max_norm : float
        Largest norm of a vector.

    Returns
    -------
    (n_queries,) float32
        0 exactly where the query is 0: its scores are exact.

    References
    ----------
    [Higham2002]_, section 3.1.
    """
    norms = np.sqrt(np.einsum("qf,qf->q", queries, queries, dtype=np.float64))
    unit = (2 * queries.shape[1] + 16) * 2.0**-24
    bound: FloatArray = (unit * norms * max_norm + 1e-37 * (norms > 0)).astype(np.float32)
    return bound
