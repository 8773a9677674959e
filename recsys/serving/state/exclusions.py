"""Excluded items: what a person disliked, muted, has seen, or made."""

from __future__ import annotations

import numpy as np

from recsys.core.arrays import NO_ROW, Csr, RowArray, csr_view
from recsys.serving.state.csr_rows import NO_ROWS
from recsys.serving.state.view import View


def excluded_rows(view: View, user_row: int, *, with_seen: bool, with_own: bool) -> RowArray:
    """Return the rising rows of the items that one person must not be shown.

    Parameters
    ----------
    view : View
    user_row : int
        At least 0.
    with_seen, with_own : bool
        Whether seen items, and the person's own ones, are among them.
    """
    lines = [view.disliked_rows(user_row), view.muted_rows(user_row)]
    lines += [view.seen_rows(user_row)] if with_seen else []
    lines += [view.own_rows(user_row)] if with_own else []
    filled = [line for line in lines if len(line)]
    if len(filled) < 2:
        return filled[0] if filled else NO_ROWS
    return np.unique(np.concatenate(filled)).astype(np.int32, copy=False)


def excluded_pairs(view: View, user_rows: RowArray, *, with_seen: bool, with_own: bool) -> Csr:
    """Return the (n, n_items) csr of ones of :func:`excluded_rows`; empty for row -1."""
    lines = [
        NO_ROWS
        if row == NO_ROW
        else excluded_rows(view, row, with_seen=with_seen, with_own=with_own)
        for row in user_rows.tolist()
    ]
    indptr = np.zeros(len(lines) + 1, dtype=np.int32)
    np.cumsum([len(line) for line in lines], out=indptr[1:])
    indices = np.concatenate([NO_ROWS, *lines])
    ones = np.ones(len(indices), dtype=np.float32)
    return csr_view(ones, indices, indptr, (len(lines), view.n_items))
