"""Compiled graph search among codes; importing it loads numba, so import it inside functions.

One call per query applies filter and exclusion during the search and computes the final scores.
Rows read from a file are checked where they are used, so that a damaged graph gives a poor list and
never reads beyond an array.

Inside, an item is identified by its place: its line of ``codes`` and of ``links``.
"""

from __future__ import annotations

import numpy as np
from numba import types

from recsys.core.arrays import BoolArray, FloatArray, FloatMatrix, RowArray
from recsys.index._kernels import (
    BOOL_1D_IN,
    EXCLUSION,
    F32_1D_IN,
    F32_IN,
    F32_OUT,
    HEAP,
    I32_1D_IN,
    I32_IN,
    I32_OUT,
    compiled,
    dot,
    matrix_type,
    offer,
    order_one,
)
from recsys.index.codes._pool import (
    ALLOWED,
    BUDGET,
    ENOUGH,
    IS_GRAPH_SEARCH,
    N_ALLOWED,
    N_FRESH,
    N_STATE,
    PENDING,
    SIZE,
    Keys,
    State,
    insert,
    key_of,
    row_at,
    row_of,
    score_fresh,
    take,
)
from recsys.index.codes._product import (
    CodeMatrix,
    QueryCode,
    code_product,
    prefetch,
    to_whole_numbers,
)
from recsys.index.codes._scan import Bits, FilterArrays, Graph, scan_one
from recsys.index.request import Exclusion, Heap

N_STARTS = 4
"""Entry points that a search starts from."""

AHEAD = 2
"""Pending places whose links are prefetched."""

LINE = 64
"""Bytes of a cache line."""

_graph = types.Tuple([I32_IN, I32_1D_IN, I32_1D_IN, I32_1D_IN])

_filter = types.Tuple([BOOL_1D_IN, I32_1D_IN])

CODED = types.Tuple([F32_IN, matrix_type(types.int8), F32_1D_IN])

_answer = types.Tuple([I32_OUT, I32_OUT, F32_OUT])

Coded = tuple[FloatMatrix, CodeMatrix, FloatArray]
"""The map from a query to its code, the codes of the items by place, and their steps."""

Answer = tuple[RowArray, RowArray, FloatMatrix]


@compiled(inline=True)
def _unvisited_neighbours(
    links: RowArray, here: int, codes: CodeMatrix, visited: Bits, fresh: RowArray
) -> int:
    # put the unvisited places linked from here into fresh, and return their number
    n_fresh = 0
    for i in range(links.shape[1]):
        place = np.int64(links[here, i])
        if place < 0 or place >= codes.shape[0]:
            break
        bit = np.uint64(1) << np.uint64(place & 63)
        word = visited[place >> 6]
        if not word & bit:
            visited[place >> 6] = word | bit
            prefetch(codes, place, 0)
            fresh[n_fresh] = place
            n_fresh += 1
    return n_fresh


@compiled()
def _best_entry_points(
    query: QueryCode, codes: CodeMatrix, entry_points: RowArray, starts: RowArray
) -> None:
    # fill (1, N_STARTS) with the best entry points; -1 where there are fewer
    best = np.zeros(N_STARTS + 1, np.int64)
    n_best = 0
    for i in range(entry_points.shape[0]):
        if 0 <= entry_points[i] < codes.shape[0]:
            prefetch(codes, np.int64(entry_points[i]), 0)
    for i in range(entry_points.shape[0]):
        entry = np.int64(entry_points[i])
        if 0 <= entry < codes.shape[0]:
            key = key_of(np.int64(code_product(query, codes, entry)), entry)
            if n_best < N_STARTS or key > best[N_STARTS - 1]:
                insert(best, n_best, key)
                n_best = min(n_best + 1, N_STARTS)
    for i in range(N_STARTS):
        starts[0, i] = row_of(best[i]) if i < n_best else -1


@compiled(inline=True)
def _next_pending(pool: Keys, at: int, size: int) -> int:
    while at < size and not pool[at] & PENDING:
        at += 1
    return at


@compiled()
def _search_graph(
    query: QueryCode,
    codes: CodeMatrix,
    graph: Graph,
    allowed: BoolArray,
    excluded: RowArray,
    pool: Keys,
    state: State,
) -> None:
    # fill the pool, which must have room for the budget; leave it empty where the budget runs out
    links, entry_points, rows, _ = graph
    visited = np.zeros((codes.shape[0] >> 6) + 1, np.uint64)
    fresh = np.empty(max(N_STARTS, links.shape[1]), np.int32)
    keys = np.empty(fresh.shape[0], np.int64)
    starts = np.empty((1, N_STARTS), np.int32)
    _best_entry_points(query, codes, entry_points, starts)
    state[N_FRESH], at = _unvisited_neighbours(starts, 0, codes, visited, fresh), 0
    while True:
        state[BUDGET] -= state[N_FRESH]
        if state[BUDGET] < 0:
            state[SIZE] = state[N_ALLOWED] = 0
            return
        score_fresh(query, codes, fresh, state[N_FRESH], keys)
        first = take(keys, rows, codes.shape[0], allowed, excluded, pool, state)
        at = _next_pending(pool, min(at, first), state[SIZE])
        if at >= state[SIZE]:
            return
        pool[at] ^= PENDING
        state[N_FRESH] = _unvisited_neighbours(links, row_of(pool[at]), codes, visited, fresh)
        after = at
        for _ in range(AHEAD):
            after = _next_pending(pool, after + 1, state[SIZE])
            if after < state[SIZE]:
                for byte in range(0, 4 * links.shape[1], LINE):
                    prefetch(links, row_of(pool[after]), byte)


@compiled()
def _find_one(
    query: FloatArray,
    coded: Coded,
    graph: Graph,
    filter_mask_and_rows: FilterArrays,
    excluded: RowArray,
    budget: int,
    out: RowArray,
) -> None:
    # fill out with the rows of the best codes, -1 where there are fewer
    query_map, codes, steps = coded
    code = np.empty(query_map.shape[1], np.float32)
    encode_one(query, query_map, code)
    small = np.empty(code.shape[0], np.int16)
    to_whole_numbers(code, small)
    enough, is_free = out.shape[0], not filter_mask_and_rows[0].shape[0] and not excluded.shape[0]
    pool = np.empty(enough + 1 + (0 if is_free else min(budget, codes.shape[0])), np.int64)
    state = np.zeros(N_STATE, np.int64)
    state[ENOUGH], state[BUDGET], state[IS_GRAPH_SEARCH] = enough, budget, 1
    if budget:
        _search_graph(small, codes, graph, filter_mask_and_rows[0], excluded, pool, state)
    if state[N_ALLOWED] < enough:
        scan_one(small, (codes, steps), graph, filter_mask_and_rows, excluded, pool, state)
    n_out = 0
    for i in range(state[SIZE]):
        row = row_at(graph[2], row_of(pool[i]), codes.shape[0])
        if pool[i] & ALLOWED and row >= 0:
            out[n_out] = row
            n_out += 1
    out[n_out:] = -1


@compiled()
def encode_one(query: FloatArray, query_map: FloatMatrix, out: FloatArray) -> None:
    out[:] = 0
    for f in range(query_map.shape[0]):
        weight = query[f]
        if weight != 0:
            for i in range(query_map.shape[1]):
                out[i] += weight * query_map[f, i]


@compiled()
def _rescore_one(query: FloatArray, vectors: FloatMatrix, found: RowArray, heap: Heap) -> None:
    for i in range(found.shape[0]):
        if found[i] >= 0:
            for byte in range(0, 4 * vectors.shape[1], LINE):
                prefetch(vectors, np.int64(found[i]), byte)
    for i in range(found.shape[0]):
        row = found[i]
        if row >= 0:
            offer(heap[0], heap[1], row, dot(query, vectors[row]))


@compiled(types.void(F32_IN, F32_IN, F32_OUT))
def encode(queries: FloatMatrix, query_map: FloatMatrix, out: FloatMatrix) -> None:
    """Fill ``out`` (n_queries, n_dims) with ``queries @ query_map``, alone as in a batch."""
    for q in range(queries.shape[0]):
        encode_one(queries[q], query_map, out[q])


@compiled(types.void(F32_IN, F32_IN, CODED, _graph, _filter, EXCLUSION, types.int64, _answer))
def search_codes(
    queries: FloatMatrix,
    vectors: FloatMatrix,
    coded: Coded,
    graph: Graph,
    filter_mask_and_rows: FilterArrays,
    exclude: Exclusion,
    budget: int,
    answer: Answer,
) -> None:
    """Find candidates by codes, and the best of them by whole vectors.

    All in one call: each call of compiled code takes some microseconds, a graph search twenty.

    Parameters
    ----------
    queries : (n_queries, n_factors) float32
    vectors : (n_items, n_factors) float32
        Of the items, by their rows.
    coded : tuple of (n_factors, n_dims) float32, (n_items, n_dims) int8 and (n_dims,) float32
        Map from a query to its code, codes of the items by place, and their steps.
    graph : tuple of (n_items, n_links), (n_entry_points,), (n_items,) and (n_items,) int32
        Links by place, -1 at the end of a line; places of the entry points; the row of each place
        and the place of each row, both empty where they are the same.
    filter_mask_and_rows : tuple of (n_items,) bool and (n_allowed,) int32
        Mask of allowed rows, empty: all; and these rows if known, else empty.
    exclude : Exclusion
    budget : int
        Codes that a graph search may score; beyond, or where it finds too few candidates, the
        allowed codes are scanned. 0: scan at once. A graph search ends when the best pending place
        is worse than the worst candidate kept, so filters and exclusions lengthen it as needed.
    answer : tuple of (n_queries, n_candidates) int32, and (n_queries, k) int32 and float32
        Changed in place, whatever they hold. Candidates, the best code first, -1 where there are
        fewer; and, unless k is 0, the list of the best.
    """
    found, rows, scores = answer
    for q in range(queries.shape[0]):
        excluded = exclude[1][exclude[0][q] : exclude[0][q + 1]]
        _find_one(queries[q], coded, graph, filter_mask_and_rows, excluded, budget, found[q])
        if rows.shape[1]:
            rows[q], scores[q] = -1, -np.inf
            _rescore_one(queries[q], vectors, found[q], (rows[q], scores[q]))
            order_one(rows[q], scores[q])


@compiled(types.void(F32_IN, F32_IN, I32_IN, HEAP))
def rescore(queries: FloatMatrix, vectors: FloatMatrix, found: RowArray, heap: Heap) -> None:
    """Keep the best of ``found`` (n_queries, m; -1 is none) by their whole vectors."""
    for q in range(found.shape[0]):
        _rescore_one(queries[q], vectors, found[q], (heap[0][q], heap[1][q]))
