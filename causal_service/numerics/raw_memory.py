"""Memory that others own, read by kernels at its address: one compiled kernel for any number of columns."""

from __future__ import annotations

from typing import Any

from numba import types
from numba.extending import intrinsic

__all__ = ["bits_at", "byte_at", "float_at"]


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


float_at: Any = intrinsic(_float_at)
"""The float64 at an address; whoever owns it must keep it."""
bits_at: Any = intrinsic(_bits_at)
"""Its bits."""
byte_at: Any = intrinsic(_byte_at)
"""The byte at an address."""
