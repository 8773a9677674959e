"""Which rows say the same thing twice."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from recsys.core.arrays import BoolArray

_MIXERS = (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB)


def first_of_each(keys: Sequence[npt.NDArray[Any]]) -> BoolArray:
    """Say of each row whether it is the first with its key.

    Parameters
    ----------
    keys : sequence of (n_rows,) arrays of integers or datetime64
        Together they are the key.

    Returns
    -------
    (n_rows,) bool

    Notes
    -----
    One 64-bit hash per row is sorted; only rows whose hash occurs twice are compared exactly.
    Ten million rows take about a second, against ten for sorting the columns themselves.

    Examples
    --------
    >>> first_of_each([np.array([1, 1, 2]), np.array([5, 5, 5])]).tolist()
    [True, False, True]
    """
    if len(keys[0]) < 2:
        return np.ones(len(keys[0]), np.bool_)
    plain = [np.ascontiguousarray(key).astype(np.int64, copy=False) for key in keys]
    hashes = _mixed(plain)
    ranked = np.sort(hashes)
    again = np.unique(ranked[1:][ranked[1:] == ranked[:-1]])
    first = np.ones(len(hashes), np.bool_)
    if len(again):
        place = np.searchsorted(again, hashes)
        place[place == len(again)] = 0
        suspects = np.flatnonzero(again[place] == hashes)
        first[suspects] = _exact([key[suspects] for key in plain])
    return first


def _exact(keys: Sequence[npt.NDArray[np.int64]]) -> BoolArray:
    order = np.lexsort(keys)  # stable: of equal rows, the earliest comes first
    new = np.zeros(len(order), np.bool_)
    new[:1] = True
    for key in keys:
        ranked = key[order]
        new[1:] |= ranked[1:] != ranked[:-1]
    first = np.empty(len(order), np.bool_)
    first[order] = new
    return first


def _mixed(keys: Sequence[npt.NDArray[np.int64]]) -> npt.NDArray[np.uint64]:
    """Hash rows: each key is added, then multiplied and folded, modulo 2^64."""
    mixed = np.full(len(keys[0]), 1, np.uint64)
    for position, key in enumerate(keys):
        mixed += key.view(np.uint64)
        mixed *= np.uint64(_MIXERS[position % len(_MIXERS)])
        mixed ^= mixed >> np.uint64(31)
    return mixed
