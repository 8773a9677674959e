import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys.core.errors import ConfigError, DataError
from recsys.profiles.decay import half_life_weights

ages = st.lists(st.floats(0, 1e5), min_size=1, max_size=20)


def test_one_half_life_halves_the_weight() -> None:
    weights = half_life_weights(np.array([0.0, 7.0, 21.0]), half_life_days=7)
    assert weights.tolist() == [1, 0.5, 0.125]


@given(ages, st.floats(0.01, 1e4))
def test_an_older_event_never_weighs_more(days: list[float], half_life_days: float) -> None:
    weights = half_life_weights(np.sort(np.array(days)), half_life_days=half_life_days)
    assert (np.diff(weights) <= 0).all()
    assert ((weights >= 0) & (weights <= 1)).all()


def test_an_infinite_half_life_does_not_decay() -> None:
    weights = half_life_weights(np.array([0.0, 1e6, np.inf]), half_life_days=np.inf)
    assert weights.tolist() == [1, 1, 1]


@pytest.mark.parametrize("half_life_days", [0, -1, float("nan")])
def test_a_half_life_that_is_not_positive_is_refused(half_life_days: float) -> None:
    with pytest.raises(ConfigError, match="half_life_days must be greater than 0"):
        half_life_weights(np.array([1.0]), half_life_days=half_life_days)


@pytest.mark.parametrize("age", [-0.1, float("nan")])
def test_an_event_from_the_future_or_without_time_is_refused_by_place(age: float) -> None:
    with pytest.raises(DataError, match=r"1 value.* first at 2"):
        half_life_weights(np.array([1.0, 2.0, age]), half_life_days=1)
