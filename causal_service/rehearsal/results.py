"""How far the pipeline can be trusted on data like the user's."""

from __future__ import annotations

from dataclasses import dataclass

from causal_service.effects.results import EffectKind
from causal_service.errors import Text

__all__ = ["CalibratedEffect", "Calibration", "Rehearsal", "RehearsedLever", "RehearsedOutcome"]


@dataclass(frozen=True, slots=True)
class Calibration:
    """How often 95 % intervals held the truth, and how much wider they must be."""

    outcome: str
    """Indicator key."""
    kind: EffectKind
    """Kind of effect."""
    effects: int
    """Truly non-zero effects on all twins together."""
    coverage: float | None
    """Share of them inside the raw interval (0..1), mean over twins; ``None`` when there is none."""
    coverage_error: float | None
    """Monte-Carlo standard error of ``coverage`` over twins."""
    coverage_calibrated: float | None
    """The same for calibrated intervals, every twin judged by the factor of the other twins."""
    factor: float
    """Multiplies half-widths of raw intervals; at least 1."""
    reason: str | None
    """Why a figure is missing: ``no-true-effect`` | ``one-twin``."""


@dataclass(frozen=True, slots=True)
class CalibratedEffect:
    """Calibrated interval of one effect; the raw one stands with the effect."""

    lever: str
    """Indicator key."""
    outcome: str
    """Indicator key."""
    kind: EffectKind
    """Kind of effect."""
    low_calibrated: float
    """Lower end of the calibrated 95 % interval, outcome unit per lever unit."""
    high_calibrated: float
    """Upper end, same unit."""


@dataclass(frozen=True, slots=True)
class RehearsedLever:
    """What the twins say about one lever."""

    lever: str
    """Indicator key."""
    outcome: str
    """Indicator key."""
    nulls: int
    """Twins in which its true effect is exactly zero."""
    error: float
    """Root mean squared error of its headline effect over twins, outcome unit per lever unit."""
    smallest_detectable: float
    """Smallest effect of one step that could have been seen (power .8, alpha .05), outcome unit."""


@dataclass(frozen=True, slots=True)
class RehearsedOutcome:
    """How the ranking and the verdicts for one outcome fared on the twins."""

    outcome: str
    """Indicator key."""
    ranked: int
    """Twins in which some lever truly helps, so that there is a best one."""
    top1_hits: int
    """Of these, twins whose truly best lever was ranked first."""
    top1_hit: float | None
    """Their share (0..1); ``None`` without such twins."""
    top1_stated: float | None
    """Mean stated probability that the lever ranked first is the best."""
    top3_hit: float | None
    """Share of the three levers ranked first that are among the true best three."""
    top3_stated: float | None
    """Mean stated probability of that."""
    acts: int
    """Verdicts ``act`` on all twins together."""
    false_acts: int
    """Of these, verdicts on levers that truly do not help."""
    false_act_rate: float | None
    """Their share (0..1); ``None`` without any ``act``."""
    false_act_twins: float
    """Share of twins with at least one of them."""
    nulls: int
    """Levers whose true effect is exactly zero, on all twins together."""
    smallest_detectable: float | None
    """Smallest true effect of one step that was found in at least four of five cases, outcome unit."""
    reason: str | None
    """Why a figure is missing: ``nothing-helps`` | ``nothing-found`` | ``no-act``, separated by blanks."""
    sentence: Text = Text("", "")
    """The rehearsal in words a manager can use."""


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """Twins of the user's panel went through the user's plan, and the truth about them is known."""

    twins: int
    """Twins that were run."""
    asked: int
    """Twins that were asked for; fewer count where twins could not be studied."""
    outcomes: tuple[RehearsedOutcome, ...]
    """Ranking and verdicts, by outcome."""
    calibrations: tuple[Calibration, ...]
    """Coverage and widening, by outcome and kind."""
    effects: tuple[CalibratedEffect, ...]
    """Calibrated intervals, in the order of the study's effects."""
    levers: tuple[RehearsedLever, ...]
    """Every lever x outcome."""

    @property
    def factors(self) -> dict[tuple[str, EffectKind], float]:
        """Factor of the half-widths by outcome and kind."""
        return {(row.outcome, row.kind): row.factor for row in self.calibrations}
