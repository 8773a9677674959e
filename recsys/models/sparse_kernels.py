"""Compiled inner loops. Imported late, inside the functions that need them: numba is slow to load.

Each runs on one thread and frees the GIL; :func:`recsys.models.parallel.for_tiles` shares rows out.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba
import numpy as np

_compile: Callable[..., Any] = numba.njit(nogil=True, cache=True, fastmath=True)
_compile_strict: Callable[..., Any] = numba.njit(nogil=True, cache=True)


def _add_gram_products(
    indptr: Any, indices: Any, weights: Any, factors: Any, directions: Any, out: Any
) -> None:
    r"""Add :math:`\sum_i w_{ui} f_i \langle f_i, p_u \rangle` to each row u of ``out``.

    ``indptr`` has one more entry than ``directions`` has rows.
    """
    n_factors = factors.shape[1]
    for row in range(directions.shape[0]):
        direction = directions[row]
        target = out[row]
        for place in range(indptr[row], indptr[row + 1]):
            factor = factors[indices[place]]
            dot = np.float32(0.0)
            for k in range(n_factors):
                dot += factor[k] * direction[k]
            dot *= weights[place]
            for k in range(n_factors):
                target[k] += dot * factor[k]


def _best_neighbours(  # noqa: C901, PLR0912 - one loop nest, so that numba sees it whole
    start: int,
    stop: int,
    item_users: tuple[Any, Any, Any],
    user_items: tuple[Any, Any, Any],
    degrees: tuple[Any, Any],
    settings: tuple[Any, Any, Any, Any],
    rows_out: Any,
    values_out: Any,
) -> None:
    """Fill the best neighbours of items ``start`` to ``stop``: by value then row, sorted by row.

    ``degrees``: left and right factor or term of each item; ``settings``: shrinkage, weight of the
    co-occurrence in the denominator, whether the denominator is a product, whether it is used.
    """
    left, right = degrees
    shrinkage, overlap, multiply = settings[0], settings[1], settings[2]
    totals = np.zeros(right.shape[0], np.float32)
    touched = np.empty(right.shape[0], np.int32)
    n_best = rows_out.shape[1]
    for item in range(start, stop):
        n_touched = 0
        for place in range(item_users[0][item], item_users[0][item + 1]):
            user = item_users[1][place]
            weight = item_users[2][place]
            for other in range(user_items[0][user], user_items[0][user + 1]):
                neighbour = user_items[1][other]
                if totals[neighbour] == 0.0:
                    touched[n_touched] = neighbour
                    n_touched += 1
                totals[neighbour] += weight * user_items[2][other]
        rows = np.sort(touched[:n_touched])
        values = np.empty(n_touched, np.float32)
        for k in range(n_touched):
            neighbour = rows[k]
            together = totals[neighbour]
            totals[neighbour] = 0.0
            if multiply:
                below = left[item] * right[neighbour] + shrinkage
            else:
                below = left[item] + right[neighbour] + overlap * together + shrinkage
            values[k] = together / below if neighbour != item and below > 0 else 0.0
        bar = np.float32(0.0)
        if n_touched > n_best:
            bar = np.partition(values, n_touched - n_best)[n_touched - n_best]
        room_for_ties = n_best
        for k in range(n_touched):
            if values[k] > bar:
                room_for_ties -= 1
        filled = 0
        for k in range(n_touched):
            tie = values[k] == bar and bar > 0 and room_for_ties > 0
            if values[k] > bar or tie:
                rows_out[item, filled] = rows[k]
                values_out[item, filled] = values[k]
                filled += 1
                if tie:
                    room_for_ties -= 1


def _gather_products(
    history: tuple[Any, Any, Any], kernel: tuple[Any, Any, Any], item_rows: Any, out: Any
) -> None:
    """Fill ``out[q, c]`` with the sum over history items s of ``h_qs K[s, item_rows[q, c]]``.

    Rows of ``kernel`` are sorted, so each pair is a binary search; -1 gives 0.
    """
    for query in range(item_rows.shape[0]):
        for column in range(item_rows.shape[1]):
            wanted = item_rows[query, column]
            total = 0.0
            if wanted >= 0:
                for place in range(history[0][query], history[0][query + 1]):
                    source = history[1][place]
                    low, end = kernel[0][source], kernel[0][source + 1]
                    high = end
                    while low < high:
                        middle = (low + high) // 2
                        if kernel[1][middle] < wanted:
                            low = middle + 1
                        else:
                            high = middle
                    if low < end and kernel[1][low] == wanted:
                        total += history[2][place] * kernel[2][low]
            out[query, column] = total


add_gram_products = _compile(_add_gram_products)
best_neighbours = _compile_strict(_best_neighbours)
gather_products = _compile_strict(_gather_products)
