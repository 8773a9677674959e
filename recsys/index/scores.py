"""Scores of query-item pairs by one kernel, and top-k of a matrix of scores."""

from __future__ import annotations

import numpy as np

from recsys.core.arrays import BoolArray, Csr, FloatMatrix, RowArray, freeze
from recsys.core.errors import DataError
from recsys.core.threads import run_parts, thread_budget
from recsys.core.topk import TopK
from recsys.index.cost import BYTE_NS, THREAD_NS
from recsys.index.request import (
    Exclusion,
    Heap,
    check_list_length,
    checked_mask,
    empty_heap,
    exclusion,
)


def score_rows(queries: FloatMatrix, vectors: FloatMatrix, rows: RowArray) -> FloatMatrix:
    """Return the inner products of queries with given items.

    Parameters
    ----------
    queries : (n_queries, n_factors) float32
        One per line of ``rows``.
    vectors : (n_items, n_factors) float32
        Of all items.
    rows : (n_queries, m) int32
        Items to score; -1 is none.

    Returns
    -------
    (n_queries, m) float32
        -inf for row -1. The score of a pair is the same to the last bit whatever else is asked
        for, and the same that every index of this room gives.

    Raises
    ------
    DataError
        If shapes disagree or a row is out of range.

    Examples
    --------
    >>> vectors = np.array([[1, 0], [0, 2]], dtype=np.float32)
    >>> score_rows(np.ones((1, 2), dtype=np.float32), vectors, np.array([[1, 0, -1]])).tolist()
    [[2.0, 1.0, -inf]]
    """
    from recsys.index._kernels import score_pairs

    queries = np.ascontiguousarray(queries, dtype=np.float32)
    vectors = np.ascontiguousarray(vectors, dtype=np.float32)
    rows = np.ascontiguousarray(rows, dtype=np.int32)
    if queries.ndim != 2 or vectors.ndim != 2 or queries.shape[1] != vectors.shape[1]:
        raise DataError(
            "queries and vectors must be 2-d of one width; "
            f"got {queries.shape} and {vectors.shape}."
        )
    if rows.ndim != 2 or len(rows) != len(queries):
        raise DataError(
            f"rows must have one line per query ({len(queries)}); got shape {rows.shape}."
        )
    if rows.size and not -1 <= rows.min() <= rows.max() < len(vectors):
        raise DataError(
            f"rows must be from -1 to {len(vectors) - 1}; got {rows.min()} to {rows.max()}."
        )
    out = np.empty(rows.shape, dtype=np.float32)
    score_pairs(queries, vectors, rows, out)
    return out


def top_k(
    scores: FloatMatrix,
    k: int,
    *,
    exclude: Csr | None = None,
    allowed: BoolArray | None = None,
    n_threads: int | None = None,
) -> TopK:
    """Return the ``k`` best items of each line of a full matrix of scores.

    Parameters
    ----------
    scores : (n_queries, n_items) float32
        Higher is better; -inf and NaN are never given.
    k : int
        Greater than 0; may pass ``n_items``.
    exclude : (n_queries, n_items) csr, optional
        Items that a query must not get: every stored entry, whatever its value. None: nothing.
    allowed : (n_items,) bool, optional
        Items that any query may get. None: all.
    n_threads : int, optional
        Most threads to use. None: one for a small matrix, all cores for a large one.

    Returns
    -------
    TopK
        Exactly ``k`` columns, -1 and -inf where short; equal scores in the order of their rows.

    Raises
    ------
    DataError
        If ``k`` is not positive or a shape or dtype does not fit.

    Examples
    --------
    >>> top_k(np.array([[0.1, 0.7, 0.7]], dtype=np.float32), 2).rows.tolist()
    [[1, 2]]
    """
    scores = np.ascontiguousarray(scores, dtype=np.float32)
    if scores.ndim != 2:
        raise DataError(f"scores must have shape (n_queries, n_items); got {scores.shape}.")
    check_list_length(k)
    n_queries, n_items = scores.shape
    indptr, indices = exclusion(exclude, shape=scores.shape)
    mask = checked_mask(allowed, n_items)
    heap = empty_heap(n_queries, k)

    def select(part: slice) -> None:
        own = (heap[0][part], heap[1][part])
        fill(own, scores[part], (indptr[part.start : part.stop + 1], indices), mask)

    budget = thread_budget(n_threads, is_small=scores.nbytes * BYTE_NS <= THREAD_NS)
    run_parts(select, even_parts(n_queries, n_parts=budget), n_threads=budget)
    return TopK(freeze(heap[0]), freeze(heap[1]))


def fill(heap: Heap, scores: FloatMatrix, exclude: Exclusion, allowed: BoolArray) -> None:
    """Put the best of each line of a full matrix of scores into an empty heap, best first.

    Parameters
    ----------
    heap : Heap
        Changed in place.
    scores : (n_queries, n_items) float32
        C-contiguous; -inf and NaN are never given.
    exclude : Exclusion
    allowed : (n_items,) bool
        Empty: all.
    """
    from recsys.index._kernels import order, scan

    rows = np.arange(scores.shape[1], dtype=np.int32)
    nothing = np.zeros((0, 0), dtype=np.float32)
    error_bound = np.zeros(len(scores), dtype=np.float32)
    scan(scores, rows, (nothing, nothing), exclude, allowed, error_bound, heap)
    order(heap)


def best_rows(item_rows: RowArray, scores: FloatMatrix, k: int) -> TopK:
    """Return the best ``k`` of scored candidates.

    Parameters
    ----------
    item_rows : (n_queries, m) int32
        Each at most once in a line; -1 is none.
    scores : (n_queries, m) float32
        -inf and NaN are never given.
    k : int
        Greater than 0.

    Returns
    -------
    TopK
        Exactly ``k`` columns, -1 and -inf where short; equal scores in the order of their rows.

    Examples
    --------
    >>> rows = np.array([[7, -1, 3]], dtype=np.int32)
    >>> best_rows(rows, np.array([[0.5, 9.0, 0.5]], dtype=np.float32), 2).rows.tolist()
    [[3, 7]]
    """
    from recsys.index._kernels import keep_scored, order

    check_list_length(k)
    heap = empty_heap(len(item_rows), k)
    keep_scored(
        np.ascontiguousarray(item_rows, dtype=np.int32),
        np.ascontiguousarray(scores, dtype=np.float32),
        heap,
    )
    order(heap)
    return TopK(freeze(heap[0]), freeze(heap[1]))


def even_parts(n: int, *, n_parts: int) -> list[slice]:
    """Cut ``range(n)`` into at most ``n_parts`` slices of about one size.

    Examples
    --------
    >>> even_parts(5, n_parts=2)
    [slice(0, 3, None), slice(3, 5, None)]
    """
    step = max(1, -(-n // n_parts))
    return [slice(start, min(start + step, n)) for start in range(0, n, step)]
