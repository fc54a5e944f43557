"""Cells of a row that were not measured, by expectation given those that were (Little & Rubin 2002, sec. 11.3).

With precision matrix O, means m and a row u that is zero in its gaps g, their expectation is -(O_gg)^-1 (O_g u - O_g m)
and their covariance (O_gg)^-1. Means and period effects stay in u, so that both fillings need the same products.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from causal_service.numerics.entity_space import Entity, WideFit
from causal_service.numerics.inverse import invert
from causal_service.numerics.lanes import dot, two_dots
from causal_service.numerics.merged import merged

__all__ = ["fill", "first_filling"]

Floats = NDArray[np.float64]
Reals = NDArray[Any]
Ints = NDArray[np.int64]


@merged
def first_filling(m: int, holes: int, gaps: int, fit: WideFit, own: Entity) -> None:
    """Add the expectations of the ``gaps`` of m rows, ``holes`` of which have some, to ``own.periods``, and less means
    and effects to ``own.left``."""
    _pull(fit.first_omega, own)
    q = own.mean.size
    for g in range(gaps):  # all products first: they do not wait for each other
        r, i = own.row_of[g], own.holes[g]
        start, near = own.source[r] * own.wide, 4 * (own.when[r] * q + i)
        now, later = two_dots(fit.first_omega, fit.omega, i * q, own.U, start, q)
        own.now[g] = now - own.pull[i] - fit.at_gaps[near]
        own.later[g] = later - fit.at_gaps[near + 1]
    g = 0
    for at in range(m - holes, m):
        r = own.by_count[at]
        k, row, w = own.hole_count[r], own.when[r] * q, own.mass[r]
        _conditional(fit.first_omega, own.holes, g, k, own.spread)
        for a in range(k):
            i = own.holes[g + a]
            u = _expectation(own.spread, own.now, g, a, k)
            own.left[i] += w * (u - own.mean[i] - fit.at_gaps[4 * (row + i) + 2])
            own.periods[row + i] += w * u
        g += k


@merged
def fill(m: int, holes: int, gaps: int, fit: WideFit, parts: Reals, own: Entity) -> None:
    """Write the expectations of the gaps into ``parts``; add their covariances to ``own.total``."""
    _pull(fit.omega, own)
    q, g = own.mean.size, 0
    for at in range(gaps):
        own.later[at] -= own.pull[own.holes[at]]
    for at in range(m - holes, m):
        r = own.by_count[at]
        k, row, w = own.hole_count[r], own.when[r] * q, own.mass[r]
        root = np.sqrt(w)
        _conditional(fit.omega, own.holes, g, k, own.spread)
        for a in range(k):
            i = own.holes[g + a]
            u = _expectation(own.spread, own.later, g, a, k)
            parts[own.places[g + a]] = root * (u - own.centre[i] - fit.at_gaps[4 * (row + i) + 3])
            for b in range(k):
                own.total[i * q + own.holes[g + b]] += w * own.spread[a, b]
        g += k


@merged
def _pull(omega: Reals, own: Entity) -> None:
    q = own.pull.size
    for i in range(q):
        own.pull[i] = dot(omega, i * q, own.centre, 0, q)


@merged
def _expectation(spread: Floats, products: Floats, g: int, a: int, k: int) -> float:
    u = 0.0
    for b in range(k):
        u -= spread[a, b] * products[g + b]
    return u


@merged
def _conditional(omega: Reals, holes: Ints, g: int, k: int, spread: Floats) -> None:
    """Write the conditional covariance of the k gaps from g on into ``spread``; of up to three in closed form."""
    q = spread.shape[0]
    for a in range(k):
        row = holes[g + a] * q
        for b in range(k):
            spread[a, b] = omega[row + holes[g + b]]
    if k == 1:
        spread[0, 0] = 1.0 / spread[0, 0]
    elif k == 2:
        x, y, z = spread[0, 0], spread[0, 1], spread[1, 1]
        scale = 1.0 / (x * z - y * y)
        spread[0, 0], spread[0, 1], spread[1, 0], spread[1, 1] = z * scale, -y * scale, -y * scale, x * scale
    elif k == 3:
        x, y, z = spread[0, 0], spread[1, 1], spread[2, 2]
        u, v, w = spread[1, 2], spread[0, 2], spread[0, 1]
        first, second, third = y * z - u * u, u * v - w * z, u * w - v * y
        scale = 1.0 / (x * first + w * second + v * third)
        spread[0, 0], spread[1, 1], spread[2, 2] = first * scale, (x * z - v * v) * scale, (x * y - w * w) * scale
        spread[0, 1], spread[0, 2], spread[1, 2] = second * scale, third * scale, (v * w - x * u) * scale
        spread[1, 0], spread[2, 0], spread[2, 1] = spread[0, 1], spread[0, 2], spread[1, 2]
    else:
        invert(spread, k)
