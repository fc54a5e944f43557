"""What is said about one lever and one outcome."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["Effect", "EffectKind"]

EffectKind = Literal["impact", "sustained", "cumulative"]


@dataclass(frozen=True, slots=True)
class Effect:
    """Effect of one lever on one outcome, with an interval that includes graph uncertainty."""

    lever: str
    """Indicator key."""
    outcome: str
    """Indicator key."""
    kind: EffectKind
    """``impact`` same period; ``sustained`` kept one unit up; ``cumulative`` sum after a one-period shock."""
    horizon: int
    """Periods ahead (0 for impact)."""
    value: float
    """Mean of the draws, outcome unit per lever unit."""
    low: float
    """Lower end of the 95 % interval, same unit."""
    high: float
    """Upper end of the 95 % interval, same unit."""
    unit: str
    """Unit of ``value``, for example ``points per day``."""
    zero_share: float
    """Share of draws whose effect is exactly zero: no path leads from lever to outcome. Beside a hidden driver a draw
    without an arrow has the part that the driver is misjudged by, and does not count."""
    full_sample: float
    """Estimate from the full-sample graph, same unit as ``value``."""
    identified_share: float
    """Mean share of member graphs of the class whose effect has the majority sign."""
    adjustment: tuple[str, ...]
    """Valid adjustment set in the full-sample graph, the optimal one where there is one, for the effect when it first
    arrives; lagged members are written ``name[t-1]``. Empty where nothing has to be, or can be, adjusted for: see
    ``study.identification``."""
    p: float
    """Two-sided p-value, 2 Phi(-|value| / SD of the draws)."""
    q: float
    """Benjamini-Hochberg over the levers of this outcome and kind."""
