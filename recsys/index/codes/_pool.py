"""Candidate queue of a search: one sorted array of keys; compiled.

A pool holds keys, best first. A key packs a score, a row (of equal scores the smaller one is
better), whether the row may be given and whether its neighbours have yet to be visited. One sorted
array is faster than two heaps: a graph search with 64 candidates among 100k codes took 57
microseconds, not 123, together with integer products.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from recsys.core.arrays import BoolArray, RowArray
from recsys.index._kernels import compiled, stored
from recsys.index.codes._product import CodeMatrix, QueryCode, Whole, code_product, shift

PENDING = 1
"""Flag of a key: its neighbours have yet to be visited."""

ALLOWED = 2
"""Flag of a key: the row may be given."""

SCORE = 33
"""Bits of a key below its score."""

LAST_ROW = 2**31 - 1

NEAR = 96
"""Size up to which a key is inserted by linear search; in a longer pool by binary search."""

Keys = npt.NDArray[np.int64]

N_STATE = 6

SIZE, N_ALLOWED, ENOUGH, N_FRESH, BUDGET, IS_GRAPH_SEARCH = range(N_STATE)
"""Positions in the state of a search: keys in the pool, allowed ones among them, allowed ones
that are enough, places to score next, codes that may still be scored, and whether it is a graph
search. The state is an array: a tuple beside arrays costs reference counts."""

State = npt.NDArray[np.int64]


@compiled(inline=True)
def key_of(score: Whole, row: Whole) -> int:
    """Return the key of a row with no flag set."""
    return int((score << SCORE) | ((LAST_ROW - row) << 2))


@compiled(inline=True)
def row_of(key: Whole) -> int:
    """Return the row of a key."""
    return int(LAST_ROW - ((key >> 2) & LAST_ROW))


@compiled()
def _insert_far(pool: Keys, size: int, key: int) -> int:
    low, high = 0, size
    while low < high:
        middle = (low + high) >> 1
        if pool[middle] > key:
            low = middle + 1
        else:
            high = middle
    shift(pool, low, size)
    pool[low] = key
    return low


@compiled(inline=True)
def insert(pool: Keys, size: int, key: int) -> int:
    """Insert a key into the first ``size``, which are sorted, and return its position."""
    if size > NEAR:
        return _insert_far(pool, size, key)
    place = size
    while place > 0 and pool[place - 1] < key:
        pool[place] = pool[place - 1]
        place -= 1
    pool[place] = key
    return place


@compiled(inline=True)
def without_worst(pool: Keys, size: int) -> int:
    """Return the size without the worst row that may be given; there must be one."""
    size -= 1
    while not pool[size] & ALLOWED:
        size -= 1
    return size


@compiled(inline=True)
def up_to_allowed(pool: Keys, size: int) -> int:
    """Return the size up to the worst row that may be given: a full pool needs none beyond."""
    while size and not pool[size - 1] & ALLOWED:
        size -= 1
    return size


@compiled(inline=True)
def row_at(rows: RowArray, place: Whole, n: int) -> Whole:
    # the row of a place, or -1 where a damaged file names none; no rows: places are rows
    if not rows.shape[0]:
        return place
    row: Whole = np.int64(rows[place])
    return row if 0 <= row < n else np.int64(-1)


@compiled()
def _may_have(rows: RowArray, place: int, n: int, allowed: BoolArray, excluded: RowArray) -> bool:
    row = row_at(rows, place, n)
    if row < 0 or (allowed.shape[0] and not allowed[row]):
        return False
    return not stored(excluded, 0, excluded.shape[0], int(row))


@compiled()
def score_fresh(
    query: QueryCode, codes: CodeMatrix, fresh: RowArray, n_fresh: int, keys: Keys
) -> None:
    # a function of its own, never inlined: so the loop keeps its numbers in registers
    for i in range(n_fresh):
        place = np.int64(fresh[i])
        keys[i] = key_of(np.int64(code_product(query, codes, place)), place)


@compiled(inline=True)
def take(
    keys: Keys,
    rows: RowArray,
    n: int,
    allowed: BoolArray,
    excluded: RowArray,
    pool: Keys,
    state: State,
) -> int:
    # insert the fresh keys that are better than the worst of enough allowed ones; returns the first
    # position of the pool that changed
    size, n_allowed, enough = state[SIZE], state[N_ALLOWED], state[ENOUGH]
    is_free = not allowed.shape[0] and not excluded.shape[0]  # then no row is looked up
    first = size
    for i in range(state[N_FRESH]):
        key = keys[i]
        # of equal scores the first met stays, or a search would visit all equal items
        if n_allowed == enough and key >> SCORE <= pool[size - 1] >> SCORE:
            continue
        if is_free or _may_have(rows, row_of(key), n, allowed, excluded):
            first = min(first, insert(pool, size, key | ALLOWED | PENDING))
            size += 1
            n_allowed += 1
            if n_allowed > enough:
                size = without_worst(pool, size)
                n_allowed -= 1
            if n_allowed == enough:
                size = up_to_allowed(pool, size)
        elif state[IS_GRAPH_SEARCH]:  # a path to an allowed item may lead through others
            first = min(first, insert(pool, size, key | PENDING))
            size += 1
    state[SIZE], state[N_ALLOWED] = size, n_allowed
    return int(first)
