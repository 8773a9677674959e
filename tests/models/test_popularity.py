"""What everyone does."""

from collections.abc import Callable

import numpy as np
import pytest
import scipy.sparse as sp

from recsys.core.contribution import total
from recsys.core.errors import ConfigError
from recsys.core.progress import silent
from recsys.models.base import Queries, TrainingSet
from recsys.models.popularity import PopularityBlock, PopularityConfig
from tests.models.conftest import NOW

ALL_TIME = PopularityConfig(half_life_days=None)


def fitted(training: TrainingSet, config: PopularityConfig) -> PopularityBlock:
    block = PopularityBlock(config)
    block.fit(training, progress=silent)
    return block


def aged(new_training: Callable[..., TrainingSet], *days: int) -> TrainingSet:
    """One person per item; the event on item i is ``days[i]`` old."""
    times = NOW - np.array(days).astype("timedelta64[D]")
    return new_training(sp.eye(len(days), format="csr", dtype=np.float32), times=times)


def test_of_all_time_counts_events(new_training: Callable[..., TrainingSet]) -> None:
    taken = np.array([[1, 1, 0], [1, 0, 0], [9, 0, 0]], np.float32)
    scores = fitted(new_training(sp.csr_matrix(taken)), ALL_TIME).item_factors[:, 0]
    np.testing.assert_allclose(scores, np.log1p([3, 1, 0]), rtol=1e-6)


def test_newer_events_count_more(new_training: Callable[..., TrainingSet]) -> None:
    training = aged(new_training, 0, 3, 30, 300)
    config = PopularityConfig(half_life_days=7, forecast_new=False)
    scores = fitted(training, config).item_factors[:, 0]
    assert (np.diff(scores) < 0).all()
    assert np.ptp(fitted(training, ALL_TIME).item_factors) == 0


def test_a_half_life_halves(new_training: Callable[..., TrainingSet]) -> None:
    training = aged(new_training, 0, 7, 14)
    config = PopularityConfig(half_life_days=7, forecast_new=False)
    counts = np.expm1(fitted(training, config).item_factors[:, 0].astype(np.float64))
    np.testing.assert_allclose(counts[:2] / counts[1:], 2, rtol=1e-4)


def test_everybody_gets_the_same(training: TrainingSet, strangers: Queries) -> None:
    factors = fitted(training, ALL_TIME).user_factors(strangers)
    assert factors.tolist() == [[1.0]] * strangers.n_queries


@pytest.mark.parametrize("config", [ALL_TIME, PopularityConfig(half_life_days=2)])
def test_the_reason_is_the_whole_score(
    config: PopularityConfig, training: TrainingSet, strangers: Queries
) -> None:
    block = fitted(training, config)
    rows = np.array([3, 0], np.int32)
    parts = block.explain(strangers.chunk(0, 1), rows)
    np.testing.assert_allclose(total(parts, 2), block.item_factors[rows, 0], rtol=1e-5)


def test_an_item_nobody_touched_scores_nothing_of_all_time(
    new_training: Callable[..., TrainingSet],
) -> None:
    training = new_training(sp.csr_matrix(np.array([[1, 0]], np.float32)))
    assert fitted(training, ALL_TIME).item_factors[1, 0] == 0


def test_without_times_a_half_life_changes_nothing(
    training: TrainingSet, new_training: Callable[..., TrainingSet]
) -> None:
    given = new_training(training.interactions)
    decayed = fitted(given, PopularityConfig(half_life_days=1)).item_factors
    np.testing.assert_allclose(decayed, fitted(given, ALL_TIME).item_factors, rtol=1e-6)


def test_scores_are_finite_and_not_negative(training: TrainingSet) -> None:
    for config in (ALL_TIME, PopularityConfig(), PopularityConfig(half_life_days=0.01)):
        scores = fitted(training, config).item_factors
        assert np.isfinite(scores).all()
        assert (scores >= 0).all()


def test_arrays_taken_by_a_new_block_give_the_same_scores(training: TrainingSet) -> None:
    block, other = fitted(training, PopularityConfig()), PopularityBlock()
    other.load_arrays(block.to_arrays())
    assert other.item_factors.tolist() == block.item_factors.tolist()


@pytest.mark.parametrize("half_life", [0, -1, float("nan")])
def test_a_half_life_that_is_none_is_refused(half_life: float) -> None:
    with pytest.raises(ConfigError, match="half_life_days"):
        PopularityConfig(half_life_days=half_life)
