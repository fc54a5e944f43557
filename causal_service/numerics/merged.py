"""Functions that become part of the kernel that calls them, because what they are given is too much to hand over."""

from __future__ import annotations

from typing import Any

from numba import njit

__all__ = ["merged"]


_OPTIONS: dict[str, Any] = {
    "nogil": True,
    "error_model": "numpy",
    "no_cpython_wrapper": True,
    "no_cfunc_wrapper": True,
    "forceinline": True,
    "_nrt": False,
}


def merged(function: Any) -> Any:
    """Compile ``function``, which makes no array, into every kernel that calls it.

    An ordinary call copies seven numbers for each array of a ``NamedTuple``, and the compiler forgets what it knew.
    """
    return njit(**_OPTIONS)(function)
