"""What a fit knew."""

import numpy as np
import pytest

from recsys.serving.lineage import NOT_A_TIME, Lineage

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
