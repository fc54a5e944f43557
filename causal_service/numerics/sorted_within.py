"""Entity and period effects of rows that are sorted by entity: ``within.two_way`` entity by entity, in few sweeps."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from causal_service.numerics.compiled import kernel
from causal_service.numerics.period_effects import solved_effects

__all__ = ["two_way_sorted"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def two_way_sorted(
    Z: Floats, w: Floats, entity: Ints, period: Ints, periods: int, tolerance: float = 1e-12, rounds: int = 200
) -> tuple[Floats, Floats]:
    """Return (residuals (R, q), zero where a cell is missing; period effects (T, q), determined up to a level).

    Parameters
    ----------
    Z : values (R, q), NaN = missing.
    w, entity, period : (R,) row weights, codes of the entities, ascending, and periods 0 to ``periods`` - 1.
    tolerance, rounds : as in ``within``.
    """
    Z, w, period = np.ascontiguousarray(Z), np.ascontiguousarray(w), np.ascontiguousarray(period, np.int64)
    starts = np.append(np.flatnonzero(np.diff(entity, prepend=-1)), entity.size)
    X, weights, mass = _centred(Z, w, starts)
    total, residual = np.zeros((periods, Z.shape[1])), np.zeros((periods, Z.shape[1]))
    _summed(X, weights, period, total, residual)
    total = np.where(total > 0, total, 1.0)
    limit = tolerance * np.abs(X).max(axis=0, initial=0.0)

    def image(direction: Floats) -> Floats:
        found: Floats = _image(direction, weights, mass, starts, period)
        return found

    effect = solved_effects(residual, total, limit, image, rounds)
    _remove(X, effect, weights, mass, starts, period)
    return X, effect


@kernel
def _centred(Z: Floats, w: Floats, starts: Ints) -> tuple[Floats, Floats, Floats]:
    """Return (Z less entity means, zero where missing; weight of every cell (R, q); weight by entity, at least 1e-300).

    Means are taken twice: the second ones are what the rounding of a high level left over.
    """
    R, q = Z.shape
    X, weights, mass = np.empty((R, q)), np.empty((R, q)), np.zeros((starts.size - 1, q))
    mean = np.empty(q)
    for e in range(starts.size - 1):
        for r in range(starts[e], starts[e + 1]):
            for c in range(q):
                hole = np.isnan(Z[r, c])
                X[r, c] = 0.0 if hole else Z[r, c]
                weights[r, c] = 0.0 if hole else w[r]
            for c in range(q):
                mass[e, c] += weights[r, c]
        for c in range(q):
            mass[e, c] = max(mass[e, c], 1e-300)
        for _ in range(2):
            mean[:] = 0.0
            for r in range(starts[e], starts[e + 1]):
                for c in range(q):
                    mean[c] += weights[r, c] * X[r, c]
            for c in range(q):
                mean[c] /= mass[e, c]
            for r in range(starts[e], starts[e + 1]):
                for c in range(q):
                    X[r, c] = X[r, c] - mean[c] if weights[r, c] > 0 else 0.0
    return X, weights, mass


@kernel
def _summed(X: Floats, weights: Floats, period: Ints, total: Floats, sums: Floats) -> None:
    for r in range(X.shape[0]):
        t = period[r]
        for c in range(X.shape[1]):
            total[t, c] += weights[r, c]
            sums[t, c] += weights[r, c] * X[r, c]


@kernel
def _image(direction: Floats, weights: Floats, mass: Floats, starts: Ints, period: Ints) -> Floats:
    """Return the sums by period of what is left of period effects once entity means are removed."""
    out, mean = np.zeros(direction.shape), np.empty(direction.shape[1])
    for e in range(starts.size - 1):
        mean[:] = 0.0
        for r in range(starts[e], starts[e + 1]):
            t = period[r]
            for c in range(mean.size):
                mean[c] += weights[r, c] * direction[t, c]
        for c in range(mean.size):
            mean[c] /= mass[e, c]
        for r in range(starts[e], starts[e + 1]):
            t = period[r]
            for c in range(mean.size):
                out[t, c] += weights[r, c] * (direction[t, c] - mean[c])
    return out


@kernel
def _remove(X: Floats, effect: Floats, weights: Floats, mass: Floats, starts: Ints, period: Ints) -> None:
    """Remove period effects from X and the entity means they leave."""
    mean = np.empty(X.shape[1])
    for e in range(starts.size - 1):
        mean[:] = 0.0
        for r in range(starts[e], starts[e + 1]):
            t = period[r]
            for c in range(mean.size):
                X[r, c] -= effect[t, c]
            for c in range(mean.size):
                mean[c] += weights[r, c] * X[r, c]
        for c in range(mean.size):
            mean[c] /= mass[e, c]
        for r in range(starts[e], starts[e + 1]):
            for c in range(mean.size):
                X[r, c] = X[r, c] - mean[c] if weights[r, c] > 0 else 0.0
