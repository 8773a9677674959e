"""Integer products and prefetching for compiled search among codes; importing it loads numba.

Integer products are written as vectors, because numba widens int32 to int64 and then finds no
instruction for them. The same integers come out on every machine, in any order of adding.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from recsys.core.arrays import FloatArray
from recsys.index._kernels import compiled

ir = cgutils.ir  # llvmlite's, as numba knows it

_i8, _i16, _i32, _i64 = (ir.IntType(bits) for bits in (8, 16, 32, 64))

LANES = 16
"""Numbers multiplied at once."""

LARGEST = 2**30 - 1
"""No product is larger: two bits of an int32 stay free for the flags of keys."""

CodeMatrix = npt.NDArray[np.int8]

QueryCode = npt.NDArray[np.int16]

Whole: TypeAlias = "int | np.signedinteger[Any]"
"""A row, a place or a product: int64 once compiled."""


def _start_of_row(context: Any, builder: Any, kind: Any, array: Any, row: Any) -> Any:
    struct = context.make_array(kind)(context, builder, array)
    stride = cgutils.unpack_tuple(builder, struct.strides)[0]
    base = builder.bitcast(struct.data, _i8.as_pointer())
    return builder.gep(base, [builder.mul(row, stride)])


@intrinsic  # type: ignore[untyped-decorator,unused-ignore]
def prefetch(typing_context: Any, array: Any, row: Any, offset: Any) -> Any:
    """Ask for a byte of a row of a 2-d array before it is needed."""
    del typing_context, row, offset

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        place = _start_of_row(context, builder, signature.args[0], *arguments[:2])
        place = builder.gep(place, [arguments[2]])
        kind = ir.FunctionType(ir.VoidType(), [place.type, _i32, _i32, _i32])
        call = builder.module.declare_intrinsic("llvm.prefetch", [place.type], kind)
        builder.call(call, [place, _i32(0), _i32(3), _i32(1)])
        return context.get_dummy_value()

    return types.void(array, types.int64, types.int64), generate


@intrinsic  # type: ignore[untyped-decorator,unused-ignore]
def shift(typing_context: Any, array: Any, first: Any, stop: Any) -> Any:
    """Move the numbers from ``first`` up to ``stop`` of a 1-d int64 array on by one."""
    del typing_context, first, stop

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        struct = context.make_array(signature.args[0])(context, builder, arguments[0])
        source = builder.gep(struct.data, [arguments[1]])
        count = builder.sub(arguments[2], arguments[1])
        target = builder.gep(source, [_i64(1)])
        cgutils.raw_memmove(builder, target, source, count, itemsize=8)
        return context.get_dummy_value()

    return types.void(array, types.int64, types.int64), generate


@intrinsic  # type: ignore[untyped-decorator,unused-ignore]
def lowest_bit(typing_context: Any, word: Any) -> Any:
    """Return the place of the lowest bit that is set in a uint64; there must be one."""
    del typing_context

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        del context, signature
        return builder.cttz(arguments[0], ir.IntType(1)(1))

    return types.int64(word), generate


def _lanes(kind: Any, n: int) -> Any:
    return ir.VectorType(kind, n)


def _products_in_pairs(builder: Any, code: Any, query: Any) -> Any:
    # even plus odd lanes of the products: in this form LLVM knows it as one instruction of x86
    # (pmaddwd, or with VNNI vpdpwssd together with the sum)
    wide = [builder.sext(some, _lanes(_i32, LANES)) for some in (code, query)]
    products = builder.mul(*wide)
    mask = _lanes(_i32, LANES // 2)
    even, odd = (
        builder.shuffle_vector(products, products, mask(list(range(first, LANES, 2))))
        for first in (0, 1)
    )
    return builder.add(even, odd)


@intrinsic  # type: ignore[untyped-decorator,unused-ignore]
def _full_lanes(typing_context: Any, query: Any, codes: Any, row: Any, stop: Any) -> Any:
    """Return the int32 product of ``query`` and a row of ``codes``, up to a multiple of LANES."""
    del typing_context, row, stop
    sums = _lanes(_i32, LANES // 2)

    def load(builder: Any, base: Any, place: Any, kind: Any) -> Any:
        address = builder.bitcast(builder.gep(base, [place]), _lanes(kind, LANES).as_pointer())
        return builder.load(address, align=1)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        code = _start_of_row(context, builder, signature.args[1], *arguments[1:3])
        struct = context.make_array(signature.args[0])(context, builder, arguments[0])
        query = builder.bitcast(struct.data, _i16.as_pointer())
        before = builder.block
        head, body, end = (builder.append_basic_block(name) for name in ("head", "body", "end"))
        builder.branch(head)
        builder.position_at_end(head)
        at, total = builder.phi(_i64), builder.phi(sums)
        at.add_incoming(_i64(0), before)
        total.add_incoming(sums([0] * (LANES // 2)), before)
        builder.cbranch(builder.icmp_signed("<", at, arguments[3]), body, end)
        builder.position_at_end(body)
        some = load(builder, code, at, _i8), load(builder, query, at, _i16)
        total.add_incoming(builder.add(total, _products_in_pairs(builder, *some)), body)
        at.add_incoming(builder.add(at, _i64(LANES)), body)
        builder.branch(head)
        builder.position_at_end(end)
        kind = ir.FunctionType(_i32, [sums])
        name = f"llvm.vector.reduce.add.v{LANES // 2}i32"
        call = cgutils.get_or_insert_function(builder.module, kind, name)
        return builder.call(call, [total])

    return types.int32(query, codes, types.int64, types.int64), generate


@compiled(inline=True)
def code_product(query: QueryCode, codes: CodeMatrix, row: Whole) -> int:
    """Return the product of a query and a row of ``codes``."""
    width = query.shape[0]
    stop = width - width % LANES
    total = np.int64(_full_lanes(query, codes, row, stop))
    if stop < width:
        for i in range(stop, width):
            total += np.int64(query[i]) * np.int64(codes[row, i])
    return int(total)


@compiled()
def to_whole_numbers(code: FloatArray, out: QueryCode) -> np.float32:
    """Fill ``out`` with a query's ``code`` as integers, the largest whose products fit.

    Returns the factor: products are so many times what they would be in floats.

    Up to 512 dimensions a step is at most 1/16383 of the largest; those of items have 8 bits.
    """
    most = np.float32(0)
    for i in range(code.shape[0]):
        most = max(most, abs(code[i]))
    unit = np.float32(0)
    if most > 0 and np.isfinite(most):
        steps = min(32767.0, np.floor(LARGEST / (128.0 * code.shape[0])))
        unit = np.float32(steps / most)
    for i in range(code.shape[0]):
        out[i] = np.int16(np.rint(code[i] * unit))
    return unit
