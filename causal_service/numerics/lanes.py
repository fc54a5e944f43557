"""Sixteen neighbouring numbers at a time: what compiled loops over short rows are made of.

Left to itself a compiler checks before every row whether arrays overlap and handles what is left over of its width,
which takes longer than a row of some thirty numbers. Arrays are flat, float32 or float64, and hold whole groups of
``LANES`` numbers from every place that is given; nothing is checked.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir  # type: ignore[import-untyped]
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

__all__ = [
    "LANES",
    "Groups",
    "add_scaled",
    "add_squares",
    "count_bits",
    "dot",
    "fetch",
    "lowest_bit",
    "prefetch",
    "read_cells",
    "settle_cells",
    "subtract",
    "two_dots",
]

LANES = 16
"""Numbers of a group."""
_VARIABLE: Any = cgutils.alloca_once_value


class Groups:
    """Groups of some arrays, to be loaded, computed with and stored."""

    def __init__(self, context: Any, builder: Any, signature: Any, arguments: Any) -> None:
        self._context, self.builder = context, builder
        self._kinds, self._values = signature.args, arguments

    def load(self, array: int, place: Any) -> Any:
        """Group of the argument at position ``array``."""
        pointer, width = self._pointer(array, place)
        return self.builder.load(pointer, align=width)

    def number(self, array: int, place: Any) -> Any:
        """One number of the argument at position ``array``."""
        data = self._context.make_array(self._kinds[array])(self._context, self.builder, self._values[array]).data
        return self.builder.load(self.builder.gep(data, [place]))

    def store(self, values: Any, array: int, place: Any) -> None:
        """Write a group."""
        pointer, width = self._pointer(array, place)
        self.builder.store(values, pointer, align=width)

    def group(self, array: int) -> Any:
        """Type of a group of the argument at position ``array``."""
        return ir.VectorType(self._context.get_value_type(self._kinds[array].dtype), LANES)

    def every(self, value: Any) -> Any:
        """Group of one number."""
        one = ir.VectorType(value.type, LANES)
        first = self.builder.insert_element(ir.Constant(one, ir.Undefined), value, ir.Constant(ir.IntType(32), 0))
        return self.builder.shuffle_vector(first, first, ir.Constant(ir.VectorType(ir.IntType(32), LANES), [0] * LANES))

    def alike(self, values: Any, like: Any) -> Any:
        """The group, or a float64, in the kind of ``like``, which is no narrower than a group."""
        if isinstance(values.type, ir.VectorType):
            return values if values.type == like.type else self.builder.fpext(values, like.type)
        kind = like.type.element
        return self.every(values if values.type == kind else self.builder.fptrunc(values, kind))

    def fused(self, one: Any, other: Any, more: Any) -> Any:
        """``one * other + more``, rounded once where the processor can."""
        product = self.builder.fmul(one, other, flags=["contract"])
        return self.builder.fadd(product, more, flags=["contract"])

    def _pointer(self, array: int, place: Any) -> tuple[Any, int]:
        kind = self._kinds[array]
        data = self._context.make_array(kind)(self._context, self.builder, self._values[array]).data
        element = self._context.get_value_type(kind.dtype)
        start = self.builder.gep(data, [place])
        return self.builder.bitcast(start, ir.VectorType(element, LANES).as_pointer()), kind.dtype.bitwidth // 8


def _add_scaled(typing: Any, total: Any, at: Any, source: Any, start: Any, weight: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        groups = Groups(context, builder, signature, arguments)
        sums = groups.load(0, arguments[1])
        values, weight = (groups.alike(given, sums) for given in (groups.load(2, arguments[3]), arguments[4]))
        groups.store(groups.fused(weight, values, sums), 0, arguments[1])
        return context.get_dummy_value()

    return types.void(total, types.intp, source, types.intp, types.float64), generate


def _add_squares(typing: Any, total: Any, at: Any, left: Any, start: Any, right: Any, other: Any, weight: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        groups = Groups(context, builder, signature, arguments)
        sums = groups.load(0, arguments[1])
        values = builder.fsub(groups.load(2, arguments[3]), groups.load(4, arguments[5]))
        values, weight = (groups.alike(given, sums) for given in (values, arguments[6]))
        groups.store(groups.fused(builder.fmul(weight, values), values, sums), 0, arguments[1])
        return context.get_dummy_value()

    return types.void(total, types.intp, left, types.intp, right, types.intp, types.float64), generate


def _subtract(typing: Any, values: Any, at: Any, other: Any, start: Any, holes: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        groups = Groups(context, builder, signature, arguments)
        rest = builder.fsub(groups.load(0, arguments[1]), groups.load(2, arguments[3]))
        hole = builder.trunc(arguments[4], ir.IntType(LANES))
        hole = builder.bitcast(hole, ir.VectorType(ir.IntType(1), LANES))
        groups.store(builder.select(hole, ir.Constant(rest.type, [0.0] * LANES), rest), 0, arguments[1])
        return context.get_dummy_value()

    return types.void(values, types.intp, other, types.intp, types.int64), generate


def _dot(typing: Any, left: Any, at: Any, right: Any, start: Any, count: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        groups = Groups(context, builder, signature, arguments)
        _, at, _, start, count = arguments
        return _products(groups, (0,), at, 2, start, count)[0]

    return types.float64(left, types.intp, right, types.intp, types.intp), generate


def _two_dots(typing: Any, one: Any, other: Any, at: Any, right: Any, start: Any, count: Any) -> Any:
    result: Any = types.UniTuple(types.float64, 2)  # type: ignore[no-untyped-call]

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        groups = Groups(context, builder, signature, arguments)
        _, _, at, _, start, count = arguments
        return context.make_tuple(builder, result, _products(groups, (0, 1), at, 3, start, count))

    return result(one, other, types.intp, right, types.intp, types.intp), generate


def _products(groups: Groups, left: tuple[int, ...], at: Any, right: int, start: Any, count: Any) -> list[Any]:
    """Sums of products of each of some stretches at one place with another."""
    builder, size = groups.builder, ir.IntType(64)
    vector = groups.group(right)
    sums = [_VARIABLE(builder, ir.Constant(vector, [0.0] * LANES)) for _ in left]
    step, zero = (ir.Constant(size, value) for value in (LANES, 0))
    with cgutils.for_range_slice(builder, zero, count, step, intp=size) as (index, _):
        other = groups.load(right, builder.add(start, index))
        for array, total in zip(left, sums, strict=True):
            one = groups.load(array, builder.add(at, index))
            builder.store(groups.fused(one, other, builder.load(total)), total)
    element = vector.element
    name = f"llvm.vector.reduce.fadd.v{LANES}{'f32' if element == ir.FloatType() else 'f64'}"
    reduce = builder.module.declare_intrinsic(name, (), ir.FunctionType(element, [element, vector]))
    found = [
        builder.call(reduce, [ir.Constant(element, 0.0), builder.load(total)], fastmath=["reassoc"]) for total in sums
    ]
    return found if element == ir.DoubleType() else [builder.fpext(one, ir.DoubleType()) for one in found]


def _read_cells(
    typing: Any,
    X: Any,
    at: Any,
    count: Any,
    middle: Any,
    scale: Any,
    c: Any,
    V: Any,
    start: Any,
    sums: Any,
    squares: Any,
    empty: Any,
) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        groups = Groups(context, builder, signature, arguments)
        _, x_at, kept, _, _, column, _, v_at, _, _, _ = arguments
        cells = groups.load(0, x_at)
        zero = ir.Constant(cells.type, [0.0] * LANES)
        lanes = ir.Constant(ir.VectorType(ir.IntType(32), LANES), list(range(LANES)))
        kept = builder.trunc(kept, ir.IntType(32))
        cells = builder.select(builder.icmp_signed("<", lanes, groups.every(kept)), cells, zero)
        hole = builder.fcmp_unordered("uno", cells, cells)
        values = builder.fmul(builder.fsub(cells, groups.load(3, column)), groups.load(4, column))
        values = builder.select(hole, zero, values)
        groups.store(values, 6, v_at)
        groups.store(builder.fadd(groups.load(8, column), values), 8, column)
        groups.store(groups.fused(values, values, groups.load(9, column)), 9, column)
        one = builder.select(hole, ir.Constant(cells.type, [1.0] * LANES), zero)
        groups.store(builder.fadd(groups.load(10, column), one), 10, column)
        return builder.zext(builder.bitcast(hole, ir.IntType(LANES)), ir.IntType(64))

    place = types.intp
    return types.int64(X, place, place, middle, scale, place, V, place, sums, squares, empty), generate


def _settle_cells(
    typing: Any, U: Any, at: Any, mean: Any, c: Any, effects: Any, e: Any, weight: Any, root: Any, out: Any, to: Any,
    sums: Any,
) -> Any:  # fmt: skip
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        groups = Groups(context, builder, signature, arguments)
        _, u_at, _, column, _, row, weight, root, _, to, _ = arguments
        values = builder.fsub(builder.fsub(groups.load(0, u_at), groups.load(2, column)), groups.load(4, row))
        groups.store(builder.fmul(values, groups.alike(root, values)), 8, to)
        groups.store(groups.fused(groups.alike(weight, values), values, groups.load(10, row)), 10, row)
        return context.get_dummy_value()

    place, number = types.intp, types.float64
    return types.void(U, place, mean, place, effects, place, number, number, out, place, sums), generate


def _lowest_bit(typing: Any, bits: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.cttz(arguments[0], ir.Constant(ir.IntType(1), 0))

    return types.int64(types.int64), generate


def _count_bits(typing: Any, bits: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.ctpop(arguments[0])

    return types.int64(types.int64), generate


def _prefetch(typing: Any, values: Any, at: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        data = context.make_array(signature.args[0])(context, builder, arguments[0]).data
        fetch(builder, builder.gep(data, [arguments[1]]))
        return context.get_dummy_value()

    return types.void(values, types.intp), generate


def fetch(builder: Any, pointer: Any) -> None:
    """Begin to bring what stands behind a pointer into the cache."""
    byte, number = ir.IntType(8).as_pointer(), ir.IntType(32)
    kind = ir.FunctionType(ir.VoidType(), [byte, number, number, number])
    call = builder.module.declare_intrinsic("llvm.prefetch", [byte], kind)
    where = builder.bitcast(pointer, byte)
    builder.call(call, [where, *(ir.Constant(number, value) for value in (0, 3, 1))])


add_scaled: Any = intrinsic(_add_scaled)
"""``add_scaled(total, at, source, start, weight)``: add ``weight`` times a group of source to one of ``total``."""
add_squares: Any = intrinsic(_add_squares)
"""``add_squares(total, at, left, start, right, other, weight)``: add ``weight`` times the squares of the differences
of two groups to one of ``total``."""
subtract: Any = intrinsic(_subtract)
"""``subtract(values, at, other, start, holes)``: subtract a group of ``other`` from one of ``values``; lanes whose bit
is set in ``holes`` become zero."""
dot: Any = intrinsic(_dot)
"""``dot(left, at, right, start, count)``: sum of products of ``count`` numbers, a multiple of the lanes: one sum for
each lane, then these are added in the order that suits the processor. Last bits may differ between processors."""
two_dots: Any = intrinsic(_two_dots)
"""``two_dots(one, other, at, right, start, count)``: ``dot`` of ``one`` and of ``other``, at the same place, with
``right``, which is loaded once."""
read_cells: Any = intrinsic(_read_cells)
"""``read_cells(X, at, count, middle, scale, c, V, start, sums, squares, empty)``: write ``(x - middle) scale`` of a
group of X into V, zero where it is NaN and beyond ``count``; add it, its square and, where it is NaN, one to the groups
at c; return the bits of those that are NaN."""
settle_cells: Any = intrinsic(_settle_cells)
"""``settle_cells(U, at, mean, c, effects, row, weight, root, out, to, sums)``: write ``root (u - mean - effects)`` into
``out`` and add ``weight (u - mean - effects)`` to ``sums`` at ``row``."""
lowest_bit: Any = intrinsic(_lowest_bit)
"""Place of the lowest bit of a number, 64 if it has none."""
count_bits: Any = intrinsic(_count_bits)
"""Number of bits that are set."""
prefetch: Any = intrinsic(_prefetch)
"""``prefetch(values, at)``: begin to bring what stands there into the cache."""
