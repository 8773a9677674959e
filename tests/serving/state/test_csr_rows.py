"""Rows of sparse matrices, put together."""

import numpy as np
import scipy.sparse as sp

from recsys.core.arrays import freeze_csr
from recsys.serving.state.csr_rows import (
    csr_of,
    interleaved,
    interleaving,
    ones_line,
    row_entries,
    row_matrix,
    rows_of,
    widened,
)

MATRIX = sp.csr_matrix(np.array([[1, 0, 2], [0, 3, 0]], np.float32))


def test_strangers_have_empty_rows() -> None:
    found = rows_of(MATRIX, np.array([1, -1, 0], np.int32))
    assert found.toarray().tolist() == [[0, 3, 0], [0, 0, 0], [1, 0, 2]]


def test_a_matrix_is_its_lines() -> None:
    again = csr_of([row_entries(MATRIX, 0), row_entries(MATRIX, 1)], 3)
    assert again.toarray().tolist() == MATRIX.toarray().tolist()
    assert csr_of([], 4).shape == (0, 4)
    assert csr_of([ones_line(np.array([2], np.int32))], 3).toarray().tolist() == [[0, 0, 1]]


def test_rows_of_two_matrices_stand_where_they_are_told() -> None:
    is_second = np.array([True, False, True, False])
    assert interleaving(is_second).tolist() == [2, 0, 3, 1]
    wide = interleaved(MATRIX, widened(MATRIX * 10, 4), is_second)
    assert wide.toarray()[:, :3].tolist() == [[10, 0, 20], [1, 0, 2], [0, 30, 0], [0, 3, 0]]
    assert wide.shape == (4, 4)


def test_a_line_is_scipys_row() -> None:
    matrix = freeze_csr(
        sp.random(9, 12, density=0.3, random_state=0, format="csr", dtype=np.float32)
    )
    for row in range(9):
        line = row_matrix(matrix, row)
        assert line.shape == (1, 12)
        assert (line.toarray() == matrix[row].toarray()).all()
        assert (line @ np.eye(12, dtype=np.float32) == matrix[row].toarray()).all()
        line.check_format(full_check=True)


def test_lines_do_not_share_what_they_hold() -> None:
    matrix = freeze_csr(sp.csr_matrix(np.array([[1, 0], [0, 2]], np.float32)))
    one, two = row_matrix(matrix, 0), row_matrix(matrix, 1)
    assert one.toarray().tolist() == [[1, 0]]
    assert two.toarray().tolist() == [[0, 2]]
