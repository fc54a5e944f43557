"""Functions that become part of the kernel that calls them, because what they are given is too much to hand over.

They stand apart from ``compiled``, which is for every kernel: only the rows of large panels need them, and nothing of
them is kept on disk for itself. Numba looks at the file of a kernel alone when it decides whether what it has kept on
disk is still good. Whoever edits a function that is merged into a kernel of another file (here and in ``lanes``,
``raw_memory`` and ``tile_products``, or an ``inner`` one) saves the file of that kernel, too, or removes
``__pycache__/*.nbi`` beside it; an installed release brings all files anew.
"""

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
