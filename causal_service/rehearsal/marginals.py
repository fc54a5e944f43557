"""What kind of numbers a column holds: a twin's column must hold the same kind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

__all__ = ["Marginal", "marginal_of"]

Array = NDArray[np.float64]

_MOST_STEPS = 200
"""More distinct values than this are a continuous measure, however they were rounded."""
_LARGEST_MEAN_COUNT = 15.0
"""Counts with a larger mean are close enough to a rounded continuous measure."""
_DISPERSION = (0.4, 8.0)
"""Variance over mean of what is read as a count."""


@dataclass(frozen=True, slots=True)
class Marginal:
    """The values a column can take, in the indicator's unit."""

    kind: Literal["continuous", "binary", "count", "rounded"]
    """Two states, a count, other evenly spaced values, or anything."""
    origin: float = 0.0
    """Lower state, or the value of a count of zero."""
    step: float = 1.0
    """Distance between neighbouring values; not used by continuous ones."""
    low: float = -np.inf
    """Smallest possible value."""
    high: float = np.inf
    """Largest possible value."""

    def restored(self, values: Array) -> Array:
        """Return values put back among those that are possible."""
        if self.kind in ("binary", "count"):
            return values
        if self.kind == "rounded":
            values = self.origin + self.step * np.round((values - self.origin) / self.step)
        return np.clip(values, self.low, self.high)


def marginal_of(values: Array, percent: bool) -> Marginal:
    """Return what kind of numbers a column holds.

    Parameters
    ----------
    values : any shape, NaN = missing.
    percent : whether the unit is a percentage, 0..100.
    """
    states, count = np.unique(values[~np.isnan(values)], return_counts=True)
    if states.size == 0:
        return Marginal("continuous")
    if states.size == 2:
        low, high = float(states[0]), float(states[1])
        return Marginal("binary", low, high - low, low, high)
    bottom, top = float(states[0]), float(states[-1])
    low = 0.0 if bottom >= 0 else -np.inf
    high = 100.0 if percent and top <= 100.0 else 1.0 if bottom >= 0 and top <= 1.0 else np.inf
    gaps = np.diff(states)
    if 2 < states.size <= _MOST_STEPS:
        step = float(gaps.min())
        if np.abs(gaps / step - np.round(gaps / step)).max() < 1e-6:
            return _evenly_spaced(states, count, step, low, high)
    return Marginal("continuous", low=low, high=high)


def _evenly_spaced(states: Array, count: NDArray[np.int64], step: float, low: float, high: float) -> Marginal:
    whole = step == 1.0 and states[0] >= 0 and float(states[0]).is_integer()
    origin = 0.0 if whole else float(states[0])
    k = np.round((states - origin) / step)
    total = count.sum()
    mean = float(k @ count) / total
    deviation = k - mean
    variance = float(deviation**2 @ count) / total
    skew = float(deviation**3 @ count) / total / variance**1.5
    if 0 < mean <= _LARGEST_MEAN_COUNT and skew > 0.25 and _DISPERSION[0] <= variance / mean <= _DISPERSION[1]:
        return Marginal("count", origin, step, origin)
    if not whole or low == -np.inf:
        low, high = float(states[0]), float(states[-1])
    return Marginal("rounded", origin, step, low, high)
