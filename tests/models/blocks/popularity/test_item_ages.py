"""How old events and items are."""

from dataclasses import replace

import numpy as np
import scipy.sparse as sp

from recsys.models.base import TrainingSet
from recsys.models.blocks.popularity.item_ages import ItemAges
from recsys.testing.block_contract import NOW, training_of


def days(*ages: float) -> np.ndarray:
    """Return the moments so many days ago; NaT for NaN."""
    hours = [
        np.timedelta64("NaT") if np.isnan(a) else np.timedelta64(round(a * 24), "h") for a in ages
    ]
    return (NOW - np.array(hours, "timedelta64[us]")).astype("datetime64[us]")


def one_event_each(
    *ages: float, n_more: int = 0, item_times: np.ndarray | None = None
) -> TrainingSet:
    """One person per item, and items nobody touched."""
    matrix = sp.hstack([sp.eye(len(ages)), sp.csr_matrix((len(ages), n_more))], format="csr")
    training = training_of(matrix, times=days(*ages))
    return training if item_times is None else replace(training, item_times=item_times)


def test_an_item_is_as_old_as_its_first_event() -> None:
    lives = ItemAges.of(one_event_each(100, 3, 0.5))
    assert lives.item_ages.tolist() == [100, 3, 0.5]
    assert lives.length_days == 100
    assert not lives.hidden.any()


def test_a_given_time_comes_before_the_first_event() -> None:
    lives = ItemAges.of(one_event_each(100, 3, item_times=days(200, 40)))
    assert lives.item_ages.tolist() == [200, 40]


def test_what_came_before_the_log_has_no_known_start() -> None:
    lives = ItemAges.of(one_event_each(100, 99, 50, item_times=days(200, 99, 50)))
    assert lives.known_start.tolist() == [False, False, True]


def test_an_item_that_is_yet_to_come_is_not_known_to_come() -> None:
    unknown = ItemAges.of(one_event_each(100, n_more=1, item_times=days(100, np.nan)))
    later = ItemAges.of(one_event_each(100, n_more=1, item_times=days(100, -5)))
    for lives in (unknown, later):
        assert lives.item_ages.tolist() == [100, 0]
        assert lives.hidden.tolist() == [False, True]


def test_an_item_published_and_ignored_ages() -> None:
    lives = ItemAges.of(one_event_each(100, n_more=1, item_times=days(100, 30)))
    assert lives.item_ages.tolist() == [100, 30]
    assert not lives.hidden.any()


def test_an_event_without_a_time_makes_its_item_old() -> None:
    lives = ItemAges.of(one_event_each(100, np.nan))
    assert np.isinf(lives.item_ages[1])
    assert not lives.hidden.any()


def test_many_items_that_nobody_touched_are_mostly_forgotten() -> None:
    few = ItemAges.of(one_event_each(100, *[40] * 30, n_more=2))
    many = ItemAges.of(one_event_each(100, *[40] * 30, n_more=200))
    assert few.likely_new(window_days=90).tolist() == [1.0] * 33
    likely = many.likely_new(window_days=90)
    assert (likely[:31] == 1).all()
    np.testing.assert_allclose(likely[31:], 30 * (30 / 90) / 200)
