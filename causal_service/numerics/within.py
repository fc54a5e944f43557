"""Within-transform: remove entity and period effects from columns that may have gaps.

Weighted least squares on entity and period dummies. The entity effects are eliminated by subtracting entity means
(Frisch & Waugh 1933); the period effects that remain solve a small symmetric system, by conjugate gradients with the
period weights as preconditioner (Hestenes & Stiefel 1952; for fixed effects Correia 2016, "Linear models with
high-dimensional fixed effects"). One step is exact on complete balanced data, and staggered panels, whose entities
overlap for a few periods only, converge where alternating projections would stall. All columns are solved side by side.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

__all__ = ["two_way", "within"]

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Groups:
    """Sums over the rows of each group, for the observed cells of every column."""

    code: NDArray[np.int64]
    """(R,) group of each row."""
    member: csr_array
    """(groups, R) membership."""
    mass: Array
    """(groups, q) weight of the observed cells, 1 where there is none."""

    @staticmethod
    def of(code: NDArray[np.int64], weights: Array) -> _Groups:
        """``weights`` (R, q) are zero where a cell is missing."""
        R = code.size
        member = csr_array((np.ones(R), (code, np.arange(R))), shape=(int(code.max()) + 1, R))
        mass = np.asarray(member @ weights)
        return _Groups(code, member, np.where(mass > 0, mass, 1.0))

    def sums(self, weighted: Array) -> Array:
        """Return the sums (groups, q) of an already weighted array (R, q)."""
        return np.asarray(self.member @ weighted)

    def centered(self, Z: Array, weights: Array) -> Array:
        """Return Z less the weighted mean of its group, column by column."""
        return np.asarray(Z - (self.sums(weights * Z) / self.mass)[self.code])


def within(
    Z: Array,
    w: Array,
    entity: NDArray[np.int64],
    period: NDArray[np.int64],
    tolerance: float = 1e-12,
    rounds: int = 200,
) -> Array:
    """Return the residuals of Z (R, q) on entity and period effects; NaN cells stay NaN.

    Parameters
    ----------
    Z : values (R, q), any unit; NaN = missing.
    w : row weights (R,), positive.
    entity, period : codes (R,), 0-based; pass a constant ``period`` to remove entity means only.
    tolerance : stop when the period means left are below this share of the column's largest value.
    rounds : largest number of rounds.
    """
    return two_way(Z, w, entity, period, tolerance, rounds)[0]


def two_way(
    Z: Array,
    w: Array,
    entity: NDArray[np.int64],
    period: NDArray[np.int64],
    tolerance: float = 1e-12,
    rounds: int = 200,
) -> tuple[Array, Array]:
    """Return (residuals as ``within``, period effects (T, q)); the effects are determined up to a level."""
    seen = ~np.isnan(Z)
    weights = np.where(seen, w[:, None], 0.0)
    entities, periods = _Groups.of(entity, weights), _Groups.of(period, weights)
    X = entities.centered(np.where(seen, Z, 0.0), weights) * seen
    X = entities.centered(X, weights) * seen  # what the rounding of a high level left over
    effect = _period_effects(X, weights, entities, periods, tolerance, rounds)
    residuals = entities.centered(X - effect[period], weights)
    residuals[~seen] = np.nan
    return residuals, effect


def _period_effects(
    X: Array, weights: Array, entities: _Groups, periods: _Groups, tolerance: float, rounds: int
) -> Array:
    """Return the period effects (T, q) of X, whose entity means are zero; a column that is done stands still."""
    residual = periods.sums(weights * X)
    effect = np.zeros_like(residual)
    limit = tolerance * np.abs(X).max(axis=0, initial=0.0)
    mean = residual / periods.mass
    direction, rho = mean.copy(), (residual * mean).sum(axis=0)
    for _ in range(rounds):
        open_columns = np.abs(mean).max(axis=0) > limit
        if not open_columns.any():
            break
        image = periods.sums(weights * entities.centered(direction[periods.code], weights))
        curvature = (direction * image).sum(axis=0)
        moving = open_columns & (curvature > 0)
        if not moving.any():
            break
        step = np.where(moving, rho / np.where(moving, curvature, 1.0), 0.0)
        effect += step * direction
        residual -= step * image
        mean = residual / periods.mass
        previous, rho = rho, (residual * mean).sum(axis=0)
        direction = mean + np.where(previous > 0, rho / np.where(previous > 0, previous, 1.0), 0.0) * direction
    return effect
