"""How strong a hidden common cause would have to be, in closed form (Cinelli & Hazlett 2020, JRSS B 82(1)).

A hidden cause z of lever d and outcome y, with partial R2 R_d of d and R_y of y given what is adjusted for, moves an
estimate with t-value t on dof degrees of freedom by up to sqrt(R_y R_d / (1 - R_d)) standard errors times sqrt(dof)
(eq. 8). Everything below is that bound solved for something. Here t is the mean of the draws over their SD, so that
graph uncertainty lowers it, and dof is the effective number of rows.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from scipy.optimize import brentq
from scipy.special import stdtrit

__all__ = [
    "WEAK",
    "Benchmark",
    "Contour",
    "ObservedCause",
    "benchmarked",
    "bounding_shares",
    "contour",
    "robustness_value",
]

WEAK = 0.05
"""Below this robustness value a finding is called weak."""
SHARES = (0.01, 0.02, 0.05, 0.1, 0.2, 0.3)
"""Partial R2 of the hidden causes of a contour."""
_MOST_TIMES = 100.0
"""Beyond so many times the strength of an observed cause nothing is solved for."""


@dataclass(frozen=True, slots=True)
class ObservedCause:
    """An observed common cause by which hidden ones are measured."""

    indicator: str
    """Indicator key."""
    lever_share: float
    """Partial R2 with the lever, given everything else that is adjusted for, 0..1."""
    outcome_share: float
    """Partial R2 with the outcome, given the lever and everything else that is adjusted for, 0..1."""


@dataclass(frozen=True, slots=True)
class Benchmark:
    """A hidden common cause compared with the strongest observed one."""

    indicator: str
    """Key of the strongest observed cause of lever and outcome."""
    times: float | None
    """How many times as strong as it a hidden cause must be to bring the effect to zero; ``None`` beyond 100."""
    lever_share: float
    """Partial R2 with the lever of a hidden cause exactly as strong as it, 0..1."""
    outcome_share: float
    """Largest partial R2 with the outcome of such a cause, 0..1."""
    value: float
    """Effect left, at worst, beside such a cause, outcome unit per lever unit."""


@dataclass(frozen=True, slots=True)
class Contour:
    """What is left of an effect, at worst, beside hidden common causes of every strength."""

    lever: str
    """Indicator key."""
    outcome: str
    """Indicator key."""
    shares: tuple[float, ...]
    """Partial R2 of the hidden cause, 0..1, for both axes."""
    left: tuple[tuple[float, ...], ...]
    """[lever share][outcome share] effect left, outcome unit per lever unit; beyond zero it has the other sign."""


def contour(lever: str, outcome: str, value: float, t: float, dof: float) -> Contour:
    """Return the effect left on a grid of partial R2 with lever and outcome (Cinelli & Hazlett 2020, figure 2).

    Parameters
    ----------
    value : effect, outcome unit per lever unit, not zero; ``t`` its mean over SD of the draws, ``dof`` effective rows.
    """
    f = abs(t) / math.sqrt(max(dof, 1.0))
    rows = [tuple(value * (1.0 - _bias(lever_share, y) / f) for y in SHARES) for lever_share in SHARES]
    return Contour(lever, outcome, SHARES, tuple(rows))


def robustness_value(t: float, dof: float, alpha: float | None = None) -> float:
    """Return the share of the residual variance of lever and outcome that a hidden common cause must explain, 0..1.

    That share of both would bring the estimate to zero, RV = (sqrt(f^4 + 4 f^2) - f^2) / 2 with f = |t| / sqrt(dof)
    (eq. 17, q = 1), or, with ``alpha``, make its 1 - alpha interval touch zero (eq. 18; f is lowered by the critical
    value on dof - 1, and for very large f the cause need only be as strong as that value demands).
    """
    f = abs(t) / math.sqrt(max(dof, 1.0))
    if alpha is None:
        return _balanced(f)
    critical = abs(float(stdtrit(max(dof - 1.0, 1.0), alpha / 2))) / math.sqrt(max(dof - 1.0, 1.0))
    if f <= critical:
        return 0.0
    if f > 1.0 / critical:
        return (f * f - critical * critical) / (1.0 + f * f)
    return _balanced(f - critical)


def _balanced(f: float) -> float:
    return 0.5 * (math.sqrt(f**4 + 4.0 * f * f) - f * f)


def bounding_shares(cause: ObservedCause, times: float) -> tuple[float, float]:
    """Return the partial R2 with lever and (at most) outcome of a hidden cause ``times`` as strong as an observed one.

    Source: the bounds on partial R2 of section 4.4 (theorem in appendix B), equal factors for lever and outcome. 1
    stands for impossible: no cause can be that strong.
    """
    lever, outcome = cause.lever_share, cause.outcome_share
    with_lever = times * lever / (1.0 - lever)
    if with_lever >= 1.0 or times * lever >= 1.0:
        return 1.0, 1.0
    with_observed = times * lever * lever / ((1.0 - times * lever) * (1.0 - lever))
    if with_observed >= 1.0:
        return 1.0, 1.0
    eta = (math.sqrt(times) + math.sqrt(with_observed)) / math.sqrt(1.0 - with_observed)
    return with_lever, min(eta * eta * outcome / (1.0 - outcome), 1.0)


def benchmarked(value: float, t: float, dof: float, cause: ObservedCause) -> Benchmark:
    """Return how an effect stands against hidden causes measured by an observed one.

    Parameters
    ----------
    value : effect, outcome unit per lever unit; ``t`` its mean over SD of the draws, ``dof`` effective rows.
    """
    f = abs(t) / math.sqrt(max(dof, 1.0))
    lever, outcome = bounding_shares(cause, 1.0)
    lost = min(_bias(lever, outcome) / f, 1e6) if f > 0 else 0.0
    times: float | None = None
    if f > 0 and _bias(*bounding_shares(cause, _MOST_TIMES)) >= f:
        times = float(brentq(lambda k: min(_bias(*bounding_shares(cause, k)), 1e6) - f, 0.0, _MOST_TIMES))
    return Benchmark(cause.indicator, times, lever, outcome, value * (1.0 - lost))


def _bias(lever: float, outcome: float) -> float:
    """Return sqrt(R_y R_d / (1 - R_d)); infinite where the cause would explain the lever completely."""
    return math.inf if lever >= 1.0 else math.sqrt(outcome * lever / (1.0 - lever))
