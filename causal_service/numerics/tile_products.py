"""Products of the columns of short stretches of rows, summed over the rows: a tile of a Gram matrix at a time.

A tile stays in the processor's registers from the first row to the last. Libraries are made for large matrices: where
they have no way of their own for small ones, bringing thirty columns of a hundred rows into their form costs more than
multiplying them.
"""

from __future__ import annotations

from typing import Any

from llvmlite import binding, ir  # type: ignore[import-untyped]
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from causal_service.numerics.lanes import LANES, Groups

__all__ = ["TILE_BYTES", "add_tile"]

_VARIABLE: Any = cgutils.alloca_once_value
_REGISTERS = 8
"""Sums that are under way at once: as many as hide how long each takes, and no more than half of the registers."""


def _register_bytes() -> int:
    features = binding.get_host_cpu_features()
    return 64 if features.get("avx512f") else 32 if features.get("avx") else 16


TILE_BYTES = _REGISTERS * _register_bytes() // LANES
"""Height of a tile, in columns, times the bytes of a number: four float32 with registers of 256 bits."""


def _add_tile(
    typing: Any, total: Any, at: Any, stride: Any, left: Any, a: Any, right: Any, c: Any, step: Any, rows: Any
) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        groups, size = Groups(context, builder, signature, arguments), ir.IntType(64)
        _, at, stride, _, a, _, c, step, rows = arguments
        vector = groups.group(5)
        height = TILE_BYTES // (4 if vector.element == ir.FloatType() else 8)
        sums = [_VARIABLE(builder, ir.Constant(vector, [0.0] * LANES)) for _ in range(height)]
        zero, one = (ir.Constant(size, value) for value in (0, 1))
        with cgutils.for_range_slice(builder, zero, rows, one, intp=size) as (row, _):
            begin = builder.mul(row, step)
            values = groups.load(5, builder.add(c, begin))
            for k, sum_of in enumerate(sums):
                factor = groups.every(groups.number(3, builder.add(builder.add(a, begin), ir.Constant(size, k))))
                builder.store(groups.fused(factor, values, builder.load(sum_of)), sum_of)
        for k, sum_of in enumerate(sums):
            place = builder.add(at, builder.mul(stride, ir.Constant(size, k)))
            known = groups.load(0, place)
            groups.store(builder.fadd(known, groups.alike(builder.load(sum_of), known)), 0, place)
        return context.get_dummy_value()

    place = types.intp
    return types.void(total, place, place, left, place, right, place, place, place), generate


add_tile: Any = intrinsic(_add_tile)
"""``add_tile(total, at, stride, left, a, right, c, step, rows)``: add to ``total[at + k stride + l]`` the products of
``left[a + k + r step]`` with ``right[c + l + r step]``, summed over ``rows`` rows r in the kind that ``left`` and
``right`` have; k below ``TILE_BYTES`` over the bytes of a number, l below ``LANES``."""
