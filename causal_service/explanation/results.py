"""Why: chains and the contrast with the usual ranking."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from causal_service.errors import Text

__all__ = ["Chain", "Contrast", "ContrastReason"]

ContrastReason = Literal[
    "confounded", "masked", "mediator", "consequence", "duplicate", "no-within-variation", "season", "agrees"
]


@dataclass(frozen=True, slots=True)
class Chain:
    """One path from a lever to an outcome and its part of the headline effect."""

    lever: str
    """Indicator key."""
    outcome: str
    """Indicator key."""
    kind: Literal["path", "rest"]
    """``path`` = the indicators listed; ``rest`` = all remaining paths together (``path`` is then empty)."""
    path: tuple[str, ...]
    """Indicator keys from lever to outcome."""
    value: float
    """Part of the headline effect, outcome unit per lever unit (mean of draws)."""
    low: float
    """Lower end of its 95 % interval."""
    high: float
    """Upper end of its 95 % interval."""
    share: float | None
    """``value`` divided by the headline effect; shares of one pair add to 1. ``None`` when the total is too small."""
    sentence: Text
    """The chain in words."""


@dataclass(frozen=True, slots=True)
class Contrast:
    """What the usual ranking says about an indicator, beside ours."""

    indicator: str
    """Indicator key."""
    outcome: str
    """Indicator key."""
    correlation: float
    """Pooled correlation with the outcome."""
    within_correlation: float
    """Correlation after entity and period effects are removed."""
    correlation_rank: int
    """Rank by absolute pooled correlation among the levers."""
    causal_rank: int
    """Our rank."""
    reason: ContrastReason
    """Why they differ."""
    sentence: Text
    """The reason in words."""
