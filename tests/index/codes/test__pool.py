"""A pool is one ordered line, however it grows."""

import numpy as np
import pytest

from recsys.index.codes._pool import (
    ALLOWED,
    LAST_ROW,
    NEAR,
    insert,
    key_of,
    row_of,
    up_to_allowed,
    without_worst,
)


@pytest.mark.parametrize("row", [0, 1, 12_345, LAST_ROW])
@pytest.mark.parametrize("score", [-(2**30) + 1, -1, 0, 1, 2**30 - 1])
def test_a_key_knows_its_row(score: int, row: int) -> None:
    assert row_of(key_of(score, row)) == row
    assert row_of(key_of(score, row) | 3) == row


def test_the_larger_score_is_better_then_the_smaller_row() -> None:
    keys = [key_of(5, 9), key_of(4, 1), key_of(4, 2) | 3, key_of(-7, 0), key_of(-7, LAST_ROW)]
    assert keys == sorted(keys, reverse=True)


@pytest.mark.parametrize("size", [1, NEAR, 3 * NEAR])
def test_inserted_keys_stand_in_order(size: int) -> None:
    keys = np.random.default_rng(size).permutation(size)
    pool = np.empty(size, np.int64)
    for n, key in enumerate(keys.tolist()):
        assert pool[insert(pool, n, key)] == key
    assert pool.tolist() == sorted(keys.tolist(), reverse=True)


def test_what_a_full_list_does_not_need_is_cut_off() -> None:
    pool = np.array([9 | ALLOWED, 5, 4 | ALLOWED, 1, 0]) * 4 | np.array([2, 0, 2, 0, 0])
    assert up_to_allowed(pool, 5) == 3
    assert without_worst(pool, 5) == 2
    assert up_to_allowed(pool, 2) == 1
