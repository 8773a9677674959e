"""A large index that stays as it is, and a small one of what changed since, as one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TypeGuard

import numpy as np

from recsys.core.arrays import BoolArray, FloatMatrix, RowArray, freeze
from recsys.core.errors import ArtifactError, DataError
from recsys.core.storage import atomic_folder
from recsys.core.topk import TopK
from recsys.index.base import VectorIndex
from recsys.index.exact import ExactIndex
from recsys.index.faiss import FaissIndex
from recsys.index.narrow import NarrowIndex
from recsys.index.request import Request
from recsys.index.saved import MANIFEST, read_manifest, write_manifest
from recsys.index.searching import Searching

NO_ROWS: RowArray = np.zeros(0, dtype=np.int32)


@dataclass(frozen=True, eq=False)  # no slots: the mask is made at first use
class DeltaIndex(Searching):
    """Changed and new vectors in an exact index beside the main one, whose old ones are dead.

    Attributes
    ----------
    main : VectorIndex
        Of the vectors as they were.
    rows : (n_changed,) int32
        Rising; rows below ``main.n_items`` replace vectors, those beyond are new, none missing.
    delta : ExactIndex
        Their vectors now.

    Notes
    -----
    Both indexes score by the kernel of :func:`score_rows`, so an answer is that of one index over
    all vectors: the same to the last bit where the main index is exact. A search costs what the
    main one costs, and a scan of the changed vectors.

    Examples
    --------
    >>> main = ExactIndex.build(np.array([[1, 0], [0, 1]], dtype=np.float32))
    >>> both = DeltaIndex.build(main, np.array([1, 2]), np.array([[0, 3], [2, 2]], np.float32))
    >>> both.search(np.array([[0, 1]], dtype=np.float32), k=3).rows.tolist()
    [[1, 2, 0]]
    """

    main: VectorIndex
    rows: RowArray
    delta: ExactIndex

    @classmethod
    def build(cls, main: VectorIndex, rows: RowArray, vectors: FloatMatrix) -> DeltaIndex:
        """Put changes beside an index.

        Parameters
        ----------
        main : VectorIndex
            Not itself one with changes.
        rows : (n_changed,) int32
            Rising; those from ``main.n_items`` on without a gap.
        vectors : (n_changed, n_factors) float32
            Finite. Shared if read-only, else copied.

        Raises
        ------
        DataError
            If the rows do not rise, leave a gap, or do not fit the vectors.
        """
        rows = np.array(rows, dtype=np.int32)
        new = rows[rows >= main.n_items]
        rises = bool((np.diff(rows) > 0).all()) and (not len(rows) or rows[0] >= 0)
        if not rises or new.tolist() != list(range(main.n_items, main.n_items + len(new))):
            raise DataError("rows must rise, and go on where the main index ends, without a gap.")
        delta = ExactIndex.build(np.asarray(vectors).reshape(-1, main.n_factors))
        if delta.n_items != len(rows):
            raise DataError(f"vectors must be one per row ({len(rows)}); got {delta.n_items}.")
        return cls(main, freeze(rows), delta)

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
    def effort(self) -> int:
        """Candidates that the main index keeps; 0 where it proposes none."""
        return self.main.effort if isinstance(self.main, NarrowIndex) else 0

    @cached_property
    def vectors(self) -> FloatMatrix:
        """(n_items, n_factors) float32, read-only; put together when first asked for."""
        out = np.empty((self.n_items, self.n_factors), dtype=np.float32)
        out[: self.main.n_items] = self.main.vectors
        out[self.rows] = self.delta.vectors
        return freeze(out)

    def answer(self, request: Request, *, n_threads: int | None = None) -> TopK:
        """Return the answer to a request that has been checked; see :meth:`VectorIndex.answer`."""
        old = self.main.answer(self._of_main(request), n_threads=n_threads)
        if not len(self.rows):
            return old
        new = self.delta.answer(self._of_delta(request), n_threads=n_threads)
        new_rows = np.where(new.rows < 0, new.rows, self.rows[new.rows])
        rows = np.hstack([old.rows, new_rows])
        scores = np.hstack([old.scores, new.scores])
        order = np.lexsort((rows, -scores), axis=1)[:, : request.k]
        return TopK(
            freeze(np.take_along_axis(rows, order, axis=1).astype(np.int32)),
            freeze(np.take_along_axis(scores, order, axis=1)),
        )

    def candidates(self, request: Request, *, effort: int | None = None) -> RowArray:
        """Return what the main index proposes, and the best of the changed vectors.

        Parameters
        ----------
        request : Request
            Its ``k`` is the least number wanted.
        effort : int, optional
            Candidates of each; None: the main index's own number.

        Returns
        -------
        (n_queries, n_candidates) int32
            As of :meth:`NarrowIndex.candidates`.

        Raises
        ------
        DataError
            If the main index proposes nothing: only short codes do.
        """
        if not isinstance(self.main, NarrowIndex):
            raise DataError("candidates must be asked of an index of short codes.")
        effort = max(effort or self.main.effort, request.k)
        old = self.main.candidates(self._of_main(request), effort=effort)
        if not len(self.rows):
            return old
        some = replace(self._of_delta(request), k=min(effort, len(self.rows)))
        new = self.delta.answer(some, n_threads=1).rows
        return np.hstack([old, np.where(new < 0, new, self.rows[new])])

    def save(self, folder: Path) -> None:
        """Write the index as a folder.

        Raises
        ------
        DataError
            If ``folder`` holds something else.
        """
        with atomic_folder(folder, marker=MANIFEST) as temporary:
            np.save(temporary / "rows.npy", self.rows, allow_pickle=False)
            self.main.save(temporary / "main")
            self.delta.save(temporary / "delta")
            write_manifest(temporary, {"kind": "delta"}, self.delta.vectors)

    @classmethod
    def load(cls, folder: Path) -> DeltaIndex:
        """Open a saved index, its vectors mapped.

        Raises
        ------
        ArtifactError
            If the folder is missing, damaged or holds another kind of index.
        """
        from recsys.index.choose import load_index

        folder = Path(folder)
        read_manifest(folder, kind="delta")
        main, delta = load_index(folder / "main"), ExactIndex.load(folder / "delta")
        try:
            rows = np.load(folder / "rows.npy", allow_pickle=False)
            return cls.build(main, rows, delta.vectors)
        except (OSError, ValueError) as err:  # DataError is one
            raise ArtifactError(f"{folder} must hold changes that fit; {err}") from err

    @cached_property
    def _alive(self) -> BoolArray:
        alive = np.ones(self.main.n_items, dtype=np.bool_)
        alive[self.rows[self.rows < self.main.n_items]] = False
        return freeze(alive)

    def _of_main(self, request: Request) -> Request:
        """Return the request of the vectors that are as they were."""
        n_main = self.main.n_items
        allowed, rows = self._alive, request.allowed_rows
        if len(request.allowed):
            allowed = allowed & request.allowed[:n_main]
        elif not len(self.rows) or self.rows[0] >= n_main:
            allowed = request.allowed  # nothing of the main index is dead
        if rows is not None:
            rows = rows[: int(np.searchsorted(rows, n_main))]
            rows = rows[allowed[rows]]
        exclude = _places(request, request.exclude[1] < n_main, request.exclude[1])
        return Request(request.queries, request.k, exclude, allowed, rows)

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


def proposes(index: VectorIndex) -> TypeGuard[NarrowIndex | DeltaIndex]:
    """Say whether an index can name candidates without scoring them."""
    return isinstance(index.main if isinstance(index, DeltaIndex) else index, NarrowIndex)


def is_exact(index: VectorIndex) -> bool:
    """Say whether every answer of an index is the exact one."""
    return isinstance(index.main if isinstance(index, DeltaIndex) else index, ExactIndex)


MANY = 0.05
"""Share of changed vectors beside a graph above which it is built anew."""


def renewed_index(
    index: VectorIndex, vectors: FloatMatrix, *, rebuild: Callable[[FloatMatrix], VectorIndex]
) -> VectorIndex:
    """Return an index of vectors that came from those of ``index``.

    Parameters
    ----------
    index : VectorIndex
        Perhaps with changes beside it.
    vectors : (n_items, n_factors) float32
        As they are now: what changed much is among the changes of ``index``, the others are what
        they were but for a slow drift that leaves their order (popularity that fades).
    rebuild : callable
        Builds an index from nothing.

    Notes
    -----
    An exact index is made anew: it is its vectors. A graph, or short codes, are kept while few
    vectors changed: they propose, and the vectors as they are now decide.
    """
    main, rows = (index.main, index.rows) if isinstance(index, DeltaIndex) else (index, NO_ROWS)
    if isinstance(main, ExactIndex):
        return ExactIndex.build(vectors)
    if not isinstance(main, FaissIndex | NarrowIndex) or len(rows) > MANY * len(vectors):
        return rebuild(vectors)
    kept = replace(main, exact=ExactIndex.build(vectors[: main.n_items]))
    return DeltaIndex.build(kept, rows, vectors[rows]) if len(rows) else kept
