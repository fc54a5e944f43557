"""Why: chains and the contrast with the usual ranking."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from causal_service.errors import Text

__all__ = ["Chain", "Contrast", "ContrastReason", "Mediation", "NoImportance", "NotRanked"]

ContrastReason = Literal[
    "confounded",
    "masked",
    "mediator",
    "collider",
    "consequence",
    "duplicate",
    "no-within-variation",
    "season",
    "open-direction",
    "agrees",
]
NotRanked = Literal["context", "after-outcome", "outcome", "removed", "not-a-lever"]
NoImportance = Literal["outcome-constant", "no-indicator", "nothing-found"]


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
    share_low: float | None = None
    """Lower end of the 95 % interval of ``share``."""
    share_high: float | None = None
    """Upper end of the 95 % interval of ``share``."""
    arrived: tuple[float, ...] = ()
    """Share of ``value`` that has arrived in period 0, 1, ... up to the horizon (then 1); empty where there is none."""
    half_by: int | None = None
    """First period from which on at least half of ``value`` has arrived; ``None`` where there is none."""


@dataclass(frozen=True, slots=True)
class Mediation:
    """The headline effect of a lever: its direct part, the part through other indicators, and when it arrives."""

    lever: str
    """Indicator key."""
    outcome: str
    """Indicator key."""
    value: float
    """Headline effect, outcome unit per lever unit (mean of draws)."""
    direct: float
    """Part along the arrow from lever to outcome, at any lag, with the inertia of the outcome."""
    direct_low: float
    """Lower end of its 95 % interval."""
    direct_high: float
    """Upper end of its 95 % interval."""
    direct_share: float | None
    """``direct`` divided by ``value``; ``None`` with all shares where the effect is not clear enough to divide."""
    direct_share_low: float | None
    """Lower end of the 95 % interval of that share."""
    direct_share_high: float | None
    """Upper end of the 95 % interval of that share."""
    mediated: float
    """The remaining part, through other indicators; adds up with ``direct`` to ``value``."""
    mediated_low: float
    """Lower end of its 95 % interval."""
    mediated_high: float
    """Upper end of its 95 % interval."""
    mediated_share: float | None
    """``mediated`` divided by ``value``; adds up with ``direct_share`` to 1."""
    arrived: tuple[float, ...]
    """Share of ``value`` that has arrived in period 0, 1, ... up to the horizon (then 1)."""
    half_by: int | None
    """First period from which on at least half of it has arrived."""
    sentence: Text
    """The same in words."""


@dataclass(frozen=True, slots=True)
class Contrast:
    """What the usual charts say about an indicator, beside ours."""

    indicator: str
    """Indicator key."""
    outcome: str
    """Indicator key."""
    correlation: float
    """Pooled correlation with the outcome."""
    within_correlation: float
    """Correlation after entity and period effects are removed."""
    correlation_rank: int
    """Rank by absolute pooled correlation among all indicators of the panel but the outcome."""
    causal_rank: int | None
    """Our rank among the levers; ``None`` for what is no lever."""
    reason: ContrastReason
    """Why they differ."""
    sentence: Text
    """The reason in words, with the numbers that prove it."""
    shap_rank: int | None = None
    """Rank by mean |SHAP| of boosted trees on plain rows, among the same indicators; ``None`` without such a chart."""
    shap_rank_reason: NoImportance | None = None
    """Why there is no rank by SHAP."""
    shap_share: float | None = None
    """Share (0..1) of the sum of mean |SHAP|."""
    causal_rank_reason: NotRanked | None = None
    """Why there is no rank of ours."""
    correlation_rank_among_levers: int | None = None
    """Rank by correlation among the levers alone; ``None`` for what is no lever."""
    by: tuple[str, ...] = ()
    """Indicators the reason speaks of: confounders, carriers, the common effect, the twin; keys."""
    params: dict[str, float | str] = field(default_factory=dict)
    """The numbers and codes that prove the reason."""
    name: Text = Text("", "")
    """Display name; also of an indicator that the checks removed from the study."""
