"""How mechanisms may bend: spline columns beside the linear ones, and the slopes that hold in each period.

A linear projection of a saturating mechanism is not what a small move does: it weighs the extremes. The moments of the
spline columns let every draw read the average slope off its own graph (``numerics.curved_slopes``), and the slopes of
single periods say how far "in a period like these" differs from "on average": each draw stands for one period.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from causal_service.numerics.natural_spline import KNOT_QUANTILES, bends
from causal_service.preparation.kinds import Kind, kind_of
from causal_service.preparation.rows import FEW_ENTITIES
from causal_service.preparation.within_rows import WithinRows

__all__ = ["BENDS", "Curves", "curves_of"]

Array = NDArray[np.float64]

BENDS = len(KNOT_QUANTILES) - 2
"""Bend columns of an indicator."""
MOST_BYTES = 512 * 2**20
"""Largest size of the moments with bends; wider or longer panels keep straight mechanisms."""
FILLING_ROUNDS = 3
"""Times the bends of missing cells are predicted."""


@dataclass(frozen=True, slots=True, eq=False)
class Curves:
    """Moments and slopes of mechanisms that may bend; columns are all p indicators, totals included."""

    width: int
    """Columns e = d (1 + K): [lagged | present] (d) and K bends of each; zero where it has none."""
    triangles: Array
    """(blocks, e (e + 1) / 2) upper triangles of their moments, row after row."""
    slopes: Array
    """(periods, p, K) average derivative of every bend, standardised units; one period where slopes are pooled."""
    steepness: Array
    """(periods, p) slope of the link of every indicator at the period over its average; 1 for continuous ones."""
    kinds: tuple[Kind, ...]
    """(p,) what every indicator is; a total is continuous."""

    def moments(self, weights: Array, mass: Array) -> Array:
        """Return the moments (B, e, e) under block weights (B, blocks); for many draws in one sweep over the blocks."""
        upper = weights @ self.triangles / (weights @ mass)[:, None]
        i, j = np.triu_indices(self.width)
        place = np.empty((self.width, self.width), np.intp)
        place[i, j] = place[j, i] = np.arange(i.size)
        W: Array = np.take(upper, place, axis=1)
        return W

    def at(self, period: int | None) -> tuple[Array, Array]:
        """Return (slopes (p, K), steepness (p,)) of one period, or on average."""
        if period is None:
            return self.slopes.mean(axis=0), self.steepness.mean(axis=0)
        return self.slopes[period], self.steepness[period]


def curves_of(within: WithinRows, expand: Array) -> Curves | None:
    """Return what mechanisms may bend by, or ``None`` where the moments would be larger than ``MOST_BYTES``.

    Parameters
    ----------
    within : rows of the b base indicators.
    expand : (d, b (L + 1)) from base columns to all columns.
    """
    d, b = expand.shape[0], len(within.names)
    p = d // (within.rows.lags + 1)
    if within.blocks.count * (d * (BENDS + 1)) ** 2 * 8 > MOST_BYTES:
        return None
    columns, derivatives = _bend_columns(within.values)
    Z, sd = _within_bends(within, columns)
    owner = np.abs(expand[:p, :b]).argmax(axis=1)
    is_base = np.isin(within.panel.indicators, within.names)
    rows = np.zeros((Z.shape[0], d, BENDS))
    at = np.flatnonzero(np.tile(is_base, within.rows.lags + 1))
    rows[:, at] = Z.reshape(Z.shape[0], -1, BENDS)
    A = np.concatenate([within.filled @ expand.T, rows.reshape(Z.shape[0], -1)], axis=1)
    kinds = [kind_of(within.values[:, :, j]) for j in range(b)]
    periods = np.unique(within.rows.time)
    slopes = np.zeros((periods.size, p, BENDS))
    slopes[:, is_base] = _period_slopes(derivatives, periods) * (within.sd[:, None] / sd.reshape(b, BENDS))
    steepness = np.ones((periods.size, p))
    for i in np.flatnonzero(is_base):
        steepness[:, i] = _steepness(within.values[:, periods, owner[i]], kinds[owner[i]])
    if within.values.shape[0] < FEW_ENTITIES:  # the slopes of a period would be those of single cells
        slopes, steepness = slopes.mean(axis=0, keepdims=True), np.ones((1, p))
    named: tuple[Kind, ...] = tuple(kinds[owner[i]] if is_base[i] else "continuous" for i in range(p))
    return Curves(A.shape[1], _block_triangles(A, within), slopes, steepness, named)


def _bend_columns(values: Array) -> tuple[Array, Array]:
    """Return (bends, derivatives) (E, T, b K) of the indicators (E, T, b); zero where knots coincide."""
    E, T, b = values.shape
    columns, derivatives = np.zeros((E, T, b, BENDS)), np.zeros((E, T, b, BENDS))
    for j in range(b):
        x = values[:, :, j]
        knots = np.quantile(x[~np.isnan(x)], KNOT_QUANTILES)
        if (np.diff(knots) > 1e-9 * (knots[-1] - knots[0])).all():
            columns[:, :, j], derivatives[:, :, j] = bends(x, knots)
    return columns.reshape(E, T, b * BENDS), derivatives.reshape(E, T, b * BENDS)


def _within_bends(within: WithinRows, columns: Array) -> tuple[Array, Array]:
    """Return (rows (R, (L + 1) b K) of the bends, effects removed and standardised, their SDs (b K,)).

    A bend of a missing cell is predicted from the filled linear columns; the fit is repeated on what it filled.
    """
    Z = within.without_effects(within.rows.take(columns))
    missing = np.isnan(Z)
    present = Z[:, -columns.shape[2] :]
    sd = np.sqrt(np.nanmean(present**2, axis=0))
    sd = np.where(sd > 1e-12 * np.nanmax(np.abs(columns), axis=(0, 1), initial=1e-300), sd, 1.0)
    Z = np.where(missing, 0.0, Z / np.tile(sd, within.rows.lags + 1))
    if not missing.any():
        return Z, sd
    X, w = within.filled, within.rows.weight[:, None]
    ridge = X.T @ (w * X)
    sizes = np.diag(ridge)
    np.fill_diagonal(ridge, np.where(sizes > 0, sizes * (1 + 1e-6), 1.0))  # a column may vary at its other lags only
    for _ in range(FILLING_ROUNDS):
        Z = np.where(missing, X @ np.linalg.solve(ridge, X.T @ (w * Z)), Z)
    return within.without_effects(Z), sd


def _period_slopes(derivatives: Array, periods: NDArray[np.int64]) -> Array:
    """Return the average derivatives (periods, b, K), raw units; over all periods where few entities were seen."""
    E, T, _ = derivatives.shape
    cells = derivatives.reshape(E, T, -1, BENDS)
    pooled = np.nanmean(cells, axis=(0, 1))
    chosen = cells[:, periods]
    seen = (~np.isnan(chosen)).sum(axis=0)
    slopes: Array = np.where(seen >= FEW_ENTITIES, np.nansum(chosen, axis=0) / np.maximum(seen, 1), pooled)
    return slopes


def _steepness(x: Array, kind: Kind) -> Array:
    """Return the slope (periods,) of the link of an indicator (E, periods), over its average.

    That of a two-state indicator is steepest where both states are as frequent, p (1 - p) for the logit; that of a
    count grows with its mean, the log link (McCullagh & Nelder 1989, Generalized Linear Models, sec. 4.3 and 6.2).
    """
    seen = (~np.isnan(x)).sum(axis=0)
    enough = seen >= FEW_ENTITIES
    if kind == "continuous" or not enough.any():
        return np.ones(x.shape[1])
    low, high = np.nanmin(x), np.nanmax(x)
    mean = np.nansum(x - low, axis=0) / np.maximum(seen, 1)
    steep = mean * (high - low - mean) if kind == "binary" else mean
    average = steep[enough].mean()
    return np.where(enough, steep / average, 1.0) if average > 0 else np.ones(x.shape[1])


def _block_triangles(A: Array, within: WithinRows) -> Array:
    """Return the upper triangles (blocks, e (e + 1) / 2) of the weighted moments of the rows A (R, e).

    Blocks of one size are taken together.
    """
    code, count, e = within.blocks.code, within.blocks.count, A.shape[1]
    order = np.argsort(code, kind="stable")
    starts = np.searchsorted(code[order], np.arange(count + 1))
    sizes, upper = np.diff(starts), np.ravel_multi_index(np.triu_indices(e), (e, e))
    triangles = np.zeros((count, upper.size))
    for size in np.unique(sizes[sizes > 0]):
        alike = np.flatnonzero(sizes == size)
        rows = order[starts[alike][:, None] + np.arange(size)]
        part = A[rows]
        moments = part.transpose(0, 2, 1) @ (within.rows.weight[rows, None] * part)
        triangles[alike] = np.take(moments.reshape(alike.size, e * e), upper, axis=1)
    return triangles
