"""A contract is worth its tests only if a broken index fails them."""

from typing import cast

import numpy as np
import pytest
import scipy.sparse as sp

from recsys.core.arrays import BoolArray, Csr, FloatMatrix
from recsys.core.topk import TopK
from recsys.index import ExactIndex, VectorIndex
from recsys.testing import Search, VectorIndexContract
from recsys.testing.contracts import grouped_vectors


class Broken:
    """An exact index with one habit changed."""

    def __init__(self, vectors: FloatMatrix, habit: str) -> None:
        self.index, self.habit = ExactIndex.build(vectors), habit

    def search(
        self,
        queries: FloatMatrix,
        *,
        k: int,
        exclude: Csr | None = None,
        allowed: BoolArray | None = None,
        n_threads: int | None = None,
    ) -> TopK:
        if self.habit == "forgets exclusions":
            exclude = None
        if self.habit == "forgets filters":
            allowed = None
        found = self.index.search(queries, k=k, exclude=exclude, allowed=allowed)
        rows, scores = found.rows.copy(), found.scores.copy()
        if self.habit == "returns distances":
            scores = -scores
        if self.habit == "worst first":
            rows, scores = rows[:, ::-1], scores[:, ::-1]
        if self.habit == "cuts the list":
            rows, scores = rows[:, : max(1, k - 1)], scores[:, : max(1, k - 1)]
        if self.habit == "depends on the batch" and len(queries) > 1:
            rows, scores = np.roll(rows, 1, axis=1), np.roll(scores, 1, axis=1)
        return TopK(rows, scores)


def contract(habit: str) -> VectorIndexContract:
    class Broke(VectorIndexContract):
        def build(self, vectors: FloatMatrix) -> VectorIndex:
            return cast("VectorIndex", Broken(vectors, habit))

    return Broke()


PROPERTIES = [
    "test_a_list_holds_exactly_k_allowed_items_or_all_there_are",
    "test_scores_are_the_inner_products_best_first",
    "test_the_exact_answer_is_the_naive_one",
    "test_a_batch_equals_one_by_one",
]


def check(habit: str) -> None:
    vectors, queries = grouped_vectors(12, seed=1), grouped_vectors(3, seed=2)
    best = (queries @ vectors.T).argsort(axis=1)[:, -2:]
    hidden = np.zeros((3, 12), dtype=np.float32)
    np.put_along_axis(hidden, best, 1, axis=1)
    case = Search(vectors, queries, 5, sp.csr_matrix(hidden), np.arange(12) % 4 > 0, False)
    for name in PROPERTIES:
        getattr(VectorIndexContract, name).hypothesis.inner_test(contract(habit), case)


@pytest.mark.parametrize(
    "habit",
    [
        "forgets exclusions",
        "forgets filters",
        "returns distances",
        "worst first",
        "cuts the list",
        "depends on the batch",
    ],
)
def test_a_broken_index_fails(habit: str) -> None:
    with pytest.raises(AssertionError):
        check(habit)


def test_a_sound_index_passes() -> None:
    check("none")


def test_grouped_vectors_are_the_same_for_the_same_seed() -> None:
    one, two = grouped_vectors(5, seed=1), grouped_vectors(5, seed=1)
    assert one.tolist() == two.tolist()
    assert one.dtype == np.float32
