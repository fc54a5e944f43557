"""Within-transform: remove entity and period effects from columns that may have gaps.

Weighted least squares on entity and period dummies. The entity effects are eliminated by subtracting entity means
(Frisch & Waugh 1933); the period effects that remain solve a small symmetric system, by conjugate gradients with the
period weights as preconditioner (Hestenes & Stiefel 1952; for fixed effects Correia 2016, "Linear models with
high-dimensional fixed effects"). One step is exact on complete balanced data, and staggered panels, whose entities
overlap for a few periods only, converge where alternating projections would stall.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from causal_service.numerics.compiled import inner, kernel

__all__ = ["within"]


@inner
def _center(
    z: NDArray[np.float64],
    w: NDArray[np.float64],
    entity: NDArray[np.int64],
    total: NDArray[np.float64],
    weight: NDArray[np.float64],
) -> None:
    """Subtract the weighted mean of every entity from z in place."""
    total[:] = 0.0
    weight[:] = 0.0
    for r in range(z.shape[0]):
        if not np.isnan(z[r]):
            total[entity[r]] += w[r] * z[r]
            weight[entity[r]] += w[r]
    for g in range(total.shape[0]):
        if weight[g] > 0.0:
            total[g] /= weight[g]
    for r in range(z.shape[0]):
        z[r] -= total[entity[r]]


@inner
def _period_sums(
    z: NDArray[np.float64], w: NDArray[np.float64], period: NDArray[np.int64], out: NDArray[np.float64]
) -> None:
    """Write the weighted sums of the observed cells of every period into ``out``."""
    out[:] = 0.0
    for r in range(z.shape[0]):
        if not np.isnan(z[r]):
            out[period[r]] += w[r] * z[r]


@inner
def _period_effects(
    z: NDArray[np.float64],
    w: NDArray[np.float64],
    entity: NDArray[np.int64],
    period: NDArray[np.int64],
    work: tuple[NDArray[np.float64], NDArray[np.float64]],
    tolerance: float,
    rounds: int,
) -> NDArray[np.float64]:
    """Return the period effects (T,) of z, whose entity means are zero."""
    T = period.max() + 1
    effect, residual, image, mass = np.zeros(T), np.empty(T), np.empty(T), np.empty(T)
    u = np.where(np.isnan(z), np.nan, 1.0)
    _period_sums(u, w, period, mass)
    mass = np.where(mass > 0.0, mass, 1.0)
    _period_sums(z, w, period, residual)
    limit = tolerance * np.nanmax(np.abs(z)) if z.size > np.isnan(z).sum() else 0.0
    mean = residual / mass
    direction, rho = mean.copy(), residual @ mean
    for _ in range(rounds):
        if np.abs(mean).max() <= limit:
            break
        for r in range(z.shape[0]):
            u[r] = np.nan if np.isnan(z[r]) else direction[period[r]]
        _center(u, w, entity, work[0], work[1])
        _period_sums(u, w, period, image)
        curvature = direction @ image
        if curvature <= 0.0:
            break
        effect += (rho / curvature) * direction
        residual -= (rho / curvature) * image
        mean = residual / mass
        previous, rho = rho, residual @ mean
        direction = mean + (rho / previous) * direction
    return effect


@kernel
def within(
    Z: NDArray[np.float64],
    w: NDArray[np.float64],
    entity: NDArray[np.int64],
    period: NDArray[np.int64],
    tolerance: float = 1e-12,
    rounds: int = 1000,
) -> NDArray[np.float64]:
    """Return the residuals of Z (R, q) on entity and period effects; NaN cells stay NaN.

    Parameters
    ----------
    Z : values (R, q), any unit; NaN = missing.
    w : row weights (R,), positive.
    entity, period : codes (R,), 0-based; pass a constant ``period`` to remove entity means only.
    tolerance : stop when the period means that are left are below this share of the column's largest deviation.
    rounds : largest number of rounds.
    """
    R, q = Z.shape
    out = np.empty((R, q))
    work = (np.empty(entity.max() + 1), np.empty(entity.max() + 1))
    for j in range(q):
        z = Z[:, j].copy()
        _center(z, w, entity, work[0], work[1])
        effect = _period_effects(z, w, entity, period, work, tolerance, rounds)
        for r in range(R):
            z[r] -= effect[period[r]]
        _center(z, w, entity, work[0], work[1])
        out[:, j] = z
    return out
