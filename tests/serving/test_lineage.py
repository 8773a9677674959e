"""What a fit knew."""

import numpy as np
import pytest

from recsys.serving.lineage import NOT_A_TIME, Lineage, mass_of

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
