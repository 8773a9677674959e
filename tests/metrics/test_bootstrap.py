import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recsys.core.errors import ConfigError, DataError
from recsys.metrics import bootstrap, bootstrap_interval, paired_bootstrap


def test_the_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    rng = np.random.default_rng(0)
    n_covered = 0
    for _ in range(200):
        interval = bootstrap_interval(rng.normal(3, 1, 60), rng=rng, n_resamples=200, level=0.9)
        n_covered += interval.low <= 3 <= interval.high
    assert 0.82 <= n_covered / 200 <= 0.96


@settings(max_examples=30, deadline=None)
@given(values=st.lists(st.floats(-10, 10), min_size=1, max_size=30), seed=st.integers(0, 99))
def test_the_mean_lies_between_the_ends_of_what_was_given(values: list[float], seed: int) -> None:
    rng = np.random.default_rng(seed)
    interval = bootstrap_interval(np.array(values), rng=rng, n_resamples=50)
    assert min(values) - 1e-9 <= interval.low <= interval.high <= max(values) + 1e-9
    assert interval.mean == pytest.approx(np.mean(values))


def test_a_real_difference_is_told_from_none() -> None:
    rng = np.random.default_rng(1)
    base = rng.random(400)
    better = paired_bootstrap(base + rng.normal(0.05, 0.1, 400), base, rng=rng)
    same = paired_bootstrap(base + rng.normal(0.0, 0.1, 400), base, rng=rng)
    assert better.difference > 0
    assert better.low > 0
    assert better.p_value < 0.01
    assert same.low < 0 < same.high
    assert same.p_value > 0.05


def test_changing_sides_changes_the_sign() -> None:
    rng = np.random.default_rng(2)
    a, b = rng.random(50), rng.random(50)
    one = paired_bootstrap(a, b, rng=np.random.default_rng(3))
    other = paired_bootstrap(b, a, rng=np.random.default_rng(3))
    assert other.difference == pytest.approx(-one.difference)
    assert (other.low, other.high) == pytest.approx((-one.high, -one.low))
    assert other.p_value == one.p_value


def test_the_same_generator_draws_the_same() -> None:
    values = np.random.default_rng(4).random(20)
    one, two = (bootstrap_interval(values, rng=np.random.default_rng(5)) for _ in range(2))
    assert one == two


def test_many_users_are_resampled_in_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap, "CHUNK", 10)
    interval = bootstrap_interval(np.ones(30), rng=np.random.default_rng(0), n_resamples=7)
    assert (interval.low, interval.high) == (1.0, 1.0)


def test_wrong_arguments_are_refused() -> None:
    rng = np.random.default_rng(0)
    with pytest.raises(DataError, match="values must be finite; 1"):
        bootstrap_interval(np.array([1.0, np.nan]), rng=rng)
    with pytest.raises(DataError, match="at least one"):
        bootstrap_interval(np.array([]), rng=rng)
    with pytest.raises(DataError, match="same users in the same order"):
        paired_bootstrap(np.ones(2), np.ones(3), rng=rng)
    with pytest.raises(ConfigError, match="level must be between 0 and 1"):
        bootstrap_interval(np.ones(2), rng=rng, level=1.0)
    with pytest.raises(ConfigError, match="n_resamples must be > 0"):
        bootstrap_interval(np.ones(2), rng=rng, n_resamples=0)
