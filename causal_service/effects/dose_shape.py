"""What a curve looks like: where it saturates, where it turns round, or that it is straight as far as one can see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import isotonic_regression

from causal_service.effects.dose_results import Shape
from causal_service.numerics.simultaneous_band import sup_t

__all__ = ["BEND", "SATURATED", "Curve", "Shaped", "shape_of", "thirds"]

Array = NDArray[np.float64]
Place = tuple[float | None, float | None, float | None]

SATURATED = 0.2
"""Share of the steepest slope below which a response is called saturated."""
EVIDENCE = 0.05
"""One less the confidence with which the sign of a slope is told."""
BEND = 0.02
"""P-value from which a curve counts as bent, false discovery rate over the curves of a study; it keeps false bends of
straight lines below 5 % on the tuning panels."""
STEADY = 0.7
"""Share of the variation of the slopes that a monotone sequence explains from which they count as falling or rising."""
_NOWHERE: Place = (None, None, None)


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """A curve on a grid with the coefficients behind it."""

    levels: Array
    """(m,) ascending, lever unit."""
    coefficients: Array
    """(K,)."""
    deviations: Array
    """(draws, K) simulated deviations of the coefficients."""
    slopes: Array
    """(m, K) rows that turn coefficients into slopes, per lever unit."""
    covariance: Array
    """(K, K) of the coefficients."""


@dataclass(frozen=True, slots=True)
class Shaped:
    """The shape and its special points, each (estimate, low, high) in the lever's unit."""

    shape: Shape
    share: float
    saturation: Place = _NOWHERE
    turning: Place = _NOWHERE


def shape_of(curve: Curve, bend_p: float) -> Shaped:
    """Return the shape; a curve without evidence of a bend is straight and has no special point."""
    if bend_p > BEND:
        return Shaped("straight", SATURATED)
    slopes = curve.slopes @ curve.coefficients
    se, critical = sup_t(curve.slopes, curve.covariance, curve.deviations, 1 - EVIDENCE)
    rising, falling = slopes - critical * se > 0, slopes + critical * se < 0
    simulated = (curve.coefficients + curve.deviations) @ curve.slopes.T
    if rising.any() and falling.any():
        return Shaped("turning", SATURATED, turning=_turning(curve.levels, slopes, simulated, rising, falling))
    sign = 1.0 if (slopes.sum() if not (rising.any() or falling.any()) else rising.sum() - falling.sum()) >= 0 else -1.0
    steep, drawn = sign * slopes, sign * simulated
    early, late = thirds(steep)
    steady = _steady(steep)
    if early > late and steady:
        place = _saturation(curve.levels, steep, drawn)
        return Shaped("diminishing" if place[0] is None else "saturating", SATURATED, saturation=place)
    if late > early and steady:
        return Shaped("accelerating", SATURATED)
    place = _saturation(curve.levels, steep, drawn)
    return Shaped("irregular" if place[0] is None else "saturating", SATURATED, saturation=place)


def thirds(slopes: Sequence[float] | Array) -> tuple[float, float]:
    """Return the mean slope over the lowest and over the highest third of the levels."""
    third = max(len(slopes) // 3, 1)
    return float(np.mean(slopes[:third])), float(np.mean(slopes[-third:]))


def _steady(slopes: Array) -> bool:
    """Whether slopes (m,) on the whole only fall or only rise: a monotone sequence explains most of how they vary."""
    early, late = thirds(slopes)
    fitted = isotonic_regression(slopes, increasing=late >= early).x
    left, all_ = float(((slopes - fitted) ** 2).sum()), float(((slopes - slopes.mean()) ** 2).sum())
    return left <= (1 - STEADY) * all_


def _saturation(levels: Array, steep: Array, drawn: Array) -> Place:
    """Return where the slope falls below ``SATURATED`` of its largest value for good."""
    estimate = _first_below(levels, steep[None])[0]
    ends = _ends(_first_below(levels, drawn))
    if not np.isfinite(estimate):
        return _NOWHERE
    low, high = (float(end) if np.isfinite(end) else None for end in ends)
    return float(estimate), low, high


def _first_below(levels: Array, steep: Array) -> Array:
    """Return (draws,) the level from which a slope (draws, m) stays below its share; inf where it never does."""
    top = steep.argmax(axis=1)
    limit = SATURATED * steep.max(axis=1)
    above = (steep > limit[:, None]) & (limit[:, None] > 0)
    last = steep.shape[1] - 1 - above[:, ::-1].argmax(axis=1)  # last level that is still steep
    last = np.maximum(last, top)
    after = np.minimum(last + 1, steep.shape[1] - 1)
    rows = np.arange(steep.shape[0])
    a, b = steep[rows, last], steep[rows, after]
    share = np.where(a > b, (a - limit) / np.where(a > b, a - b, 1.0), 1.0)
    found: Array = levels[last] + np.clip(share, 0.0, 1.0) * (levels[after] - levels[last])
    return np.where((last < steep.shape[1] - 1) & (limit > 0), found, np.inf)


def _turning(
    levels: Array, slopes: Array, simulated: Array, rising: NDArray[np.bool_], falling: NDArray[np.bool_]
) -> Place:
    """Return where the slope changes sign between the regions in which its sign is certain."""
    up, down = np.flatnonzero(rising), np.flatnonzero(falling)
    first, last = (up.max(), down.min()) if up.min() < down.min() else (down.max(), up.min())
    if first >= last:  # several turns
        first, last = min(up.min(), down.min()), max(up.max(), down.max())
    inside = slice(first, last + 1)
    sign = np.sign(slopes[first])
    estimate = _crossing(levels[inside], sign * slopes[None, inside])[0]
    ends = _ends(_crossing(levels[inside], sign * simulated[:, inside]))
    low, high = (float(end) if np.isfinite(end) else None for end in ends)
    return (float(estimate) if np.isfinite(estimate) else None), low, high


def _crossing(levels: Array, slopes: Array) -> Array:
    """Return (draws,) the first level at which slopes (draws, m) are no longer positive; inf where they stay so."""
    below = slopes <= 0
    at = below.argmax(axis=1)
    before = np.maximum(at - 1, 0)
    rows = np.arange(slopes.shape[0])
    a, b = slopes[rows, before], slopes[rows, at]
    share = np.where(a > b, a / np.where(a > b, a - b, 1.0), 0.0)
    found: Array = levels[before] + np.clip(share, 0.0, 1.0) * (levels[at] - levels[before])
    return np.where(below.any(axis=1), found, np.inf)


def _ends(places: Array) -> tuple[float, float]:
    """Return the 95 % interval of places (draws,), some of which may be infinite."""
    return float(np.quantile(places, 0.025, method="lower")), float(np.quantile(places, 0.975, method="higher"))
