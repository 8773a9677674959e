from typing import cast

import numpy as np
import pytest

from recsys.core.arrays import FloatMatrix
from recsys.core.errors import DataError
from recsys.core.topk import TopK
from recsys.index import (
    ExactIndex,
    VectorIndex,
    last_scores,
    measure_recall,
    n_at_least,
)
from recsys.index.recall import recall_of


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


def test_hits_are_what_scores_no_less_than_the_last_of_the_best() -> None:
    none = -np.inf
    best = TopK(np.array([[4, 2], [1, -1], [-1, -1]]), np.array([[3, 1], [2, none], [none, none]]))
    found = TopK(np.array([[4, 0], [3, -1], [-1, -1]]), np.array([[3, 0], [2, none], [none, none]]))
    last = last_scores(best)
    assert last.tolist() == [1, 2, none]
    assert n_at_least(found, last).tolist() == [1, 1, 0]
    assert recall_of(found, best) == pytest.approx((0.5 + 1 + 1) / 3)
