"""What a result says about the panel it came from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from causal_service.errors import Text
from causal_service.panel.dictionary import Dictionary, Indicator
from causal_service.panel.panel import Panel

__all__ = ["IndicatorSummary", "PanelSummary", "RowTotals", "summarise"]


@dataclass(frozen=True, slots=True)
class PanelSummary:
    """Size and identity of the panel studied."""

    entities: int
    """Number of entities (rows in a cross-section)."""
    periods: int
    """Number of calendar periods between first and last."""
    rows: int
    """Number of entity-period cells present."""
    indicators: tuple[str, ...]
    """Indicator keys studied, sorted."""
    fingerprint: str
    """``sha256:…`` of the panel's content."""
    first_period: str | None
    """Label of the first period."""
    last_period: str | None
    """Label of the last period."""
    frequency: str
    """``day`` | ``week`` | ``month`` | ``quarter`` | ``year`` | ``index`` | ``""``."""


@dataclass(frozen=True, slots=True, eq=False)
class RowTotals:
    """What the rows of a panel too large for memory say about its indicators, taken while their moments are."""

    mean: Mapping[str, float]
    """Mean of the measured cells by indicator, in its unit."""
    sd: Mapping[str, float]
    """Their standard deviation."""
    missing: Mapping[str, float]
    """Share of empty cells, 0..1."""
    pooled: NDArray[np.float64]
    """(p, p) correlations over all cells."""
    between_removed: NDArray[np.float64]
    """(p, p) correlations after entity means are removed."""
    within: NDArray[np.float64]
    """(p, p) correlations after entity and period effects are removed."""


@dataclass(frozen=True, slots=True)
class IndicatorSummary:
    """One indicator of the study, as a reader needs it."""

    key: str
    """Column name in the panel."""
    name: Text
    """Display name in zh and en."""
    layer: str | None
    """Layer, or ``None`` when untiered."""
    unit: str
    """Unit as written in the dictionary."""
    better: str | None
    """``higher`` | ``lower`` | ``target`` | ``None``."""
    controllable: bool | None
    """Whether somebody can move it."""
    owner: str
    """Department that answers for it."""
    definition: Text
    """How it is measured."""
    mean: float
    """Mean over the panel, in the indicator's unit."""
    sd: float
    """Standard deviation over all cells, in the indicator's unit."""
    within_sd: float
    """Standard deviation after entity and period effects are removed, in the indicator's unit."""
    missing: float
    """Share of present cells that are empty (0..1)."""


def summarise(
    panel: Panel, dictionary: Dictionary, within_sd: Mapping[str, float], totals: RowTotals | None = None
) -> tuple[PanelSummary, tuple[IndicatorSummary, ...]]:
    """Return size and identity of a panel, and what a reader needs to know of each indicator.

    Parameters
    ----------
    panel : the panel studied.
    dictionary : names, layers and units.
    within_sd : standard deviation after entity and period effects, by indicator key (0 where it has no entry).
    totals : of all rows, when the panel is a sample of them.
    """
    crossed = panel.regime == "cross-section"
    entities, periods = panel.outline.present.shape
    summary = PanelSummary(
        entities=entities,
        periods=periods,
        rows=int(panel.outline.present.sum()),
        indicators=panel.indicators,
        fingerprint=panel.fingerprint,
        first_period=None if crossed else panel.periods[0],
        last_period=None if crossed else panel.periods[-1],
        frequency=panel.frequency,
    )
    return summary, tuple(
        _indicator(panel, dictionary, key, within_sd.get(key, 0.0), totals) for key in panel.indicators
    )


def _indicator(
    panel: Panel, dictionary: Dictionary, key: str, within_sd: float, totals: RowTotals | None
) -> IndicatorSummary:
    entry = dictionary.indicators.get(key, Indicator(key, Text(key, key)))
    if totals is None:
        cells = panel.values[panel.present][:, panel.indicators.index(key)]
        measured = cells[np.isfinite(cells)]
        mean = float(measured.mean()) if measured.size else 0.0
        sd = float(measured.std(ddof=1)) if measured.size > 1 else 0.0
        missing = 1.0 - measured.size / max(cells.size, 1)
    else:
        mean, sd, missing = totals.mean[key], totals.sd[key], totals.missing[key]
    return IndicatorSummary(
        key=key,
        name=entry.name,
        layer=entry.layer,
        unit=entry.unit,
        better=entry.better,
        controllable=entry.controllable,
        owner=entry.owner,
        definition=entry.definition,
        mean=mean,
        sd=sd,
        within_sd=within_sd,
        missing=missing,
    )
