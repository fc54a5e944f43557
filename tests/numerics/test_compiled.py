"""Kernels compile also where nothing can be cached."""

from __future__ import annotations

import pytest
from numba import njit

from causal_service.numerics.compiled import inner, kernel


def nowhere():
    """Return a function without a source file, which Numba cannot cache: as in a package nobody may write to."""
    space: dict[str, object] = {}
    exec("def twice(x):\n    return 2 * x\n", space)
    return space["twice"]


def test_without_a_place_for_the_cache_a_kernel_still_compiles():
    with pytest.raises(RuntimeError, match="no locator"):
        njit(cache=True)(nowhere())
    assert kernel(nowhere())(21) == 42


def test_inner_kernels_are_for_kernels():
    twice = inner(nowhere())

    @kernel
    def fourfold(x):
        return twice(twice(x))

    assert fourfold(3) == 12
