"""One feasible move of a lever and what it gains, per draw (METHOD, Definitions: Gain)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from causal_service.panel.dictionary import Indicator

__all__ = ["Move", "feasible_move", "gains"]


@dataclass(frozen=True, slots=True)
class Move:
    """A signed move of a lever."""

    change: float
    """Signed size in the lever's unit, after bounds."""
    basis: Literal["declared", "sd"]
    """Whether it was declared in the dictionary or is one within-entity SD."""
    bound: float | None
    """The bound that cut it, in the lever's unit; ``None`` when none did."""


def feasible_move(
    indicator: Indicator | None, mean: float, within_sd: float, effect: float, outcome: Indicator | None, level: float
) -> Move:
    """Return the move whose gain is ranked.

    Parameters
    ----------
    indicator : the lever's entry; a declared step fixes size and direction.
    mean, within_sd : of the lever, its unit.
    effect : expected headline effect, outcome unit per lever unit.
    outcome : the outcome's entry.
    level : mean of the outcome, its unit.
    """
    if indicator is not None and indicator.step is not None:
        return _cut(indicator.step.change, "declared", mean, indicator)
    return _cut(within_sd * _helpful_direction(effect, outcome, level), "sd", mean, indicator)


def _helpful_direction(effect: float, outcome: Indicator | None, level: float) -> float:
    wanted = 1.0
    if outcome is not None and outcome.better == "lower":
        wanted = -1.0
    elif outcome is not None and outcome.better == "target" and outcome.target is not None:
        wanted = 1.0 if outcome.target >= level else -1.0
    return wanted if effect >= 0 else -wanted


def _cut(change: float, basis: Literal["declared", "sd"], mean: float, indicator: Indicator | None) -> Move:
    low, high = (None, None) if indicator is None or indicator.bounds is None else indicator.bounds
    if high is not None and change > 0 and mean + change > high:
        return Move(max(high - mean, 0.0), basis, high)
    if low is not None and change < 0 and mean + change < low:
        return Move(min(low - mean, 0.0), basis, low)
    return Move(change, basis, None)


def gains(effects: NDArray[np.float64], move: Move, outcome: Indicator | None, level: float) -> NDArray[np.float64]:
    """Return the gain per draw (B,) in the outcome's unit, positive = better; for a target, reduction of distance."""
    shift = effects * move.change
    if outcome is None or outcome.better in (None, "higher"):
        return shift
    if outcome.better == "lower" or outcome.target is None:
        return -shift
    distance: NDArray[np.float64] = np.abs(level - outcome.target) - np.abs(level + shift - outcome.target)
    return distance
