"""One coefficient of a linear regression from moments, and what noise would do to it.

With S the covariance of n rows, x the lever, y the outcome and Z what is held equal: the coefficient is
cov(x, y | Z) / var(x | Z) (Frisch & Waugh 1933). A column of independent noise is a random direction, so what a
refutation with such a column finds has an exact distribution in a few normal and chi-squared numbers and no row is
needed to draw from it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["Partial", "partial_fit", "placebo_coefficients", "shifts_by_noise"]

Array = NDArray[np.float64]
_RIDGE = 1e-10
"""Share of each variance added to the diagonal of what is held equal."""


class Partial(NamedTuple):
    """A regression of y on x and Z, for a stack of covariances."""

    coefficient: Array
    """(B,) of x, y's unit per x's unit."""
    lever: Array
    """(B,) variance of x given Z."""
    outcome: Array
    """(B,) variance of y given Z."""
    rest: Array
    """(B,) variance of y given x and Z."""

    @property
    def t(self) -> Array:
        """(B,) the coefficient over its standard error, times the root of the number of rows."""
        return np.asarray(self.coefficient * np.sqrt(self.lever / np.maximum(self.rest, 1e-300)), np.float64)


def partial_fit(S: Array, x: int, y: int, given: Sequence[int]) -> Partial:
    """Return the regression of column y on column x and the columns ``given``, for each of S (B, d, d)."""
    z, pair = list(given), [x, y]
    open_ = S[:, pair][:, :, pair].copy()
    if z:
        inside = S[:, z][:, :, z].copy()
        at = np.arange(len(z))
        inside[:, at, at] *= 1.0 + _RIDGE
        across = S[:, z][:, :, pair]
        open_ -= across.transpose(0, 2, 1) @ np.linalg.solve(inside, across)
    lever, outcome = np.maximum(open_[:, 0, 0], 1e-300), np.maximum(open_[:, 1, 1], 0.0)
    coefficient = open_[:, 0, 1] / lever
    return Partial(coefficient, lever, outcome, np.maximum(outcome - coefficient * open_[:, 0, 1], 0.0))


def placebo_coefficients(
    variance: float, outcome: float, n: float, held: int, repeats: int, rng: np.random.Generator
) -> Array:
    """Return (repeats,) coefficients of a lever whose n values were shuffled.

    Parameters
    ----------
    variance : of the lever; ``outcome`` variance of the outcome given the ``held`` columns.
    """
    along = rng.standard_normal(repeats)
    across = rng.chisquare(max(n - held - 2, 1.0), repeats)
    return np.asarray(np.sqrt(n * outcome / variance) * along / (along**2 + across), np.float64)


def shifts_by_noise(lever: float, rest: float, n: float, held: int, repeats: int, rng: np.random.Generator) -> Array:
    """Return (repeats,) changes of a coefficient when a column of independent noise is held equal, too.

    Parameters
    ----------
    lever : variance of the lever given the ``held`` columns.
    rest : variance of the outcome given these and the lever.
    """
    with_lever, with_rest = rng.standard_normal((2, repeats))
    across = rng.chisquare(max(n - held - 3, 1.0), repeats)
    return np.asarray(-np.sqrt(rest / lever) * with_lever * with_rest / (with_rest**2 + across), np.float64)
