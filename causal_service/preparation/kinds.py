"""What kind of quantity an indicator is, from its values alone: two states, a count, or a continuous quantity."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

__all__ = ["Kind", "kind_of"]

Kind = Literal["binary", "count", "continuous"]

MOST_LEVELS = 100
"""More distinct values than this: continuous."""
COUNT_GROWTH = (0.5, 2.0)
"""How the variance of a count grows with its mean between entities: exponent 1 for Poisson, up to 2 overdispersed."""
CLEAR = 3.0
"""Standard errors by which the variance must grow with the mean."""


def kind_of(values: NDArray[np.float64]) -> Kind:
    """Return the kind of an indicator (E, T), any unit, NaN = missing.

    A count stands on equally spaced levels and its variance grows with its distance from the lowest level. A rating of
    five stars stands on levels, too, but its variance does not grow: it is continuous here.
    """
    levels = np.unique(values[~np.isnan(values)])
    if levels.size == 2:
        return "binary"
    if not 3 <= levels.size <= MOST_LEVELS:
        return "continuous"
    gaps = np.diff(levels)
    steps = gaps / gaps.min()
    if np.abs(steps - np.round(steps)).max() > 1e-6:
        return "continuous"
    return "count" if _grows_like_a_count(values - levels[0]) else "continuous"


def _grows_like_a_count(values: NDArray[np.float64]) -> bool:
    """Whether log variance rises with log mean over entities, at a rate that counts have."""
    seen = (~np.isnan(values)).sum(axis=1)
    usable = values[seen >= 4]
    if usable.shape[0] < 5:
        return False
    mean, variance = np.nanmean(usable, axis=1), np.nanvar(usable, axis=1, ddof=1)
    moving = (mean > 0) & (variance > 0)
    if moving.sum() < 5:
        return False
    x, y = np.log(mean[moving]), np.log(variance[moving])
    x, y = x - x.mean(), y - y.mean()
    spread = float(x @ x)
    if spread <= 0:
        return False
    slope = float(x @ y) / spread
    rest = y - slope * x
    error = float(np.sqrt(rest @ rest / max(x.size - 2, 1) / spread))
    return COUNT_GROWTH[0] <= slope <= COUNT_GROWTH[1] and slope > CLEAR * error
