"""One row of a sparse matrix is what scipy would give."""

import numpy as np
import scipy.sparse as sp

from recsys.core.arrays import freeze_csr
from recsys.serving.lines import line_of


def test_a_line_is_scipys_row() -> None:
    matrix = freeze_csr(
        sp.random(9, 12, density=0.3, random_state=0, format="csr", dtype=np.float32)
    )
    for row in range(9):
        line = line_of(matrix, row)
        assert line.shape == (1, 12)
        assert (line.toarray() == matrix[row].toarray()).all()
        assert (line @ np.eye(12, dtype=np.float32) == matrix[row].toarray()).all()
        line.check_format(full_check=True)


def test_lines_do_not_share_what_they_hold() -> None:
    matrix = freeze_csr(sp.csr_matrix(np.array([[1, 0], [0, 2]], np.float32)))
    one, two = line_of(matrix, 0), line_of(matrix, 1)
    assert one.toarray().tolist() == [[1, 0]]
    assert two.toarray().tolist() == [[0, 2]]
