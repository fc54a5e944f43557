"""Is ``y = c + b'x`` exact up to the rounding of what was published, or merely a strong regression?

Under rounding alone every residual is at most half of ``g_y + sum |b_k| g_k`` (``g``: rounding grids) and its variance
is ``(g_y^2 + sum b_k^2 g_k^2) / 12``. Both are required; noise beyond rounding fails at least one of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["ExactFit", "Relation", "exact_fit", "is_close", "weighted_fit"]

MIN_ROWS = 12
"""Fewest rows on which exactness is judged."""
_INSIDE = 0.98
"""Share of rows that must lie within rounding; a few keying errors do not hide an identity."""
_SPREAD = 1.3
"""Largest ratio of residual to rounding standard deviation (12 rows have a standard error of .2 around 1)."""
_MARGIN = 4.0
"""Without any one part the residual must grow to this many rounding bounds, else the part carries nothing."""
_TRIMS = 6
_FAR = 8.0
"""Multiple of the median residual beyond which a row is left out (rounding alone stays below 3)."""
_RELATIVE = 1e-10
"""Floating noise allowed, relative to the size of the terms."""


@dataclass(frozen=True, slots=True, eq=False)
class Relation:
    """Complete rows of a target and its parts, with the rounding grid of every cell."""

    y: NDArray[np.float64]
    """Target, shape (n,)."""
    x: NDArray[np.float64]
    """Parts, shape (n, k)."""
    gy: NDArray[np.float64]
    """Rounding grid of the target, shape (n,)."""
    gx: NDArray[np.float64]
    """Rounding grid of the parts, shape (n, k)."""

    def half_grid(self, b: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the largest residual that rounding alone can cause, per row."""
        return 0.5 * (self.gy + self.gx @ np.abs(b)) * 1.02 + self._noise(b)

    def rounding_sd(self, b: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the standard deviation of the residual that rounding alone causes, per row."""
        return np.sqrt((self.gy**2 + self.gx**2 @ b**2) / 12) + self._noise(b)

    def _noise(self, b: NDArray[np.float64]) -> NDArray[np.float64]:
        size = np.abs(self.y) + np.abs(self.x) @ np.abs(b)
        return np.asarray(_RELATIVE * (size + 1e-3 * size.mean()) + 1e-300)

    def rows(self, chosen: NDArray[np.bool_] | NDArray[np.intp]) -> Relation:
        """Return the relation on some of its rows."""
        return Relation(self.y[chosen], self.x[chosen], self.gy[chosen], self.gx[chosen])

    def distinct(self) -> Relation:
        """Return the relation without repeated rows, so that a frequent pattern of 0/1 columns counts once."""
        first = np.unique(np.column_stack([self.y, self.x]), axis=0, return_index=True)[1]
        return self if first.size == self.y.size else self.rows(np.sort(first))

    def without(self, part: int) -> Relation:
        """Return the relation without one part."""
        keep = [k for k in range(self.x.shape[1]) if k != part]
        return Relation(self.y, self.x[:, keep], self.gy, self.gx[:, keep])


@dataclass(frozen=True, slots=True)
class ExactFit:
    """Coefficients of an exact relation, as round as the data allow."""

    coefficients: tuple[float, ...]
    """One per part."""
    constant: float
    """Added to the weighted parts."""
    inside: float
    """Share of rows within rounding."""


def weighted_fit(relation: Relation) -> tuple[NDArray[np.float64], float]:
    """Return least-squares coefficients and constant.

    Rows published more coarsely weigh less, and rows far outside the typical residual are left out step by step
    (concentration steps of least trimmed squares), so that keying errors do not bend the fit.
    """
    weights = np.ones(relation.y.size)
    b, c = _least_squares(relation, weights)
    sd = relation.rounding_sd(b)
    weights = np.median(sd) / np.maximum(sd, 1e-3 * np.median(sd))
    for _ in range(_TRIMS):
        b, c = _least_squares(relation, weights)
        size = np.abs(relation.y - relation.x @ b - c) / relation.rounding_sd(b)
        far = size > max(_FAR * np.median(size), np.quantile(size, 0.9)) + 1e-9
        if not far[weights > 0].any():
            break
        weights = np.where(far, 0.0, weights)
    return b, c


def _least_squares(relation: Relation, weights: NDArray[np.float64]) -> tuple[NDArray[np.float64], float]:
    design = np.column_stack([relation.x, np.ones(relation.y.size)]) * weights[:, None]
    scale = np.sqrt(np.mean(design**2, axis=0))
    scale = np.where(scale > 0, scale, 1.0)
    beta = np.linalg.lstsq(design / scale, relation.y * weights, rcond=1e-13)[0] / scale
    return beta[:-1], float(beta[-1])


def is_close(relation: Relation) -> bool:
    """Return whether the typical residual of the best fit is within rounding (a cheap screen)."""
    if not _near(relation):
        return False
    b, c = weighted_fit(relation)
    residual = np.abs(relation.y - relation.x @ b - c)
    return bool(np.median(residual / relation.half_grid(b)) <= 1.0)


def _near(relation: Relation) -> bool:
    """Return whether one plain fit leaves less than a tenth of the typical deviation, even with keying errors."""
    if not (np.isfinite(relation.x).all() and np.isfinite(relation.gx).all()):  # ratios to numbers next to zero
        return False
    b, c = _least_squares(relation, np.ones(relation.y.size))
    left = np.abs(relation.y - relation.x @ b - c)
    deviation = np.abs(relation.y - np.median(relation.y))
    return bool(np.median(left) <= 0.1 * max(np.median(deviation), 0.3 * np.mean(deviation)))


def exact_fit(relation: Relation) -> ExactFit | None:
    """Return the roundest coefficients for which the relation is exact, or ``None`` when it is not exact."""
    n, k = relation.x.shape
    if n < max(MIN_ROWS, 2 * k + 6):
        return None
    if not _near(relation):
        return None
    relation = relation.distinct()
    b, c = weighted_fit(relation)
    if np.median(np.abs(relation.y - relation.x @ b - c) / relation.half_grid(b)) > 2.0:
        return None
    for digits in (0, 1, 2, 3, 4, 6, 15):
        fit = _with_digits(relation, _rounded(b, digits) if digits else _nice(b), c, max(digits, 3))
        if fit is not None:
            return fit if _every_part_matters(relation, fit) else None
    return None


def _nice(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the whole number or the fraction 1/m within 1 % of each value; three digits where there is none."""
    small = np.abs(values) < 0.9
    size = np.where(small, 1.0 / np.where(values == 0, 1.0, values), values)
    whole = np.rint(size)
    near = (np.abs(size - whole) <= 0.01 * np.abs(size)) & (whole != 0) & (np.abs(whole) < 1e6)
    nice = np.where(small, 1.0 / np.where(whole == 0, 1.0, whole), whole)
    return np.where(near, nice, _rounded(values, 3))


def _rounded(values: NDArray[np.float64], digits: int) -> NDArray[np.float64]:
    whole = np.rint(values)
    rounded = np.array([float(f"{value:.{digits - 1}e}") for value in values])
    return np.where((np.abs(values - whole) < 1e-6) & (whole != 0), whole, rounded)


def _with_digits(relation: Relation, b: NDArray[np.float64], c: float, digits: int) -> ExactFit | None:
    rest = relation.y - relation.x @ b
    middle = float(np.median(rest))
    for constant in (0.0, float(_rounded(np.array([middle]), digits)[0]), middle, c):
        inside = _within_rounding(relation, b, rest - constant)
        if inside >= _INSIDE:
            return ExactFit(tuple(b.tolist()), constant, inside)
    return None


def _within_rounding(relation: Relation, b: NDArray[np.float64], residual: NDArray[np.float64]) -> float:
    """Return the share of rows within rounding; zero when the spread is larger than rounding explains."""
    within = np.abs(residual) <= relation.half_grid(b)
    if within.mean() < _INSIDE:
        return 0.0
    ratio = np.sqrt(np.mean((residual[within] / relation.rounding_sd(b)[within]) ** 2))
    return float(within.mean()) if ratio <= _SPREAD else 0.0


def _every_part_matters(relation: Relation, fit: ExactFit) -> bool:
    b = np.array(fit.coefficients)
    relation = relation.rows(np.abs(relation.y - relation.x @ b - fit.constant) <= relation.half_grid(b))
    bound = relation.half_grid(b)
    if 0.0 in fit.coefficients or not _enough_distinct(relation, fit):
        return False
    return all(_far(relation.without(part), bound) for part in range(len(fit.coefficients)))


def _enough_distinct(relation: Relation, fit: ExactFit) -> bool:
    """Return whether enough different rows agree for it to be no coincidence; plain 0/1 sums need fewer of them."""
    plain = all(abs(weight) == 1.0 for weight in fit.coefficients) and fit.constant in (-1.0, 0.0, 1.0)
    parts = relation.x.shape[1]
    needed = parts + 1 if plain and parts > 1 else 4 * (parts + 1)
    return bool(relation.y.size >= needed)


def _far(relation: Relation, bound: NDArray[np.float64]) -> bool:
    if relation.x.shape[1] == 0:
        residual = np.abs(relation.y - np.median(relation.y))
    else:
        b, c = weighted_fit(relation)
        residual = np.abs(relation.y - relation.x @ b - c)
    return bool(np.sqrt(np.mean((residual / bound) ** 2)) >= _MARGIN)


def complete(columns: Sequence[NDArray[np.float64]]) -> NDArray[np.bool_]:
    """Return the rows in which every column is measured."""
    return np.asarray(np.logical_and.reduce([np.isfinite(column) for column in columns]))
