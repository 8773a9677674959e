"""Compiled search among short codes; importing it loads numba, so import it inside functions.

A walk visits the graph once for each query, and does everything there: filter, exclusion and the
final scores. Numbers of rows read from a file are checked where they are used, so that a damaged
graph gives a poor list and never reads beyond an array.

Inside, items are known by their place: the line of ``codes`` and of ``links`` they stand in.
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
    compiled,
    dot,
    offer,
    order_one,
)
from recsys.index.codes._pool import (
    ALLOWED,
    BUDGET,
    ENOUGH,
    IS_WALK,
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
from recsys.index.codes._product import CodeMatrix, QueryCode, prefetch, product, to_whole_numbers
from recsys.index.codes._scan import Bits, Graph, Told, scan_one
from recsys.index.request import Exclusion, Heap

N_STARTS = 4
"""Hubs from which a walk sets out."""

AHEAD = 2
"""Places whose links are asked for before a walk gets there."""

LINE = 64
"""Bytes that come from memory at once."""

_i32_out = types.Array(types.int32, 2, "C")

_graph = types.Tuple([I32_IN, I32_1D_IN, I32_1D_IN, I32_1D_IN])

_told = types.Tuple([BOOL_1D_IN, I32_1D_IN])

CODED = types.Tuple([F32_IN, types.Array(types.int8, 2, "C", readonly=True), F32_1D_IN])

_answer = types.Tuple([_i32_out, _i32_out, F32_OUT])

Coded = tuple[FloatMatrix, CodeMatrix, FloatArray]
"""What gives the code of a query, the codes of the items by their places, and their steps."""

Answer = tuple[RowArray, RowArray, FloatMatrix]


@compiled(inline=True)
def _unvisited(
    links: RowArray, here: int, codes: CodeMatrix, visited: Bits, fresh: RowArray
) -> int:
    # put the places linked from here that were never met into fresh, and return how many there are
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
def _starts(query: QueryCode, codes: CodeMatrix, hubs: RowArray, starts: RowArray) -> None:
    # fill (1, N_STARTS) with the best hubs; -1 where there are fewer
    best = np.zeros(N_STARTS + 1, np.int64)
    n_best = 0
    for i in range(hubs.shape[0]):
        if 0 <= hubs[i] < codes.shape[0]:
            prefetch(codes, np.int64(hubs[i]), 0)
    for i in range(hubs.shape[0]):
        hub = np.int64(hubs[i])
        if 0 <= hub < codes.shape[0]:
            key = key_of(np.int64(product(query, codes, hub)), hub)
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
def _walk_one(
    query: QueryCode,
    codes: CodeMatrix,
    graph: Graph,
    allowed: BoolArray,
    excluded: RowArray,
    pool: Keys,
    state: State,
) -> None:
    # fill the pool, which must have room for the budget; nothing if the budget does not last
    links, hubs, rows, _ = graph
    visited = np.zeros((codes.shape[0] >> 6) + 1, np.uint64)
    fresh = np.empty(max(N_STARTS, links.shape[1]), np.int32)
    keys = np.empty(fresh.shape[0], np.int64)
    starts = np.empty((1, N_STARTS), np.int32)
    _starts(query, codes, hubs, starts)
    state[N_FRESH], at = _unvisited(starts, 0, codes, visited, fresh), 0
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
        state[N_FRESH] = _unvisited(links, row_of(pool[at]), codes, visited, fresh)
        after = at
        for _ in range(AHEAD):
            after = _next_pending(pool, after + 1, state[SIZE])
            if after < state[SIZE]:
                for byte in range(0, 4 * links.shape[1], LINE):
                    prefetch(links, row_of(pool[after]), byte)


@compiled()
def _propose_one(
    query: FloatArray,
    coded: Coded,
    graph: Graph,
    told: Told,
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
    enough, is_free = out.shape[0], not told[0].shape[0] and not excluded.shape[0]
    pool = np.empty(enough + 1 + (0 if is_free else min(budget, codes.shape[0])), np.int64)
    state = np.zeros(N_STATE, np.int64)
    state[ENOUGH], state[BUDGET], state[IS_WALK] = enough, budget, 1
    if budget:
        _walk_one(small, codes, graph, told[0], excluded, pool, state)
    if state[N_ALLOWED] < enough:
        scan_one(small, (codes, steps), graph, told, excluded, pool, state)
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
    """Fill ``out`` (n_queries, width) with ``queries @ query_map``, alone as in a batch."""
    for q in range(queries.shape[0]):
        encode_one(queries[q], query_map, out[q])


@compiled(types.void(F32_IN, F32_IN, CODED, _graph, _told, EXCLUSION, types.int64, _answer))
def search_codes(
    queries: FloatMatrix,
    vectors: FloatMatrix,
    coded: Coded,
    graph: Graph,
    told: Told,
    exclude: Exclusion,
    budget: int,
    answer: Answer,
) -> None:
    """Find allowed rows of large code scores, and the best of them by whole vectors.

    All in one call: each call of compiled code takes some microseconds, a walk twenty.

    Parameters
    ----------
    queries : (n_queries, n_factors) float32
    vectors : (n_items, n_factors) float32
        Of the items, by their rows.
    coded : tuple of (n_factors, width) float32, (n_items, width) int8 and (width,) float32
        What gives the code of a query, the codes of the items by their places, and their steps.
    graph : tuple of (n_items, n_links), (n_hubs,), (n_items,) and (n_items,) int32
        Links by places, -1 at the end of a line; places where walks set out; the row of each place
        and the place of each row, both empty where they are the same.
    told : tuple of (n_items,) bool and (n_allowed,) int32
        Which rows are allowed, empty: all; and the same as rows if known, else empty.
    exclude : Exclusion
    budget : int
        Codes that a walk may look at; beyond, or where it finds too few, every allowed one is
        looked at. 0: no walk. A walk ends when the best place left to go is worse than the worst
        found, so that filters and exclusions lengthen it as much as they need.
    answer : tuple of (n_queries, effort) int32, and (n_queries, k) int32 and float32
        Changed in place, whatever they hold. Candidates, the best code first, -1 where there are
        fewer; and, unless k is 0, the list of the best.
    """
    found, rows, scores = answer
    for q in range(queries.shape[0]):
        excluded = exclude[1][exclude[0][q] : exclude[0][q + 1]]
        _propose_one(queries[q], coded, graph, told, excluded, budget, found[q])
        if rows.shape[1]:
            rows[q], scores[q] = -1, -np.inf
            _rescore_one(queries[q], vectors, found[q], (rows[q], scores[q]))
            order_one(rows[q], scores[q])


@compiled(types.void(F32_IN, F32_IN, I32_IN, HEAP))
def rescore(queries: FloatMatrix, vectors: FloatMatrix, found: RowArray, heap: Heap) -> None:
    """Keep the best of ``found`` (n_queries, m; -1 is none) by their whole vectors."""
    for q in range(found.shape[0]):
        _rescore_one(queries[q], vectors, found[q], (heap[0][q], heap[1][q]))
