"""Covariances from sums of products, with columns that do not vary taken for noise.

A column may not vary in the rows at hand: a lag of what moved in the last period only, a rare state that a draw has
left out.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["covariances", "idle_columns"]

_IDLE = 1e-12
"""Largest variance, of a standardised column, that counts as none."""


def idle_columns(S: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return (..., d) whether a column does not vary, by covariances (..., d, d)."""
    return np.asarray(np.diagonal(S, axis1=-2, axis2=-1) <= _IDLE)


def covariances(
    grams: NDArray[np.float64], mass: NDArray[np.float64] | np.float64, shrinkage: float = 1.0
) -> NDArray[np.float64]:
    """Return the covariances (..., d, d) of sums of products of standardised columns.

    A column that does not vary has variance one and no covariances: as noise it explains nothing and nothing explains
    it; without a variance no system has a likelihood.

    Parameters
    ----------
    grams : (..., d, d) sums over weighted rows.
    mass : (...) sums of the weights; 0 where there are no rows.
    shrinkage : share of variance left in the rows, 0 (exclusive) to 1.
    """
    S: NDArray[np.float64] = grams / np.maximum(mass, 1e-300)[..., None, None] / shrinkage
    idle = idle_columns(S)
    if not idle.any():
        return S
    kept = ~idle[..., :, None] & ~idle[..., None, :]
    return np.where(kept, S, 0.0) + idle[..., None] * np.eye(S.shape[-1])
