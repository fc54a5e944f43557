"""What kind of numbers a column holds: a twin's column must hold the same kind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from causal_service.preparation.kinds import kind_of

__all__ = ["Marginal", "marginal_of"]

Array = NDArray[np.float64]

_MOST_STEPS = 200
"""More distinct values than this are a continuous measure, however they were rounded."""


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
    values : (E, T), NaN = missing.
    percent : whether the unit is a percentage, 0..100.
    """
    states = np.unique(values[~np.isnan(values)])
    if states.size == 0:
        return Marginal("continuous")
    kind, bottom, top = kind_of(values), float(states[0]), float(states[-1])
    if kind == "binary":
        return Marginal("binary", bottom, top - bottom, bottom, top)
    low = 0.0 if bottom >= 0 else -np.inf
    high = 100.0 if percent and top <= 100.0 else 1.0 if bottom >= 0 and top <= 1.0 else np.inf
    step = _spacing(states)
    if step == 0.0:
        return Marginal("continuous", low=low, high=high)
    whole = step == 1.0 and bottom >= 0 and bottom.is_integer()
    origin = 0.0 if whole else bottom
    if kind == "count":
        return Marginal("count", origin, step, origin)
    if not whole:
        low, high = bottom, top
    return Marginal("rounded", origin, step, low, high)


def _spacing(states: Array) -> float:
    """Return the distance of evenly spaced values, some of which may be missing; 0 when they are not evenly spaced."""
    if not 2 < states.size <= _MOST_STEPS:
        return 0.0
    gaps = np.diff(states)
    steps = gaps / gaps.min()
    return float(gaps.min()) if np.abs(steps - np.round(steps)).max() < 1e-6 else 0.0
