"""Natural cubic splines: the bent part of a smooth curve that is straight beyond its outer knots.

With m knots the space is spanned by 1, x and m - 2 bends (Hastie, Tibshirani & Friedman 2009, The Elements of
Statistical Learning, eq. 5.4-5.5; scaled by the squared range as in Harrell 2015, Regression Modeling Strategies,
sec. 2.4.5). Knots stand at fixed quantiles as recommended there, the outer ones further out: a mechanism that saturates
does so in the tails.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["KNOT_QUANTILES", "bends"]

Array = NDArray[np.float64]

KNOT_QUANTILES = (0.02, 0.2, 0.4, 0.6, 0.8, 0.98)
"""Where the knots stand: shares of the observed values."""


def bends(x: Array, knots: Array) -> tuple[Array, Array]:
    """Return (values, derivatives) (..., m - 2) of the bends at x (...); NaN stays NaN.

    Parameters
    ----------
    x : any shape, any unit.
    knots : (m,) strictly increasing, same unit, m >= 3.
    """
    k, last, before = knots, knots[-1], knots[-2]
    scale = (last - k[0]) ** 2
    beyond = x[..., None] - k
    part = np.maximum(beyond, 0.0)  # NaN stays NaN
    left, right = (last - k[:-2]) / (last - before), (before - k[:-2]) / (last - before)

    def combined(power: Array) -> Array:
        return (power[..., :-2] - power[..., -2:-1] * left + power[..., -1:] * right) / scale

    return combined(part**3), combined(3.0 * part**2)
