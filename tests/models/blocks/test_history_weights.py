"""What a pair weighs, by confidence and age."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st

from recsys.models.base import Queries, TrainingSet
from recsys.models.blocks.history_weights import (
    HistoryConfig,
    column_sums,
    history_matrix,
    known_queries,
    pair_age_days,
    power,
    row_sums,
    scale,
    training_matrix,
)


def test_weightings_are_one_confidence_or_its_logarithm(
    new_queries: Callable[..., Queries],
) -> None:
    queries = new_queries(sp.csr_matrix(np.array([[0.0, np.e - 1]], np.float32)))
    got = [
        float(history_matrix(queries, HistoryConfig(weighting=weighting)).data[0])
        for weighting in ("binary", "confidence", "log")
    ]
    np.testing.assert_allclose(got, [1, np.e - 1, 1], rtol=1e-6)


@given(half_life=st.floats(0.1, 1e4), age=st.floats(0, 1e4))
def test_a_history_item_loses_half_its_weight_per_half_life(half_life: float, age: float) -> None:
    history = sp.csr_matrix(np.ones((1, 1), np.float32))
    queries = Queries(history, np.array([age], np.float32), sp.csr_matrix((1, 0)))
    got = history_matrix(queries, HistoryConfig(half_life_days=half_life)).data[0]
    np.testing.assert_allclose(got, 2 ** (-age / half_life), rtol=1e-3, atol=1e-30)


def test_what_is_recent_counts_more_and_what_is_old_as_before() -> None:
    history = sp.csr_matrix(np.ones((1, 3), np.float32))
    queries = Queries(history, np.array([0, 3, 300], np.float32), sp.csr_matrix((1, 0)))
    config = HistoryConfig(recency_boost=4.0, recency_half_life=3.0)
    np.testing.assert_allclose(history_matrix(queries, config).data, [5, 3, 1])


def test_in_order_without_times_ages_are_counted_in_events(
    new_training: Callable[..., TrainingSet],
) -> None:
    plain = new_training(sp.csr_matrix(np.ones((2, 3), np.float32)))
    assert pair_age_days(plain).tolist() == [0] * 6
    ordered = replace(plain, in_order=True)
    assert pair_age_days(ordered).tolist() == [2, 1, 0, 2, 1, 0]


def test_the_age_of_a_pair_is_that_of_its_last_event(
    new_training: Callable[..., TrainingSet],
) -> None:
    times = np.array(["2024-02-20", "2024-02-28"], "datetime64[us]")
    training = new_training(sp.csr_matrix(np.eye(2, dtype=np.float32)), times=times)
    np.testing.assert_allclose(pair_age_days(training), [10, 2])
    np.testing.assert_allclose(known_queries(training).age_days, [10, 2])


def test_training_pairs_decay_only_where_times_are_known(
    new_training: Callable[..., TrainingSet],
) -> None:
    config = HistoryConfig(training_half_life_days=10)
    times = np.array(["2024-02-20", "NaT"], "datetime64[us]")
    matrix = sp.csr_matrix(np.eye(2, dtype=np.float32))
    dated = training_matrix(new_training(matrix, times=times), config)
    np.testing.assert_allclose(dated.data, [0.5, 1])
    undated = training_matrix(new_training(matrix), config)
    np.testing.assert_allclose(undated.data, [1, 1])


def test_scaling_and_sums_agree_with_dense_algebra() -> None:
    dense = np.array([[1, 0, 2], [0, 3, 0]], np.float32)
    matrix = sp.csr_matrix(dense)
    rows, columns = np.array([2, 3], np.float32), np.array([1, 10, 100], np.float32)
    scaled = scale(matrix, rows=rows, columns=columns)
    np.testing.assert_array_equal(scaled.toarray(), rows[:, None] * dense * columns)
    np.testing.assert_array_equal(row_sums(matrix), dense.sum(axis=1))
    np.testing.assert_array_equal(column_sums(matrix), dense.sum(axis=0))


def test_a_degree_of_zero_stays_zero_under_any_power() -> None:
    for exponent in (-1.0, 0.0, 0.5):
        assert power(np.array([0, 1], np.float32), exponent).tolist() == [0, 1]


def test_known_people_are_queries_of_their_own_history(training: TrainingSet) -> None:
    queries = known_queries(training)
    assert queries.n_queries == training.n_users
    assert (queries.history != training.interactions).nnz == 0
    assert len(queries.age_days) == training.interactions.nnz
    assert np.all(queries.age_days >= 0)
    assert queries.tags is training.user_features
