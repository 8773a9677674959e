"""From events to confidence."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys.core.clock import to_utc
from recsys.core.errors import ConfigError, DataError
from recsys.data.dataset import Dataset
from recsys.data.interactions import (
    InteractionConfig,
    PositiveEvents,
    interaction_matrix,
    negatives,
    positive_events,
    seen,
)
from recsys.data.logs.events import EventLog
from recsys.data.tables.catalog import Catalog
from recsys.data.tables.people import People

NOW = to_utc("2018-02-01")
Event = tuple[str, str, str, float | None, str | None]


def dataset(events: list[Event], *, people: Any = None, catalog: Any = None) -> Dataset:
    names = ("user_id", "item_id", "kind", "value", "occurred_at")
    columns = zip(*events, strict=True)
    return Dataset.join(
        EventLog.from_frame(dict(zip(names, map(list, columns), strict=True))),
        None if catalog is None else Catalog.from_frame(catalog),
        None if people is None else People.from_frame(people),
    )


def tastes(data: Dataset, *, now: Any = NOW, **settings: Any) -> dict[tuple[str, str], float]:
    timed = positive_events(data, now=now, config=InteractionConfig(**settings))
    pairs = zip(data.users.ids(timed.user_rows), data.items.ids(timed.item_rows), strict=True)
    return {pair: float(weight) for pair, weight in zip(pairs, timed.weights, strict=True)}


def test_weights_go_by_kind() -> None:
    data = dataset([("a", "x", "view", None, None), ("a", "y", "purchase", None, None)])
    assert tastes(data) == {("a", "x"): 1.0, ("a", "y"): 5.0}
    assert tastes(data, kind_weights={"view": 0.0, "purchase": 2.0}) == {("a", "y"): 2.0}


def test_authoring_and_negative_kinds_are_no_taste() -> None:
    kinds = ("ask", "post", "hide", "dislike", "report")
    assert tastes(dataset([("a", f"x{k}", k, None, None) for k in kinds])) == {}


def test_acts_on_ones_own_item_are_no_taste_but_are_seen() -> None:
    data = dataset(
        [("a", "x", "ask", None, "2018-01-01"), ("a", "x", "comment", None, "2018-01-02"),
         ("b", "x", "comment", None, "2018-01-02")]
    )  # fmt: skip
    assert tastes(data) == {("b", "x"): 3.0}
    assert seen(data).toarray().tolist() == [[1.0], [1.0]]


def test_people_who_do_not_consent_or_are_gone_have_no_taste() -> None:
    people: dict[str, Any] = {
        "user_id": ["no", "banned", "deleted", "silenced", "yes"],
        "consent": ["digest", None, None, None, "personalise"],
        "status": [None, "banned", "deleted", "silenced", None],
    }
    events: list[Event] = [(one, "x", "view", None, None) for one in people["user_id"]]
    assert set(tastes(dataset(events, people=people))) == {("silenced", "x"), ("yes", "x")}


def test_ratings_become_confidence_between_the_floor_and_one() -> None:
    data = dataset([("a", f"x{v}", "rate", float(v), None) for v in (0, 5, 10)])
    assert list(tastes(data).values()) == [0.5, 0.75, 1.0]
    assert list(tastes(data, rating_floor=0.0).values()) == [0.5, 1.0]
    assert list(tastes(data, rating_range=(0, 20)).values()) == [0.5, 0.625, 0.75]
    assert list(tastes(data, rating_range=(4, 6)).values()) == [0.5, 0.75, 1.0]
    assert list(tastes(data, min_rating=5.0).values()) == [0.75, 1.0]
    assert list(tastes(data, rated_kinds=()).values()) == [1.0, 1.0, 1.0]


def test_a_rating_without_a_value_and_seconds_of_a_view_change_nothing() -> None:
    data = dataset([("a", "x", "rate", None, None), ("a", "y", "view", 300.0, None)])
    assert list(tastes(data).values()) == [1.0, 1.0]


def test_equal_ratings_count_fully() -> None:
    assert list(tastes(dataset([("a", "x", "rate", 3.0, None)])).values()) == [1.0]


def test_half_lives_fade_by_kind_and_unknown_ages_do_not() -> None:
    data = dataset(
        [("a", "x", "view", None, "2018-01-02"), ("a", "y", "like", None, "2018-01-02"),
         ("a", "z", "view", None, None)]
    )  # fmt: skip
    assert tastes(data, half_lives={"view": 30.0}) == pytest.approx(
        {("a", "x"): 0.5, ("a", "y"): 2.0, ("a", "z"): 1.0}
    )
    assert tastes(data, now=np.datetime64("NaT"), half_lives={"view": 30.0})[("a", "x")] == 1.0


def test_nothing_after_now_counts() -> None:
    data = dataset([("a", "x", "view", None, "2018-02-01"), ("a", "y", "view", None, "2018-02-02")])
    assert set(tastes(data)) == {("a", "x")}
    assert set(tastes(data, now=np.datetime64("NaT"))) == {("a", "x"), ("a", "y")}


def test_a_later_refusal_takes_taste_back_and_an_earlier_one_does_not() -> None:
    data = dataset(
        [("a", "x", "like", None, "2018-01-01"), ("a", "x", "hide", None, "2018-01-02"),
         ("a", "y", "hide", None, "2018-01-01"), ("a", "y", "like", None, "2018-01-02"),
         ("b", "x", "like", None, "2018-01-01")]
    )  # fmt: skip
    assert set(tastes(data)) == {("a", "y"), ("b", "x")}
    assert len(tastes(data, negatives_cancel=False)) == 3
    assert negatives(data).toarray().tolist() == [[1.0, 1.0], [0.0, 0.0]]


def test_an_undated_refusal_always_counts() -> None:
    data = dataset([("a", "x", "like", None, None), ("a", "x", "hide", None, None)])
    assert tastes(data) == {}


def test_events_come_oldest_first_and_ties_in_the_order_given() -> None:
    data = dataset(
        [("a", "x", "view", None, None), ("a", "y", "view", None, "2018-01-02"),
         ("b", "x", "view", None, "2018-01-01"), ("a", "z", "view", None, "2018-01-02")]
    )  # fmt: skip
    timed = positive_events(data, now=NOW)
    assert data.items.ids(timed.item_rows).tolist() == ["x", "y", "z", "x"]
    assert np.isnat(timed.occurred_at).tolist() == [False, False, False, True]
    assert timed.weights.dtype == np.float32


def test_wrong_weights_and_kinds_are_refused() -> None:
    data = dataset([("a", "x", "view", None, None)])
    with pytest.raises(DataError, match="kind 'veiw' is not known"):
        tastes(data, kind_weights={"veiw": 1.0})
    with pytest.raises(DataError, match="at least 0; got -1"):
        tastes(data, kind_weights={"view": -1.0})
    with pytest.raises(ConfigError, match="rating_floor"):
        InteractionConfig(rating_floor=1.5)


def timed_events(rows: list[tuple[int, int, float]]) -> PositiveEvents:
    return PositiveEvents(
        np.array([row[0] for row in rows], np.int32),
        np.array([row[1] for row in rows], np.int32),
        np.array([row[2] for row in rows], np.float32),
        np.full(len(rows), np.datetime64("NaT", "us")),
    )


@given(
    st.lists(st.tuples(st.integers(0, 2), st.integers(0, 3), st.sampled_from([0.5, 1.0, 3.0]))),
    st.sampled_from([None, 1.0, 1.5, 3.0]),
)
def test_confidence_is_the_bounded_sum(
    rows: list[tuple[int, int, float]], max_repeats: float | None
) -> None:
    expected = np.zeros((3, 4))
    for user in range(3):
        for item in range(4):
            mine = [weight for u, i, weight in rows if (u, i) == (user, item)]
            bound = np.inf if max_repeats is None else max_repeats * max(mine, default=0.0)
            expected[user, item] = min(sum(mine), bound) if mine else 0.0
    config = InteractionConfig(max_repeats=max_repeats)
    found = interaction_matrix(timed_events(rows), (3, 4), config=config)
    assert np.allclose(found.toarray(), expected)
    assert (found.data > 0).all()
    assert found.dtype == np.float32


def test_some_events_are_selected() -> None:
    timed = timed_events([(0, 0, 1.0), (1, 1, 2.0)])
    assert timed.select(timed.user_rows == 1).weights.tolist() == [2.0]
    assert timed.n_events == 2


def test_columns_of_different_lengths_are_refused() -> None:
    with pytest.raises(DataError, match="one length"):
        PositiveEvents(*(np.zeros(n, np.float32) for n in (1, 1, 1, 2)))  # type: ignore[arg-type]


def test_an_empty_dataset_has_no_tastes() -> None:
    data = Dataset.join(EventLog.empty())
    timed = positive_events(data, now=np.datetime64("NaT"))
    assert interaction_matrix(timed, data.shape).shape == (0, 0)
    assert seen(data).nnz == negatives(data).nnz == 0
