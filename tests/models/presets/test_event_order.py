"""Whether rows without times come in order."""

import numpy as np
import pytest

from recsys.data import PositiveEvents
from recsys.models.blocks.history_weights import events_since
from recsys.models.presets.event_order import is_in_order

N_PEOPLE, N_ITEMS, LENGTH = 300, 60, 20
NO_TIME = np.datetime64("NaT", "us")


def log(lists: list[list[int]], when: np.datetime64 = NO_TIME) -> PositiveEvents:
    users = np.repeat(np.arange(len(lists)), [len(one) for one in lists]).astype(np.int32)
    items = np.concatenate([np.array(one, dtype=np.int32) for one in lists])
    ones = np.ones(len(users), np.float32)
    return PositiveEvents(users, items, ones, np.full(len(users), when))


def wandering(seed: int = 0) -> list[list[int]]:
    """Lists of people who stay among six kinds of items for a while, then move to others."""
    rng = np.random.default_rng(seed)
    lists = []
    for _ in range(N_PEOPLE):
        kinds = rng.permutation(6)[:4]
        lists.append([int(at) for kind in kinds for at in 6 * rng.permutation(10)[:5] + kind])
    return lists


def in_order(lists: list[list[int]], when: np.datetime64 = NO_TIME) -> bool:
    return is_in_order(log(lists, when), (len(lists), N_ITEMS))


def shuffled(lists: list[list[int]]) -> list[list[int]]:
    rng = np.random.default_rng(1)
    return [rng.permutation(one).tolist() for one in lists]


def test_lists_in_which_neighbours_are_alike_come_in_order() -> None:
    assert in_order(wandering())


def test_shuffled_lists_do_not() -> None:
    assert not any(in_order(shuffled(wandering(seed))) for seed in range(5))


def test_nor_do_lists_sorted_by_anything_though_neighbours_are_alike() -> None:
    by_kind = [sorted(one, key=lambda item: (item % 6, item)) for one in wandering()]
    assert not in_order(by_kind)
    assert not in_order([sorted(one) for one in wandering()])


def test_nor_events_with_times_short_lists_or_few_people() -> None:
    assert not in_order(wandering(), np.datetime64("2024-01-01", "us"))
    assert not in_order([one[:9] for one in wandering()])
    assert not in_order(wandering()[:40])
    assert not is_in_order(log([[]]), (1, N_ITEMS))


def test_rows_of_people_may_be_mixed() -> None:
    events = log(wandering())
    turns = np.argsort(np.tile(np.arange(LENGTH), N_PEOPLE), kind="stable")
    mixed = PositiveEvents(
        events.user_rows[turns],
        events.item_rows[turns],
        events.weights[turns],
        events.occurred_at[turns],
    )
    assert is_in_order(mixed, (N_PEOPLE, N_ITEMS))


@pytest.mark.parametrize("together", [False, True])
def test_events_since_are_those_of_the_same_person_after_the_last_of_a_pair(together: bool) -> None:
    lists = [[3, 1, 3, 2], [5]]
    events = log(lists)
    if together:  # the second person in the middle of the first
        order = np.array([0, 1, 4, 2, 3])
        events = PositiveEvents(
            events.user_rows[order],
            events.item_rows[order],
            events.weights[order],
            events.occurred_at[order],
        )
    keys = np.array([1, 2, 3, 10 + 5, 10 + 7], dtype=np.int64)
    assert events_since(events, keys, 10).tolist() == [2, 0, 1, 0, 0]


def test_an_event_with_a_time_came_after_those_without() -> None:
    events = log([[1, 2, 3]])
    times = np.array(["2024-01-01", "NaT", "NaT"], "datetime64[us]")  # as logs are sorted
    later = PositiveEvents(events.user_rows, events.item_rows, events.weights, times)
    assert events_since(later, np.array([1, 2, 3], dtype=np.int64), 10).tolist() == [0, 2, 1]
