"""Where an indicator stands: its level now, what was seen of it, and what it may be."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np

from causal_service.panel.dictionary import Dictionary, Indicator
from causal_service.panel.panel import Panel
from causal_service.panel.summary import IndicatorSummary

__all__ = ["Standing", "standings_of"]


@dataclass(frozen=True, slots=True)
class Standing:
    """What a move of an indicator is measured against, in its unit."""

    indicator: str
    """Indicator key."""
    mean: float
    """Mean over the panel."""
    latest: float
    """Mean over the entities in the latest period in which it was measured (over all rows of a cross-section)."""
    latest_period: str | None
    """Label of that period; ``None`` in a cross-section."""
    lowest: float
    """Smallest value measured."""
    highest: float
    """Largest value measured."""
    swing: float
    """Largest distance of a measured value from the mean of its entity (of all rows in a cross-section)."""
    within_sd: float
    """Standard deviation after entity and period effects are removed."""
    bound_low: float | None
    """Smallest feasible value; ``None`` when not declared."""
    bound_high: float | None
    """Largest feasible value; ``None`` when not declared."""
    better: str | None
    """``higher`` | ``lower`` | ``target`` | ``None``."""
    target: float | None
    """Desired value when ``better`` is ``target``."""


def standings_of(panel: Panel, dictionary: Dictionary, summaries: dict[str, IndicatorSummary]) -> dict[str, Standing]:
    """Return where every indicator of the panel stands, by key.

    Of a panel too large for memory, levels other than the mean are those of the sample that is held.
    """
    return {
        key: _standing(panel, i, dictionary.indicators.get(key), summaries[key])
        for i, key in enumerate(panel.indicators)
    }


def _standing(panel: Panel, column: int, entry: Indicator | None, summary: IndicatorSummary) -> Standing:
    values = np.where(panel.present, panel.values[:, :, column], np.nan)
    known = np.isfinite(values)
    crossed = panel.regime == "cross-section"
    if not known.any():
        latest, period, lowest, highest, swing = summary.mean, None, summary.mean, summary.mean, 0.0
    else:
        last = int(np.flatnonzero(known.any(axis=0))[-1])
        latest, period = float(values[:, last][known[:, last]].mean()), None if crossed else panel.periods[last]
        lowest, highest = float(np.nanmin(values)), float(np.nanmax(values))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # an entity without a single value has no mean
            middle = np.nanmean(values) if crossed else np.nanmean(values, axis=1, keepdims=True)
        swing = float(np.nanmax(np.abs(values - middle)))
    low, high = (None, None) if entry is None or entry.bounds is None else entry.bounds
    return Standing(
        indicator=summary.key,
        mean=summary.mean,
        latest=latest,
        latest_period=period,
        lowest=lowest,
        highest=highest,
        swing=swing,
        within_sd=summary.within_sd,
        bound_low=low,
        bound_high=high,
        better=summary.better,
        target=None if entry is None else entry.target,
    )
