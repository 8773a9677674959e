from typing import cast

import numpy as np
import pytest

from recsys.core.arrays import FloatMatrix
from recsys.core.errors import ConfigError, DataError
from recsys.core.topk import TopK
from recsys.index import (
    ExactIndex,
    FaissConfig,
    FaissIndex,
    VectorIndex,
    last_scores,
    measure_recall,
    n_at_least,
    tune_search,
)
from recsys.index.measure import recall_of
from recsys.testing.contracts import grouped_vectors


class Answers:
    """An index that gives one answer, whatever is asked."""

    n_items, n_factors = 4, 4

    def __init__(self, rows: list[list[int]]) -> None:
        self.rows = np.array(rows, dtype=np.int32)

    def search(self, queries: FloatMatrix, *, k: int) -> TopK:
        scores = np.take_along_axis(queries, self.rows.astype(np.int64), axis=1)
        return TopK(self.rows, np.where(self.rows < 0, -np.inf, scores))


def answers(rows: list[list[int]]) -> VectorIndex:
    return cast("VectorIndex", Answers(rows))  # all that measuring asks of an index


def test_recall_is_the_share_of_the_best_that_is_found() -> None:
    exact = ExactIndex.build(np.eye(4, dtype=np.float32))
    queries = np.array([[4, 3, 2, 1], [4, 3, 3, 1]], dtype=np.float32)
    assert measure_recall(answers([[0, 1], [0, 1]]), exact, queries, 2) == 1.0
    assert measure_recall(answers([[0, 2], [0, 3]]), exact, queries, 2) == 0.5
    assert measure_recall(answers([[0, 1], [0, 2]]), exact, queries, 2) == 1.0  # a tie
    assert measure_recall(answers([[0, -1], [-1, -1]]), exact, queries, 2) == 0.25


def test_indexes_of_different_vectors_and_no_queries_are_refused() -> None:
    one, other = ExactIndex.build(np.eye(3)), ExactIndex.build(np.eye(4))  # type: ignore[arg-type]
    with pytest.raises(DataError, match="must hold the same vectors; got 3 x 3 and 4 x 4"):
        measure_recall(one, other, np.ones((1, 3), dtype=np.float32), 1)
    with pytest.raises(DataError, match="at least one"):
        measure_recall(one, one, np.ones((0, 3), dtype=np.float32), 1)


@pytest.fixture
def index(monkeypatch: pytest.MonkeyPatch) -> FaissIndex:
    monkeypatch.setattr("recsys.index.faiss.scan_is_cheaper", lambda *_, **__: False)
    return FaissIndex.build(grouped_vectors(3000, seed=1), FaissConfig(m=4, ef_construction=20))


def test_the_effort_rises_until_enough_is_found(index: FaissIndex) -> None:
    queries = grouped_vectors(50, seed=2)
    low = tune_search(index, index.exact, queries, k=10, target=0.5)
    high = tune_search(index, index.exact, queries, k=10, target=0.97)
    assert low.recall >= 0.5
    assert high.recall >= 0.97
    assert low.ef_search < high.ef_search
    found = index.with_ef_search(high.ef_search)
    assert measure_recall(found, index.exact, queries, 10) == high.recall


def test_a_target_out_of_reach_needs_the_exact_index(
    index: FaissIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("recsys.index.measure.measure_recall", lambda *_: 0.9)
    tuned = tune_search(index, index.exact, grouped_vectors(5, seed=2), k=10, target=0.99)
    assert tuned.needs_exact
    assert (tuned.ef_search, tuned.recall) == (4096, 0.9)


def test_what_cannot_be_tuned_is_refused(index: FaissIndex) -> None:
    queries = grouped_vectors(5, seed=2)
    with pytest.raises(ConfigError, match="target must be in"):
        tune_search(index, index.exact, queries, k=10, target=0)
    flat = FaissIndex.build(np.eye(3), FaissConfig(kind="flat"))  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="kind 'hnsw'"):
        tune_search(flat, flat.exact, queries, k=10, target=0.9)


def test_hits_are_what_scores_no_less_than_the_last_of_the_best() -> None:
    none = -np.inf
    best = TopK(np.array([[4, 2], [1, -1], [-1, -1]]), np.array([[3, 1], [2, none], [none, none]]))
    found = TopK(np.array([[4, 0], [3, -1], [-1, -1]]), np.array([[3, 0], [2, none], [none, none]]))
    last = last_scores(best)
    assert last.tolist() == [1, 2, none]
    assert n_at_least(found, last).tolist() == [1, 1, 0]
    assert recall_of(found, best) == pytest.approx((0.5 + 1 + 1) / 3)
