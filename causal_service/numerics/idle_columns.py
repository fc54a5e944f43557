"""Columns that do not vary: a lag of what moved in the last period only, a rare state that a draw has left out."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["idle_columns", "with_idle_columns"]

_IDLE = 1e-12
"""Largest variance, of a standardised column, that counts as none."""


def idle_columns(S: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return (..., d) whether a column does not vary, by covariances (..., d, d)."""
    return np.asarray(np.diagonal(S, axis1=-2, axis2=-1) <= _IDLE)


def with_idle_columns(S: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return covariances (..., d, d) in which a column that does not vary has variance one.

    As noise it explains nothing and nothing explains it; without a variance no system has a likelihood.
    """
    idle = idle_columns(S)
    if not idle.any():
        return S
    kept = ~idle[..., :, None] & ~idle[..., None, :]
    return np.where(kept, S, 0.0) + idle[..., None] * np.eye(S.shape[-1])
