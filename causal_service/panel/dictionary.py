"""The dictionary: what every indicator means (types; reading lives in ``dictionary_reading``)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from causal_service.errors import Text

__all__ = ["DEFAULT_LAYERS", "Better", "Dictionary", "Goal", "Indicator", "Step", "Transform"]

Better = Literal["higher", "lower", "target"]
Transform = Literal["identity", "log", "logit", "rank"]

DEFAULT_LAYERS: tuple[str, ...] = ("context", "innovation", "process", "business", "strategic")
"""The default ordered layers; an earlier layer may cause a later one within a period, never the reverse."""


@dataclass(frozen=True, slots=True)
class Step:
    """One feasible move of a lever."""

    change: float
    """Signed size of the move, in the indicator's unit."""
    cost: float | None = None
    """What the move costs per period, in the company's currency."""


@dataclass(frozen=True, slots=True)
class Indicator:
    """One entry of the dictionary."""

    key: str
    """Column name in the panel."""
    name: Text
    """Display name in zh and en."""
    layer: str | None = None
    """One of the dictionary's layers, or ``None`` (untiered)."""
    unit: str = ""
    """Unit as written by the company, for example ``days`` or ``%``."""
    better: Better | None = None
    """Polarity: which direction the business wants."""
    target: float | None = None
    """Desired value when ``better`` is ``target``, in the indicator's unit."""
    controllable: bool | None = None
    """Whether somebody can move it; ``None`` when not declared."""
    owner: str = ""
    """Department that answers for it."""
    definition: Text = field(default_factory=lambda: Text("", ""))
    """How it is measured."""
    frequency: str = ""
    """How often it is measured."""
    formula: str = ""
    """Arithmetic over other indicators when it is derived."""
    step: Step | None = None
    """One feasible move."""
    bounds: tuple[float | None, float | None] | None = None
    """Smallest and largest feasible value, in the indicator's unit."""
    transform: Transform | None = None
    """Scale on which the linear system is fitted; ``None`` means not declared."""
    levels: tuple[str, ...] = ()
    """Words of an indicator measured in states, lowest first; they become 0, 1, 2 … Empty for numbers."""


@dataclass(frozen=True, slots=True)
class Goal:
    """A target for one indicator by a date."""

    indicator: str
    """Key of the indicator."""
    target: float
    """Value wanted, in the indicator's unit."""
    by: str = ""
    """Period by which it is wanted."""
    parent: str | None = None
    """Key of the goal it serves."""


@dataclass(frozen=True, slots=True)
class Dictionary:
    """All indicators of a company, with layers, knowledge and goals."""

    indicators: dict[str, Indicator] = field(default_factory=dict)
    """Indicators by key."""
    layers: tuple[str, ...] = DEFAULT_LAYERS
    """Ordered layers, earliest cause first."""
    entity: str | None = None
    """Name of the entity column, when declared."""
    period: str | None = None
    """Name of the period column, when declared."""
    required: tuple[tuple[str, str, int | None], ...] = ()
    """Arrows (cause, effect, lag) that must be in every graph; lag ``None`` means at some lag."""
    forbidden: tuple[tuple[str, str, int | None], ...] = ()
    """Arrows (cause, effect, lag) that must be in no graph; lag ``None`` means at any lag."""
    goals: tuple[Goal, ...] = ()
    """Targets of the business."""

    def name(self, key: str) -> Text:
        """Return the display name of ``key``; the key itself when it has no entry."""
        entry = self.indicators.get(key)
        return entry.name if entry is not None else Text(key, key)
