"""Rows of sparse matrices: picked, spread over strangers, put together from single people."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import scipy.sparse as sp

from recsys.core.arrays import NO_ROW, BoolArray, Csr, FloatArray, RowArray, csr_view

FEW = 8
"""Rows up to which they are copied one by one."""

NO_ROWS: RowArray = np.zeros(0, dtype=np.int32)

Line = tuple[RowArray, FloatArray]
"""Indices and data of one row of a csr matrix."""


def rows_of(matrix: Csr, user_rows: RowArray) -> Csr:
    """Return the rows of known people, and empty ones for row -1."""
    known = user_rows != NO_ROW
    if known.all():
        return taken_rows(matrix, user_rows)
    return spread(taken_rows(matrix, user_rows[known]), known)


def taken_rows(matrix: Csr, rows: RowArray) -> Csr:
    """Return ``matrix[rows]``; for few rows without what scipy checks on the way."""
    if len(rows) > FEW:
        return matrix[rows]
    parts = [slice(int(matrix.indptr[row]), int(matrix.indptr[row + 1])) for row in rows.tolist()]
    return csr_of(
        [(matrix.indices[part], matrix.data[part]) for part in parts], int(matrix.shape[1])
    )


def spread(some: Csr, known: BoolArray) -> Csr:
    """Return the rows of ``some`` where ``known`` holds, and empty ones elsewhere."""
    counts = np.zeros(len(known), dtype=np.int64)
    counts[known] = np.diff(some.indptr)
    indptr = np.concatenate([[0], np.cumsum(counts)])
    return csr_view(some.data, some.indices, indptr, (len(known), some.shape[1]))


def row_entries(matrix: Csr, row: int) -> Line:
    """Return one row of a matrix as views of its arrays."""
    places = slice(int(matrix.indptr[row]), int(matrix.indptr[row + 1]))
    return matrix.indices[places], matrix.data[places]


def ones_line(indices: RowArray) -> Line:
    """Return a row of ones."""
    return indices, np.ones(len(indices), dtype=np.float32)


def csr_of(lines: Sequence[Line], n_columns: int) -> Csr:
    """Return the matrix with these rows."""
    indptr = np.zeros(len(lines) + 1, dtype=np.int32)
    np.cumsum([len(indices) for indices, _ in lines], out=indptr[1:])
    indices = np.concatenate([np.zeros(0, np.int32), *(one[0] for one in lines)])
    data = np.concatenate([np.zeros(0, np.float32), *(one[1] for one in lines)])
    shape = (len(lines), n_columns)
    return csr_view(data, indices.astype(np.int32, copy=False), indptr, shape)


def interleaved(first: Csr, second: Csr, is_second: BoolArray) -> Csr:
    """Return the rows of both, in the order that ``is_second`` tells, as wide as the second."""
    both = sp.vstack([widened(first, second.shape[1]), second], format="csr")
    return both[interleaving(is_second)]


def interleaving(is_second: BoolArray) -> RowArray:
    """Return where each row lies once the first ones are put before the second ones."""
    out = np.empty(len(is_second), dtype=np.int32)
    n_first = int((~is_second).sum())
    out[~is_second] = np.arange(n_first)
    out[is_second] = np.arange(n_first, len(is_second))
    return out


def widened(matrix: Csr, n_columns: int) -> Csr:
    """Return the same rows with more columns; nothing is copied."""
    if matrix.shape[1] == n_columns:
        return matrix
    shape = (matrix.shape[0], n_columns)
    return csr_view(matrix.data, matrix.indices, matrix.indptr, shape)


def row_matrix(matrix: Csr, row: int) -> Csr:
    """Return the (1, n_columns) csr of one row; its data and indices are views.

    Notes
    -----
    Taking a row from scipy costs about 60 microseconds, this 3: the matrix is canonical already.
    """
    start, end = int(matrix.indptr[row]), int(matrix.indptr[row + 1])
    indptr = np.array([0, end - start], dtype=matrix.indptr.dtype)
    shape = (1, matrix.shape[1])
    return csr_view(matrix.data[start:end], matrix.indices[start:end], indptr, shape)
