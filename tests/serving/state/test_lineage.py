"""What a fit knew."""

from pathlib import Path

import numpy as np
import pytest

import recsys
from recsys.serving.state.lineage import DUE, NOT_A_TIME, Lineage, mass_of
from tests.serving.world import tiny_shared

NOON = np.datetime64("2024-03-01T12:00", "us")


@pytest.mark.parametrize("rating_range", [None, (1.0, 5.0)])
@pytest.mark.parametrize("now", [NOON, NOT_A_TIME])
def test_it_comes_back_from_json(
    now: np.datetime64, rating_range: tuple[float, float] | None
) -> None:
    one = Lineage("v", 3, 4, now, now, rating_range)
    again = Lineage.from_dict(one.to_dict())
    assert again.to_dict() == one.to_dict()
    assert np.isnat(again.now) == np.isnat(now)


def test_days_are_counted_whole_from_the_moment_popularity_speaks_for() -> None:
    one = Lineage("v", 3, 4, NOON, NOON)
    later = NOON + np.timedelta64(47, "h")
    assert one.days_until(later) == 1
    assert one.redated(1).days_until(later) == 0
    assert one.days_until(NOON - np.timedelta64(3, "D")) == 0
    assert Lineage("v", 3, 4, NOT_A_TIME, NOT_A_TIME).days_until(later) == 0


def test_an_event_counts_half_as_much_two_weeks_earlier_and_finitely_ever() -> None:
    days = np.array([0, -14, 14], "timedelta64[D]")
    assert mass_of(NOON + days, NOON) == 1 + 0.5 + 2
    assert mass_of(np.array(["NaT"], "datetime64[us]"), NOON) == 1
    assert mass_of(NOON + days, NOT_A_TIME) == 3
    assert np.isfinite(mass_of(NOON + 10_000 * days, NOON))


def test_a_lineage_saved_without_masses_counts_events() -> None:
    values = Lineage("v", 3, 4, NOON, NOON, n_events=9, n_since=3).to_dict()
    del values["mass"], values["mass_since"]
    again = Lineage.from_dict(values)
    assert (again.mass, again.mass_since) == (9.0, 3.0)


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
