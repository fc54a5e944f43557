"""What a SHAP chart would show: mean |SHAP| of boosted trees on the plain rows, as a BI team would draw it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from causal_service.explanation.results import NoImportance
from causal_service.explanation.via_shap import boosted_trees, shap_values
from causal_service.panel.panel import Panel

__all__ = ["Importance", "importance"]

FITTED, EXPLAINED = 20_000, 300
"""Most rows that trees are fitted on, and most that are explained."""


@dataclass(frozen=True, slots=True)
class Importance:
    """Bars of the chart."""

    shares: Mapping[str, float]
    """Share of the sum of mean |SHAP| by indicator (adds up to 1); empty when there is no chart."""
    reason: NoImportance | None = None
    """Why there is no chart: the outcome has one value, there is no other indicator, or the trees never split."""


def importance(panel: Panel, outcome: str) -> Importance:
    """Return the bars for all indicators of a panel but the outcome.

    Rows are pooled over entities and periods; rows without the outcome are left out. Trees see nothing but the order of
    values, so they are given ranks: units change nothing. Rows are ordered and sampled by a hash of their content, so
    their order and labels change nothing either.
    """
    cells = panel.values[panel.present]
    o = panel.indicators.index(outcome)
    cells = cells[~np.isnan(cells[:, o])]
    y, names = cells[:, o], [name for name in panel.indicators if name != outcome]
    if not names:
        return Importance({}, "no-indicator")
    if y.size == 0 or np.ptp(y) == 0:
        return Importance({}, "outcome-constant")
    ranks = np.stack([_ranks(column) for column in cells.T], axis=1)
    order = np.argsort(_hashes(ranks), kind="stable")
    X, y = np.delete(ranks, o, axis=1)[order], y[order]
    model = boosted_trees(X[:FITTED], ((y - y.mean()) / y.std())[:FITTED])
    sizes = np.abs(shap_values(model, X[:EXPLAINED])[0]).mean(axis=0)
    if not sizes.any():
        return Importance({}, "nothing-found")
    return Importance(dict(zip(names, (sizes / sizes.sum()).tolist(), strict=True)))


def _ranks(column: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the place of every value among the distinct values of a column; NaN stays NaN."""
    out = np.full(column.shape, np.nan)
    seen = ~np.isnan(column)
    out[seen] = np.unique(column[seen], return_inverse=True)[1]
    return out


def _hashes(ranks: NDArray[np.float64]) -> NDArray[np.uint64]:
    """Return one number per row that depends on its content only (SplitMix64, column by column)."""
    state = np.zeros(len(ranks), np.uint64)
    for column in np.nan_to_num(ranks, nan=-1.0).T:
        state = state * np.uint64(0xD1342543DE82EF95) + (column + 2).astype(np.uint64)
        state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        state ^= state >> np.uint64(31)
    return state
