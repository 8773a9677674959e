"""Delta index: a large main index, and the vectors that changed since it was built."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np

from recsys.core.arrays import NO_ROW, BoolArray, FloatMatrix, RowArray, freeze
from recsys.core.artifact import open_array
from recsys.core.errors import ArtifactError, DataError, clip
from recsys.core.storage import atomic_folder
from recsys.core.topk import TopK
from recsys.index.base import Searching, VectorIndex
from recsys.index.delta.vectors import DeltaVectors
from recsys.index.exact import ExactIndex
from recsys.index.request import Heap, Request, empty_heap
from recsys.index.saved import MANIFEST, read_index_manifest, write_index_manifest
from recsys.index.scores import fill

MAIN = "main"
"""Folder of the main index inside that of a saved :class:`DeltaIndex`."""

FEW_QUERIES = 8
"""Queries up to which changed vectors are scored one by one; more are worth a matrix product."""


@dataclass(frozen=True, eq=False)  # no slots: the mask is made at first use
class DeltaIndex(Searching):
    """Changed and new vectors over a main index, whose vectors they replace.

    Attributes
    ----------
    main : VectorIndex
        Index of the vectors before the changes.
    changes : DeltaVectors
        Rows below ``main.n_items`` replace vectors; those beyond are new, without a gap.

    Notes
    -----
    All is scored by the kernel of :func:`score_rows`, so an answer is that of one index over all
    vectors: the same to the last bit where the main index is exact. A search costs what the main
    one costs, and a scan of the changed vectors.

    Examples
    --------
    >>> main = ExactIndex.build(np.array([[1, 0], [0, 1]], dtype=np.float32))
    >>> both = DeltaIndex.build(main, np.array([1, 2]), np.array([[0, 3], [2, 2]], np.float32))
    >>> both.search(np.array([[0, 1]], dtype=np.float32), k=3).rows.tolist()
    [[1, 2, 0]]
    """

    main: VectorIndex
    changes: DeltaVectors

    @classmethod
    def build(cls, main: VectorIndex, rows: RowArray, vectors: FloatMatrix) -> DeltaIndex:
        """Return an index with changed vectors.

        Parameters
        ----------
        main : VectorIndex
            Not itself a delta index.
        rows : (n_changed,) int32
            Strictly increasing; those from ``main.n_items`` on without a gap.
        vectors : (n_changed, n_factors) float32
            Finite; copied.

        Raises
        ------
        DataError
            If the rows are not strictly increasing, leave a gap, or do not fit the vectors.
        """
        rows = np.array(rows, dtype=np.int32)
        new = rows[rows >= main.n_items]
        rises = bool((np.diff(rows) > 0).all()) and (not len(rows) or rows[0] >= 0)
        if not rises or new.tolist() != list(range(main.n_items, main.n_items + len(new))):
            raise DataError(
                "rows must be strictly increasing; new rows must continue at "
                f"{main.n_items} without gaps; got {clip(str(rows.tolist()))}."
            )
        given = np.asarray(vectors, dtype=np.float32).reshape(-1, main.n_factors)
        return cls(main, DeltaVectors.of(rows, given))

    @property
    def rows(self) -> RowArray:
        """(n_changed,) int32: increasing rows of the changed vectors."""
        return self.changes.rows

    @cached_property
    def delta(self) -> ExactIndex:
        """The changed vectors as an index of their own, made when first asked for."""
        return ExactIndex.build(self.changes.vectors)

    @property
    def n_items(self) -> int:
        """Number of vectors."""
        beyond = int(self.rows[-1]) + 1 if len(self.rows) else 0
        return max(self.main.n_items, beyond)

    @property
    def n_factors(self) -> int:
        """Length of each vector."""
        return self.main.n_factors

    @property
    def is_exact(self) -> bool:
        """True if the main index is exact."""
        return self.main.is_exact

    @property
    def n_with_extra(self) -> int:
        """Candidates to ask for with extra scores: those of the main index."""
        return self.main.n_with_extra

    @cached_property
    def vectors(self) -> FloatMatrix:
        """(n_items, n_factors) float32, read-only; put together when first asked for."""
        out = np.empty((self.n_items, self.n_factors), dtype=np.float32)
        out[: self.main.n_items] = self.main.vectors
        out[self.rows] = self.changes.vectors
        return freeze(out)

    def answer(self, request: Request, *, n_threads: int | None = None) -> TopK:
        """Return the answer to a request that has been checked; see :meth:`VectorIndex.answer`."""
        from recsys.index._kernels import order

        old = self.main.answer(self._of_main(request, self._alive), n_threads=n_threads)
        if not len(self.rows):
            return old
        heap = self._merged(request, old.rows, size=request.k, n_threads=n_threads)
        order(heap)
        return TopK(freeze(heap[0]), freeze(heap[1]))

    def candidates(self, request: Request, n: int, *, extra: FloatMatrix | None = None) -> RowArray:
        """Return candidates of the main index, and the best of the changed vectors.

        See :meth:`VectorIndex.candidates`. A changed row counts by its vector as it is now. An
        approximate main index may still find it by the old one, which spares it a mask.
        """
        some = self._of_main(request, self._alive if self.is_exact else None)
        if extra is None:
            old = self.main.candidates(some, n)
            if not len(self.rows):
                return old
            size = min(max(n, old.shape[1]), self.n_items)
            return self._merged(request, old, size=size, n_threads=1)[0]
        old = self.main.candidates(some, n, extra=extra[:, : self.main.n_items])
        if not len(self.rows):
            return old
        of_delta = self._of_delta(request)
        heap = empty_heap(request.n_queries, min(max(n, self.n_with_extra), len(self.rows)))
        scores = of_delta.queries @ self.changes.vectors.T + extra[:, self.rows]
        fill(heap, np.ascontiguousarray(scores), of_delta.exclude, of_delta.allowed)
        changed = np.where(heap[0] < 0, NO_ROW, self.rows[heap[0]])
        return np.hstack([np.where(np.isin(old, self.rows), NO_ROW, old), changed])

    def _merged(
        self, request: Request, found: RowArray, *, size: int, n_threads: int | None
    ) -> Heap:
        """Return the best of what the main index found and of the changed vectors, unordered."""
        from recsys.index._kernels import merge_delta

        if request.n_queries <= FEW_QUERIES:
            every = np.arange(len(self.rows), dtype=np.int32)
            changed = np.ascontiguousarray(np.broadcast_to(every, (request.n_queries, len(every))))
        else:
            some = replace(self._of_delta(request), k=min(size, len(self.rows)))
            changed = self.delta.answer(some, n_threads=n_threads).rows
        heap = empty_heap(request.n_queries, size)
        merge_delta(
            (freeze(request.queries.view()), self.main.vectors),
            (self.rows, self.changes.places, self.changes.lines),
            (freeze(found.view()), freeze(changed.view())),
            request.exclude,
            request.allowed,
            heap,
        )
        return heap

    def save(self, folder: Path) -> None:
        """Write the index as a folder.

        Raises
        ------
        DataError
            If ``folder`` holds something else.
        """
        with atomic_folder(folder, marker=MANIFEST) as temporary:
            np.save(temporary / "rows.npy", self.rows, allow_pickle=False)
            self.main.save(temporary / MAIN)
            self.delta.save(temporary / "delta")
            write_index_manifest(temporary, {"kind": "delta"}, self.delta.vectors)

    @classmethod
    def load(cls, folder: Path, *, main: VectorIndex) -> DeltaIndex:
        """Open a saved delta over ``main``, its vectors mapped.

        Parameters
        ----------
        folder : Path
        main : VectorIndex
            The index that was saved in ``folder / MAIN``.

        Raises
        ------
        ArtifactError
            If the folder is missing, damaged or holds another kind of index.
        """
        folder = Path(folder)
        read_index_manifest(folder, kinds=("delta",))
        delta = ExactIndex.load(folder / "delta")
        try:
            rows = open_array(folder / "rows.npy")
            return cls.build(main, rows, delta.vectors)
        except (OSError, ValueError) as err:  # DataError is one
            raise ArtifactError(f"{folder} must hold changes that fit; {err}") from err

    @cached_property
    def _alive(self) -> BoolArray:
        alive = np.ones(self.main.n_items, dtype=np.bool_)
        alive[self.rows[self.rows < self.main.n_items]] = False
        return freeze(alive)

    def _of_main(self, request: Request, alive: BoolArray | None) -> Request:
        """Return the request of the main index; of unchanged vectors if ``alive`` is given."""
        n_main = self.main.n_items
        allowed, rows = request.allowed[:n_main], request.allowed_rows
        if rows is not None and len(request.allowed) > n_main:
            rows = rows[: int(np.searchsorted(rows, n_main))]
        if alive is not None and len(self.rows) and self.rows[0] < n_main:
            allowed = alive & allowed if len(allowed) else alive
            rows = None if rows is None else rows[allowed[rows]]
        # what is excluded beyond the main index is never met there
        return Request(request.queries, request.k, request.exclude, allowed, rows)

    def _of_delta(self, request: Request) -> Request:
        """Return the request of the changed vectors, by their places in the delta."""
        indices = request.exclude[1]
        places = np.minimum(np.searchsorted(self.rows, indices), len(self.rows) - 1)
        exclude = _places(request, self.rows[places] == indices, places.astype(np.int32))
        allowed = request.allowed[self.rows] if len(request.allowed) else request.allowed
        return Request(request.queries, request.k, exclude, allowed)


def _places(request: Request, kept: BoolArray, places: RowArray) -> tuple[np.ndarray, RowArray]:
    """Return the exclusions for which ``kept`` holds, as ``places``, in compiled form."""
    indptr = request.exclude[0]
    if kept.all():
        return indptr, places
    return np.append(0, np.cumsum(kept))[indptr], places[kept]
