import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from recsys.core.arrays import FloatMatrix
from recsys.core.errors import DataError
from recsys.index import score_rows, top_k
from recsys.testing import Search, naive_top_k, searches


@settings(max_examples=50, deadline=None)
@given(case=searches())
def test_the_best_of_a_matrix_are_those_of_the_naive_sort(case: Search) -> None:
    scores = case.queries @ case.vectors.T
    found = top_k(scores, case.k, **case.limits)
    allowed = None if case.allowed is None else set(np.flatnonzero(case.allowed).tolist())
    naive = naive_top_k(scores.tolist(), case.k, exclude=case.excluded(), allowed=allowed)
    assert found.rows.tolist() == naive
    real = found.rows >= 0
    places = np.maximum(found.rows, 0).astype(np.int64)
    assert (found.scores[real] == np.take_along_axis(scores, places, axis=1)[real]).all()
    assert (found.scores[~real] == -np.inf).all()


@given(
    scores=hnp.arrays(
        np.float32,
        (2, 9),
        elements=st.sampled_from([-np.inf, np.nan, -1.0, 0.0, 1.0]),
    )
)
@settings(max_examples=50, deadline=None)
def test_minus_infinity_and_nan_are_never_given(scores: FloatMatrix) -> None:
    found = top_k(scores, 9)
    for line, rows in zip(scores, found.rows, strict=True):
        real = [row for row in range(9) if np.isfinite(line[row])]
        assert sorted(rows[rows >= 0].tolist()) == real


def test_threads_change_nothing() -> None:
    scores = np.random.default_rng(0).integers(0, 50, (700, 4000)).astype(np.float32)
    one, many = top_k(scores, 30, n_threads=1), top_k(scores, 30, n_threads=3)
    assert (one.rows == many.rows).all()
    assert (one.rows == np.argsort(-scores, axis=1, kind="stable")[:, :30]).all()


def test_a_slice_of_another_matrix_and_doubles_are_accepted() -> None:
    scores = np.arange(24.0).reshape(4, 6)[::2, ::-1]
    assert top_k(scores, 2).rows.tolist() == [[0, 1], [0, 1]]  # type: ignore[arg-type]


def test_no_item_and_no_line_are_fine() -> None:
    assert top_k(np.zeros((2, 0), dtype=np.float32), 2).rows.tolist() == [[-1, -1]] * 2
    assert top_k(np.zeros((0, 3), dtype=np.float32), 2).rows.shape == (0, 2)


def test_wrong_shapes_are_refused() -> None:
    with pytest.raises(DataError, match=r"scores must have shape \(n_queries, n_items\)"):
        top_k(np.zeros(3, dtype=np.float32), 2)
    with pytest.raises(DataError, match="exclude must have shape"):
        top_k(np.zeros((1, 3), dtype=np.float32), 2, exclude=sp.csr_matrix((3, 1)))
    with pytest.raises(DataError, match="k must be > 0"):
        top_k(np.zeros((1, 3), dtype=np.float32), 0)


@settings(max_examples=50, deadline=None)
@given(case=searches())
def test_the_score_of_a_pair_does_not_depend_on_what_else_is_asked(case: Search) -> None:
    n_items = len(case.vectors)
    rows = np.tile(np.arange(n_items, dtype=np.int32), (len(case.queries), 1))
    together = score_rows(case.queries, case.vectors, rows)
    np.testing.assert_allclose(together, case.queries @ case.vectors.T, rtol=1e-4, atol=1e-3)
    q, row = len(case.queries) - 1, n_items - 1
    alone = score_rows(case.queries[q:], case.vectors, np.array([[row]], dtype=np.int32))
    assert alone[0, 0] == together[q, row]


def test_score_rows_refuses_rows_that_are_not_there() -> None:
    one = np.ones((1, 2), dtype=np.float32)
    with pytest.raises(DataError, match="rows must be from -1 to 0"):
        score_rows(one, one, np.array([[1]], dtype=np.int32))
    with pytest.raises(DataError, match="one line per query"):
        score_rows(one, one, np.array([[0], [0]], dtype=np.int32))
    with pytest.raises(DataError, match="2-d of one width"):
        score_rows(one, np.ones((1, 3), dtype=np.float32), np.array([[0]], dtype=np.int32))
