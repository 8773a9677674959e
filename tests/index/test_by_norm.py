"""The longest first, and no further than a list can reach."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys.core.arrays import FloatMatrix
from recsys.index.by_norm import NormOrder, scan_by_norm
from recsys.index.exact import score_error_bound
from recsys.index.request import Request, empty_heap
from recsys.testing.contracts import grouped_vectors, quick


def best(
    vectors: FloatMatrix, queries: FloatMatrix, k: int, *, order: NormOrder | None = None
) -> tuple[list[list[int]], FloatMatrix]:
    """Return sorted rows of each query and all scores."""
    from recsys.index._kernels import order as in_order

    n_queries = len(queries)
    exclude = (np.arange(n_queries + 1, dtype=np.int64), np.zeros(n_queries, np.int32))
    request = Request(queries, k, exclude, np.zeros(0, np.bool_))
    heap = empty_heap(n_queries, k)
    longest = float(np.linalg.norm(vectors, axis=1).max())
    error_bound = score_error_bound(queries, max_norm=longest)
    scan_by_norm(vectors, order or NormOrder.of(vectors), request, error_bound, heap)
    in_order(heap)
    return heap[0].tolist(), heap[1]


def test_rows_stand_by_length_and_equal_ones_by_number() -> None:
    vectors = np.array([[3, 4], [0, 1], [5, 0], [6, 8]], dtype=np.float32)
    order = NormOrder.of(vectors)
    assert order.rows.tolist() == [3, 0, 2, 1]
    assert order.norms.tolist() == [10, 5, 5, 1]
    few = order.only(np.array([True, True, False, False]))
    assert (few.rows.tolist(), few.norms.tolist()) == ([0, 1], [5, 1])


@quick
@given(
    n=st.integers(1, 1200),
    n_queries=st.integers(1, 40),
    k=st.integers(1, 30),
    seed=st.integers(0, 1000),
    spread=st.sampled_from([0.0, 0.3, 3.0]),
)
def test_the_best_are_found_whatever_the_lengths(
    n: int, n_queries: int, k: int, seed: int, spread: float
) -> None:
    vectors = grouped_vectors(n, seed=seed)
    vectors *= np.random.default_rng(seed).lognormal(0, spread, (n, 1)).astype(np.float32)
    queries = grouped_vectors(n_queries, seed=seed + 1)
    rows, scores = best(vectors, queries, k)
    full = queries.astype(np.float64) @ vectors.T.astype(np.float64)
    full[:, 0] = -np.inf  # excluded
    for line, found, own in zip(rows, scores, full, strict=True):
        wanted = np.sort(own[np.isfinite(own)])[::-1][:k]
        assert 0 not in line
        assert sum(row >= 0 for row in line) == len(wanted)
        np.testing.assert_allclose(found[: len(wanted)], wanted, rtol=1e-4, atol=1e-5)


def test_of_equal_scores_the_smaller_rows_come_first_though_they_stand_last() -> None:
    # the second number is no business of the query: norms fall, scores are equal
    vectors = np.stack([np.ones(700), np.arange(700.0)], axis=1).astype(np.float32)
    rows, _ = best(vectors, np.array([[2, 0]], np.float32), 4)
    assert rows == [[1, 2, 3, 4]]


def test_what_is_too_short_is_never_multiplied(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[int, int]] = []
    multiply = np.matmul

    def counted(a: FloatMatrix, b: FloatMatrix, *, out: FloatMatrix) -> FloatMatrix:
        asked.append((a.shape[0], b.shape[1]))
        return multiply(a, b, out=out)

    monkeypatch.setattr(np, "matmul", counted)
    monkeypatch.setattr("recsys.index.by_norm.TILE_SCORES", 1)
    vectors = grouped_vectors(5000, seed=1)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    vectors[256:] *= 0.01
    vectors[2000:] *= 0.01
    vectors[:256] = np.abs(vectors[:256])
    queries = np.abs(grouped_vectors(50, seed=2))
    queries[:5] *= -1  # these have no friend among the long ones
    best(vectors, queries, 3)
    assert asked[0] == (50, 256)
    assert asked[1][0] == 5
    assert sum(items for _, items in asked) < 5000
