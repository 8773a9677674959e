"""Whether a refit is due."""

from pathlib import Path

import pytest

import recsys
from recsys.serving.drift import DUE
from tests.serving.world import tiny_shared


def test_a_fit_is_up_to_date() -> None:
    drift = tiny_shared().drift
    assert (drift.value, drift.refit_due) == (0.0, False)


def at(day: int) -> str:
    return f"2024-03-{day:02d}T12:00:00Z"


def test_it_is_the_share_of_what_came_since_the_newer_the_more() -> None:
    days = [1, 2, 2, 3, 4, 5, 6, 1, 3, 4, 6, 7, 8, 9, 5, 6, 6, 7]  # of the tiny community
    fit = sum(2.0 ** ((day - 9) / 14) for day in days)
    later = tiny_shared().observe({"user_id": ["ana"], "item_id": ["n1"], "occurred_at": [at(23)]})
    assert later.drift.n_since == 1
    assert later.drift.value == pytest.approx(2 / (2 + fit))


def test_a_refit_is_due_once_half_of_what_counts_came_since() -> None:
    model = tiny_shared()
    for day in range(10, 27):
        assert model.drift.refit_due == (model.drift.value >= DUE)
        event = {"user_id": ["ana", "bo"], "item_id": ["n1", "n2"], "occurred_at": [at(day)] * 2}
        model = model.observe(event)
    assert model.drift.refit_due
    assert model.drift.value < 1


def test_without_times_events_are_counted() -> None:
    events = {"user_id": ["ana", "bo", "bo"], "item_id": ["q1", "q2", "q1"]}
    model = recsys.Recommender.fit(recsys.EventLog.from_frame(events))
    assert model.observe({"user_id": ["cy"], "item_id": ["q2"]}).drift.value == 0.25


def test_events_add_up_over_calls_and_files(tmp_path: Path) -> None:
    model = tiny_shared()
    for one in range(3):
        before = model.drift.value
        model = model.observe({"user_id": [f"p{one}"], "item_id": ["n1"]})
        assert model.drift.value > before
    assert model.drift.refit_due == (model.drift.value >= DUE)
    assert "3 of them name" in model.drift.reason
    model.save(tmp_path / "model")
    assert recsys.load(tmp_path / "model").drift == model.drift


def test_repeated_events_do_not_count() -> None:
    event = {"user_id": ["p"], "item_id": ["n1"]}
    once = tiny_shared().observe(event)
    assert once.observe(event).drift == once.drift
