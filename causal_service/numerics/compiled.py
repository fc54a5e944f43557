"""How kernels are compiled: without the interpreter lock, cached on disk, division by zero as in IEEE 754.

``kernel`` marks what Python calls; ``inner`` marks what only kernels call and saves the time of compiling a wrapper.
"""

from __future__ import annotations

from typing import Any

from numba import njit

__all__ = ["inner", "kernel"]

_OPTIONS: dict[str, Any] = {"cache": True, "nogil": True, "error_model": "numpy"}

_compiler: Any = njit
kernel = _compiler(**_OPTIONS)
inner = _compiler(**_OPTIONS, no_cpython_wrapper=True, no_cfunc_wrapper=True)
