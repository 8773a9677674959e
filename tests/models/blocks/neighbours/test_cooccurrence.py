"""What people with the same history take these days."""

from collections.abc import Callable

import numpy as np
import pytest
import scipy.sparse as sp

from recsys.core.contribution import total
from recsys.core.errors import DataError, NotFittedError
from recsys.core.progress import silent
from recsys.models.base import ItemItemBlock, Queries, TrainingSet
from recsys.models.blocks.neighbours.cooccurrence import CooccurrenceBlock, CooccurrenceConfig
from recsys.testing.block_contract import NOW


def fitted(training: TrainingSet, config: CooccurrenceConfig | None = None) -> CooccurrenceBlock:
    block = CooccurrenceBlock(config)
    block.fit(training, progress=silent)
    return block


def naive(taken: np.ndarray, fade: np.ndarray, history: np.ndarray, smoothing: float) -> np.ndarray:
    """Return the scores by the formula, with loops over people and items."""
    n_items = taken.shape[1]
    near = np.zeros(n_items)
    for s in np.flatnonzero(history):
        for v in np.flatnonzero(taken[:, s]):
            weight = 1 / taken[:, s].sum() / np.sqrt(taken[v].sum())
            near += weight * taken[v] * fade[v]
    recent = (taken * fade).sum(axis=0)
    extra = smoothing / n_items
    scores = np.log((near / near.sum() + extra) / (recent / recent.sum() + extra))
    return np.asarray(scores)


def test_the_scores_are_those_of_the_formula(
    new_training: Callable[..., TrainingSet], new_queries: Callable[..., Queries]
) -> None:
    rng = np.random.default_rng(3)
    taken = (rng.random((20, 12)) < 0.4).astype(float)
    taken[:, 0] = 1
    ages = rng.integers(0, 100, size=taken.shape)
    stored = np.nonzero(taken)
    times = NOW - ages[stored].astype("timedelta64[D]")
    block = fitted(new_training(sp.csr_matrix(taken), times=times), CooccurrenceConfig(smoothing=2))
    history = np.zeros((1, 12))
    history[0, [0, 5]] = 1
    expected = naive(taken, np.exp2(-ages / 30.0), history[0], 2.0)
    np.testing.assert_allclose(
        block.scores(new_queries(sp.csr_matrix(history)))[0], expected, rtol=1e-4, atol=1e-5
    )


def test_only_what_like_people_take_lately_counts(
    new_training: Callable[..., TrainingSet], new_queries: Callable[..., Queries]
) -> None:
    taken = np.array([[1, 1, 1, 0]] * 4 + [[0, 0, 1, 1]] * 4)
    ages = np.where(np.arange(4) == 1, 90, 0)[np.nonzero(taken)[1]]
    training = new_training(sp.csr_matrix(taken), times=NOW - ages.astype("timedelta64[D]"))
    queries = new_queries(sp.csr_matrix(np.array([[1, 0, 0, 0]])))
    lately = fitted(training).scores(queries)[0]
    ever = fitted(training, CooccurrenceConfig(recent_half_life_days=None)).scores(queries)[0]
    assert 0 < lately[1] < ever[1]
    assert lately[3] < 0


def test_a_stranger_is_given_the_group_of_the_history(
    training: TrainingSet, strangers: Queries
) -> None:
    scores = fitted(training).scores(strangers)
    for query in (0, 1):
        assert set(np.argsort(-scores[query])[:8] % 3) == {query}


def test_who_has_no_history_gets_zeros(training: TrainingSet, strangers: Queries) -> None:
    assert not fitted(training).scores(strangers)[2:].any()


def test_candidates_score_as_in_the_whole_row(training: TrainingSet, strangers: Queries) -> None:
    block = fitted(training)
    assert isinstance(block, ItemItemBlock)
    rows = np.array([[3, -1, 29, 0]] * 4, dtype=np.int32)
    whole = block.scores(strangers)
    expected = np.where(rows >= 0, np.take_along_axis(whole, np.maximum(rows, 0), axis=1), 0)
    np.testing.assert_allclose(block.candidate_scores(strangers, rows), expected, atol=1e-5)


@pytest.mark.parametrize("n_neighbors", [2, 1000])
def test_the_parts_of_an_explanation_sum_to_the_score(
    n_neighbors: int, training: TrainingSet, strangers: Queries
) -> None:
    block = fitted(training, CooccurrenceConfig(n_neighbors=n_neighbors))
    rows = np.arange(30, dtype=np.int32)[::-1].copy()
    expected = block.scores(strangers)[:, rows]
    for query in range(4):
        parts = block.explain(strangers.chunk(query, query + 1), rows)
        np.testing.assert_allclose(total(parts, 30), expected[query], atol=1e-5)


def test_without_times_all_history_is_recent(
    checkerboard: TrainingSet, new_queries: Callable[..., Queries]
) -> None:
    queries = new_queries(sp.csr_matrix(np.eye(10)[:2]))
    scores = fitted(checkerboard).scores(queries)
    assert scores[0, 2::2].min() > scores[0, 1::2].max()
    assert scores[1, 3::2].min() > scores[1, 0::2].max()


def test_learning_leaves_the_training_set_as_it_was(training: TrainingSet) -> None:
    matrix = training.interactions
    before = [part.copy() for part in (matrix.data, matrix.indices, matrix.indptr)]
    fitted(training, CooccurrenceConfig(recent_half_life_days=1))
    for old, new in zip(before, (matrix.data, matrix.indices, matrix.indptr), strict=True):
        np.testing.assert_array_equal(old, new)


def test_arrays_taken_by_a_new_block_give_the_same_scores(
    training: TrainingSet, strangers: Queries
) -> None:
    block, other = fitted(training), CooccurrenceBlock()
    other.load_arrays(block.to_arrays())
    np.testing.assert_array_equal(other.scores(strangers), block.scores(strangers))


def test_it_says_so_when_it_is_not_fitted() -> None:
    with pytest.raises(NotFittedError, match="must be fitted"):
        CooccurrenceBlock().to_arrays()


def test_explaining_two_people_at_once_is_refused(
    training: TrainingSet, strangers: Queries
) -> None:
    with pytest.raises(DataError, match="one query"):
        fitted(training).explain(strangers, np.array([0], np.int32))
