"""Changes beside an index, against one index of everything."""

from pathlib import Path

import numpy as np
import pytest

from recsys.core.arrays import FloatMatrix
from recsys.core.errors import ArtifactError, DataError
from recsys.index import (
    CodeIndex,
    DeltaIndex,
    ExactIndex,
    best_rows,
    checked_request,
    load_index,
    score_rows,
)
from recsys.index.codes.code import ItemCodes
from recsys.index.codes.graph import CodeGraph
from recsys.testing import VectorIndexContract
from recsys.testing.contracts import grouped_vectors


def split(vectors: FloatMatrix) -> DeltaIndex:
    """Put every third vector, and the last fifth, beside an index of wrong or no vectors."""
    given = np.ascontiguousarray(vectors, dtype=np.float32)
    n_main = len(given) - len(given) // 5 if given.ndim == 2 else 0
    rows = np.arange(len(given), dtype=np.int32) if given.ndim == 2 else np.zeros(0, np.int32)
    rows = rows[(rows % 3 == 1) | (rows >= n_main)]
    old = given.copy()
    if given.ndim == 2:
        old = old[:n_main]
        old[rows[rows < n_main]] = 9.0
    return DeltaIndex.build(ExactIndex.build(old), rows, given[rows] if given.ndim == 2 else given)


class TestDeltaIndex(VectorIndexContract):
    def build(self, vectors: FloatMatrix) -> DeltaIndex:
        if np.ndim(vectors) != 2 or not np.isfinite(vectors).all():
            ExactIndex.build(vectors)
        return split(vectors)


def test_the_vectors_are_those_of_now() -> None:
    vectors = grouped_vectors(50, seed=1)
    np.testing.assert_array_equal(split(vectors).vectors, vectors)


@pytest.mark.parametrize("rows", [[1, 1], [4], [-1], [2, 1]])
def test_rows_must_rise_and_go_on_where_the_main_index_ends(rows: list[int]) -> None:
    main = ExactIndex.build(np.eye(3, dtype=np.float32))
    with pytest.raises(DataError, match="rows must be strictly increasing"):
        DeltaIndex.build(main, np.array(rows), np.ones((len(rows), 3), np.float32))
    with pytest.raises(DataError, match="one per row"):
        DeltaIndex.build(main, np.array([1]), np.ones((2, 3), np.float32))


def test_beside_other_scores_changes_are_candidates_like_the_rest() -> None:
    vectors = grouped_vectors(300, seed=1)
    exact = ExactIndex.build(vectors[:280] * 0.5)
    code, order = CodeGraph.in_order(ItemCodes.fit(exact.vectors, exact.vectors, n_dims=16))
    main = CodeIndex(exact, code, order, n_with_extra=40)
    rows = np.array([3, 70, *range(280, 300)], dtype=np.int32)
    index = DeltaIndex.build(main, rows, vectors[rows])
    queries = grouped_vectors(5, seed=2)
    extra = np.zeros((5, 300), np.float32)
    extra[:, [3, 100, 290]] = 1000
    extra[:, 70] = -1000
    allowed = np.arange(300) != 290
    request = checked_request(queries, 10, shape=(300, 16), exclude=None, allowed=allowed)
    for line in index.candidates(request, 40, extra=extra).tolist():
        real = [row for row in line if row >= 0]
        assert len(real) == len(set(real)) >= 40
        assert {3, 100} <= set(real)
        assert 290 not in real


def test_of_many_equal_changes_the_first_are_kept_alone_as_in_a_batch() -> None:
    vectors = grouped_vectors(400, seed=1)
    vectors[300:] = vectors[300]
    exact = ExactIndex.build(vectors[:300])
    code, order = CodeGraph.in_order(ItemCodes.fit(exact.vectors, exact.vectors, n_dims=16))
    rows = np.arange(300, 400, dtype=np.int32)
    index = DeltaIndex.build(CodeIndex(exact, code, order, n_with_extra=20), rows, vectors[rows])
    queries = grouped_vectors(6, seed=2)
    extra = np.zeros((6, 400), np.float32)

    def found(some: slice) -> list[list[int]]:
        request = checked_request(queries[some], 20, shape=(400, 16), exclude=None, allowed=None)
        rows = index.candidates(request, 80, extra=extra[some])
        best = best_rows(rows, score_rows(queries[some], vectors, rows), 20)
        return [[int(row) for row in line] for line in best.rows]

    assert [found(slice(at, at + 1))[0] for at in range(6)] == found(slice(0, 6))


def test_a_damaged_folder_is_refused(tmp_path: Path) -> None:
    split(grouped_vectors(20, seed=1)).save(tmp_path / "index")
    np.save(tmp_path / "index" / "rows.npy", np.array([3, 1]))
    with pytest.raises(ArtifactError, match="changes that fit"):
        load_index(tmp_path / "index")
