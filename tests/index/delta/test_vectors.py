"""Vectors that change again and again."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys.core.errors import DataError
from recsys.index import DeltaVectors, score_rows
from recsys.index.delta.vectors import MIN_LINES


@given(st.lists(st.sets(st.integers(0, 30), max_size=6), max_size=8), st.integers(0, 7))
def test_each_state_keeps_its_vectors_whatever_follows_it(
    steps: list[set[int]], branch_at: int
) -> None:
    states: list[tuple[DeltaVectors, dict[int, float]]] = [(DeltaVectors.empty(1), {})]
    branch: tuple[DeltaVectors, dict[int, float]] | None = None
    for number, step in enumerate(steps):
        rows = np.array(sorted(step), np.int32)
        values = (100 * number + rows).astype(np.float32)
        changed, known = states[-1]
        after = {**known, **dict(zip(rows.tolist(), values.tolist(), strict=True))}
        states.append((changed.followed_by(rows, values[:, None]), after))
        if number == branch_at:  # another one that follows the same
            other = {**known, **{row: -float(row) for row in rows.tolist()}}
            branch = (changed.followed_by(rows, -rows[:, None].astype(np.float32)), other)
    for changed, expected in [*states, *([branch] if branch else [])]:
        assert changed.rows.tolist() == sorted(expected)
        assert changed.vectors[:, 0].tolist() == [expected[row] for row in sorted(expected)]


def test_scores_are_those_of_the_changed_vectors_and_else_of_the_others() -> None:
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(40, 19)).astype(np.float32)
    queries = rng.normal(size=(3, 19)).astype(np.float32)
    changed = DeltaVectors.of(np.array([3, 40]), rng.normal(size=(2, 19)).astype(np.float32))
    whole = np.vstack([vectors, changed.vectors[1:]])
    whole[3] = changed.vectors[0]
    rows = np.array([[3, 40, -1, 7]] * 3, np.int32)
    np.testing.assert_array_equal(
        changed.score(queries, vectors, rows), score_rows(queries, whole, rows)
    )
    lines = changed.of_rows(np.array([40, 2, 3]))
    np.testing.assert_array_equal(changed.lines[lines[[0, 2]]], whole[[40, 3]])
    assert lines[1] == -1


def test_a_change_of_one_row_writes_into_the_same_table() -> None:
    first = DeltaVectors.of(np.array([1]), np.ones((1, 2), np.float32))
    second = first.followed_by(np.array([1]), np.full((1, 2), 2, np.float32))
    assert second.lines.base is first.lines.base
    for _ in range(2 * MIN_LINES):
        second = second.followed_by(np.array([1]), np.full((1, 2), 3, np.float32))
    assert len(second.lines) == MIN_LINES
    assert first.vectors.tolist() == [[1, 1]]


def test_vectors_that_do_not_fit_are_refused() -> None:
    nothing = DeltaVectors.empty(2)
    with pytest.raises(DataError, match="one per row"):
        nothing.followed_by(np.array([1]), np.ones((2, 2), np.float32))
    with pytest.raises(DataError, match="must be finite"):
        nothing.followed_by(np.array([1]), np.full((1, 2), np.nan, np.float32))
