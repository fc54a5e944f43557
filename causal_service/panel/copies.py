"""Columns that say the same thing twice: exact copies, affine copies (another unit), monotone copies (a logarithm)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from causal_service.panel.exactness import MIN_ROWS, Relation, complete, exact_fit
from causal_service.panel.panel import Panel
from causal_service.panel.rounding import rounding_grid

__all__ = ["Copy", "find_copies", "pairwise_correlation"]

_SCREEN = 0.98
_SAMPLE = 1500
"""Rows on which pairs are screened; the comparison itself uses all of them."""
_DISTINCT = 8
"""Fewest distinct values for which equal order means one is a function of the other."""


@dataclass(frozen=True, slots=True)
class Copy:
    """``copy`` repeats ``original``."""

    copy: str
    """Key of the column that is given up (the alphabetically later one, never an outcome)."""
    original: str
    """Key of the column that is kept."""
    kind: Literal["duplicate", "affine-copy", "monotone-copy"]
    """Equal; equal up to unit and offset; or a strictly monotone function (such as a logarithm)."""
    slope: float | None
    """copy = constant + slope x original; ``None`` for a monotone copy."""
    constant: float | None
    """Offset; ``None`` for a monotone copy."""


def pairwise_correlation(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return correlations over the rows in which both columns are measured, shape (P, P); 0 where undefined."""
    centre = np.nan_to_num(np.nanmean(np.where(np.isfinite(x).any(0), x, 0.0), axis=0))
    mask = np.isfinite(x).astype(float)
    scale = np.sqrt(np.nansum((x - centre) ** 2, axis=0) / np.maximum(mask.sum(0), 1))
    z = np.nan_to_num((x - centre) / np.where(scale > 0, scale, 1.0))
    n = np.maximum(mask.T @ mask, 1.0)
    s, q, c = z.T @ mask, (z**2).T @ mask, z.T @ z
    cov = c / n - (s / n) * (s.T / n)
    var = np.maximum(q / n - (s / n) ** 2, 0.0)
    bottom = np.sqrt(var * var.T)
    return np.asarray(np.divide(cov, bottom, out=np.zeros_like(cov), where=bottom > 1e-12))


def find_copies(panel: Panel, outcomes: Sequence[str] = ()) -> tuple[Copy, ...]:
    """Return the copies among the indicators, sorted by the column given up; constants are not compared."""
    x = panel.values[panel.present]
    names = panel.indicators
    filled = np.isfinite(x)
    spread = np.array([np.ptp(x[filled[:, j], j]) if filled[:, j].any() else 0.0 for j in range(len(names))])
    sample = x[:: max(1, len(x) // _SAMPLE)]
    close = np.abs(pairwise_correlation(sample)) > _SCREEN
    close |= np.abs(pairwise_correlation(_ranks(sample))) > _SCREEN
    order = sorted((j for j in range(len(names)) if spread[j] > 0), key=lambda j: (names[j] not in outcomes, names[j]))
    found: dict[int, Copy] = {}
    for place, second in enumerate(order):
        for first in order[:place]:
            if first in found or not close[first, second] or {names[first], names[second]} <= set(outcomes):
                continue
            copy = _compare(x, first, second, names)
            if copy is not None:
                found[second] = copy
                break
    return tuple(found[j] for j in sorted(found))


def _ranks(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the rank of every cell in its column; ties by order of position within equal values share the lowest."""
    ranks = np.full_like(x, np.nan)
    for j in range(x.shape[1]):
        cells = np.isfinite(x[:, j])
        ranks[cells, j] = np.unique(x[cells, j], return_inverse=True)[1]
    return ranks


def _compare(x: NDArray[np.float64], first: int, second: int, names: Sequence[str]) -> Copy | None:
    a, b = x[:, first], x[:, second]
    rows = complete((a, b))
    if rows.sum() < MIN_ROWS:
        return None
    a, b = a[rows], b[rows]
    if np.array_equal(a, b):
        return Copy(names[second], names[first], "duplicate", 1.0, 0.0)
    ga, gb = rounding_grid(a), rounding_grid(b)
    for y, part, gy, gp, swapped in ((b, a, gb, ga, False), (a, b, ga, gb, True)):
        fit = exact_fit(Relation(y, part[:, None], gy, gp[:, None]))
        if fit is not None and fit.coefficients[0] != 0:
            slope, constant = fit.coefficients[0], fit.constant
            if swapped:
                slope, constant = 1 / slope, -constant / slope
            kind: Literal["duplicate", "affine-copy"] = "duplicate" if (slope, constant) == (1, 0) else "affine-copy"
            return Copy(names[second], names[first], kind, slope, constant + 0.0)
    return Copy(names[second], names[first], "monotone-copy", None, None) if _same_order(a, b, ga, gb) else None


def _same_order(
    a: NDArray[np.float64], b: NDArray[np.float64], ga: NDArray[np.float64], gb: NDArray[np.float64]
) -> bool:
    """Return whether one column is a strictly monotone function of the other, up to rounding."""
    if min(np.unique(a).size, np.unique(b).size) < max(_DISTINCT, a.size // 50):
        return False
    order = np.lexsort((b, a))
    up = 1.0 if np.corrcoef(np.argsort(np.argsort(a)), np.argsort(np.argsort(b)))[0, 1] > 0 else -1.0
    if up < 0:
        order = np.lexsort((-b, a))
    steps_a, steps_b = np.diff(a[order]), up * np.diff(b[order])
    gap_a, gap_b = ga[order][1:] * 1.01, gb[order][1:] * 1.01
    falls = steps_b < -gap_b
    jumps = (steps_a <= 0) & (np.abs(steps_b) > gap_b)
    return not (falls | jumps).any() and bool(np.mean((steps_a > gap_a) == (steps_b > gap_b)) > 0.5)
