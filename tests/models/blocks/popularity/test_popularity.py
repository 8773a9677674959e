"""What everyone does."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse as sp

from recsys.core.contribution import total
from recsys.core.errors import ConfigError
from recsys.core.progress import silent
from recsys.models.base import Queries, TrainingSet
from recsys.models.blocks.popularity.popularity import PopularityBlock, PopularityConfig
from recsys.testing.block_contract import NOW

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


def with_newcomers(new_training: Callable[..., TrainingSet]) -> TrainingSet:
    """41 old items, 40 of the last weeks of which those with the tag were hits, two untouched."""
    taken = np.zeros((20, 83), np.float32)
    taken[0, :81] = 1
    taken[:, 41:81:2] = 1
    ages = np.where(np.arange(83) < 41, 100, 10 + np.arange(83) % 40)
    ages[0] = 120
    tags = sp.csr_matrix((np.arange(83) % 2 == 1).astype(np.float32)[:, None])
    days = ages[np.nonzero(taken)[1]].astype("timedelta64[D]")
    return new_training(sp.csr_matrix(taken), features=tags, times=NOW - days)


def test_an_item_nobody_touched_is_met_as_those_with_its_tag_were(
    new_training: Callable[..., TrainingSet],
) -> None:
    training = with_newcomers(new_training)
    block = fitted(training, PopularityConfig(half_life_days=2, forecast_regularization=1e-6))
    np.testing.assert_allclose(np.expm1(block.item_factors[81:, 0]), [20, 1], rtol=0.01)
    cold = block.cold_item_factors(sp.csr_matrix(np.array([[1.0], [0.0]], np.float32)))
    np.testing.assert_allclose(cold, block.item_factors[81:], rtol=1e-5)


def test_what_is_only_expected_is_a_reason_of_its_own(
    new_training: Callable[..., TrainingSet], strangers: Queries
) -> None:
    block = fitted(with_newcomers(new_training), PopularityConfig(half_life_days=2))
    known, expected = block.explain(strangers.chunk(0, 1), np.array([81, 1], np.int32))
    assert known.source == "popularity"
    assert expected.source == "freshness"
    assert known.values[0, 0] == 0 < expected.values[0, 0]
    assert abs(expected.values[0, 1]) < 0.01  # an old item is what it was met with


def test_a_forecast_that_is_switched_off_leaves_new_items_at_nothing(
    new_training: Callable[..., TrainingSet],
) -> None:
    config = PopularityConfig(half_life_days=2, forecast_new=False)
    block = fitted(with_newcomers(new_training), config)
    assert not block.item_factors[81:].any()
    assert not block.cold_item_factors(sp.csr_matrix((2, 1), dtype=np.float32)).any()


def test_what_is_liked_rises_with_the_power_of_the_confidence(
    new_training: Callable[..., TrainingSet],
) -> None:
    taken = sp.csr_matrix(np.array([[0.5, 1.0], [0.5, 0.0]], np.float32))
    alike = fitted(new_training(taken), ALL_TIME).item_factors[:, 0]
    liked = fitted(
        new_training(taken), PopularityConfig(half_life_days=None, confidence_power=4)
    ).item_factors[:, 0]
    np.testing.assert_allclose(np.expm1(alike), [2, 1], rtol=1e-6)
    np.testing.assert_allclose(np.expm1(liked), [2 / 16, 1], rtol=1e-6)


DATED = PopularityConfig(half_life_days=7, forecast_new=False)


@pytest.mark.parametrize("config", [ALL_TIME, DATED, PopularityConfig(confidence_power=2.0)])
def test_counting_events_later_equals_counting_them_in_the_fit(
    config: PopularityConfig, training: TrainingSet
) -> None:
    events = training.events
    late = np.arange(events.n_events) % 3 == 0
    late[[0, events.weights.argmax()]] = False  # what is common to all is that of the fit
    early = replace(training, events=events.select(~late))
    block, whole = fitted(early, config), fitted(training, config)
    ages = (NOW - events.occurred_at[late]) / np.timedelta64(1, "D")
    weights = block.event_weights(events.weights[late], ages)
    added = np.bincount(events.item_rows[late], weights, minlength=30).astype(np.float64)
    later = block.counted(added, whole.array("ages"))
    later = later.with_arrays(ahead=whole.array("ahead")).counted(added * 0, whole.array("ages"))
    np.testing.assert_allclose(later.item_factors, whole.item_factors, rtol=1e-5)


def test_letting_time_pass_equals_a_fit_of_that_time(training: TrainingSet) -> None:
    later = replace(training, now=NOW + np.timedelta64(10, "D"))
    np.testing.assert_allclose(
        fitted(training, DATED).redated(10.0).item_factors,
        fitted(later, DATED).item_factors,
        rtol=1e-5,
    )


def test_what_never_fades_does_not_change_with_time(training: TrainingSet) -> None:
    block = fitted(training, ALL_TIME)
    assert block.redated(10.0) is block


def test_events_taken_back_leave_nothing_behind(training: TrainingSet) -> None:
    block = fitted(training, DATED)
    back = block.counted(-block.array("sums") - 1e-9, block.array("ages"))
    assert not back.item_factors.any()
