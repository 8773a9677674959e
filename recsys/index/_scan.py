"""Compiled search that looks at every code that is allowed."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from recsys.core.arrays import BoolArray, RowArray
from recsys.index._kernels import compiled
from recsys.index._pool import IS_WALK, N_ALLOWED, N_FRESH, SIZE, Keys, State, score_fresh, take
from recsys.index._product import CodeMatrix, QueryCode, lowest_bit, prefetch

BLOCK = 256
"""Codes that a scan asks memory for at once."""

Bits = npt.NDArray[np.uint64]
Graph = tuple[RowArray, RowArray, RowArray, RowArray]
"""``links``, ``hubs``, ``rows`` and ``places``, as :class:`CodeGraph` has them."""

Told = tuple[BoolArray, RowArray]
"""The mask, and the rows where it is True if the caller knows them (empty: look)."""


@compiled()
def _next_allowed(allowed: BoolArray, at: int, block: RowArray) -> tuple[int, int]:
    # fill a block with rows of a mask, from row at on; returns how many, and where to go on; eight
    # rows a step and without a branch for each: no processor guesses a filter right
    n, n_block = allowed.shape[0], 0
    words = allowed[: n & ~7].view(np.uint64)
    while at < n and n_block + 8 <= block.shape[0]:
        if at + 8 <= n and not words[at >> 3]:
            at += 8
            continue
        for row in range(at, min(at + 8, n)):
            block[n_block] = row
            n_block += int(allowed[row])
        at += 8
    return n_block, at


@compiled()
def _next_rows(n: int, told: Told, at: int, block: RowArray) -> tuple[int, int]:
    # as _next_allowed, from the rows that the caller knows or from all, where there is no mask
    allowed, known = told
    if not known.shape[0] and allowed.shape[0]:
        return _next_allowed(allowed, at, block)
    if known.shape[0]:
        end = min(at + block.shape[0], known.shape[0])
        block[: end - at] = known[at:end]
    else:
        end = min(at + block.shape[0], n)
        for i in range(at, end):
            block[i - at] = n - 1 - i  # see _next_marked
    return end - at, end


@compiled()
def _marked(places: RowArray, n: int, told: Told) -> Bits:
    # a bit for each place to look at: codes are then read in the order they lie in
    bits = np.zeros((n >> 6) + 1, np.uint64)
    block, at = np.empty(BLOCK, np.int32), 0
    while True:
        n_block, at = _next_rows(n, told, at, block)
        if not n_block:
            return bits
        for i in range(n_block):
            place = row = np.int64(block[i])
            if places.shape[0] and 0 <= row < n:
                place = np.int64(places[row])
            if 0 <= place < n:
                bits[place >> 6] |= np.uint64(1) << np.uint64(place & 63)


@compiled()
def _next_marked(bits: Bits, at: int, codes: CodeMatrix, block: RowArray) -> tuple[int, int]:
    # fill a block with places, from the word before at down, and ask for their codes; returns how
    # many, and where to go on; the long codes stand last, and whatever comes after the best is
    # not kept: the other way round nearly each code was the best so far
    n_block = 0
    while at > 0 and n_block + 64 <= block.shape[0]:
        at -= 1
        word = bits[at]
        while word:
            place = (np.int64(at) << 6) + lowest_bit(word)
            prefetch(codes, place, 0)
            block[n_block] = place
            n_block += 1
            word &= word - np.uint64(1)
    return n_block, at


@compiled()
def scan_one(
    query: QueryCode,
    codes: CodeMatrix,
    graph: Graph,
    told: Told,
    excluded: RowArray,
    pool: Keys,
    state: State,
) -> None:
    # as _walk_one, but by looking at every code that is allowed
    rows, places, allowed, n = graph[2], graph[3], told[0], codes.shape[0]
    is_all = not allowed.shape[0] and not told[1].shape[0]
    bits = np.empty(0, np.uint64) if is_all else _marked(places, n, told)
    block, keys = np.empty(BLOCK, np.int32), np.empty(BLOCK, np.int64)
    state[SIZE] = state[N_ALLOWED] = state[IS_WALK] = 0
    at = 0 if is_all else bits.shape[0]
    while True:
        if is_all:
            state[N_FRESH], at = _next_rows(n, told, at, block)
        else:
            state[N_FRESH], at = _next_marked(bits, at, codes, block)
        if not state[N_FRESH]:
            return
        score_fresh(query, codes, block, state[N_FRESH], keys)
        take(keys, rows, n, allowed, excluded, pool, state)
