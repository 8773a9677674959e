"""Contributions: parts that add up to the score they explain."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys.core.contribution import Contribution, Source, total
from recsys.core.errors import DataError

WORKED = Contribution("content", Source.TAG, [3, 5], [[0.5, 0.0], [0.25, 1.0]])  # type: ignore[arg-type]


def test_the_total_is_the_sum_over_sources_and_blocks() -> None:
    popularity = Contribution("popularity", Source.POPULARITY, [-1], [[1.0, 2.0]])  # type: ignore[arg-type]
    assert total([WORKED, popularity], 2).tolist() == [1.75, 3.0]


def test_nothing_adds_up_to_zero() -> None:
    assert total([], 3).tolist() == [0.0, 0.0, 0.0]


def test_scaling_scales_each_part_and_keeps_what_it_is() -> None:
    half = WORKED.scaled(0.5)
    assert half.values.tolist() == [[0.25, 0.0], [0.125, 0.5]]
    assert (half.block, half.source, half.rows.tolist()) == ("content", Source.TAG, [3, 5])


@given(st.lists(st.floats(-4, 4, width=32), min_size=1, max_size=5), st.floats(0, 8, width=32))
def test_the_total_of_scaled_parts_is_the_scaled_total(values: list[float], g: float) -> None:
    part = Contribution("als", Source.ITEM, np.arange(1), np.array([values]))  # type: ignore[arg-type]
    both = total([part.scaled(g)], len(values))
    assert np.allclose(both, g * total([part], len(values)), atol=1e-4)


def test_one_line_of_values_is_a_matrix_of_one_line() -> None:
    part = Contribution("popularity", Source.POPULARITY, [-1], [1.0, 2.0])  # type: ignore[arg-type]
    assert part.values.shape == (1, 2)


def test_rows_without_their_line_of_values_are_refused() -> None:
    with pytest.raises(DataError, match=r"one line per row; got \(2,\) and \(1, 1\)\.$"):
        Contribution("als", Source.ITEM, [1, 2], [[1.0]])  # type: ignore[arg-type]


def test_a_contribution_does_not_share_the_arrays_it_was_made_from() -> None:
    values = np.ones((1, 2), dtype=np.float32)
    part = Contribution("als", Source.ITEM, np.zeros(1, dtype=np.int32), values)
    values[0, 0] = 7.0
    assert part.values.tolist() == [[1.0, 1.0]]
    with pytest.raises(ValueError, match="read-only"):
        part.values[0, 0] = 3.0


def test_parts_of_some_items_are_nothing_of_the_others() -> None:
    wide = WORKED.spread(np.array([True, False, True]))
    assert wide.values.tolist() == [[0.5, 0.0, 0.0], [0.25, 0.0, 1.0]]


def test_sources_can_be_renumbered() -> None:
    moved = WORKED.with_rows(np.array([8, 9], np.int32))
    assert (moved.rows.tolist(), moved.values.tolist()) == ([8, 9], WORKED.values.tolist())
