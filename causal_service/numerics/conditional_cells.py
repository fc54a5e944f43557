"""Cells of a row that were not measured, by expectation given those that were (Little & Rubin 2002, sec. 11.3).

With precision matrix O, means m and a row u that is zero in its gaps g, their expectation is -(O_gg)^-1 (O_g u - O_g m)
and their covariance (O_gg)^-1. Means and period effects stay in u, so that both fillings need the same products.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from causal_service.numerics.compiled import lean
from causal_service.numerics.entity_space import Entity, WideFit
from causal_service.numerics.inverse import invert
from causal_service.numerics.lanes import dot

__all__ = ["fill", "first_filling"]

Floats = NDArray[np.float64]
Reals = NDArray[Any]
Ints = NDArray[np.int64]


@lean
def first_filling(holes: int, fit: WideFit, own: Entity) -> None:
    """Add the expectations of the gaps of the ``holes`` rows to ``own.periods``, and less means and effects to
    ``own.left``."""
    _pull(fit.first_omega, own)
    q = own.mean.size
    for at in range(holes):
        r = own.by_count[at]
        k, t, w, start = own.hole_count[r], own.when[r], own.mass[r], own.source[r]
        for a in range(k):
            i = own.holes[r, a]
            own.work[a] = dot(fit.first_omega, i * q, own.U, start, q) - own.pull[i] - fit.first_shift[t, i]
            own.later[r, a] = dot(fit.omega, i * q, own.U, start, q) - fit.shift[t, i]
        _conditional(fit.first_omega, own.holes, r, k, own.spread)
        for a in range(k):
            i = own.holes[r, a]
            u = _expectation(own.spread, own.work, a, k)
            own.left[i] += w * (u - own.mean[i] - fit.effects[t * q + i])
            own.periods[t * q + i] += w * u


@lean
def fill(holes: int, fit: WideFit, own: Entity) -> None:
    """Write the expectations of the gaps into ``own.parts``; add their covariances to ``own.total``."""
    _pull(fit.omega, own)
    q, parts = own.mean.size, own.parts.reshape(-1)
    for at in range(holes):
        r = own.by_count[at]
        k, t, w = own.hole_count[r], own.when[r], own.mass[r]
        root = np.sqrt(w)
        for a in range(k):
            own.work[a] = own.later[r, a] - own.pull[own.holes[r, a]]
        _conditional(fit.omega, own.holes, r, k, own.spread)
        for a in range(k):
            i = own.holes[r, a]
            u = _expectation(own.spread, own.work, a, k)
            parts[own.places[r, a]] = root * (u - own.centre[i] - fit.both[t * q + i])
            for b in range(k):
                own.total[i * q + own.holes[r, b]] += w * own.spread[a, b]


@lean
def _pull(omega: Reals, own: Entity) -> None:
    q = own.pull.size
    for i in range(q):
        own.pull[i] = dot(omega, i * q, own.centre, 0, q)


@lean
def _expectation(spread: Floats, work: Floats, a: int, k: int) -> float:
    u = 0.0
    for b in range(k):
        u -= spread[a, b] * work[b]
    return u


@lean
def _conditional(omega: Reals, holes: Ints, r: int, k: int, spread: Floats) -> None:
    """Write the conditional covariance of the k gaps of row r into ``spread[:k, :k]``; of two in closed form."""
    q = spread.shape[0]
    if k == 1:
        spread[0, 0] = 1.0 / omega[holes[r, 0] * q + holes[r, 0]]
    elif k == 2:
        i, j = holes[r, 0], holes[r, 1]
        x, y, z = np.float64(omega[i * q + i]), np.float64(omega[i * q + j]), np.float64(omega[j * q + j])
        scale = 1.0 / (x * z - y * y)
        spread[0, 0], spread[0, 1], spread[1, 0], spread[1, 1] = z * scale, -y * scale, -y * scale, x * scale
    else:
        for a in range(k):
            for b in range(k):
                spread[a, b] = omega[holes[r, a] * q + holes[r, b]]
        invert(spread, k)
