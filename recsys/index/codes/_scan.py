"""Compiled scan of codes in the order of norms, with early termination."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from recsys.core.arrays import BoolArray, FloatArray, RowArray
from recsys.index._kernels import BLOCK, compiled
from recsys.index.codes._pool import (
    ENOUGH,
    IS_GRAPH_SEARCH,
    N_ALLOWED,
    N_FRESH,
    SCORE,
    SIZE,
    Keys,
    State,
    row_at,
    score_fresh,
    take,
)
from recsys.index.codes._product import CodeMatrix, QueryCode, lowest_bit, prefetch

NORM_ERROR = 1.0001
"""Factor by which a norm may be too small: codes are in the order of norms in float32."""

Bits = npt.NDArray[np.uint64]

Graph = tuple[RowArray, RowArray, RowArray, RowArray]
"""``links``, ``entry_points``, ``rows`` and ``places`` of :class:`CodeGraph`."""

FilterArrays = tuple[BoolArray, RowArray]
"""The mask of allowed rows, and these rows if they are few; empty: read the mask."""

Codes = tuple[CodeMatrix, FloatArray]
"""The codes of the items by place, and the quantisation step of each dimension."""


@compiled()
def _marked(places: RowArray, n: int, known: RowArray) -> Bits:
    # a bit for each allowed place, so that codes are read in the order of memory
    bits = np.zeros((n >> 6) + 1, np.uint64)
    for i in range(known.shape[0]):
        place = row = np.int64(known[i])
        if places.shape[0] and 0 <= row < n:
            place = np.int64(places[row])
        if 0 <= place < n:
            bits[place >> 6] |= np.uint64(1) << np.uint64(place & 63)
    return bits


@compiled()
def _next_marked(bits: Bits, at: int, codes: CodeMatrix, block: RowArray) -> tuple[int, int]:
    # fill a block with marked places below a place, a multiple of 64, and prefetch their codes;
    # returns their number and the place to continue from
    n_block = 0
    while at > 0 and n_block + 64 <= block.shape[0]:
        at -= 64
        word = bits[at >> 6]
        while word:
            place = np.int64(at) + lowest_bit(word)
            prefetch(codes, place, 0)
            block[n_block] = place
            n_block += 1
            word &= word - np.uint64(1)
    return n_block, at


@compiled()
def _next_down(
    rows: RowArray, n: int, allowed: BoolArray, at: int, block: RowArray
) -> tuple[int, int]:
    # fill a block with places below a place whose rows are allowed; returns their number and the
    # place to continue from; branch-free, since a filter is unpredictable
    n_block = 0
    while at > 0 and n_block < block.shape[0]:
        at -= 1
        block[n_block] = at
        if allowed.shape[0]:
            row = row_at(rows, at, n)
            n_block += int(row >= 0 and allowed[max(row, 0)])
        else:
            n_block += 1
    return n_block, at


@compiled()
def _norm(query: QueryCode, steps: FloatArray) -> float:
    # norm of a query's code in the units of decoded item codes
    total = 0.0
    for i in range(query.shape[0]):
        one = np.float64(query[i]) / np.float64(steps[i])
        total += one * one
    return float(np.sqrt(total))


@compiled()
def _cannot_improve(length: float, coded: Codes, place: int, pool: Keys, state: State) -> bool:
    # whether no code up to a place can enter a full pool: an inner product is at most the product
    # of the norms, and the codes are in the order of norms
    if state[N_ALLOWED] < state[ENOUGH]:
        return False
    codes, steps = coded
    total = 0.0
    for i in range(codes.shape[1]):
        one = np.float64(codes[place, i]) * np.float64(steps[i])
        total += one * one
    most = length * np.sqrt(total) * NORM_ERROR
    return bool(np.float64(pool[state[SIZE] - 1] >> SCORE) >= most)


@compiled()
def scan_one(
    query: QueryCode,
    coded: Codes,
    graph: Graph,
    filter_mask_and_rows: FilterArrays,
    excluded: RowArray,
    pool: Keys,
    state: State,
) -> None:
    # fill the pool as _search_graph does, from every allowed code whose norm is large enough; codes
    # are in the order of norms, and the largest, which come last, are scored first
    codes, steps = coded
    rows, places, n = graph[2], graph[3], codes.shape[0]
    allowed, known = filter_mask_and_rows
    bits = _marked(places, n, known) if known.shape[0] else np.empty(0, np.uint64)
    block, keys = np.empty(BLOCK, np.int32), np.empty(BLOCK, np.int64)
    length = _norm(query, steps)
    state[SIZE] = state[N_ALLOWED] = state[IS_GRAPH_SEARCH] = 0
    at = bits.shape[0] << 6 if known.shape[0] else n
    while at > 0:
        if rows.shape[0] and _cannot_improve(length, coded, min(at, n) - 1, pool, state):
            return
        if known.shape[0]:
            state[N_FRESH], at = _next_marked(bits, at, codes, block)
        else:
            state[N_FRESH], at = _next_down(rows, n, allowed, at, block)
        score_fresh(query, codes, block, state[N_FRESH], keys)
        take(keys, rows, n, allowed, excluded, pool, state)
