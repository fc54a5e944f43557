"""How far an outcome usually moves: the size against which an effect is useful.

The standard deviation is that size unless tails are heavy. One mistyped cell, or a few months of havoc, make it many
times as large as what happens otherwise; a panel that can only show effects of havoc's size would pass for one that
shows useful ones, and real levers for idle ones.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["usual_sd"]

_CENTRAL = (0.05, 0.95)
"""Quantiles between which movement is usual."""
_NORMAL = 3.29
"""Distance of the two in standard deviations of a normal distribution."""
_ALLOWANCE = 2.0
"""Up to so many times the usual spread the standard deviation counts in full: skewed data have tails, too, on one
side, and an effect on them is measured in standard deviations like any other."""


def usual_sd(cells: NDArray[np.float64], within_sd: float) -> float:
    """Return ``within_sd``, or less where it rests on the tails; both in the indicator's unit.

    Parameters
    ----------
    cells : (E, T) of one indicator, NaN where there is none.
    within_sd : its standard deviation without entity and period effects.
    """
    left = _without_medians(cells)
    if left.size == 0:
        return within_sd
    low, high = np.quantile(left, _CENTRAL)
    usual = _ALLOWANCE * float(high - low) / _NORMAL
    return min(within_sd, usual) if usual > 0 else within_sd


def _without_medians(cells: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the measured cells less the medians of their entity and period, one sweep of Tukey's median polish."""
    rest = cells[~np.isnan(cells).all(axis=1)]
    rest = rest[:, ~np.isnan(rest).all(axis=0)]
    if rest.size == 0:
        return np.empty(0)
    if rest.shape[1] > 1:
        rest = rest - np.nanmedian(rest, axis=1, keepdims=True)
    if rest.shape[0] > 1:
        rest = rest - np.nanmedian(rest, axis=0)
    return rest[~np.isnan(rest)]
