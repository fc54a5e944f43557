"""Cells of a row that were not measured, by expectation given those that were (Little & Rubin 2002, sec. 11.3).

What a row holds in its gaps is subtracted from sums over all its cells, because to write zeros first and read them back
at once takes longer than the sums.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from causal_service.numerics.compiled import inner, summing
from causal_service.numerics.inverse import invert

__all__ = ["fill", "first_filling"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@summing
def first_filling(
    Z: Floats,
    rows: Ints,
    holes: Ints,
    hole_count: Ints,
    when: Ints,
    mass: Floats,
    second: Floats,
    omega: Floats,
    shift: Floats,
    left: Floats,
    spread: Floats,
    work: Floats,
) -> None:
    """Write the conditional means of the gaps of Z + ``second``, less ``second``, into Z for the ``rows``.

    Parameters
    ----------
    rows : places in Z; it is quickest where rows with as many gaps follow each other.
    holes, hole_count : (n, q) columns of the gaps of each row, and (n,) their number.
    when, mass : (n,) period and weight of each row.
    second : (T, q) what is still to be added to the rows.
    omega, shift : (q, q) precision matrix, and (T, q) its product with ``second``.
    left : (q,) the conditional means are added to it by ``mass``.
    spread, work : (q, q), (q,) work space.
    """
    for r in rows:
        k, t = hole_count[r], when[r]
        for a in range(k):
            i = holes[r, a]
            s = 0.0
            for c in range(Z.shape[1]):
                s += omega[i, c] * Z[r, c]
            s += shift[t, i]
            for b in range(k):
                j = holes[r, b]
                s -= omega[i, j] * (Z[r, j] + second[t, j])
                spread[a, b] = omega[i, j]
            work[a] = s
        if k == 1:
            i = holes[r, 0]
            y = -work[0] / spread[0, 0]
            left[i] += mass[r] * y
            Z[r, i] = y - second[t, i]
            continue
        _invert(spread, k)
        for a in range(k):
            i = holes[r, a]
            y = 0.0
            for b in range(k):
                y -= spread[a, b] * work[b]
            left[i] += mass[r] * y
            Z[r, i] = y - second[t, i]


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
    """Write the conditional means of the gaps into Z for the ``rows``; add their covariances by ``mass`` to ``total``.

    Parameters: as in ``first_filling``; total is (q, q).
    """
    for r in rows:
        k = hole_count[r]
        for a in range(k):
            i = holes[r, a]
            s = 0.0
            for c in range(Z.shape[1]):
                s += omega[i, c] * Z[r, c]
            for b in range(k):
                j = holes[r, b]
                s -= omega[i, j] * Z[r, j]
                spread[a, b] = omega[i, j]
            work[a] = s
        if k == 1:
            i = holes[r, 0]
            Z[r, i] = -work[0] / spread[0, 0]
            total[i, i] += mass[r] / spread[0, 0]
            continue
        _invert(spread, k)
        for a in range(k):
            i = holes[r, a]
            y = 0.0
            for b in range(k):
                y -= spread[a, b] * work[b]
                total[i, holes[r, b]] += mass[r] * spread[a, b]
            Z[r, i] = y


@inner
def _invert(spread: Floats, k: int) -> None:
    """Invert ``spread[:k, :k]`` in place; two cells, the most frequent gap, in closed form."""
    if k == 2:
        x, y, z = spread[0, 0], spread[0, 1], spread[1, 1]
        scale = 1.0 / (x * z - y * y)
        spread[0, 0], spread[0, 1], spread[1, 0], spread[1, 1] = z * scale, -y * scale, -y * scale, x * scale
        return
    invert(spread, k)
