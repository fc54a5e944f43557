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

from causal_service.numerics.compiled import kernel
from causal_service.numerics.period_effects import solved_effects
from causal_service.numerics.sorted_within import two_way_sorted

__all__ = ["two_way", "within"]

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Groups:
    """Sums over the rows of each group, for the observed cells of every column."""

    code: NDArray[np.int64]
    """(R,) group of each row."""
    mass: Array
    """(groups, q) weight of the observed cells, 1 where there is none."""

    @staticmethod
    def of(code: NDArray[np.int64], weights: Array) -> _Groups:
        """``weights`` (R, q) are zero where a cell is missing."""
        code = np.ascontiguousarray(code, np.int64)
        mass = _summed(code, int(code.max()) + 1, np.ascontiguousarray(weights))
        return _Groups(code, np.where(mass > 0, mass, 1.0))

    def sums(self, weighted: Array) -> Array:
        """Return the sums (groups, q) of an already weighted array (R, q)."""
        return np.asarray(_summed(self.code, self.mass.shape[0], np.ascontiguousarray(weighted)))

    def centered(self, Z: Array, weights: Array) -> Array:
        """Return Z less the weighted mean of its group, column by column."""
        return np.asarray(_centred(self.code, self.mass, np.ascontiguousarray(Z), np.ascontiguousarray(weights)))


@kernel
def _summed(code: NDArray[np.int64], groups: int, weighted: Array) -> Array:
    out = np.zeros((groups, weighted.shape[1]))
    for r in range(code.size):
        g = code[r]
        for c in range(weighted.shape[1]):
            out[g, c] += weighted[r, c]
    return out


@kernel
def _centred(code: NDArray[np.int64], mass: Array, Z: Array, weights: Array) -> Array:
    mean = np.zeros(mass.shape)
    for r in range(code.size):
        g = code[r]
        for c in range(Z.shape[1]):
            mean[g, c] += weights[r, c] * Z[r, c]
    for g in range(mass.shape[0]):
        for c in range(mass.shape[1]):
            mean[g, c] /= mass[g, c]
    out = np.empty(Z.shape)
    for r in range(code.size):
        g = code[r]
        for c in range(Z.shape[1]):
            out[r, c] = Z[r, c] - mean[g, c]
    return out


@dataclass(frozen=True, slots=True)
class _Entities:
    """The effects of entities: a level, and a straight trend where asked for."""

    groups: _Groups
    line: Array | None
    """(R, q) time less its mean in the entity over the observed cells of the column; ``None`` without trends."""
    length: Array
    """(groups, q) weighted square of ``line``, 1 where it is zero."""

    @staticmethod
    def of(code: NDArray[np.int64], weights: Array, time: Array | None) -> _Entities:
        groups = _Groups.of(code, weights)
        if time is None:
            return _Entities(groups, None, np.ones(0))
        line = groups.centered(np.repeat(time[:, None], weights.shape[1], axis=1), weights)
        length = groups.sums(weights * line * line)
        return _Entities(groups, line, np.where(length > 0, length, 1.0))

    def removed(self, Z: Array, weights: Array) -> Array:
        """Return Z less its effects."""
        X = self.groups.centered(Z, weights)
        if self.line is None:
            return X
        slope = self.groups.sums(weights * self.line * X) / self.length
        return np.asarray(X - slope[self.groups.code] * self.line)


def within(
    Z: Array,
    w: Array,
    entity: NDArray[np.int64],
    period: NDArray[np.int64],
    tolerance: float = 1e-12,
    rounds: int = 200,
    *,
    trends: bool = False,
) -> Array:
    """Return the residuals of Z (R, q) on entity and period effects; NaN cells stay NaN.

    Parameters
    ----------
    Z : values (R, q), any unit; NaN = missing.
    w : row weights (R,), positive.
    entity, period : codes (R,), 0-based; pass a constant ``period`` to remove entity means only.
    tolerance : stop when the period means left are below this share of the column's largest value.
    rounds : largest number of rounds.
    trends : whether every entity has a straight trend of its own beside its level.
    """
    if trends or (np.diff(entity) < 0).any():
        return two_way(Z, w, entity, period, tolerance, rounds, trends=trends)[0]
    residuals, _ = two_way_sorted(Z, w, entity, period, int(period.max(initial=0)) + 1, tolerance, rounds)
    residuals[np.isnan(Z)] = np.nan
    return residuals


def two_way(
    Z: Array,
    w: Array,
    entity: NDArray[np.int64],
    period: NDArray[np.int64],
    tolerance: float = 1e-12,
    rounds: int = 200,
    *,
    trends: bool = False,
) -> tuple[Array, Array]:
    """Return (residuals as ``within``, period effects (T, q)); the effects are determined up to a level."""
    seen = ~np.isnan(Z)
    weights = np.where(seen, w[:, None], 0.0)
    time = period - period.mean() if trends else None
    entities, periods = _Entities.of(entity, weights, time), _Groups.of(period, weights)
    X = entities.removed(np.where(seen, Z, 0.0), weights) * seen
    X = entities.removed(X, weights) * seen  # what the rounding of a high level left over
    effect = _period_effects(X, weights, entities, periods, tolerance, rounds)
    residuals = entities.removed(X - effect[period], weights)
    residuals[~seen] = np.nan
    return residuals, effect


def _period_effects(
    X: Array, weights: Array, entities: _Entities, periods: _Groups, tolerance: float, rounds: int
) -> Array:
    """Return the period effects (T, q) of X, which has no entity effects left; a column that is done stands still."""
    limit = tolerance * np.abs(X).max(axis=0, initial=0.0)

    def image(direction: Array) -> Array:
        return periods.sums(weights * entities.removed(direction[periods.code], weights))

    return solved_effects(periods.sums(weights * X), periods.mass, limit, image, rounds)
