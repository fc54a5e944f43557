"""What a result says about the panel it came from."""

from __future__ import annotations

from dataclasses import dataclass

from causal_service.errors import Text

__all__ = ["IndicatorSummary", "PanelSummary"]


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
