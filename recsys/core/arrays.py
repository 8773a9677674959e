"""Array types, read-only and csr helpers, and checks shared by all rooms."""

from __future__ import annotations

from typing import Any, TypeAlias, TypeVar

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from recsys.core.errors import DataError

RowArray: TypeAlias = npt.NDArray[np.int32]
FloatArray: TypeAlias = npt.NDArray[np.float32]
FloatMatrix: TypeAlias = npt.NDArray[np.float32]
DoubleArray: TypeAlias = npt.NDArray[np.float64]
BoolArray: TypeAlias = npt.NDArray[np.bool_]
TimeArray: TypeAlias = npt.NDArray[np.datetime64]
ObjectArray: TypeAlias = npt.NDArray[np.object_]
Csr: TypeAlias = Any
"""A float32 ``csr_matrix``: scipy has no usable generic, implicit 0.7.3 refuses ``csr_array``."""

AnyArray = TypeVar("AnyArray", bound=npt.NDArray[Any])

NO_ROW = -1
"""Row number of an id that is not in the table."""

MAX_INT32 = int(np.iinfo(np.int32).max)
"""Most entries of a csr matrix with int32 indices."""


def freeze(array: AnyArray) -> AnyArray:
    """Return ``array`` made read-only (in place, no copy)."""
    array.flags.writeable = False
    return array


def freeze_csr(matrix: Csr) -> Csr:
    """Return ``matrix`` canonical (sorted, merged, float32, int32 rows) and read-only.

    A matrix that is canonical already is not copied: the caller's arrays become read-only with it.
    Read-only data came through here before, so it is taken as it is (a mapped file is not read).
    """
    matrix = sp.csr_matrix(matrix, dtype=np.float32)
    if matrix.data.flags.writeable and not matrix.has_canonical_format:
        matrix = matrix.copy()  # sum_duplicates would change the caller's arrays in place
        matrix.sum_duplicates()
    matrix.indices = matrix.indices.astype(np.int32, copy=False)
    if matrix.nnz <= MAX_INT32:  # scipy converts at each product if the two differ
        matrix.indptr = matrix.indptr.astype(np.int32, copy=False)
    for part in (matrix.data, matrix.indices, matrix.indptr):
        freeze(part)
    return matrix


_PLAIN = dict(vars(sp.csr_matrix((1, 1), dtype=np.float32)))


def csr_view(
    data: npt.NDArray[Any],
    indices: RowArray,
    indptr: npt.NDArray[np.integer[Any]],
    shape: tuple[int, int],
) -> Csr:
    """Return a csr matrix of valid arrays without scipy's checks.

    Parameters
    ----------
    data, indices, indptr : arrays
        As of a csr matrix; shared.
    shape : (n_rows, n_columns)

    Notes
    -----
    The checks of scipy's constructor take 30 to 100 microseconds, this takes 2; one request makes
    several such matrices.
    """
    if len(data) > MAX_INT32:  # then scipy is to choose how wide the indices are
        return sp.csr_matrix((data, indices, indptr), shape=shape)
    out = object.__new__(sp.csr_matrix)
    out.__dict__.update(_PLAIN)
    out.data, out.indices = data, indices
    out.indptr = indptr if indptr.dtype == indices.dtype else indptr.astype(indices.dtype)
    out._shape = (int(shape[0]), int(shape[1]))
    return out


def csr_rows(matrix: Csr, rows: npt.NDArray[np.integer[Any]]) -> Csr:
    """Return the (n, n_columns) csr of some rows; empty ones for row -1.

    Faster than ``matrix[rows]`` for few rows, where scipy spends its time on checks.
    """
    known = rows >= 0
    starts, ends = np.zeros(len(rows), np.int64), np.zeros(len(rows), np.int64)
    starts[known] = matrix.indptr[rows[known]]
    ends[known] = matrix.indptr[rows[known] + 1]
    counts = ends - starts
    indptr = np.zeros(len(rows) + 1, dtype=np.int64)
    np.cumsum(counts, out=indptr[1:])
    source = np.arange(indptr[-1]) + np.repeat(starts - indptr[:-1], counts)
    shape = (len(rows), int(matrix.shape[1]))
    return csr_view(matrix.data[source], matrix.indices[source], indptr, shape)


def with_data(matrix: Csr, data: npt.NDArray[Any]) -> Csr:
    """Return ``matrix`` with other float32 values in the same places (index arrays are shared)."""
    values = np.asarray(data, dtype=np.float32)
    return csr_view(values, matrix.indices, matrix.indptr, matrix.shape)


def positions_of(
    rows: npt.NDArray[np.integer[Any]],
    among: npt.NDArray[np.integer[Any]],
    *,
    is_sorted: bool = False,
) -> npt.NDArray[np.int64]:
    """Return the (n,) int64 position of each row in ``among``, which has none twice; -1 if absent.

    With ``is_sorted``, ``among`` must rise, and is not sorted again.

    Examples
    --------
    >>> positions_of(np.array([7, 4, 9]), np.array([9, 2, 7])).tolist()
    [2, -1, 0]
    """
    if not len(among):
        return np.full(len(rows), NO_ROW, dtype=np.int64)
    order = None if is_sorted else np.argsort(among)
    found = np.minimum(np.searchsorted(among, rows, sorter=order), len(among) - 1)
    found = found if order is None else order[found]
    return np.where(among[found] == rows, found, NO_ROW)


def check_finite(array: npt.NDArray[Any], *, name: str) -> None:
    """Raise unless every number is finite.

    Raises
    ------
    DataError
        If a value is NaN or infinite; the message counts them and gives the first position.
    """
    if np.count_nonzero(np.isfinite(array)) == np.size(array):  # a request waits for this line
        return
    wrong = np.flatnonzero(~np.isfinite(np.ravel(array)))
    if len(wrong):
        raise DataError(
            f"{name} must be finite; {len(wrong)} value(s) are not, first at {wrong[0]}."
        )


def objects(values: Any) -> ObjectArray:
    """Return a 1-d object array of ``values``, never splitting a string, a tuple or an array."""
    return np.fromiter(values, dtype=object)
