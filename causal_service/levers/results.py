"""What to move first: one row of the ranked list."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from causal_service.effects.results import EffectKind
from causal_service.effects.robustness import Benchmark
from causal_service.errors import Text

__all__ = ["Lever", "Reason", "Verdict"]

Verdict = Literal["act", "test", "watch", "insufficient"]


@dataclass(frozen=True, slots=True)
class Reason:
    """One coded reason for a verdict."""

    code: str
    """Kebab-case identifier, for example ``not-identified``."""
    params: dict[str, float | int | str | bool | None]
    """Numbers and names quoted in the text."""
    text: Text
    """The reason as a sentence."""


@dataclass(frozen=True, slots=True)
class Lever:
    """One lever for one outcome, ranked by expected gain per feasible step."""

    rank: int
    """1 = largest expected gain for this outcome; ties share."""
    lever: str
    """Indicator key."""
    outcome: str
    """Indicator key."""
    kind: EffectKind
    """Kind of the headline effect."""
    horizon: int
    """Periods ahead of the headline effect."""
    step: float
    """Signed move in the lever's unit whose gain is ranked."""
    step_basis: Literal["declared", "sd"]
    """Whether the step was declared or is one within-entity SD."""
    value: float
    """Headline effect, outcome unit per lever unit (mean of draws)."""
    low: float
    """Lower end of its 95 % interval."""
    high: float
    """Upper end of its 95 % interval."""
    gain_per_step: float
    """Expected improvement of the outcome for one step, outcome unit, positive = better."""
    gain_low: float
    """Lower end of the 95 % interval of the gain."""
    gain_high: float
    """Upper end of the 95 % interval of the gain."""
    p_top1: float
    """Probability that it is the best lever."""
    p_top3: float
    """Probability that it is among the best three."""
    expected_regret: float
    """Expected gain lost by choosing it instead of the best, outcome unit."""
    expected_regret_sd: float
    """The same in within-entity SDs of the outcome."""
    smallest_detectable: float
    """Smallest effect of one step that this panel would have found (power .8, alpha .05), outcome unit."""
    robustness: float
    """Robustness value: partial R2 a hidden common cause needs with both to bring the effect to zero (0..1)."""
    verdict: Verdict
    """``act`` | ``test`` | ``watch`` | ``insufficient``."""
    reasons: tuple[Reason, ...] = field(default_factory=tuple)
    """Why this verdict."""
    sentence: Text = Text("", "")
    """The finding in one sentence a manager can use."""
    robustness_interval: float | None = None
    """The same for the 95 % interval to touch zero (0..1)."""
    benchmark: Benchmark | None = None
    """A hidden common cause compared with the strongest observed one; ``None`` where none is observed."""
    hidden_cause: Text = Text("", "")
    """How strong a hidden common cause would have to be, in one sentence."""

    def has_reason(self, code: str) -> bool:
        """Return whether ``code`` is among the reasons."""
        return any(reason.code == code for reason in self.reasons)
