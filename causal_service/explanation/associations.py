"""How an indicator goes with an outcome: on plain rows, within entities, within entities and periods, beside others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from causal_service.numerics.within import within
from causal_service.panel.panel import Panel
from causal_service.panel.summary import RowTotals

__all__ = ["Correlations", "correlations", "partial_correlation", "shares_between_entities"]

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Correlations:
    """Correlation of one indicator with the outcome, seen three ways."""

    pooled: float
    """Over all cells."""
    between_removed: float
    """After entity means are removed."""
    within: float
    """After entity and period effects are removed."""


def correlations(panel: Panel, outcome: str, totals: RowTotals | None = None) -> dict[str, Correlations]:
    """Return the correlations of every indicator with the outcome, on cells where both are observed.

    ``totals`` of all rows take the place of those of a panel that is a sample of them.
    """
    if totals is not None:
        o = panel.indicators.index(outcome)
        three = (totals.pooled[:, o], totals.between_removed[:, o], totals.within[:, o])
        return {name: Correlations(*map(float, seen)) for name, *seen in zip(panel.indicators, *three, strict=True)}
    entity, time = np.nonzero(panel.present)
    X = panel.values[entity, time]
    ones = np.ones(entity.size)
    codes, periods = entity.astype(np.int64), time.astype(np.int64)
    if panel.regime == "cross-section":
        codes = np.zeros_like(codes)
    by_entity = within(X, ones, codes, np.zeros_like(periods))
    both = within(X, ones, codes, periods)
    o = panel.indicators.index(outcome)
    return {
        name: Correlations(_r(X, j, o), _r(by_entity, j, o), _r(both, j, o)) for j, name in enumerate(panel.indicators)
    }


def _r(X: NDArray[np.float64], i: int, j: int) -> float:
    seen = ~np.isnan(X[:, i]) & ~np.isnan(X[:, j])
    a, b = X[seen, i], X[seen, j]
    if a.size < 3 or a.std() == 0 or b.std() == 0:
        return 0.0
    return float(np.clip(np.corrcoef(a, b)[0, 1], -1.0, 1.0))


def shares_between_entities(panel: Panel) -> dict[str, float]:
    """Return the share (0..1) of the variance of every indicator that lies between entities; 0 outside a panel."""
    if panel.regime != "panel":
        return dict.fromkeys(panel.indicators, 0.0)
    entity, time = np.nonzero(panel.present)
    X = panel.values[entity, time]
    left = within(X, np.ones(entity.size), entity.astype(np.int64), np.zeros(entity.size, np.int64))
    shares = {}
    for j, name in enumerate(panel.indicators):
        seen = ~np.isnan(X[:, j])
        total = float(X[seen, j].var()) if seen.any() else 0.0
        shares[name] = float(np.clip(1 - (left[seen, j] ** 2).mean() / total, 0.0, 1.0)) if total > 0 else 0.0
    return shares


def partial_correlation(S: Array, i: int, j: int, given: Sequence[int] = ()) -> float:
    """Return the correlation of columns i and j of a covariance S (d, d) once the columns ``given`` are held fixed.

    0 where nothing is left of one of them.
    """
    pair, c = [i, j], list(given)
    left = S[np.ix_(pair, pair)]
    if c:
        left = left - S[np.ix_(pair, c)] @ np.linalg.lstsq(S[np.ix_(c, c)], S[np.ix_(c, pair)], rcond=1e-10)[0]
    if min(left[0, 0] / max(S[i, i], 1e-300), left[1, 1] / max(S[j, j], 1e-300)) < 1e-9:
        return 0.0
    return float(np.clip(left[0, 1] / np.sqrt(left[0, 0] * left[1, 1]), -1.0, 1.0))
