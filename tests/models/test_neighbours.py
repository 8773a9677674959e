"""The best of each row."""

import numpy as np
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st

from recsys.models.neighbours import keep_best


def test_only_the_best_neighbours_are_kept_ties_to_the_lower_row() -> None:
    values = np.array([[2, 1, 2, 3, 2], [0, 0, 0, 0, 1]], np.float32)
    kept = keep_best(sp.csr_matrix(values), 3).toarray()
    assert kept.tolist() == [[2, 0, 2, 3, 0], [0, 0, 0, 0, 1]]


@given(
    st.lists(st.integers(0, 3), min_size=1, max_size=12),
    st.integers(1, 5),
)
def test_a_row_keeps_what_a_stable_sort_puts_first(values: list[int], n_best: int) -> None:
    row = np.array([values], np.float32)
    order = np.argsort(-row[0], kind="stable")[:n_best]
    expected = np.zeros_like(row)
    expected[0, order] = row[0, order]
    np.testing.assert_array_equal(keep_best(sp.csr_matrix(row), n_best).toarray(), expected)
