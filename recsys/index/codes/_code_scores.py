"""Compiled scores of all items by their codes; apart, since few processes need them."""

from __future__ import annotations

import numpy as np
from numba import types

from recsys.core.arrays import FloatMatrix, RowArray
from recsys.index._kernels import F32_IN, F32_OUT, I32_1D_IN, compiled
from recsys.index.codes._pool import row_at
from recsys.index.codes._product import code_product, to_whole_numbers
from recsys.index.codes._search import CODED, Coded, encode_one


@compiled(types.void(F32_IN, CODED, I32_1D_IN, F32_OUT))
def score_codes(queries: FloatMatrix, coded: Coded, rows: RowArray, out: FloatMatrix) -> None:
    """Fill ``out`` (n_queries, n_items) with the scores of all items by their codes alone.

    ``rows`` are those of the places; empty: places are rows.
    """
    query_map, codes, _ = coded
    code = np.empty(query_map.shape[1], np.float32)
    small = np.empty(code.shape[0], np.int16)
    for q in range(queries.shape[0]):
        encode_one(queries[q], query_map, code)
        unit = to_whole_numbers(code, small)
        back = np.float32(1 / unit) if unit > 0 else np.float32(0)
        for place in range(codes.shape[0]):
            row = row_at(rows, place, codes.shape[0])
            if row >= 0:
                out[q, row] = np.float32(code_product(small, codes, place)) * back
