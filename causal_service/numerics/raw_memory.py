"""Memory that others own, read by kernels at its address: one compiled kernel for any number of columns."""

from __future__ import annotations

from typing import Any

from llvmlite import ir  # type: ignore[import-untyped]
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from causal_service.numerics.lanes import fetch

__all__ = ["SIDE", "bits_at", "byte_at", "fetch_at", "float_at", "turn"]

SIDE = 8
"""Rows and columns of a square: as many float64 as processors fetch at once."""
_VARIABLE: Any = cgutils.alloca_once_value


def _float_at(typing: Any, address: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kind = context.get_value_type(types.float64).as_pointer()
        return builder.load(builder.inttoptr(arguments[0], kind))

    return types.float64(types.int64), generate


def _bits_at(typing: Any, address: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kind = context.get_value_type(types.uint64).as_pointer()
        return builder.load(builder.inttoptr(arguments[0], kind))

    return types.uint64(types.int64), generate


def _byte_at(typing: Any, address: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kind = context.get_value_type(types.uint8).as_pointer()
        return builder.load(builder.inttoptr(arguments[0], kind))

    return types.uint8(types.int64), generate


def _fetch_at(typing: Any, address: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        fetch(builder, builder.inttoptr(arguments[0], ir.IntType(8).as_pointer()))
        return context.get_dummy_value()

    return types.void(types.int64), generate


def _turn(
    typing: Any, columns: Any, gaps: Any, bits: Any, first: Any, row: Any, n: Any, places: Any, begin: Any, out: Any,
    stride: Any, to: Any,
) -> Any:  # fmt: skip
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        _, _, _, first, row, n, _, begin, _, stride, to = arguments
        number, element, index, byte = ir.DoubleType(), ir.FloatType(), ir.IntType(64), ir.IntType(8)
        columns, gaps, bits, places, out = (
            context.make_array(signature.args[i])(context, builder, arguments[i]) for i in (0, 1, 2, 6, 8)
        )
        count, rows = builder.sub(builder.extract_value(columns.shape, 0), first), builder.sub(n, row)
        mask, vector = ir.VectorType(ir.IntType(1), SIDE), ir.VectorType(number, SIDE)
        zero, odd, found = ir.Constant(vector, [0.0] * SIDE), ir.Constant(mask, [0] * SIDE), []
        places_of = [_at_most(builder, count, k) for k in range(SIDE)]
        places_of = [builder.add(first, place) for place in places_of]
        pointers = [
            builder.inttoptr(
                builder.add(builder.load(builder.gep(columns.data, [place])), builder.shl(row, ir.Constant(index, 3))),
                vector.as_pointer(),
            )
            for place in places_of
        ]
        for place, given in zip(places_of, _loaded(builder, pointers, rows), strict=True):
            bitmap, bit = (builder.load(builder.gep(array.data, [place])) for array in (gaps, bits))
            cells = builder.fptrunc(builder.fadd(given, zero), ir.VectorType(element, SIDE))
            rest = builder.fsub(cells, cells)  # not a number where the cell is infinite
            odd = builder.or_(odd, builder.fcmp_unordered("uno", rest, rest))
            seen = builder.bitcast(_eight_bits(builder, bitmap, builder.add(bit, row), builder.add(bit, n)), mask)
            found.append(builder.select(seen, cells, ir.Constant(cells.type, [float("nan")] * SIDE)))
        found, targets = _transposed(builder, found), []
        for r in range(SIDE):
            at = builder.load(builder.gep(places.data, [builder.add(begin, ir.Constant(index, r))]))
            pointer = builder.gep(out.data, [builder.add(builder.mul(at, stride), to)])
            targets.append(builder.bitcast(pointer, found[r].type.as_pointer()))
        _stored(builder, found, targets, count)
        return builder.zext(builder.bitcast(odd, byte), index)

    place = types.intp
    return types.int64(columns, gaps, bits, place, place, place, places, place, out, place, place), generate


def _at_most(builder: Any, count: Any, k: int) -> Any:
    """Place k, 0 where there are not so many."""
    place = ir.Constant(count.type, k)
    return builder.select(builder.icmp_signed("<", place, count), place, ir.Constant(count.type, 0))


def _loaded(builder: Any, pointers: list[Any], count: Any) -> list[Any]:
    """``SIDE`` numbers behind each pointer, zero behind the first ``count``, which are not touched.

    Masks are left out where nothing is to be masked: some processors take as long for one as for ten loads.
    """
    vector = pointers[0].type.pointee
    zero, align = ir.Constant(vector, [0.0] * SIDE), ir.Constant(ir.IntType(32), 8)
    slots = [_VARIABLE(builder, zero) for _ in pointers]
    with builder.if_else(_whole(builder, count), likely=True) as (whole, part):
        with whole:
            for pointer, slot in zip(pointers, slots, strict=True):
                builder.store(builder.load(pointer, align=8), slot)
        with part:
            there = _below(builder, count)
            for pointer, slot in zip(pointers, slots, strict=True):
                cells = _masked(builder, "load", vector.element, vector, [pointer, align, there, zero])
                builder.store(cells, slot)
    return [builder.load(slot) for slot in slots]


def _stored(builder: Any, values: list[Any], pointers: list[Any], count: Any) -> None:
    """Write the first ``count`` numbers of each group, or all, to where its pointer says."""
    align = ir.Constant(ir.IntType(32), 4)
    with builder.if_else(_whole(builder, count), likely=True) as (whole, part):
        with whole:
            for group, pointer in zip(values, pointers, strict=True):
                builder.store(group, pointer, align=4)
        with part:
            wanted = _below(builder, count)
            for group, pointer in zip(values, pointers, strict=True):
                _masked(builder, "store", group.type.element, ir.VoidType(), [group, pointer, align, wanted])


def _whole(builder: Any, count: Any) -> Any:
    return builder.icmp_signed(">=", count, ir.Constant(count.type, SIDE))


def _below(builder: Any, limit: Any) -> Any:
    """Mask of the lanes below a limit."""
    kind, thirty_two = ir.VectorType(limit.type, SIDE), ir.IntType(32)
    one = builder.insert_element(ir.Constant(kind, ir.Undefined), limit, ir.Constant(thirty_two, 0))
    every = builder.shuffle_vector(one, one, ir.Constant(ir.VectorType(thirty_two, SIDE), [0] * SIDE))
    return builder.icmp_signed("<", ir.Constant(kind, list(range(SIDE))), every)


def _masked(builder: Any, name: str, element: Any, result: Any, given: list[Any]) -> Any:
    kind = "f32" if element == ir.FloatType() else "f64"
    function = ir.FunctionType(result, [one.type for one in given])
    return builder.call(builder.module.declare_intrinsic(f"llvm.masked.{name}.v{SIDE}{kind}.p0", (), function), given)


def _eight_bits(builder: Any, bitmap: Any, bit: Any, end: Any) -> Any:
    """Eight bits of a bitmap from ``bit`` on, those from ``end`` on are anything; all ones where there is no bitmap."""
    byte, index = ir.IntType(8), bit.type
    three, seven, one = (ir.Constant(index, value) for value in (3, 7, 1))
    known = builder.icmp_signed("!=", bitmap, ir.Constant(index, 0))
    ones = _VARIABLE(builder, ir.Constant(byte, 255))
    last = builder.lshr(builder.sub(end, one), three)
    at = builder.lshr(bit, three)
    after = builder.add(at, one)
    after = builder.select(builder.icmp_signed("<", after, last), after, last)
    low, high = (
        builder.zext(
            builder.load(builder.select(known, builder.inttoptr(builder.add(bitmap, place), byte.as_pointer()), ones)),
            ir.IntType(16),
        )
        for place in (at, after)
    )
    both = builder.or_(low, builder.shl(high, ir.Constant(ir.IntType(16), 8)))
    shift = builder.trunc(builder.and_(bit, seven), ir.IntType(16))
    shift = builder.select(known, shift, ir.Constant(ir.IntType(16), 0))
    return builder.trunc(builder.lshr(both, shift), byte)


def _transposed(builder: Any, columns: list[Any]) -> list[Any]:
    """Rows of a square: each round deals two halves like cards and moves one bit of the place from column to lane."""
    half = SIDE // 2
    deal = [[start + i // 2 + SIDE * (i % 2) for i in range(SIDE)] for start in (0, half)]
    orders = [ir.Constant(ir.VectorType(ir.IntType(32), SIDE), order) for order in deal]
    for _ in range(SIDE.bit_length() - 1):
        columns = [
            builder.shuffle_vector(columns[i], columns[i + half], order) for i in range(half) for order in orders
        ]
    return columns


float_at: Any = intrinsic(_float_at)
"""The float64 at an address; whoever owns it must keep it."""
bits_at: Any = intrinsic(_bits_at)
"""Its bits."""
byte_at: Any = intrinsic(_byte_at)
"""The byte at an address."""
fetch_at: Any = intrinsic(_fetch_at)
"""Begin to bring what stands at an address into the cache; nothing need be there."""
turn: Any = intrinsic(_turn)
"""``turn(columns, gaps, bits, first, row, n, places, begin, out, stride, to)``: write the cells from ``row`` on of up
to ``SIDE`` columns of n float64, whose addresses are ``columns[first:]``, as float32 to
``out[places[begin + i] * stride + to]``. Bitmaps at ``gaps``, each from its bit ``bits`` on, say which cells are there;
0 = all are. Those that are not become NaN, minus zero becomes zero. Return whether a cell may be NaN or infinite."""
