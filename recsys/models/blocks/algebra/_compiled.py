"""Compiled inner loops. Imported late, inside the functions that need them: numba is slow to load.

Each runs on one thread and frees the GIL; :func:`recsys.core.threads.for_tiles` shares rows out.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba
import numpy as np

from recsys.models.blocks.algebra.dense import LEAST_LOG_RATIO

LONG_ROW = 16
"""Times that a row of a kernel is longer than the candidates before it is searched in steps."""

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


def _add_residuals(
    indptr: Any, indices: Any, weights: Any, factors: Any, answers: Any, out: Any
) -> float:
    r"""Add :math:`\sum_i w_{ui} f_i (1 - \langle f_i, h_u \rangle)` to each row u of ``out``.

    Returns the sum of :math:`w_{ui} \langle f_i, h_u \rangle^2`, which comes for nothing here.
    """
    n_factors = factors.shape[1]
    squares = 0.0
    for row in range(answers.shape[0]):
        answer = answers[row]
        target = out[row]
        for place in range(indptr[row], indptr[row + 1]):
            factor = factors[indices[place]]
            dot = np.float32(0.0)
            for k in range(n_factors):
                dot += factor[k] * answer[k]
            squares += np.float64(weights[place]) * np.float64(dot) * np.float64(dot)
            left = weights[place] * (np.float32(1.0) - dot)
            for k in range(n_factors):
                target[k] += left * factor[k]
    return squares


def _find(indices: Any, low: int, end: int, wanted: int) -> int:
    high = end
    while low < high:
        middle = (low + high) // 2
        if indices[middle] < wanted:
            low = middle + 1
        else:
            high = middle
    return low


def _gather_products(
    history: tuple[Any, Any, Any], kernel: tuple[Any, Any, Any], item_rows: Any, out: Any
) -> None:
    """Fill ``out[q, c]`` with the sum over history items s of ``h_qs K[s, item_rows[q, c]]``.

    Rows of ``kernel`` are sorted, and so are the candidates, once per query: each row is then
    walked along once beside them, or searched where it is much the longer of the two. -1 gives 0.
    """
    indptr, indices, data = kernel
    n_columns = item_rows.shape[1]
    total = np.zeros(n_columns)
    for query in range(item_rows.shape[0]):
        order = np.argsort(item_rows[query])
        total[:] = 0
        first = 0
        while first < n_columns and item_rows[query, order[first]] < 0:
            first += 1
        for place in range(history[0][query], history[0][query + 1]):
            source, weight = history[1][place], history[2][place]
            at, end = indptr[source], indptr[source + 1]
            is_long = end - at > LONG_ROW * (n_columns - first)
            for column in range(first, n_columns):
                wanted = item_rows[query, order[column]]
                if is_long:
                    at = find(indices, at, end, wanted)
                else:
                    while at < end and indices[at] < wanted:
                        at += 1
                if at == end:
                    break
                if indices[at] == wanted:
                    total[order[column]] += weight * data[at]
        for column in range(n_columns):
            out[query, column] = total[column]


def _add_products(history: tuple[Any, Any, Any], kernel: tuple[Any, Any, Any], out: Any) -> None:
    """Add history times kernel to ``out`` (n_queries, n_items), both in parts of a csr matrix."""
    indptr, indices, data = kernel
    for query in range(out.shape[0]):
        line = out[query]
        for place in range(history[0][query], history[0][query + 1]):
            source, weight = history[1][place], history[2][place]
            for at in range(indptr[source], indptr[source + 1]):
                line[indices[at]] += weight * data[at]


def _gather_ratios(
    history: tuple[Any, Any, Any],
    kernel: tuple[Any, Any, Any],
    item_rows: Any,
    sums: tuple[Any, Any],
    extra: float,
    out: Any,
) -> None:
    r"""Fill ``out[q, c]`` with :math:`\log (n / m + e) / (s + e)`; 0 for -1, and where m is 0.

    *n* is what :func:`_gather_products` gives, *m* the history times the first of ``sums`` (of the
    rows of ``kernel``), *s* the second at ``item_rows[q, c]`` and *e* ``extra``. A score below
    ``LEAST_LOG_RATIO`` is 0.
    """
    gather_products(history, kernel, item_rows, out)
    masses, shares = sums
    for query in range(item_rows.shape[0]):
        mass = 0.0
        for place in range(history[0][query], history[0][query + 1]):
            mass += np.float64(history[2][place]) * masses[history[1][place]]
        for column in range(item_rows.shape[1]):
            row = item_rows[query, column]
            if row < 0 or not mass > 0:
                out[query, column] = 0
            else:
                own = out[query, column] / mass
                ratio = np.log((own + extra) / (shares[row] + extra))
                out[query, column] = 0 if np.abs(ratio) < LEAST_LOG_RATIO else ratio


@_compile_strict
def _pick(gram: tuple[Any, Any, Any], source: int, wanted: Any, out: Any) -> None:
    """Copy the entries of one row at the ``wanted`` columns (ascending) to ``out``.

    A long row is searched by halves between one column and the next, a short one is walked.
    """
    at, end = gram[0][source], gram[0][source + 1]
    is_long = end - at > 8 * wanted.shape[0]
    for place in range(wanted.shape[0]):
        column = wanted[place]
        if is_long:
            low, high = at, end
            while low < high:
                middle = (low + high) // 2
                if gram[1][middle] < column:
                    low = middle + 1
                else:
                    high = middle
            at = low
        else:
            while at < end and gram[1][at] < column:
                at += 1
        if at == end:
            return
        if gram[1][at] == column:
            out[place] = gram[2][at]


def _gather_systems(
    gram: tuple[Any, Any, Any], nearest: Any, first: int, ridge: Any, systems: Any, right: Any
) -> None:
    """Fill the regression of each item on its neighbours from a sparse Gram matrix.

    ``nearest[r]`` are the neighbours of item ``first + r``, ascending, -1 behind the last: their
    rows of the system are those of the identity. Rows of ``gram`` are sorted; ``systems`` and
    ``right`` come as zeros.
    """
    n_best = nearest.shape[1]
    for row in range(nearest.shape[0]):
        count = 0
        while count < n_best and nearest[row, count] >= 0:
            count += 1
        wanted = nearest[row, :count]
        _pick(gram, first + row, wanted, right[row])
        for own in range(count):
            source = wanted[own]
            _pick(gram, source, wanted[own:], systems[row, own, own:])
            systems[row, own, own] += ridge[source]
            for later in range(own + 1, count):
                systems[row, later, own] = systems[row, own, later]
        for own in range(count, n_best):
            systems[row, own, own] = 1.0


find = _compile_strict(_find)

add_gram_products = _compile(_add_gram_products)

add_residuals = _compile(_add_residuals)

add_products = _compile_strict(_add_products)

gather_products = _compile_strict(_gather_products)

gather_ratios = _compile_strict(_gather_ratios)

gather_systems = _compile_strict(_gather_systems)
