"""Cells of a row that were not measured, by expectation given those that were (Little & Rubin 2002, sec. 11.3)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from causal_service.numerics.compiled import inner, summing
from causal_service.numerics.inverse import invert

__all__ = ["fill"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@summing
def fill(
    Z: Floats,
    rows: Ints,
    holes: Ints,
    hole_count: Ints,
    mass: Floats,
    omega: Floats,
    total: Floats,
    spread: Floats,
    work: Floats,
) -> None:
    """Write the conditional means of the cells ``holes[r]`` into Z[r] for the ``rows``.

    Parameters
    ----------
    rows : places in Z; it is quickest where rows with as many gaps follow each other.
    omega : (d, d) precision matrix.
    total : (d, d) the conditional covariances are added to it by ``mass``; empty = they are not wanted.
    spread, work : (d, d), (d,) work space.

    What a row holds in its gaps is subtracted from sums over all its cells, because to write zeros first and read them
    back at once takes longer than the sums.
    """
    d = Z.shape[1]
    for r in rows:
        k = hole_count[r]
        if k == 1:
            i = holes[r, 0]
            s = 0.0
            for c in range(d):
                s += omega[i, c] * Z[r, c]
            own = omega[i, i]
            Z[r, i] -= s / own
            if total.size > 0:
                total[i, i] += mass[r] / own
            continue
        for a in range(k):
            i = holes[r, a]
            s = 0.0
            for c in range(d):
                s += omega[i, c] * Z[r, c]
            for b in range(k):
                j = holes[r, b]
                s -= omega[i, j] * Z[r, j]
                spread[a, b] = omega[i, j]
            work[a] = s
        _invert(spread, k)
        for a in range(k):
            s = 0.0
            for b in range(k):
                s += spread[a, b] * work[b]
            Z[r, holes[r, a]] = -s
        if total.size > 0:
            for a in range(k):
                for b in range(k):
                    total[holes[r, a], holes[r, b]] += mass[r] * spread[a, b]


@inner
def _invert(spread: Floats, k: int) -> None:
    """Invert ``spread[:k, :k]`` in place; two cells, the most frequent gap, in closed form."""
    if k == 2:
        x, y, z = spread[0, 0], spread[0, 1], spread[1, 1]
        scale = 1.0 / (x * z - y * y)
        spread[0, 0], spread[0, 1], spread[1, 0], spread[1, 1] = z * scale, -y * scale, -y * scale, x * scale
        return
    invert(spread, k)
