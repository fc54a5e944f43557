"""How finely a column was published: the rounding grid of every cell, so that *exact* means exact up to rounding.

A figure rounded to decimals has one grid for the whole column; one rounded to significant digits has a grid that
grows with its size. Both are estimated from the digits themselves, and the coarser of the two holds per cell.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["rounding_grid"]

_DECIMALS = range(-6, 13)
_DIGITS = range(1, 15)
_SAMPLE = 500
_FIT = 0.98
"""Share of distinct values that must lie on a grid; a few imputed cells with more digits do not hide it."""
_FLOAT = 4e-16
_LATTICE = 50
"""Fewest distinct values from which a spacing is read off."""
_COUNT = 10
"""A column of whole numbers that has values below this size holds counts."""


def rounding_grid(column: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the distance between neighbouring publishable values at every cell of ``column``, shape (n,).

    NaN cells get NaN. Cells published in full floating precision get about ``4e-16`` of their size, and so do counts:
    whole numbers with small ones among them are taken as exact, because no measurement is published that coarsely.
    """
    finite = column[np.isfinite(column) & (column != 0)]
    floor = np.abs(column) * _FLOAT
    if not finite.size or (np.abs(finite).min() < _COUNT and np.all(finite == np.rint(finite))):
        return floor
    distinct = np.unique(finite)
    sample = distinct[:: max(1, distinct.size // _SAMPLE)]
    decimals = _first_fit(sample, np.zeros(sample.size), _DECIMALS)
    exponent = np.floor(np.log10(np.abs(sample)) + 1e-12)
    digits = _first_fit(sample, -exponent - 1, _DIGITS)
    grid = floor
    if decimals is not None:
        grid = np.maximum(grid, 10.0**-decimals)
    lattice = _lattice(distinct)
    if lattice is not None:
        grid = np.maximum(grid, lattice)
    if digits is not None:
        size = np.abs(np.where(column == 0, np.nan, column))
        own = 10.0 ** (np.floor(np.log10(size) + 1e-12) + 1 - digits)
        grid = np.fmax(grid, np.where(np.isnan(column), np.nan, np.nan_to_num(own, nan=0.0)))
    return np.where(np.isnan(column), np.nan, grid)


def _lattice(distinct: NDArray[np.float64]) -> float | None:
    """Return the spacing of which all values are multiples (quarter hours, or decimals converted to another unit)."""
    if distinct.size < _LATTICE:
        return None
    gaps = np.diff(distinct)
    step = float(gaps[gaps > 1e-12 * np.abs(distinct).max()].min(initial=np.inf))
    multiples = (distinct - distinct[0]) / step
    if not np.isfinite(step) or multiples[-1] > 1e9:
        return None
    step *= float(multiples[-1] / np.rint(multiples[-1]))
    multiples = distinct / step
    return step if np.mean(np.abs(multiples - np.rint(multiples)) < 1e-3) >= _FIT else None


def _first_fit(sample: NDArray[np.float64], shift: NDArray[np.float64], powers: range) -> int | None:
    """Return the smallest power of ten that turns (nearly) all values into whole numbers."""
    for power in powers:
        scaled = np.abs(sample) * 10.0 ** (power + shift)
        tolerance = 1e-4 + scaled * 1e-15
        if scaled.max() > 1e14:
            return None
        whole = np.abs(scaled - np.rint(scaled)) <= tolerance
        if np.mean(whole & (np.rint(scaled) > 0)) >= _FIT:
            return power
    return None
