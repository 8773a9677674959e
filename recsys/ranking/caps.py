"""Caps: at most so many items of one author or topic in a list."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import scipy.sparse as sp

from recsys.core.arrays import NO_ROW, Csr, FloatMatrix, RowArray
from recsys.core.errors import ConfigError, DataError
from recsys.core.topk import TopK


@dataclass(frozen=True, slots=True, eq=False)
class Cap:
    """At most so many items of one group in a list.

    Attributes
    ----------
    groups : (n_items, n_groups) csr
        An entry where an item belongs to a group; an item may be in several, or in none.
    max_per_list : int
        At least 1.

    Raises
    ------
    ConfigError
        If ``max_per_list`` is less than 1.
    """

    groups: Csr
    max_per_list: int

    def __post_init__(self) -> None:
        if self.max_per_list < 1:
            raise ConfigError(f"max_per_list must be at least 1; got {self.max_per_list}.")

    @classmethod
    def of_rows(cls, group_of_item: RowArray, *, max_per_list: int) -> Cap:
        """Cap groups of which an item has one at most.

        Parameters
        ----------
        group_of_item : (n_items,) int32
            The author's row, for one; -1 where an item has none.
        max_per_list : int
            At least 1.
        """
        rows = np.asarray(group_of_item)
        has_group = rows != NO_ROW
        indptr = np.concatenate([[0], np.cumsum(has_group)])
        ones = np.ones(int(indptr[-1]), dtype=np.float32)
        n_groups = int(rows.max(initial=NO_ROW)) + 1
        return cls(
            sp.csr_matrix((ones, rows[has_group], indptr), shape=(len(rows), n_groups)),
            max_per_list,
        )


@dataclass(frozen=True, slots=True, eq=False)
class CapTable:
    """Several caps as one table, made once per catalog.

    Attributes
    ----------
    indptr, indices : int32 arrays
        The groups of each item, those of all caps numbered on.
    limits : (n_groups,) int32
        How many items of each group a list may have.
    """

    indptr: RowArray
    indices: RowArray
    limits: RowArray

    @classmethod
    def of(cls, caps: Sequence[Cap]) -> CapTable:
        """Join caps over the same items.

        Raises
        ------
        DataError
            If they are over different numbers of items.
        """
        sizes = sorted({int(cap.groups.shape[0]) for cap in caps})
        if len(sizes) > 1:
            raise DataError(f"caps must be over the same items; got {sizes} items.")
        if not caps:
            return cls(np.zeros(1, np.int32), np.zeros(0, np.int32), np.zeros(0, np.int32))
        joined = sp.hstack([cap.groups for cap in caps], format="csr")
        limits = [np.full(cap.groups.shape[1], cap.max_per_list, np.int32) for cap in caps]
        return cls(
            joined.indptr.astype(np.int32), joined.indices.astype(np.int32), np.concatenate(limits)
        )


def apply_caps(
    rows: RowArray, scores: FloatMatrix, *, k: int, caps: Sequence[Cap] | CapTable
) -> TopK:
    """Keep the best ``k`` of each list that no cap forbids, going from best to worst.

    Parameters
    ----------
    rows : (n_queries, n_candidates) int32
        Item rows, best first; -1 is no candidate, wherever it stands.
    scores : (n_queries, n_candidates) float32
        Their scores, unchanged in the answer.
    k : int
        Length of the lists.
    caps : sequence of Cap, or CapTable
        A table made once saves joining them at every call.

    Returns
    -------
    TopK
        (n_queries, k). ``n_found`` below ``k`` says that the candidates did not suffice: ask for
        more of them.

    Notes
    -----
    One pass over the candidates, compiled on first use; it releases the GIL.

    Examples
    --------
    >>> rows, scores = np.array([[0, 1, 2]], np.int32), np.array([[3, 2, 1]], np.float32)
    >>> author = Cap.of_rows(np.array([7, 7, -1]), max_per_list=1)
    >>> apply_caps(rows, scores, k=3, caps=[author]).rows.tolist()
    [[0, 2, -1]]
    """
    table = caps if isinstance(caps, CapTable) else CapTable.of(caps)
    rows = np.ascontiguousarray(rows, dtype=np.int32)
    scores = np.ascontiguousarray(scores, dtype=np.float32)
    kept = np.full((len(rows), k), NO_ROW, dtype=np.int32)
    kept_scores = np.full((len(rows), k), -np.inf, dtype=np.float32)
    if len(table.limits):
        _compiled()(rows, scores, table.indptr, table.indices, table.limits, kept, kept_scores)
    else:
        is_real = rows >= 0
        places = np.cumsum(is_real, axis=1) - 1
        lines, at = np.nonzero(is_real & (places < k))
        to = places[lines, at]
        kept[lines, to], kept_scores[lines, to] = rows[lines, at], scores[lines, at]
    return TopK(kept, kept_scores)


@lru_cache(maxsize=1)
def _compiled() -> Callable[..., None]:
    import numba

    compiled: Callable[..., None] = numba.njit(cache=True, nogil=True)(_greedy)
    return compiled


def _greedy(  # noqa: C901  # one compiled kernel: it takes arrays and calls nothing
    rows: Any, scores: Any, indptr: Any, indices: Any, limits: Any, kept: Any, kept_scores: Any
) -> None:
    counts = np.zeros(len(limits), np.int32)
    k = kept.shape[1]
    for query in range(rows.shape[0]):
        n = 0
        for place in range(rows.shape[1]):
            row = rows[query, place]
            if n == k:
                break
            if row < 0:
                continue
            is_free = True
            for at in range(indptr[row], indptr[row + 1]):
                if counts[indices[at]] >= limits[indices[at]]:
                    is_free = False
                    break
            if not is_free:
                continue
            for at in range(indptr[row], indptr[row + 1]):
                counts[indices[at]] += 1
            kept[query, n] = row
            kept_scores[query, n] = scores[query, place]
            n += 1
        for place in range(n):  # cheaper than clearing all counts: only k items were counted
            row = kept[query, place]
            for at in range(indptr[row], indptr[row + 1]):
                counts[indices[at]] = 0
