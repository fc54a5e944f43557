"""Within-transform: remove entity and period effects from columns that may have gaps.

Alternating projections (von Neumann 1949; for fixed effects Guimaraes & Portugal 2010, Stata Journal 10(4)): subtract
weighted entity means and period means of the observed cells in turn until nothing moves. On complete balanced data one
round is exact.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

__all__ = ["within"]


@njit(cache=True, nogil=True)
def _sweep(
    z: NDArray[np.float64],
    w: NDArray[np.float64],
    group: NDArray[np.int64],
    total: NDArray[np.float64],
    weight: NDArray[np.float64],
) -> float:
    """Subtract the weighted mean of every group from z in place; return the largest mean removed."""
    total[:] = 0.0
    weight[:] = 0.0
    for r in range(z.shape[0]):
        if not np.isnan(z[r]):
            total[group[r]] += w[r] * z[r]
            weight[group[r]] += w[r]
    largest = 0.0
    for g in range(total.shape[0]):
        if weight[g] > 0.0:
            total[g] /= weight[g]
            largest = max(largest, abs(total[g]))
    for r in range(z.shape[0]):
        z[r] -= total[group[r]]
    return largest


@njit(cache=True, nogil=True)
def within(
    Z: NDArray[np.float64],
    w: NDArray[np.float64],
    entity: NDArray[np.int64],
    period: NDArray[np.int64],
    tolerance: float = 1e-10,
    rounds: int = 500,
) -> NDArray[np.float64]:
    """Return the residuals of Z (R, q) on entity and period effects; NaN cells stay NaN.

    Parameters
    ----------
    Z : values (R, q), any unit; NaN = missing.
    w : row weights (R,), positive.
    entity, period : codes (R,), 0-based; pass a constant ``period`` to remove entity means only.
    tolerance : stop when the means removed in a round are below this share of the column's SD.
    rounds : largest number of rounds.
    """
    R, q = Z.shape
    out = np.empty((R, q))
    e_total = np.empty(entity.max() + 1)
    e_weight = np.empty(entity.max() + 1)
    t_total = np.empty(period.max() + 1)
    t_weight = np.empty(period.max() + 1)
    for j in range(q):
        z = Z[:, j].copy()
        _sweep(z, w, entity, e_total, e_weight)
        scale = 0.0
        for r in range(R):
            if not np.isnan(z[r]):
                scale = max(scale, abs(z[r]))
        for _ in range(rounds):
            moved = _sweep(z, w, period, t_total, t_weight)
            moved = max(moved, _sweep(z, w, entity, e_total, e_weight))
            if moved <= tolerance * scale:
                break
        out[:, j] = z
    return out
