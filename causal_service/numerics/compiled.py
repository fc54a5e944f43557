"""How kernels are compiled: without the interpreter lock, cached on disk, division by zero as in IEEE 754.

``kernel`` marks what Python calls; ``inner`` marks what only kernels call and saves the time of compiling a wrapper;
``lean`` is ``inner`` for what makes no array: it counts no references to those it is given, which its caller holds;
``summing`` is ``inner`` for a sum that may be added up in any order, which lets it use wide registers.
Where neither the package folder nor the home can be written to, nothing is cached and every process compiles anew.
"""

from __future__ import annotations

from typing import Any

from numba import njit

__all__ = ["inner", "kernel", "lean", "summing"]

_OPTIONS: dict[str, Any] = {"nogil": True, "error_model": "numpy"}
_INNER: dict[str, Any] = {**_OPTIONS, "no_cpython_wrapper": True, "no_cfunc_wrapper": True, "_nrt": True}
_LEAN: dict[str, Any] = {**_INNER, "_nrt": False}
_SUMMING: dict[str, Any] = {**_INNER, "fastmath": {"reassoc", "nsz", "contract"}}


def kernel(function: Any) -> Any:
    """Compile ``function`` for callers in Python."""
    return _compiled(function, _OPTIONS)


def inner(function: Any) -> Any:
    """Compile ``function`` for callers that are kernels themselves."""
    return _compiled(function, _INNER)


def lean(function: Any) -> Any:
    """Compile ``function``, which makes no array, for callers that are kernels themselves."""
    return _compiled(function, _LEAN)


def summing(function: Any) -> Any:
    """Compile ``function``, a sum, for callers that are kernels themselves."""
    return _compiled(function, _SUMMING)


def _compiled(function: Any, options: dict[str, Any]) -> Any:
    compiler: Any = njit
    try:
        return compiler(**options, cache=True)(function)
    except RuntimeError:  # no place for the cache
        return compiler(**options)(function)
