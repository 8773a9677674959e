"""Array checks: read-only, canonical, finite."""

from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st

from recsys.core.arrays import (
    check_finite,
    csr_rows,
    freeze,
    freeze_csr,
    objects,
    positions_of,
    with_data,
)
from recsys.core.errors import DataError


def messy_matrix(dtype: type = np.int32) -> Any:
    """[[2, 0, 1]] written out of order, with column 0 in two parts."""
    data = np.ones(3, dtype=np.float32)
    return sp.csr_matrix(
        (data, np.array([2, 0, 0], dtype=dtype), np.array([0, 3], dtype=dtype)), shape=(1, 3)
    )


def test_a_frozen_array_cannot_be_written() -> None:
    array = freeze(np.zeros(2))
    with pytest.raises(ValueError, match="read-only"):
        array[0] = 1


def test_a_frozen_matrix_is_sorted_and_merged() -> None:
    frozen = freeze_csr(messy_matrix())
    assert frozen.indices.tolist() == [0, 2]
    assert frozen.data.tolist() == [2.0, 1.0]


def test_freezing_a_messy_matrix_leaves_the_original_alone() -> None:
    messy = messy_matrix()
    freeze_csr(messy)
    assert messy.indices.tolist() == [2, 0, 0]
    assert messy.indptr.tolist() == [0, 3]
    assert messy.data.flags.writeable


def test_a_frozen_matrix_cannot_be_written() -> None:
    frozen = freeze_csr(messy_matrix())
    with pytest.raises(ValueError, match="read-only"):
        frozen.data[0] = 9.0


def test_a_frozen_matrix_counts_rows_and_ends_in_int32() -> None:
    frozen = freeze_csr(messy_matrix(np.int64))
    assert (frozen.indices.dtype.name, frozen.indptr.dtype.name) == ("int32", "int32")


def test_freezing_twice_copies_nothing() -> None:
    once = freeze_csr(messy_matrix())
    assert np.shares_memory(freeze_csr(once).data, once.data)


def test_a_frozen_matrix_still_multiplies() -> None:
    assert (freeze_csr(messy_matrix()) @ np.array([1.0, 1.0, 1.0])).tolist() == [3.0]


@given(st.lists(st.lists(st.floats(-5, 5, width=32), min_size=3, max_size=3), min_size=1))
def test_a_frozen_matrix_has_the_same_numbers(rows: list[list[float]]) -> None:
    dense = np.array(rows, dtype=np.float32)
    assert np.array_equal(freeze_csr(sp.csr_matrix(dense)).toarray(), dense)


def test_finite_numbers_pass() -> None:
    check_finite(np.array([[1.0, -2.0]]), name="vectors")


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_numbers_that_are_not_finite_are_counted_and_placed(bad: float) -> None:
    with pytest.raises(
        DataError, match=r"^vectors must be finite; 2 value\(s\) are not, first at 1\.$"
    ):
        check_finite(np.array([[1.0, bad], [bad, 0.0]]), name="vectors")


@pytest.mark.parametrize(
    "values",
    [["ab", "c"], [(1, 2), (3, 4)], [[1, 2], [3, 4]], [None, 3, "x"], []],
    ids=["text", "tuples", "lists", "mixed", "nothing"],
)
def test_objects_keeps_each_value_whole(values: list[object]) -> None:
    array = objects(values)
    assert array.shape == (len(values),)
    assert array.dtype == object
    assert list(array) == values


def test_objects_keeps_arrays_of_one_length_whole() -> None:
    assert objects([np.arange(2), np.arange(2)]).shape == (2,)


def test_objects_takes_any_iterable() -> None:
    assert objects(name for name in ("ana", "bo")).tolist() == ["ana", "bo"]


def test_rows_of_a_matrix_are_those_that_scipy_gives_and_empty_for_none() -> None:
    matrix = sp.random(7, 5, density=0.4, format="csr", dtype=np.float32, random_state=0)
    rows = np.array([3, -1, 0, 3, 6], np.int32)
    picked = csr_rows(matrix, rows)
    expected = matrix[np.where(rows < 0, 0, rows)].toarray() * (rows >= 0)[:, None]
    np.testing.assert_array_equal(picked.toarray(), expected)
    assert csr_rows(sp.csr_matrix((0, 5), dtype=np.float32), np.array([-1])).shape == (1, 5)


@given(st.lists(st.integers(-3, 40), max_size=30), st.sets(st.integers(0, 40)), st.randoms())
def test_a_position_is_that_of_the_row_in_the_others_in_any_order(
    rows: list[int], among: set[int], random: Any
) -> None:
    others = random.sample(sorted(among), len(among))
    found = positions_of(np.array(rows, dtype=np.int32), np.array(others, dtype=np.int32))
    assert found.tolist() == [others.index(row) if row in among else -1 for row in rows]
    rising = np.array(sorted(among), dtype=np.int32)
    found = positions_of(np.array(rows, dtype=np.int32), rising, is_sorted=True)
    assert found.tolist() == positions_of(np.array(rows, dtype=np.int32), rising).tolist()


def test_other_values_share_the_places_and_leave_the_first_ones() -> None:
    matrix = freeze_csr(messy_matrix())
    other = with_data(matrix, np.array([5.0, 6.0]))
    assert other.toarray().tolist() == [[5.0, 0.0, 6.0]]
    assert other.data.dtype == np.float32
    assert other.indices is matrix.indices
    assert matrix.data.tolist() == [2.0, 1.0]
