"""Compiled search among short codes; importing it loads numba, so import it inside functions.

A walk visits the graph once for each query, and does everything there: filter, exclusion and the
final scores. Numbers of rows read from a file are checked where they are used, so that a damaged
graph gives a poor list and never reads beyond an array.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import numba
import numpy as np
import numpy.typing as npt
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from recsys.core.arrays import BoolArray, FloatArray, FloatMatrix, RowArray
from recsys.index._kernels import (
    BOOL_1D_IN,
    EXCLUSION,
    F32_IN,
    F32_OUT,
    HEAP,
    I32_1D_IN,
    I32_IN,
    CallableT,
    compiled,
    dot,
    offer,
    stored,
)
from recsys.index.request import Exclusion, Heap

ir = cgutils.ir  # llvmlite's, as numba knows it

N_STARTS = 4
"""Hubs from which a walk sets out."""

_i8_in = types.Array(types.int8, 2, "C", readonly=True)
CodeMatrix = npt.NDArray[np.int8]
VisitedBits = npt.NDArray[np.uint64]
GraphArrays = tuple[RowArray, RowArray]
Limits = tuple[BoolArray, RowArray]
Line = tuple[RowArray, FloatArray]


def _compiled_loosely() -> Callable[[CallableT], CallableT]:
    # sums in any order: these numbers only say which items are worth a right score
    loose = numba.njit(nogil=True, cache=True, fastmath=True)
    return cast("Callable[[CallableT], CallableT]", loose)


@intrinsic  # type: ignore[untyped-decorator,unused-ignore]
def _prefetch(typing_context: Any, array: Any, row: Any) -> Any:
    """Ask for the start of a row of a 2-d array before it is needed."""
    del typing_context, row

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        struct = context.make_array(signature.args[0])(context, builder, arguments[0])
        stride = cgutils.unpack_tuple(builder, struct.strides)[0]
        base = builder.bitcast(struct.data, ir.IntType(8).as_pointer())
        place = builder.gep(base, [builder.mul(arguments[1], stride)])
        small = ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [place.type, small, small, small])
        call = builder.module.declare_intrinsic("llvm.prefetch", [place.type], kind)
        builder.call(call, [place, small(0), small(3), small(1)])
        return context.get_dummy_value()

    return types.void(array, types.int64), generate


@_compiled_loosely()
def _near(query: FloatArray, code: CodeMatrix) -> Any:
    total = np.float32(0)
    for i in range(query.shape[0]):
        total += query[i] * np.float32(code[i])
    return total


@compiled()
def _push_best(rows: RowArray, scores: FloatArray, size: int, row: int, score: np.float32) -> None:
    # a heap whose best comes first
    place = size
    while place > 0:
        parent = (place - 1) // 2
        if scores[parent] >= score:
            break
        rows[place], scores[place] = rows[parent], scores[parent]
        place = parent
    rows[place], scores[place] = row, score


@compiled()
def _drop_best(rows: RowArray, scores: FloatArray, size: int) -> None:
    last = size - 1
    row, score = rows[last], scores[last]
    place = 0
    while True:
        child = 2 * place + 1
        if child >= last:
            break
        if child + 1 < last and scores[child + 1] > scores[child]:
            child += 1
        if scores[child] <= score:
            break
        rows[place], scores[place] = rows[child], scores[child]
        place = child
    rows[place], scores[place] = row, score


@compiled()
def _longer_rows(rows: RowArray) -> RowArray:
    out = np.empty(2 * rows.shape[0], np.int32)
    out[: rows.shape[0]] = rows
    return out


@compiled()
def _longer_scores(scores: FloatArray) -> FloatArray:
    out = np.empty(2 * scores.shape[0], np.float32)
    out[: scores.shape[0]] = scores
    return out


@compiled()
def _may_have(row: int, allowed: BoolArray, excluded: RowArray) -> bool:
    if allowed.shape[0] and not allowed[row]:
        return False
    return not stored(excluded, 0, excluded.shape[0], row)


@compiled()
def _starts(query: FloatArray, codes: CodeMatrix, hubs: RowArray) -> RowArray:
    rows = np.full(N_STARTS, -1, np.int32)
    scores = np.full(N_STARTS, -np.inf, np.float32)
    for i in range(hubs.shape[0]):
        hub = hubs[i]
        if 0 <= hub < codes.shape[0]:
            offer(rows, scores, hub, _near(query, codes[hub]))
    return -np.sort(-rows)  # what is none stands last


@compiled()
def _unvisited(line: RowArray, codes: CodeMatrix, visited: VisitedBits, fresh: RowArray) -> int:
    # put the rows of a line that were never met into fresh, and return how many there are
    n_fresh = 0
    for i in range(line.shape[0]):
        row = line[i]
        if row < 0 or row >= codes.shape[0]:
            break
        bit = np.uint64(1) << np.uint64(row & 63)
        if not visited[row >> 6] & bit:
            visited[row >> 6] |= bit
            _prefetch(codes, row)
            fresh[n_fresh] = row
            n_fresh += 1
    return n_fresh


@compiled()
def _walk_one(
    query: FloatArray,
    codes: CodeMatrix,
    graph: GraphArrays,
    limits: Limits,
    found: Line,
) -> None:
    (links, hubs), (allowed, excluded), (found_rows, found_scores) = graph, limits, found
    visited = np.zeros((codes.shape[0] >> 6) + 1, np.uint64)
    rows, scores, size = np.empty(1024, np.int32), np.empty(1024, np.float32), 0
    fresh = np.empty(N_STARTS + links.shape[1], np.int32)
    n_fresh = _unvisited(_starts(query, codes, hubs), codes, visited, fresh)
    while True:
        for i in range(n_fresh):
            row = fresh[i]
            score = _near(query, codes[row])
            if not score > found_scores[0]:
                continue
            if _may_have(row, allowed, excluded):
                offer(found_rows, found_scores, row, score)
            if size == rows.shape[0]:
                rows, scores = _longer_rows(rows), _longer_scores(scores)
            _push_best(rows, scores, size, row, score)
            size += 1
            _prefetch(links, row)
        if size == 0 or scores[0] < found_scores[0]:
            break
        here = rows[0]
        _drop_best(rows, scores, size)
        size -= 1
        n_fresh = _unvisited(links[here], codes, visited, fresh)


@compiled()
def _scan_one(
    query: FloatArray, codes: CodeMatrix, some: RowArray, limits: Limits, found: Line
) -> None:
    # some: the rows to look at; empty: all
    (allowed, excluded), (found_rows, found_scores) = limits, found
    n_rows = some.shape[0] if some.shape[0] else codes.shape[0]
    for i in range(n_rows):
        row = int(some[i]) if some.shape[0] else i
        score = _near(query, codes[row])
        if score > found_scores[0] and _may_have(row, allowed, excluded):
            offer(found_rows, found_scores, row, score)


_graph = types.Tuple([I32_IN, I32_1D_IN])


@compiled(types.void(F32_IN, F32_IN, F32_OUT))
def encode(queries: FloatMatrix, query_map: FloatMatrix, out: FloatMatrix) -> None:
    """Fill ``out`` (n_queries, width) with ``queries @ query_map``, alone as in a batch."""
    for q in range(queries.shape[0]):
        line = out[q]
        line[:] = 0
        for f in range(query_map.shape[0]):
            weight = queries[q, f]
            if weight != 0:
                for i in range(query_map.shape[1]):
                    line[i] += weight * query_map[f, i]


@compiled(types.void(F32_IN, _i8_in, _graph, BOOL_1D_IN, EXCLUSION, HEAP))
def walk(
    queries: FloatMatrix,
    codes: CodeMatrix,
    graph: GraphArrays,
    allowed: BoolArray,
    exclude: Exclusion,
    found: Heap,
) -> None:
    """Fill ``found`` (n_queries, effort) with allowed rows of large code scores, in any order.

    Parameters
    ----------
    queries : (n_queries, width) float32
        Codes.
    codes : (n_items, width) int8
        Of the items.
    graph : tuple of (n_items, n_links) and (n_hubs,) int32
        Links, -1 at the end of a line; and where walks set out.
    allowed : (n_items,) bool
        Empty: all.
    exclude : Exclusion
    found : Heap
        Changed in place. A walk ends when the best place left to go is worse than the worst found,
        so that filters and exclusions lengthen it as much as they need.
    """
    for q in range(queries.shape[0]):
        limits = (allowed, exclude[1][exclude[0][q] : exclude[0][q + 1]])
        _walk_one(queries[q], codes, graph, limits, (found[0][q], found[1][q]))


@compiled(types.void(F32_IN, _i8_in, I32_1D_IN, BOOL_1D_IN, EXCLUSION, HEAP))
def scan_codes(
    queries: FloatMatrix,
    codes: CodeMatrix,
    some: RowArray,
    allowed: BoolArray,
    exclude: Exclusion,
    found: Heap,
) -> None:
    """Fill ``found`` with the best code scores of all rows, or of ``some`` if that is not empty."""
    for q in range(queries.shape[0]):
        limits = (allowed, exclude[1][exclude[0][q] : exclude[0][q + 1]])
        _scan_one(queries[q], codes, some, limits, (found[0][q], found[1][q]))


@compiled(types.void(F32_IN, F32_IN, I32_IN, HEAP))
def rescore(queries: FloatMatrix, vectors: FloatMatrix, found: RowArray, heap: Heap) -> None:
    """Keep the best of ``found`` (n_queries, m; -1 is none) by their whole vectors."""
    for q in range(found.shape[0]):
        for i in range(found.shape[1]):
            if found[q, i] >= 0:
                _prefetch(vectors, found[q, i])
        for i in range(found.shape[1]):
            row = found[q, i]
            if row >= 0:
                offer(heap[0][q], heap[1][q], row, dot(queries[q], vectors[row]))
