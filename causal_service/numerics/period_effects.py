"""Period effects that remain once entity effects are eliminated: a small symmetric system for every column."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

__all__ = ["solved_effects"]

Array = NDArray[np.float64]


def solved_effects(residual: Array, mass: Array, limit: Array, image: Callable[[Array], Array], rounds: int) -> Array:
    """Return the period effects (T, q) whose ``image`` is ``residual``, by conjugate gradients.

    Parameters
    ----------
    residual : (T, q) weighted sums by period; written over.
    mass : (T, q) weights by period, positive; the preconditioner.
    limit : (q,) size of the means by period below which a column is done.
    image : what period effects leave in the sums by period once entity effects are removed.
    """
    effect = np.zeros_like(residual)
    mean = residual / mass
    direction, rho = mean.copy(), (residual * mean).sum(axis=0)
    for _ in range(rounds):
        open_columns = np.abs(mean).max(axis=0) > limit
        if not open_columns.any():
            break
        found = image(direction)
        curvature = (direction * found).sum(axis=0)
        moving = open_columns & (curvature > 0)
        if not moving.any():
            break
        step = np.where(moving, rho / np.where(moving, curvature, 1.0), 0.0)
        effect += step * direction
        residual -= step * found
        mean = residual / mass
        previous, rho = rho, (residual * mean).sum(axis=0)
        direction = mean + np.where(previous > 0, rho / np.where(previous > 0, previous, 1.0), 0.0) * direction
    return effect
