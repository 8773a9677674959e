"""Cutting events in two."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys.core.errors import ConfigError, DataError
from recsys.data.logs.events import EventLog
from recsys.data.splits import random_per_user, split_by_time, split_by_user, split_last_n

rows = st.lists(
    st.tuples(st.integers(0, 4), st.integers(0, 5), st.integers(0, 3)), min_size=1, unique=True
)


def log(given_rows: list[tuple[int, int, int]]) -> EventLog:
    names = ("user_id", "item_id", "occurred_at")
    columns = map(list, zip(*given_rows, strict=True))
    return EventLog.from_frame(dict(zip(names, columns, strict=True)))


def as_rows(events: EventLog) -> list[tuple[Any, ...]]:
    users, items = events.users.ids(events.user_rows), events.items.ids(events.item_rows)
    times = events.occurred_at.astype("datetime64[s]").astype(int)
    return list(zip(users, items, times.tolist(), strict=True))


@given(rows, st.integers(0, 4))
def test_time_parts_before_from_after(given_rows: Any, cut: int) -> None:
    train, test = split_by_time(log(given_rows), cut)
    assert as_rows(train) == [row for row in given_rows if row[2] < cut]
    assert as_rows(test) == [row for row in given_rows if row[2] >= cut]


@given(rows, st.integers(0, 3))
def test_the_last_n_of_each_person_are_held_out(given_rows: Any, n: int) -> None:
    train, test = split_last_n(log(given_rows), n)
    for user in {row[0] for row in given_rows}:
        mine = sorted((row for row in given_rows if row[0] == user), key=lambda row: row[2])
        expected = mine[len(mine) - min(n, len(mine)) :]
        assert sorted(row for row in as_rows(test) if row[0] == user) == sorted(expected)
    assert train.n_events + test.n_events == len(given_rows)


@given(rows, st.floats(0, 1), st.integers(0, 99))
def test_people_are_held_out_whole(given_rows: Any, fraction: float, seed: int) -> None:
    train, test = split_by_user(log(given_rows), fraction, seed=seed)
    held_out = {row[0] for row in as_rows(test)}
    assert held_out.isdisjoint(row[0] for row in as_rows(train))
    assert len(held_out) == round(fraction * len({row[0] for row in given_rows}))


@given(rows, st.floats(0, 1), st.integers(0, 99))
def test_a_share_of_each_persons_events_is_held_out(
    given_rows: Any, share: float, seed: int
) -> None:
    train, test = random_per_user(log(given_rows), share, rng=np.random.default_rng(seed))
    for user in {row[0] for row in given_rows}:
        total = sum(row[0] == user for row in given_rows)
        assert sum(row[0] == user for row in as_rows(test)) == int(share * total + 1e-9)
    assert train.n_events + test.n_events == len(given_rows)


def test_the_same_seed_gives_the_same_cut() -> None:
    events = log([(u, i, 0) for u in range(9) for i in range(9)])
    cuts = [as_rows(split_by_user(events, 0.4, seed=s)[1]) for s in (1, 1, 2)]
    assert cuts[0] == cuts[1] != cuts[2]


def test_both_parts_have_the_same_maps() -> None:
    events = log([(0, 0, 0), (1, 1, 1)])
    train, test = split_by_time(events, 1)
    assert train.users is test.users is events.users


def test_events_without_times_are_cut_by_their_order_or_not_at_all() -> None:
    undated = EventLog.from_frame({"user_id": ["a", "a"], "item_id": ["x", "y"]})
    assert split_last_n(undated, 1)[1].items.ids(split_last_n(undated, 1)[1].item_rows) == ["y"]
    with pytest.raises(DataError, match="split_by_time needs occurred_at for every event; 2 of 2"):
        split_by_time(undated, 0)
    half = EventLog.from_frame(
        {"user_id": ["a", "a"], "item_id": ["x", "y"], "occurred_at": [None, 5]}
    )
    with pytest.raises(DataError, match="split_last_n needs occurred_at"):
        split_last_n(half, 1)


@pytest.mark.parametrize("fraction", [-0.1, 1.1, float("nan")])
def test_a_fraction_lies_between_0_and_1(fraction: float) -> None:
    with pytest.raises(ConfigError, match="fraction must lie in"):
        split_by_user(log([(0, 0, 0)]), fraction, seed=0)
    with pytest.raises(ConfigError, match="n must be at least 0"):
        split_last_n(log([(0, 0, 0)]), -1)


def test_nothing_is_cut_into_nothing() -> None:
    for train, test in (
        split_by_user(EventLog.empty(), 0.5, seed=0),
        split_last_n(EventLog.empty(), 1),
        random_per_user(EventLog.empty(), 0.5, rng=np.random.default_rng(0)),
    ):
        assert train.n_events == test.n_events == 0
