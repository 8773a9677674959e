"""Compiled loops of the vector indexes; importing it loads numba, so import it inside functions.

Signatures are explicit, with inputs read-only: one compilation serves writable, read-only and
mapped arrays. Without ``fastmath`` the order of every sum is the one written here, on any machine.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, cast

import numba
import numpy as np
from numba import types

from recsys.core.arrays import BoolArray, FloatArray, FloatMatrix, RowArray
from recsys.index.request import Exclusion, Heap

CallableT = TypeVar("CallableT", bound=Callable[..., object])

BLOCK = 256
"""Items that compiled loops handle at once: scores compared by vector instructions, codes
prefetched."""


def vector_type(item: types.Type) -> types.Array:
    """Return the type of a read-only C-contiguous vector, which fits writable ones too."""
    return types.Array(item, 1, "C", readonly=True)


def matrix_type(item: types.Type, *, readonly: bool = True) -> types.Array:
    """Return the type of a C-contiguous matrix."""
    return types.Array(item, 2, "C", readonly=readonly)


F32_IN, F32_1D_IN = matrix_type(types.float32), vector_type(types.float32)
I32_IN, I32_1D_IN = matrix_type(types.int32), vector_type(types.int32)
I64_1D_IN, BOOL_1D_IN = vector_type(types.int64), vector_type(types.boolean)
F32_OUT = matrix_type(types.float32, readonly=False)
I32_OUT = matrix_type(types.int32, readonly=False)
PAIRS = types.Tuple([F32_IN, F32_IN])
EXCLUSION = types.Tuple([I64_1D_IN, I32_1D_IN])
HEAP = types.Tuple([I32_OUT, F32_OUT])


def compiled(*signature: object, inline: bool = False) -> Callable[[CallableT], CallableT]:
    options = {"cache": True, "nogil": True, "forceinline": inline}
    return cast("Callable[[CallableT], CallableT]", numba.njit(*signature, **options))


@compiled()
def dot(a: FloatArray, b: FloatArray) -> np.float32:
    # eight running sums: the additions do not wait for each other, and the order stays fixed
    s0 = s1 = s2 = s3 = s4 = s5 = s6 = s7 = np.float32(0)
    full = a.shape[0] - a.shape[0] % 8
    for i in range(0, full, 8):
        s0 += a[i] * b[i]
        s1 += a[i + 1] * b[i + 1]
        s2 += a[i + 2] * b[i + 2]
        s3 += a[i + 3] * b[i + 3]
        s4 += a[i + 4] * b[i + 4]
        s5 += a[i + 5] * b[i + 5]
        s6 += a[i + 6] * b[i + 6]
        s7 += a[i + 7] * b[i + 7]
    for i in range(full, a.shape[0]):
        s0 += a[i] * b[i]
    return ((s0 + s4) + (s2 + s6)) + ((s1 + s5) + (s3 + s7))


@compiled(inline=True)
def _first_from(indices: RowArray, start: int, stop: int, row: int) -> int:
    # position of the first number of an ascending line that is not below row
    while start < stop:
        middle = (start + stop) // 2
        if indices[middle] < row:
            start = middle + 1
        else:
            stop = middle
    return start


@compiled()
def stored(indices: RowArray, start: int, stop: int, row: int) -> bool:
    place = _first_from(indices, start, stop, row)
    return place < stop and indices[place] == row


@compiled()
def _sink(rows: RowArray, scores: FloatArray, size: int) -> None:
    # restore "no parent is better than its child" below a replaced root
    row, score = rows[0], scores[0]
    place = 0
    while True:
        child = 2 * place + 1
        if child >= size:
            break
        other = child + 1
        if other < size and (
            scores[other] < scores[child]
            or (scores[other] == scores[child] and rows[other] > rows[child])
        ):
            child = other
        if scores[child] > score or (scores[child] == score and rows[child] < row):
            break
        rows[place], scores[place] = rows[child], scores[child]
        place = child
    rows[place], scores[place] = row, score


@compiled()
def offer(rows: RowArray, scores: FloatArray, row: int, score: np.float32) -> None:
    # an empty slot is (-1, -inf): any real score replaces it, another -inf never does
    if score > scores[0] or (score == scores[0] and row < rows[0]):
        rows[0], scores[0] = row, score
        _sink(rows, scores, rows.shape[0])


@compiled()
def _any_above(scores: FloatArray, threshold: np.float32) -> np.int32:
    found = np.int32(0)  # 32 bits wide as the scores, or only half of them are compared at once
    for i in range(scores.shape[0]):
        found = np.int32(found | np.int32(scores[i] > threshold))
    return found


@compiled(types.void(F32_IN, F32_IN, I32_IN, F32_OUT))
def score_pairs(
    queries: FloatMatrix, vectors: FloatMatrix, rows: RowArray, out: FloatMatrix
) -> None:
    """Fill ``out`` (n_queries, m) with the scores of ``rows`` (n_queries, m); -inf for row -1."""
    for q in range(rows.shape[0]):
        for i in range(rows.shape[1]):
            row = rows[q, i]
            out[q, i] = dot(queries[q], vectors[row]) if row >= 0 else -np.inf


@compiled(
    types.void(F32_IN, I32_1D_IN, PAIRS, EXCLUSION, BOOL_1D_IN, F32_1D_IN, HEAP),
)
def scan(
    tile: FloatMatrix,
    tile_rows: RowArray,
    pairs: tuple[FloatMatrix, FloatMatrix],
    exclude: Exclusion,
    allowed: BoolArray,
    error_bound: FloatArray,
    heap: Heap,
) -> None:
    """Update the heap of each query's best items from a tile of scores.

    Parameters
    ----------
    tile : (n_queries, n_tile) float32
        Scores of some items.
    tile_rows : (n_tile,) int32
        Their rows. Where ``error_bound`` is 0, ascending, and above those of earlier tiles: an
        equal score of a later one is then left out.
    pairs : tuple of (n_queries, n_factors) and (n_items, n_factors) float32
        Queries and vectors, to score candidates for the list again; no vectors: the tile is exact.
    exclude : Exclusion
        Checked only for scores above the threshold.
    allowed : (n_items,) bool
        Checked only for scores above the threshold; empty: all are allowed.
    error_bound : (n_queries,) float32
        Largest error of a score of the tile.
    heap : Heap
        Changed in place.
    """
    queries, vectors = pairs
    indptr, indices = exclude
    for q in range(tile.shape[0]):
        line, best_rows, best_scores = tile[q], heap[0][q], heap[1][q]
        for start in range(0, tile.shape[1], BLOCK):
            block = line[start : start + BLOCK]
            threshold = best_scores[0] - error_bound[q]
            if not _any_above(block, threshold):
                continue
            for i in range(block.shape[0]):
                score = block[i]
                if not score > threshold:  # with an error bound, an equal one is above it
                    continue
                row = tile_rows[start + i]
                if allowed.shape[0] and not allowed[row]:
                    continue
                if stored(indices, indptr[q], indptr[q + 1], row):
                    continue
                if vectors.shape[0]:
                    score = dot(queries[q], vectors[row])
                offer(best_rows, best_scores, row, score)
                threshold = best_scores[0] - error_bound[q]


@compiled(types.void(PAIRS, I32_IN, EXCLUSION, HEAP))
def pick(
    pairs: tuple[FloatMatrix, FloatMatrix],
    candidates: RowArray,
    exclude: Exclusion,
    heap: Heap,
) -> None:
    """Score each query's own ``candidates`` (n_queries, m; -1 is none) and keep the best."""
    queries, vectors = pairs
    indptr, indices = exclude
    for q in range(candidates.shape[0]):
        best_rows, best_scores = heap[0][q], heap[1][q]
        for i in range(candidates.shape[1]):
            row = candidates[q, i]
            if row >= 0 and not stored(indices, indptr[q], indptr[q + 1], row):
                offer(best_rows, best_scores, row, dot(queries[q], vectors[row]))


@compiled()
def order_one(rows: RowArray, scores: FloatArray) -> None:
    # turn a heap into a list, best first
    for last in range(rows.shape[0] - 1, 0, -1):
        rows[0], rows[last] = rows[last], rows[0]
        scores[0], scores[last] = scores[last], scores[0]
        _sink(rows, scores, last)


@compiled(types.void(HEAP))
def order(heap: Heap) -> None:
    """Turn each heap into a list, best first."""
    for q in range(heap[0].shape[0]):
        order_one(heap[0][q], heap[1][q])


@compiled(types.void(I32_IN, F32_IN, HEAP))
def keep_scored(rows: RowArray, scores: FloatMatrix, heap: Heap) -> None:
    """Keep the best of scored candidates (n_queries, m); row -1, -inf and NaN are none."""
    for q in range(rows.shape[0]):
        for i in range(rows.shape[1]):
            if rows[q, i] >= 0 and scores[q, i] > -np.inf:
                offer(heap[0][q], heap[1][q], rows[q, i], scores[q, i])


DELTA = types.Tuple([I32_1D_IN, I32_1D_IN, F32_IN])


@compiled()
def _place_of(rows: RowArray, places: RowArray, row: int) -> int:
    # line of the delta that holds the vector of a row; -1 if it did not change
    at = _first_from(rows, 0, rows.shape[0], row)
    if at < rows.shape[0] and rows[at] == row:
        return int(places[at])
    return -1


@compiled(types.void(F32_IN, F32_IN, DELTA, I32_IN, F32_OUT))
def score_with_delta(
    queries: FloatMatrix,
    vectors: FloatMatrix,
    delta: tuple[RowArray, RowArray, FloatMatrix],
    rows: RowArray,
    out: FloatMatrix,
) -> None:
    """Fill ``out`` as :func:`score_pairs` does, with the vectors of the delta for its rows.

    ``delta`` are ascending rows, the lines of their vectors, and the table of these.
    """
    delta_rows, places, lines = delta
    for q in range(rows.shape[0]):
        for i in range(rows.shape[1]):
            row = rows[q, i]
            place = _place_of(delta_rows, places, row)
            if place >= 0:
                out[q, i] = dot(queries[q], lines[place])
            elif 0 <= row < vectors.shape[0]:
                out[q, i] = dot(queries[q], vectors[row])
            else:
                out[q, i] = -np.inf


@compiled(types.void(PAIRS, DELTA, types.Tuple([I32_IN, I32_IN]), EXCLUSION, BOOL_1D_IN, HEAP))
def merge_delta(
    pairs: tuple[FloatMatrix, FloatMatrix],
    delta: tuple[RowArray, RowArray, FloatMatrix],
    found: tuple[RowArray, RowArray],
    exclude: Exclusion,
    allowed: BoolArray,
    heap: Heap,
) -> None:
    """Merge candidates among the main vectors and among the delta.

    ``found`` are (n_queries, m) rows, allowed and not excluded, of which those in the delta are
    left out; and (n_queries, n) positions in the rows of the delta. -1 is none in both.
    """
    queries, vectors = pairs
    delta_rows, places, lines = delta
    indptr, indices = exclude
    for q in range(queries.shape[0]):
        best_rows, best_scores = heap[0][q], heap[1][q]
        for i in range(found[0].shape[1]):
            row = found[0][q, i]
            if row >= 0 and _place_of(delta_rows, places, row) < 0:
                offer(best_rows, best_scores, row, dot(queries[q], vectors[row]))
        for i in range(found[1].shape[1]):
            at = found[1][q, i]
            if at < 0:
                continue
            row, score = delta_rows[at], dot(queries[q], lines[places[at]])
            if score < best_scores[0] or (allowed.shape[0] and not allowed[row]):
                continue
            if not stored(indices, indptr[q], indptr[q + 1], row):
                offer(best_rows, best_scores, row, score)
