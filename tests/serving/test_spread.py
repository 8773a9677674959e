"""Rows of sparse matrices, put together."""

import numpy as np
import scipy.sparse as sp

from recsys.serving.spread import (
    csr_of,
    interleaved,
    interleaving,
    line_of,
    ones_line,
    rows_of,
    widened,
)

MATRIX = sp.csr_matrix(np.array([[1, 0, 2], [0, 3, 0]], np.float32))


def test_strangers_have_empty_rows() -> None:
    found = rows_of(MATRIX, np.array([1, -1, 0], np.int32))
    assert found.toarray().tolist() == [[0, 3, 0], [0, 0, 0], [1, 0, 2]]


def test_a_matrix_is_its_lines() -> None:
    again = csr_of([line_of(MATRIX, 0), line_of(MATRIX, 1)], 3)
    assert again.toarray().tolist() == MATRIX.toarray().tolist()
    assert csr_of([], 4).shape == (0, 4)
    assert csr_of([ones_line(np.array([2], np.int32))], 3).toarray().tolist() == [[0, 0, 1]]


def test_rows_of_two_matrices_stand_where_they_are_told() -> None:
    is_second = np.array([True, False, True, False])
    assert interleaving(is_second).tolist() == [2, 0, 3, 1]
    wide = interleaved(MATRIX, widened(MATRIX * 10, 4), is_second)
    assert wide.toarray()[:, :3].tolist() == [[10, 0, 20], [1, 0, 2], [0, 30, 0], [0, 3, 0]]
    assert wide.shape == (4, 4)
