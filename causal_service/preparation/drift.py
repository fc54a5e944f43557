"""Do entities drift apart, each along a trend of its own?

Entity and period effects leave such trends in the data, where they look like a common cause of all that drifts, and
like inertia without end: the fitted VAR has a root near one, although short time pushes it down. Then a straight trend
of every entity is removed as well (the random trend model, Wooldridge 2010, Econometric Analysis of Cross Section and
Panel Data, ch. 11.7.1). Where the root goes away with it, trends were the explanation; where it stays, shocks never
fade (a random walk).
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from causal_service.numerics.short_panel import pair_counts, spectral_radius, stationary_covariance
from causal_service.preparation.rows import Rows

__all__ = ["Drift", "drifts", "kind_of_drift", "trend_columns"]

Drift = Literal["none", "trends", "walks"]
"""Entities that do not drift, that follow trends of their own, or whose shocks never fade."""

FEWEST_PERIODS = 16
"""Periods below which no trend is looked for: it would cost an eighth of the rows and more, and roots are uncertain."""
ROOT = 0.95
"""Largest root of the fitted VAR from which entities are said to drift."""
GAIN = 1.8
"""Times the gain in fit by chance that trends must bring."""
BY_CHANCE = 13.0
"""Log-likelihood ratio of one trend where there is none: 1 + this / periods, measured on simulated panels."""
FADING = 0.9
"""Largest root of the VAR less trends below which trends were the explanation."""

Array = NDArray[np.float64]


def trend_columns(rows: Rows) -> Array:
    """Return level and line (R, 2)."""
    time = (rows.time - rows.time.min()).astype(np.float64)
    return np.stack([np.ones_like(time), time - time.mean()], axis=1)


def drifts(rows: Rows, filled: Array, detrended: Array, base: int) -> bool:
    """Return whether entities drift apart although levels and period effects have been removed.

    They do when the fitted VAR has a root near one, or when trends explain more of what it leaves than chance would.
    Never without lags or below ``FEWEST_PERIODS``.

    Parameters
    ----------
    filled : rows (R, d) less entity and period effects, gaps filled, d = base (L + 1).
    detrended : the same rows less a trend of every entity as well.
    """
    periods = np.unique(rows.time).size
    if rows.lags == 0 or periods + rows.lags < FEWEST_PERIODS:
        return False
    plain, straight = (_covariance(Z, rows.weight) for Z in (filled, detrended))
    if spectral_radius(plain, base, rows.lags) >= ROOT:
        return True
    per_trend = rows.entity.size / np.unique(rows.entity).size
    gain = per_trend * np.log(_unexplained(plain, base) / _unexplained(straight, base)).mean()
    return bool(gain >= GAIN * (1 + BY_CHANCE / periods))


def _covariance(Z: Array, w: Array) -> Array:
    X = Z * np.sqrt(w / w.sum())[:, None]
    return np.asarray(X.T @ X)


def _unexplained(S: Array, base: int) -> Array:
    """Return the variance (b,) of each present variable given the past."""
    m = len(S) - base
    past = S[:m, :m] + 1e-9 * np.trace(S) / len(S) * np.eye(m)
    rest = np.diag(S[m:, m:]) - (S[m:, :m] * np.linalg.solve(past, S[:m, m:]).T).sum(axis=1)
    return np.asarray(np.maximum(rest, 1e-12))


def kind_of_drift(rows: Rows, sigma: Array, base: int) -> Drift:
    """Return ``trends`` or ``walks``, by the root that is left when trends are removed too (short time corrected)."""
    time = rows.time - rows.time.min()
    H = pair_counts(rows.entity, time, rows.weight, int(time.max()) + 1, trend_columns(rows))
    root = spectral_radius(stationary_covariance(sigma, H, base, rows.lags), base, rows.lags)
    return "trends" if root < FADING else "walks"
