"""Filters are worked out once, and told apart."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from recsys.serving.state.filter_cache import MOST_KEPT, Allowed, FilterCache, filter_key


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("format = video", "format = article"),
        ({"a": 1}, {"a": "1"}),
        ({"a": 1}, {"a": True}),
        ({"a": [1, 2]}, {"a": (1, 2)}),
        ({"a": [1]}, {"b": [1]}),
        (None, "None"),
    ],
)
def test_different_filters_have_different_keys(one: object, other: object) -> None:
    assert filter_key(one) != filter_key(other)
    assert filter_key(one) == filter_key(one)


def test_values_that_cannot_be_told_apart_are_not_kept() -> None:
    assert filter_key({"a": np.arange(3)}) is None
    assert filter_key([object()]) is None
    cache = FilterCache()
    cache.get(None, lambda: np.array([True, False]))
    assert len(cache) == 0


def test_a_kept_filter_is_not_made_again() -> None:
    cache, made = FilterCache(), []

    def make() -> np.ndarray:
        made.append(1)
        return np.array([True, False, True])

    first, second = cache.get("a", make), cache.get("a", make)
    assert first is second
    assert made == [1]
    assert first.rows.tolist() == [0, 2]


def test_the_filter_unused_for_longest_goes_first() -> None:
    cache = FilterCache()
    for name in range(MOST_KEPT):
        cache.get(name, lambda: np.array([True, False]))
    cache.get(0, lambda: np.array([False, False]))
    cache.get("new", lambda: np.array([True, False]))
    assert len(cache) == MOST_KEPT
    assert len(cache.get(0, lambda: np.array([False, False])).rows) == 1
    assert len(cache.get(1, lambda: np.array([False, False])).rows) == 0


def test_a_filter_that_lets_all_through_is_none() -> None:
    assert Allowed.of(np.ones(4, np.bool_)).mask.size == 0


def test_masks_are_read_only() -> None:
    with pytest.raises(ValueError, match="read-only"):
        Allowed.of(np.array([True, False])).mask[0] = False


def test_many_threads_may_ask_at_once() -> None:
    cache = FilterCache()

    def ask(at: int) -> int:
        return len(cache.get(at % 50, lambda: np.arange(100) <= at % 50).rows)

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(ask, range(500))) == [at % 50 + 1 for at in range(500)]
