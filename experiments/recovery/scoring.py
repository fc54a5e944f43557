"""What is measured on one panel; effects in within-SDs of the outcome per within-SD of the lever."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import spearmanr

Array = NDArray[np.float64]
Bool = NDArray[np.bool_]

NONZERO = 0.05
"""Standardised cumulative effect above which a lever counts as truly non-zero."""


def graph_f1(truth: tuple[Bool, Bool], directed: Bool, lagged: Bool, undirected: Bool) -> float:
    """F1 of same-period and lagged arrows together, inertia left out; an undirected pair is half a hit.

    Arrays are (p, p) with [y, x] for x -> y; ``truth`` is (same period, later), where later arrows, like ``lagged``,
    are (L, p, p) by lag.
    """
    other = ~np.eye(len(directed), dtype=bool)
    now, later, said_later = truth[0], truth[1] & other, lagged & other
    shared = min(len(later), len(said_later))
    pairs = undirected | undirected.T
    hits = (now & directed).sum() + (later[:shared] & said_later[:shared]).sum() + 0.5 * (now & pairs).sum()
    said = directed.sum() + said_later.sum() + np.triu(pairs).sum()
    return float(2 * hits / max(said + now.sum() + later.sum(), 1))


def top_recall(true: Array, said: Array, k: int = 3) -> float:
    """Share of the k largest true effects among the k largest estimates."""
    return len(largest(true, k) & largest(said, k)) / k


def largest(effects: Array, k: int = 3) -> set[int]:
    """Positions of the k largest effects in size."""
    return {int(j) for j in np.argsort(-np.abs(effects), kind="stable")[:k]}


def rank_correlation(true: Array, said: Array) -> float:
    """Spearman correlation of the sizes."""
    return float(spearmanr(np.abs(true), np.abs(said)).statistic)


def rmse(true: Array, said: Array) -> float:
    """Root mean squared error over the levers."""
    return float(np.sqrt(np.mean((said - true) ** 2)))


def coverage(true: Array, low: Array, high: Array, cumulative: Array) -> float:
    """Share of truly non-zero levers whose interval contains the truth; NaN when there is none."""
    counted = np.abs(cumulative) > NONZERO
    return float(np.mean(((low <= true) & (true <= high))[counted])) if counted.any() else float("nan")


def median_width(low: Array, high: Array, cumulative: Array) -> float:
    """Median width of the intervals of truly non-zero levers; NaN when there is none."""
    counted = np.abs(cumulative) > NONZERO
    return float(np.median((high - low)[counted])) if counted.any() else float("nan")
