import math

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st

from recsys.core.arrays import Csr
from recsys.profiles.weighting import (
    bm25_term_weights,
    heaviest_of_rows,
    inverse_document_frequency,
    unit_rows,
)


@st.composite
def matrices(draw: st.DrawFn) -> Csr:
    n_rows, n_columns = draw(st.integers(0, 6)), draw(st.integers(1, 6))
    cells = draw(
        st.lists(st.integers(0, 5), min_size=n_rows * n_columns, max_size=n_rows * n_columns)
    )
    return sp.csr_matrix(np.array(cells, dtype=np.float32).reshape(n_rows, n_columns))


def test_idf_is_the_formula_by_hand() -> None:
    assert inverse_document_frequency([3], n_items=10)[0] == pytest.approx(math.log(1 + 7.5 / 3.5))


@given(st.integers(1, 10**6))
def test_idf_is_positive_and_falls_with_every_item_that_has_the_tag(n_items: int) -> None:
    df = np.unique(np.linspace(0, n_items, 50).astype(int))
    idf = inverse_document_frequency(df, n_items=n_items)
    assert (idf > 0).all()
    assert (np.diff(idf) < 0).all()


def test_bm25_is_the_formula_by_hand() -> None:
    counts = sp.csr_matrix([[2.0, 1.0], [0.0, 1.0]])
    got = bm25_term_weights(counts, average_length=2, k1=1.2, b=0.75).toarray()
    long, short = 1.2 * (0.25 + 0.75 * 1.5), 1.2 * (0.25 + 0.75 * 0.5)
    expected = [[2 * 2.2 / (2 + long), 2.2 / (1 + long)], [0, 2.2 / (1 + short)]]
    assert got == pytest.approx(np.array(expected), rel=1e-6)


def test_bm25_without_saturation_counts_presence() -> None:
    counts = sp.csr_matrix([[5.0, 1.0]])
    assert bm25_term_weights(counts, average_length=0, k1=0).toarray().tolist() == [[1, 1]]


@given(matrices())
def test_unit_rows_have_length_one_or_are_empty(matrix: Csr) -> None:
    lengths = np.linalg.norm(unit_rows(matrix).toarray(), axis=1)
    empty = matrix.toarray().sum(axis=1) == 0
    assert lengths == pytest.approx(np.where(empty, 0, 1), abs=1e-6)


@given(matrices(), st.integers(1, 6))
def test_the_heaviest_of_rows_are_those_of_a_plain_sort(matrix: Csr, n: int) -> None:
    got = heaviest_of_rows(matrix, n=n).toarray()
    for row, cells in enumerate(matrix.toarray().tolist()):
        best = sorted(range(len(cells)), key=lambda column: (-cells[column], column))[:n]
        expected = [cell if column in best else 0 for column, cell in enumerate(cells)]
        assert got[row].tolist() == expected
