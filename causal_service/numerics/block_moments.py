"""Gram matrices of blocks of entities, rid of the period effects that were known last."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from causal_service.numerics.compiled import kernel

__all__ = ["settle"]

Floats = NDArray[np.float64]


@kernel
def settle(
    grams: Floats, mass: Floats, period_sums: Floats, effect: Floats, second: Floats, total: float, scale: Floats
) -> None:
    """Write ``(G - S' e - e' S + share second) scale`` over every Gram matrix G (d, d) and make it symmetric.

    Parameters
    ----------
    grams : (blocks, d, d) of which the upper triangle counts.
    mass, total : (blocks,) weight of the rows of each block, and of all; their ratio is the share.
    period_sums : (blocks, T, d) S.
    effect, second : e (T, d), and the (d, d) term of second order.
    scale : (d, d).
    """
    d = grams.shape[1]
    cross = np.empty((d, d))
    for block in range(grams.shape[0]):
        np.dot(period_sums[block].T, effect, cross)
        G, share = grams[block], mass[block] / total
        for i in range(d):
            for j in range(i, d):
                G[i, j] = (G[i, j] - cross[i, j] - cross[j, i] + share * second[i, j]) * scale[i, j]
                G[j, i] = G[i, j]
