"""Weights of terms and tags: inverse document frequency, BM25 and row norms."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from recsys.core.arrays import Csr, FloatArray, with_data


def inverse_document_frequency(df: npt.ArrayLike, *, n_items: npt.ArrayLike) -> FloatArray:
    r"""Weigh tags by how few items have them.

    .. math:: idf_t = \ln\left(1 + \frac{N - n_t + 1/2}{n_t + 1/2}\right)

    with :math:`n_t` the items that have tag *t* and *N* all items. It is always above 0 (the 1 was
    added to the paper's formula, which turns negative past half of the items) and near 0 for a tag
    that every item has.

    Parameters
    ----------
    df : (n_tags,) int
        Items that have each tag, at most ``n_items``.
    n_items : int or (n_tags,) int
        Items that could have it.

    Returns
    -------
    (n_tags,) float32
        Greater than 0.

    References
    ----------
    [RobertsonZaragoza2009]_, equation 3.3.

    Examples
    --------
    >>> inverse_document_frequency([1, 5, 10], n_items=10).astype(float).round(3).tolist()
    [1.992, 0.693, 0.047]
    """
    n_t = np.asarray(df, dtype=np.float64)
    n = np.asarray(n_items, dtype=np.float64)
    return np.log1p((n - n_t + 0.5) / (n_t + 0.5)).astype(np.float32)


def bm25_term_weights(
    counts: Csr, *, average_length: float, k1: float = 1.2, b: float = 0.75
) -> Csr:
    r"""Weigh term counts by BM25: repeated terms saturate, long texts are normalised.

    .. math:: w_{i,t} = \frac{f (k_1 + 1)}{f + k_1 (1 - b + b\, l_i / \bar l)}

    with :math:`f` the count of term *t* in text *i*, :math:`l_i` the terms of that text and
    :math:`\bar l` their average. The other factor of BM25, the inverse document frequency, is
    :func:`inverse_document_frequency`.

    Parameters
    ----------
    counts : (n_items, n_terms) csr float32
        How often each text has each term.
    average_length : float
        Mean of the row sums where the vocabulary was learned; 0 is taken as 1.
    k1 : float
        Not negative; 0 counts presence only.
    b : float
        From 0 (length does not matter) to 1.

    Returns
    -------
    (n_items, n_terms) csr float32
        In (0, k1 + 1) where ``counts`` is stored.

    References
    ----------
    [RobertsonZaragoza2009]_, equation 3.15.

    Examples
    --------
    >>> weights = bm25_term_weights(sp.csr_matrix([[1.0, 3.0]]), average_length=4)
    >>> weights.toarray().astype(float).round(3).tolist()
    [[1.0, 1.571]]
    """
    f = counts.data.astype(np.float64)
    lengths = np.asarray(counts.sum(axis=1), dtype=np.float64).ravel()
    ratio = np.repeat(lengths, np.diff(counts.indptr)) / (average_length or 1.0)
    weights = f * (k1 + 1) / (f + k1 * (1 - b + b * ratio))
    return with_data(counts, weights)


def unit_rows(matrix: Csr) -> Csr:
    """Return ``matrix`` with each row of Euclidean length 1; empty rows stay empty.

    Examples
    --------
    >>> unit_rows(sp.csr_matrix([[3.0, 4.0], [0.0, 0.0]])).toarray().astype(float).round(2).tolist()
    [[0.6, 0.8], [0.0, 0.0]]
    """
    squares = matrix.multiply(matrix).sum(axis=1)
    norms = np.sqrt(np.asarray(squares, dtype=np.float64).ravel())
    norms[norms == 0] = 1.0
    return with_data(matrix, matrix.data / np.repeat(norms, np.diff(matrix.indptr)))


def heaviest_of_rows(matrix: Csr, *, n: int) -> Csr:
    """Return ``matrix`` with the ``n`` largest entries of each row; ties go to the lower column.

    Examples
    --------
    >>> heaviest_of_rows(sp.csr_matrix([[1.0, 3.0, 2.0, 1.0]]), n=2).toarray().tolist()
    [[0.0, 3.0, 2.0, 0.0]]
    """
    lengths = np.diff(matrix.indptr)
    if not len(lengths) or lengths.max() <= n:
        return matrix
    matrix = matrix.sorted_indices()
    rows = np.repeat(np.arange(len(lengths)), lengths)
    order = np.lexsort((-matrix.data, rows))  # stable: the lower column first
    rank = np.arange(len(order)) - np.repeat(matrix.indptr[:-1], lengths)
    kept = np.sort(order[rank < n])
    indptr = np.concatenate([[0], np.cumsum(np.minimum(lengths, n))])
    return sp.csr_matrix((matrix.data[kept], matrix.indices[kept], indptr), shape=matrix.shape)
