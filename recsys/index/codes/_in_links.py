"""Compiled in-links of a graph; importing it loads numba, so import it inside functions."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import types

from recsys.core.arrays import RowArray
from recsys.index._kernels import I32_1D_IN, compiled

_links = types.Array(types.int32, 2, "C")

_counts = types.Array(types.int64, 1, "C")


@compiled()
def _has(line: RowArray, row: int) -> bool:
    for i in range(line.shape[0]):  # noqa: SIM110  (numba knows no generators)
        if line[i] == row:
            return True
    return False


@compiled(types.void(_links, I32_1D_IN, _counts, types.int64))
def link_back(
    links: RowArray, order: RowArray, n_in_links: npt.NDArray[np.int64], least: int
) -> None:
    """Link items that have few in-links from the items that they link to themselves.

    Parameters
    ----------
    links : (n_items, n_links) int32
        -1 ends a line. Changed in place, where a line has room.
    order : (n_items,) int32
        Items in the order in which they get the room.
    n_in_links : (n_items,) int64
        In-links of each item. Changed in place.
    least : int
        In-links that are enough.
    """
    n_items, width = links.shape
    used = np.zeros(n_items, np.int32)
    for row in range(n_items):
        while used[row] < width and links[row, used[row]] >= 0:
            used[row] += 1
    for place in range(order.shape[0]):
        row = order[place]
        for i in range(used[row]):
            if n_in_links[row] >= least:
                break
            other = links[row, i]
            if used[other] < width and not _has(links[other, : used[other]], row):
                links[other, used[other]] = row
                used[other] += 1
                n_in_links[row] += 1
