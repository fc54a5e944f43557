"""How an effect changes along a variable: a straight line through residuals whose errors hang together in groups.

Groups differ in their slopes for more reasons than the variable, so that rows are not independent: intervals are those
of the jackknife over groups (``clustered_regression``), with a t distribution on groups less two.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr, stdtrit

from causal_service.numerics.clustered_regression import clustered_fit

__all__ = ["ClusteredSlope", "clustered_slope"]

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class ClusteredSlope:
    """The line y = (a + b x) d."""

    coefficients: Array
    """(2,) a and b."""
    half: Array
    """(k,) half-widths of the 95 % intervals at the levels."""
    wider: Array
    """(k,) how many times as wide they are as with independent rows, at least 1."""
    gap_half: float
    """Half-width of the interval of the difference between the last level and the first."""
    p: float
    """Of no slope."""


def clustered_slope(
    y: Array, d: Array, x: Array, weight: Array, group: NDArray[np.int64], at: Array
) -> ClusteredSlope | None:
    """Fit y = (a + b x) d; ``None`` where d or x do not vary.

    Parameters
    ----------
    y, d : residuals (R,) of outcome and lever.
    x : what the effect may change along (R,).
    weight : of the rows (R,).
    group : (R,) codes of what errors hang together in.
    at : values of x (k,) at which intervals are wanted, the difference is that of the last and the first.
    """
    X = np.column_stack([d, d * x])
    code = np.unique(group, return_inverse=True)[1]
    count = int(code.max()) + 1
    together = clustered_fit(X, y, weight, code, count)
    if together is None:
        return None
    apart = _independent(X, y - X @ together.coefficients, weight, together.inverse)
    span = np.column_stack([np.ones(at.size), at])
    wide, narrow = (np.sqrt(np.einsum("ki,ij,kj->k", span, V, span)) for V in (together.covariance, apart))
    free = max(count - 2, 1)
    critical = float(stdtrit(free, 0.975))
    se = float(np.sqrt(together.covariance[1, 1]))
    p = 2 * float(stdtr(free, -abs(float(together.coefficients[1])) / se)) if se > 0 else 1.0
    return ClusteredSlope(
        together.coefficients,
        critical * wide,
        np.maximum(wide / np.maximum(narrow, 1e-300), 1.0),
        critical * se * float(at[-1] - at[0]),
        p,
    )


def _independent(X: Array, e: Array, weight: Array, inverse: Array) -> Array:
    """Return the covariance HC0 (q, q)."""
    scores = X * (weight * e)[:, None]
    V: Array = inverse @ (scores.T @ scores) @ inverse
    return V
