"""Rows that say the same thing twice, against a set."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys.data.logs import duplicates
from recsys.data.logs.duplicates import first_of_each

small = st.integers(-2, 2)


@given(st.lists(st.tuples(small, small, small)))
def test_the_first_of_each_key_is_what_a_set_says(rows: list[tuple[int, int, int]]) -> None:
    keys = [np.array([row[at] for row in rows], np.int64) for at in range(3)]
    expected = [row not in rows[:at] for at, row in enumerate(rows)]
    assert first_of_each(keys).tolist() == expected


@pytest.mark.parametrize("mix", [lambda keys: np.zeros(len(keys[0]), np.uint64)])
def test_colliding_hashes_are_compared_exactly(
    monkeypatch: pytest.MonkeyPatch, mix: Callable[[Any], Any]
) -> None:
    monkeypatch.setattr(duplicates, "_mixed", mix)
    assert first_of_each([np.array([1, 2, 1, 3])]).tolist() == [True, True, False, True]


def test_times_are_keys_too() -> None:
    times = np.array(["2018-01-01", "NaT", "NaT", "2018-01-01"], "datetime64[us]")
    assert first_of_each([times]).tolist() == [True, True, False, False]
