"""Whether the times of events say what comes next."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse as sp

from recsys.core.progress import silent
from recsys.data import PositiveEvents
from recsys.models.base import TrainingSet
from recsys.models.fit import HybridConfig, fit_hybrid
from recsys.models.presets.timeliness import (
    one_visit_share,
    recency_gain_bits,
    timeliness,
    without_useless_times,
)

START = np.datetime64("2024-01-01", "us")
HOUR = np.timedelta64(3_600_000_000, "us")


def log_of(users: np.ndarray, items: np.ndarray, days: np.ndarray) -> PositiveEvents:
    times = START + (days * 86_400_000_000).astype("timedelta64[us]")
    order = np.argsort(times, kind="stable")
    rows = (users[order].astype(np.int32), items[order].astype(np.int32))
    return PositiveEvents(*rows, np.ones(len(users), np.float32), times[order])


def visitors(*, returning: bool, fashion: bool, n_people: int = 200) -> PositiveEvents:
    """People of 20 events over 100 days: in an hour or spread out, of all items or this week's."""
    rng = np.random.default_rng(0)
    users = np.repeat(np.arange(n_people), 20)
    came = np.repeat(rng.uniform(0, 100, n_people), 20)
    days = rng.uniform(0, 100, len(users)) if returning else came + rng.uniform(0, 0.04, len(users))
    items = rng.integers(0, 20, len(users))
    if fashion:
        items = (items + 20 * (days // 10)).astype(np.int64)
    return log_of(users, items, days)


def training_of(events: PositiveEvents) -> TrainingSet:
    n_users, n_items = int(events.user_rows.max()) + 1, int(events.item_rows.max()) + 1
    pairs = sp.csr_matrix(
        (np.ones(events.n_events, np.float32), (events.user_rows, events.item_rows)),
        shape=(n_users, n_items),
    )
    nothing = np.full(n_items, np.datetime64("NaT", "us"))
    none = sp.csr_matrix((n_items, 0), dtype=np.float32)
    people = sp.csr_matrix((n_users, 0), dtype=np.float32)
    return TrainingSet(pairs, events, none, people, nothing, events.occurred_at[-1])


def test_people_of_one_hour_came_once_and_people_of_months_did_not() -> None:
    assert one_visit_share(visitors(returning=False, fashion=False)) == 1
    assert one_visit_share(visitors(returning=True, fashion=False)) == 0


def test_the_share_counts_events_of_people_with_several() -> None:
    # person 0: 3 events in a day; person 1: 2 events, 50 days apart; person 2: one event
    events = log_of(
        np.array([0, 0, 0, 1, 1, 2]), np.arange(6), np.array([0.0, 0.1, 0.2, 10, 60, 90])
    )
    assert one_visit_share(events) == pytest.approx(3 / 5)


def test_in_a_log_of_hours_a_visit_is_a_part_of_it() -> None:
    hours = np.array([0, 10, 0.1, 0.2, 20, 20.1])
    events = log_of(np.array([0, 0, 1, 1, 2, 2]), np.arange(6), hours / 24)
    assert one_visit_share(events) == pytest.approx(4 / 6)


def test_items_of_the_week_are_told_by_recent_popularity_and_lasting_ones_are_not() -> None:
    moving = visitors(returning=False, fashion=True)
    lasting = visitors(returning=False, fashion=False)
    assert recency_gain_bits(moving, n_items=220) > 0.3
    assert recency_gain_bits(lasting, n_items=20) < 0.05


def test_bits_are_the_formula_worked_by_hand() -> None:
    # 9 events of item 0, one a day; then item 1 on the last: only one window, all from item 0
    items = np.array([0] * 9 + [1])
    events = log_of(np.zeros(10, int), items, np.arange(10.0))
    # before the window p is (1, 0) at any half-life: nothing is saved
    assert recency_gain_bits(events, n_items=2) == 0


@pytest.mark.parametrize(
    ("returning", "fashion", "kept"),
    [(True, True, True), (True, False, True), (False, True, True), (False, False, False)],
)
def test_times_are_left_out_only_where_neither_people_nor_fashions_come_back(
    returning: bool, fashion: bool, kept: bool
) -> None:
    training = training_of(visitors(returning=returning, fashion=fashion))
    plain, notes = without_useless_times(training)
    assert plain.has_times == kept
    assert bool(notes) != kept
    assert timeliness(training).matters == kept


def test_events_without_times_are_left_as_they_are(
    new_training: Callable[..., TrainingSet],
) -> None:
    training = new_training(sp.csr_matrix(np.eye(4, dtype=np.float32)))
    assert without_useless_times(training) == (training, [])


def test_a_log_of_one_visit_each_is_validated_on_everybody() -> None:
    training = training_of(visitors(returning=False, fashion=False))
    fitted = fit_hybrid(training, HybridConfig(), preset="fast", progress=silent)
    assert fitted.validation["n_parts"] == 1
    assert fitted.validation["n_people"] > 140
    assert not any("half-lives" in note.value for note in fitted.notes)
    assert any("a single visit" in note.reason for note in fitted.notes)


def test_one_event_is_no_reason_to_fail() -> None:
    training = training_of(log_of(np.array([0]), np.array([0]), np.array([0.0])))
    assert timeliness(training).recency_gain_bits == 0
    nobody = replace(training.events.select(np.zeros(1, bool)))
    assert one_visit_share(nobody) == 0
    assert recency_gain_bits(nobody, n_items=1) == 0
