"""Checked search requests, in the form that compiled code takes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recsys.core.arrays import BoolArray, Csr, FloatMatrix, RowArray, check_finite
from recsys.core.errors import DataError

Exclusion = tuple[npt.NDArray[np.int64], RowArray]
"""``indptr`` and ``indices`` of a csr matrix, the indices of each row ascending."""


Heap = tuple[RowArray, FloatMatrix]
"""(n_queries, k) rows and scores of the best so far; the worst of each query comes first."""


@dataclass(frozen=True, slots=True, eq=False)
class Request:
    """One search of an index, checked.

    Attributes
    ----------
    queries : (n_queries, n_factors) float32
        C-contiguous.
    k : int
        Greater than 0.
    exclude : Exclusion
        Items that each query must not get.
    allowed : (n_items,) bool
        Items that any query may get; empty: all.
    allowed_rows : (n_allowed,) int32, optional
        Where ``allowed`` is True, if the caller has it. None: computed when needed.
    """

    queries: FloatMatrix
    k: int
    exclude: Exclusion
    allowed: BoolArray
    allowed_rows: RowArray | None = None

    @property
    def n_queries(self) -> int:
        """Number of queries."""
        return len(self.queries)

    @property
    def n_excluded(self) -> npt.NDArray[np.int64]:
        """(n_queries,) int64: number of items that each query must not get."""
        return np.diff(self.exclude[0])

    @property
    def n_allowed(self) -> int:
        """Number of allowed items; only where ``allowed`` is not empty."""
        rows = self.allowed_rows
        return int(np.count_nonzero(self.allowed)) if rows is None else len(rows)

    def rows(self) -> RowArray:
        """Return the (n_allowed,) int32 rows where ``allowed`` is True."""
        if self.allowed_rows is not None:
            return self.allowed_rows
        return np.flatnonzero(self.allowed).astype(np.int32)

    def part(self, lines: slice) -> Request:
        """Return the request of some neighbouring queries, nothing copied."""
        indptr, indices = self.exclude
        exclude = (indptr[lines.start : lines.stop + 1], indices)
        return Request(self.queries[lines], self.k, exclude, self.allowed, self.allowed_rows)

    def only(self, positions: npt.NDArray[np.int64]) -> Request:
        """Return the request of some of the queries, by their ascending ``positions``."""
        if len(positions) == self.n_queries:
            return self
        indptr, indices = self.exclude
        counts = np.diff(indptr)[positions]
        ends = np.append(0, np.cumsum(counts))
        source = np.arange(ends[-1]) + np.repeat(indptr[positions] - ends[:-1], counts)
        return Request(
            self.queries[positions],
            self.k,
            (ends, indices[source]),
            self.allowed,
            self.allowed_rows,
        )


def checked_request(
    queries: FloatMatrix,
    k: int,
    *,
    shape: tuple[int, int],
    exclude: Csr | None,
    allowed: BoolArray | None,
) -> Request:
    """Return a checked request for an index of ``shape`` (n_items, n_factors).

    Raises
    ------
    DataError
        If ``k`` is not positive, a shape or dtype does not fit, or a query is not finite.
    """
    n_items, n_factors = shape
    queries = np.ascontiguousarray(queries, dtype=np.float32)
    if queries.ndim != 2 or queries.shape[1] != n_factors:
        raise DataError(
            f"queries must have shape (n_queries, {n_factors}), as the vectors of the index; "
            f"got {queries.shape}."
        )
    check_finite(queries, name="queries")
    check_list_length(k)
    return Request(
        queries,
        k,
        exclusion(exclude, shape=(len(queries), n_items)),
        checked_mask(allowed, n_items),
    )


def check_list_length(k: int) -> None:
    """Raise DataError unless ``k`` is greater than 0."""
    if k < 1:
        raise DataError(f"k must be > 0; got {k}.")


def exclusion(exclude: Csr | None, *, shape: tuple[int, int]) -> Exclusion:
    """Return the excluded items in compiled form.

    Raises
    ------
    DataError
        If the matrix has another shape.
    """
    if exclude is None:
        return np.zeros(shape[0] + 1, dtype=np.int64), np.zeros(0, dtype=np.int32)
    if exclude.shape != shape:
        raise DataError(
            f"exclude must have shape {shape} (n_queries, n_items); got {exclude.shape}."
        )
    if not exclude.has_sorted_indices:
        exclude = exclude.sorted_indices()
    return exclude.indptr.astype(np.int64), np.ascontiguousarray(exclude.indices, dtype=np.int32)


def checked_mask(allowed: BoolArray | None, n_items: int) -> BoolArray:
    """Return ``allowed`` contiguous; empty where None.

    Raises
    ------
    DataError
        If it is not bool (row numbers would be misread) or not of length ``n_items``.
    """
    if allowed is None:
        return np.zeros(0, dtype=np.bool_)
    if allowed.dtype != np.bool_ or allowed.shape != (n_items,):
        raise DataError(
            f"allowed must be bool of shape ({n_items},), True where an item may be given; "
            f"got {allowed.dtype} of shape {allowed.shape}."
        )
    return np.ascontiguousarray(allowed)


def empty_heap(n_queries: int, k: int) -> Heap:
    """Return an empty heap for each query."""
    rows: npt.NDArray[np.int32] = np.full((n_queries, k), -1, dtype=np.int32)
    return rows, np.full((n_queries, k), -np.inf, dtype=np.float32)
