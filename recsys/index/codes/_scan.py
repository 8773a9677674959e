"""Compiled search that looks at every code that is allowed."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from recsys.core.arrays import BoolArray, FloatArray, RowArray
from recsys.index._kernels import compiled
from recsys.index.codes._pool import (
    ENOUGH,
    IS_WALK,
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

BLOCK = 256
"""Codes that a scan asks memory for at once."""

ROUNDING = 1.0001
"""What a length may be too short by: codes stand in the order of lengths in float32."""

Bits = npt.NDArray[np.uint64]

Graph = tuple[RowArray, RowArray, RowArray, RowArray]
"""``links``, ``hubs``, ``rows`` and ``places``, as :class:`CodeGraph` has them."""

Told = tuple[BoolArray, RowArray]
"""The mask, and the rows where it is True if they are few (empty: look)."""

Codes = tuple[CodeMatrix, FloatArray]
"""The codes of the items by their places, and what one step of each number is."""


@compiled()
def _marked(places: RowArray, n: int, known: RowArray) -> Bits:
    # a bit for each place to look at: codes are then read in the order they lie in
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
    # fill a block with marked places before a place, a multiple of 64, and ask for their codes;
    # returns how many, and where to go on
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
    # fill a block with places before a place whose rows are allowed; returns how many, and where to
    # go on; no branch for each row: no processor guesses a filter right
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
def _length(query: QueryCode, steps: FloatArray) -> float:
    # of a query's code, where the codes of items are measured in their own numbers
    total = 0.0
    for i in range(query.shape[0]):
        one = np.float64(query[i]) / np.float64(steps[i])
        total += one * one
    return float(np.sqrt(total))


@compiled()
def _is_beyond(length: float, coded: Codes, place: int, pool: Keys, state: State) -> bool:
    # whether no code up to a place can be better than the worst of a full pool: of two lengths no
    # product is larger than their own, and the codes stand in the order of theirs
    if state[N_ALLOWED] < state[ENOUGH]:
        return False
    codes, steps = coded
    total = 0.0
    for i in range(codes.shape[1]):
        one = np.float64(codes[place, i]) * np.float64(steps[i])
        total += one * one
    most = length * np.sqrt(total) * ROUNDING
    return bool(np.float64(pool[state[SIZE] - 1] >> SCORE) >= most)


@compiled()
def scan_one(
    query: QueryCode,
    coded: Codes,
    graph: Graph,
    told: Told,
    excluded: RowArray,
    pool: Keys,
    state: State,
) -> None:
    # as _walk_one, but by looking at every code that is allowed and may be good enough; the long
    # codes stand last and are looked at first: what comes after the best is not kept
    codes, steps = coded
    rows, places, n = graph[2], graph[3], codes.shape[0]
    allowed, known = told
    bits = _marked(places, n, known) if known.shape[0] else np.empty(0, np.uint64)
    block, keys = np.empty(BLOCK, np.int32), np.empty(BLOCK, np.int64)
    length = _length(query, steps)
    state[SIZE] = state[N_ALLOWED] = state[IS_WALK] = 0
    at = bits.shape[0] << 6 if known.shape[0] else n
    while at > 0:
        if rows.shape[0] and _is_beyond(length, coded, min(at, n) - 1, pool, state):
            return
        if known.shape[0]:
            state[N_FRESH], at = _next_marked(bits, at, codes, block)
        else:
            state[N_FRESH], at = _next_down(rows, n, allowed, at, block)
        score_fresh(query, codes, block, state[N_FRESH], keys)
        take(keys, rows, n, allowed, excluded, pool, state)
