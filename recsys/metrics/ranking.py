"""Ranking metrics: recall, precision, nDCG, MAP, MRR and hit rate of lists."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from recsys.core.arrays import NO_ROW, BoolArray, Csr, DoubleArray, RowArray
from recsys.core.errors import DataError

RANKING_METRICS = ("recall", "precision", "ndcg", "map", "mrr", "hit_rate")
"""Names of what :func:`ranking_metrics` measures, in its order."""

CHUNK = 65_536
"""Users looked at together: bounds the memory, whatever the number of users."""


def ranking_metrics(
    ranked_rows: RowArray,
    relevant: Csr,
    *,
    ks: Sequence[int],
    n_relevant: npt.NDArray[np.integer] | None = None,
) -> dict[str, DoubleArray]:
    r"""Measure the list of each user against the items relevant to them.

    With :math:`h_p` 1 where the item at place *p* (from 1) is relevant and *R* the number of
    relevant items:

    .. math::
        recall = \frac{\sum_{p \le k} h_p}{R} \quad precision = \frac{\sum_{p \le k} h_p}{k} \quad
        ndcg = \frac{\sum_{p \le k} h_p / \log_2(p+1)}{\sum_{p \le \min(k, R)} 1 / \log_2(p+1)}

        map = \frac{1}{R} \sum_{p \le k} h_p \frac{\sum_{q \le p} h_q}{p} \quad
        mrr = \max_{p \le k} \frac{h_p}{p} \quad hit\_rate = \max_{p \le k} h_p

    Parameters
    ----------
    ranked_rows : (n_users, n_ranked) int32
        Distinct item rows, best first; -1 where a list is short.
    relevant : (n_users, n_items) csr
        Every stored entry is a relevant item, whatever its value.
    ks : sequence of int
        List lengths to measure, each from 1 to ``n_ranked``.
    n_relevant : (n_users,) int, optional
        Number of relevant items, those outside the candidates (and so outside ``relevant``)
        included. None means that ``relevant`` holds them all.

    Returns
    -------
    dict of (n_users,) float64
        One array per metric and k, named like "recall@20". NaN for users with nothing relevant,
        who have no place in a mean.

    Raises
    ------
    DataError
        If shapes disagree, a k is out of range, or ``n_relevant`` is below what is stored.

    References
    ----------
    [JarvelinKekalainen2002]_ for ndcg.

    Examples
    --------
    >>> import scipy.sparse as sp
    >>> relevant = sp.csr_matrix([[1, 0, 0, 1]])
    >>> found = ranking_metrics(np.array([[3, 1]], dtype=np.int32), relevant, ks=[1, 2])
    >>> {name: found[name].tolist() for name in ("recall@1", "recall@2", "precision@2")}
    {'recall@1': [0.5], 'recall@2': [0.5], 'precision@2': [0.5]}
    """
    relevant = _distinct(relevant)
    counts = _counts(relevant, n_relevant)
    _check(ranked_rows, relevant, ks)
    names = [f"{name}@{k}" for k in ks for name in RANKING_METRICS]
    out = {name: np.empty(len(counts)) for name in names}
    for start in range(0, len(counts), CHUNK):
        part = slice(start, start + CHUNK)
        hits = _hits(ranked_rows[part], relevant[part])
        for name, values in _measure(hits, counts[part], ks).items():
            out[name][part] = values
    return out


def _measure(hits: BoolArray, n_relevant: DoubleArray, ks: Sequence[int]) -> dict[str, DoubleArray]:
    places = np.arange(1, hits.shape[1] + 1)
    # math.log2, not numpy's: the two differ in the last bit, and the definition uses the former
    discounts = np.array([1 / math.log2(place + 1) for place in places])
    n_hits = np.cumsum(hits, axis=1)
    gains = np.cumsum(hits * discounts, axis=1)
    ideal = np.cumsum(discounts)
    precisions = np.cumsum(hits * (n_hits / places), axis=1)
    first = np.where(hits.any(axis=1), hits.argmax(axis=1) + 1, np.inf)
    total = np.where(n_relevant > 0, n_relevant, np.nan)
    nothing = np.where(n_relevant > 0, 0.0, np.nan)
    out: dict[str, DoubleArray] = {}
    for k in ks:
        best = ideal[np.clip(np.minimum(k, n_relevant).astype(np.int64), 1, None) - 1]
        out[f"recall@{k}"] = n_hits[:, k - 1] / total
        out[f"precision@{k}"] = n_hits[:, k - 1] / k + nothing
        out[f"ndcg@{k}"] = gains[:, k - 1] / best + nothing
        out[f"map@{k}"] = precisions[:, k - 1] / total
        out[f"mrr@{k}"] = np.where(first <= k, 1 / first, 0.0) + nothing
        out[f"hit_rate@{k}"] = np.where(n_hits[:, k - 1] > 0, 1.0, 0.0) + nothing
    return out


def _hits(ranked_rows: RowArray, relevant: Csr) -> BoolArray:
    n_users, n_items = relevant.shape
    if not relevant.nnz:
        return np.zeros(ranked_rows.shape, dtype=np.bool_)
    users = np.arange(n_users, dtype=np.int64)
    stored = np.repeat(users * n_items, np.diff(relevant.indptr)) + relevant.indices
    asked = users[:, None] * n_items + ranked_rows
    places = np.searchsorted(stored, asked.ravel()).reshape(asked.shape)
    found = stored[np.minimum(places, len(stored) - 1)] == asked
    hits: BoolArray = found & (ranked_rows != NO_ROW)
    return hits


def _distinct(relevant: Csr) -> Csr:
    if relevant.has_canonical_format:
        return relevant
    relevant = relevant.copy()
    relevant.sum_duplicates()
    return relevant


def _counts(relevant: Csr, n_relevant: npt.NDArray[np.integer] | None) -> DoubleArray:
    stored: DoubleArray = np.diff(relevant.indptr).astype(np.float64)
    if n_relevant is None:
        return stored
    counts = np.asarray(n_relevant, dtype=np.float64)
    if counts.shape != stored.shape:
        raise DataError(
            f"n_relevant must have one number per user; got {counts.shape} for {len(stored)} users."
        )
    fewer = np.flatnonzero(counts < stored)
    if len(fewer):
        raise DataError(
            f"n_relevant must not be below the items stored in relevant; {len(fewer)} user(s) are, "
            f"first at {fewer[0]}."
        )
    return counts


def _check(ranked_rows: RowArray, relevant: Csr, ks: Sequence[int]) -> None:
    if ranked_rows.ndim != 2 or len(ranked_rows) != relevant.shape[0]:
        raise DataError(
            f"ranked_rows must have one list per row of relevant ({relevant.shape[0]}); "
            f"got shape {ranked_rows.shape}."
        )
    for k in ks:
        if not 1 <= k <= ranked_rows.shape[1]:
            raise DataError(
                f"ks must be from 1 to the length of the lists ({ranked_rows.shape[1]}); got {k}."
            )
    if (
        ranked_rows.size
        and not NO_ROW <= ranked_rows.min() <= ranked_rows.max() < relevant.shape[1]
    ):
        raise DataError(
            f"ranked_rows must be from -1 to {relevant.shape[1] - 1}; "
            f"got {ranked_rows.min()} to {ranked_rows.max()}."
        )
