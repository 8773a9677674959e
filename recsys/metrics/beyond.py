"""Beyond-accuracy metrics: coverage, novelty, concentration (gini) and diversity."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from recsys.core.arrays import NO_ROW, Csr, DoubleArray, RowArray
from recsys.core.errors import DataError

CHUNK = 8_192
"""Users whose summed features are held together: bounds the memory."""


def coverage(ranked_rows: RowArray, *, n_items: int, k: int) -> float:
    """Return the share of all items that occur in at least one list.

    Parameters
    ----------
    ranked_rows : (n_users, n_ranked) int32
        Item rows, best first; -1 where a list is short.
    n_items : int
        Number of candidates, greater than 0.
    k : int
        Places of each list that count.

    Returns
    -------
    float
        In [0, 1].

    Raises
    ------
    DataError
        If ``k`` or a row is out of range.

    Examples
    --------
    >>> coverage(np.array([[0, 1], [0, -1]], dtype=np.int32), n_items=4, k=2)
    0.5
    """
    return float(np.count_nonzero(_times_shown(ranked_rows, n_items, k)) / n_items)


def gini(ranked_rows: RowArray, *, n_items: int, k: int) -> float:
    r"""Return the Gini coefficient of how often each item occurs in the lists.

    .. math:: G = \frac{\sum_{i=1}^{n} (2i - n - 1) x_i}{n \sum_{i=1}^{n} x_i}

    with :math:`x_i` how often an item is shown, in ascending order, over all *n* items.

    Parameters
    ----------
    ranked_rows : (n_users, n_ranked) int32
        Item rows, best first; -1 where a list is short.
    n_items : int
        Number of candidates, greater than 0.
    k : int
        Places of each list that count.

    Returns
    -------
    float
        0 when all items are shown equally often, near 1 when one item has every place;
        NaN when nothing is shown.

    Raises
    ------
    DataError
        If ``k`` or a row is out of range.

    Examples
    --------
    >>> gini(np.array([[0, 1], [1, 0]], dtype=np.int32), n_items=2, k=2)
    0.0
    >>> gini(np.array([[3], [3]], dtype=np.int32), n_items=4, k=1)
    0.75
    """
    x = np.sort(_times_shown(ranked_rows, n_items, k)).astype(np.float64)
    if not x.any():
        return float("nan")
    i = np.arange(1, n_items + 1)
    return float(((2 * i - n_items - 1) * x).sum() / (n_items * x.sum()))


def novelty(
    ranked_rows: RowArray, *, item_counts: npt.NDArray[Any], n_users: int, k: int
) -> DoubleArray:
    r"""Return the mean self-information of the items of each list.

    .. math:: novelty = \frac{1}{m} \sum_{i \in list} -\log_2 \frac{\max(c_i, 1)}{n}

    with :math:`c_i` the people who took item *i* in training, *n* all people of the training, and
    *m* the items in the first *k* places. An item that nobody took counts as taken by one.

    Parameters
    ----------
    ranked_rows : (n_lists, n_ranked) int32
        Item rows, best first; -1 where a list is short.
    item_counts : (n_items,) int or float
        People who took each item in training, at most ``n_users``.
    n_users : int
        People of the training, greater than 0.
    k : int
        Places of each list that count.

    Returns
    -------
    (n_lists,) float64
        Bits, at least 0; NaN for an empty list.

    Raises
    ------
    DataError
        If ``k`` or a row is out of range.

    References
    ----------
    [Zhou2010]_, "self-information".

    Examples
    --------
    >>> counts = np.array([8, 2])
    >>> novelty(np.array([[0, 1]], dtype=np.int32), item_counts=counts, n_users=8, k=2).tolist()
    [1.0]
    """
    shown = _first(ranked_rows, len(item_counts), k)
    bits = -np.log2(np.maximum(item_counts, 1) / n_users)
    present = shown != NO_ROW
    total = np.where(present, bits[np.where(present, shown, 0)], 0.0).sum(axis=1)
    return _divide(total, present.sum(axis=1))


def intra_list_diversity(ranked_rows: RowArray, item_features: Csr, *, k: int) -> DoubleArray:
    r"""Return the mean pairwise dissimilarity of the items of each list.

    .. math:: diversity = 1 - \frac{1}{|P|} \sum_{(i, j) \in P} \cos(f_i, f_j)

    over the pairs *P* of items in the first *k* places that have features at all.

    Parameters
    ----------
    ranked_rows : (n_users, n_ranked) int32
        Distinct item rows, best first; -1 where a list is short.
    item_features : (n_items, n_tags) csr
        For example item profiles; need not be normalised.
    k : int
        Places of each list that count.

    Returns
    -------
    (n_users,) float64
        In [0, 1] for features that are never negative; NaN for lists with fewer than two items
        that have features.

    Raises
    ------
    DataError
        If ``k`` or a row is out of range.

    Notes
    -----
    The cosines of a list add up to ``(|sum of unit rows|**2 - number of rows) / 2``, so no pair is
    ever formed: the cost is linear in k.

    References
    ----------
    [Ziegler2005]_.

    Examples
    --------
    >>> features = sp.csr_matrix([[1, 0], [2, 0], [0, 1]])
    >>> lists = np.array([[0, 1], [0, 2]], dtype=np.int32)
    >>> intra_list_diversity(lists, features, k=2).tolist()
    [0.0, 1.0]
    """
    shown = _first(ranked_rows, item_features.shape[0], k)
    unit = _unit_rows(item_features)
    has_features = np.append(np.diff(unit.indptr) > 0, False)  # row -1 looks at the last: none
    out = np.empty(len(shown))
    for start in range(0, len(shown), CHUNK):
        part = shown[start : start + CHUNK]
        present = has_features[part]
        ends = np.append(0, np.cumsum(present.sum(axis=1)))
        members = sp.csr_matrix(
            (np.ones(ends[-1]), part[present], ends), shape=(len(part), unit.shape[0])
        )
        summed = members @ unit
        square = np.asarray(summed.multiply(summed).sum(axis=1)).ravel()
        m = np.diff(ends)
        out[start : start + CHUNK] = 1 - _divide(square - m, m * (m - 1))
    return out


def _times_shown(ranked_rows: RowArray, n_items: int, k: int) -> npt.NDArray[np.int64]:
    shown = _first(ranked_rows, n_items, k)
    return np.bincount(shown[shown != NO_ROW], minlength=n_items)


def _first(ranked_rows: RowArray, n_items: int, k: int) -> RowArray:
    if ranked_rows.ndim != 2 or not 1 <= k <= ranked_rows.shape[1]:
        raise DataError(
            "k must be from 1 to the length of the lists; "
            f"got {k} for lists of shape {ranked_rows.shape}."
        )
    if ranked_rows.size and not NO_ROW <= ranked_rows.min() <= ranked_rows.max() < n_items:
        raise DataError(
            f"ranked_rows must be from -1 to {n_items - 1}; "
            f"got {ranked_rows.min()} to {ranked_rows.max()}."
        )
    return ranked_rows[:, :k]


def _unit_rows(features: Csr) -> Csr:
    unit = sp.csr_matrix(features, dtype=np.float64, copy=True)
    unit.sum_duplicates()
    unit.eliminate_zeros()
    norms = np.sqrt(np.asarray(unit.multiply(unit).sum(axis=1)).ravel())
    unit.data /= np.repeat(norms, np.diff(unit.indptr))
    return unit


def _divide(total: DoubleArray, count: npt.NDArray[Any]) -> DoubleArray:
    out: DoubleArray = np.divide(total, count, out=np.full(len(total), np.nan), where=count > 0)
    return out
