"""The inverse question: how far levers must be moved, and kept there, for an indicator to reach a target.

Draw by draw the response is linear in the moves, so a single lever's move is the gap over its ``sustained(h)``; several
levers are moved in the order given, each as far as it may go, until the expected response fills the gap.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from causal_service.effects.moves import Move, SettledMove, settled_moves, supported
from causal_service.effects.standing import Standing
from causal_service.effects.system import System
from causal_service.effects.what_if import response_draws

__all__ = ["LIKELY", "Alone", "Together", "alone", "is_met", "together"]

LIKELY = 0.8
"""Share of draws in which a likely move reaches the target."""
WORTHWHILE = 0.01
"""A lever joins a combination when it fills at least this share of the gap, or of the outcome's own fluctuation where
that is smaller: how far levers bring it does not depend on how far away the target is."""

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Alone:
    """One lever moved alone and kept there."""

    lever: str
    """Indicator key."""
    effect: float
    """What one unit does to the outcome at the horizon (mean of the draws)."""
    change: float | None
    """Move with which the outcome is expected to reach the target, lever's unit; ``None`` = no move does."""
    level: float
    """Its latest level."""
    level_after: float | None
    """Its level with that move."""
    within_bounds: bool
    """Whether that level is within the declared bounds."""
    within_data: bool
    """Whether that move is no larger, and the level no further out, than what was measured."""
    feasible: float
    """The same move, cut at the declared bounds."""
    p_reach: float
    """Share of draws in which the feasible move reaches the target."""
    likely: float | None
    """Move that reaches the target in ``LIKELY`` of the draws, whatever the bounds; ``None`` = no move does."""
    reason: Literal["no-effect", "against-bounds", "beyond-data"] | None
    """Why the move cannot be counted on; ``None`` where nothing speaks against it."""


@dataclass(frozen=True, slots=True)
class Together:
    """Several levers moved at once and kept there, none beyond its bounds or beyond what was measured."""

    moves: tuple[SettledMove, ...]
    """The moves, in the order in which the levers were taken."""
    value: float
    """Expected change of the outcome at the horizon."""
    reaches: bool
    """Whether the target is expected to be reached."""
    p_reach: float
    """Share of draws in which it is reached."""


def is_met(at: Standing, target: float) -> bool:
    """Say whether an indicator stands where it is wanted already."""
    if at.better == "higher":
        return at.latest >= target
    if at.better == "lower":
        return at.latest <= target
    return abs(at.latest - target) <= 1e-9 * max(abs(target), at.within_sd)


def alone(system: System, outcome: str, gap: float, lever: str, horizon: int) -> Alone:
    """Return what one lever must do alone.

    Parameters
    ----------
    gap : wanted change of the outcome, not 0.
    horizon : period in which it is wanted.
    """
    at = _standing(system, lever)
    effects = _per_unit(system, outcome, [lever], horizon)[:, 0]
    mean = float(effects.mean())
    likely = _likely(effects, gap)
    if mean == 0 or not np.isfinite(gap / mean):
        return Alone(lever, 0.0, None, at.latest, None, False, False, 0.0, 0.0, likely, "no-effect")
    change = gap / mean
    low, high = at.bound_low, at.bound_high
    room = (
        min((-np.inf if low is None else low) - at.latest, 0.0),
        max((np.inf if high is None else high) - at.latest, 0.0),
    )
    feasible = float(np.clip(change, *room))
    inside, known = feasible == change, supported(change, at)
    return Alone(
        lever=lever,
        effect=mean,
        change=change,
        level=at.latest,
        level_after=at.latest + change,
        within_bounds=inside,
        within_data=known,
        feasible=feasible,
        p_reach=_share_reaching(effects * feasible, gap),
        likely=likely,
        reason=None if inside and known else "beyond-data" if inside else "against-bounds",
    )


def together(system: System, outcome: str, gap: float, levers: Sequence[str], horizon: int) -> Together | None:
    """Return the combination that fills the gap, levers taken in the order given; ``None`` when none of them helps."""
    chosen: list[str] = []
    changes: list[float] = []
    filled = 0.0
    least = WORTHWHILE * min(abs(gap), _standing(system, outcome).within_sd)
    for lever in levers:
        if _conflicts(system, lever, chosen):
            continue
        trial = [*chosen, lever]
        means = _per_unit(system, outcome, trial, horizon).mean(axis=0)
        before = float(means[:-1] @ np.array(changes)) if changes else 0.0
        room = _room(_standing(system, lever), float(means[-1]) * gap)
        after = before + float(means[-1]) * room
        if (after - filled) * np.sign(
            gap
        ) <= least or before / gap >= 1:  # held, it adds nothing, or all by itself too much
            continue
        if after / gap >= 1:
            room = (gap - before) / float(means[-1])
        chosen, changes, filled = trial, [*changes, room], before + float(means[-1]) * room
        if after / gap >= 1:
            break
    if not chosen:
        return None
    draws = _per_unit(system, outcome, chosen, horizon) @ np.array(changes)
    settled = settled_moves([Move(x, by=change) for x, change in zip(chosen, changes, strict=True)], system, horizon)
    return Together(
        moves=tuple(sorted(settled, key=lambda move: chosen.index(move.lever))),
        value=float(draws.mean()),
        reaches=float(draws.mean()) / gap >= 1 - 1e-9,
        p_reach=_share_reaching(draws, gap),
    )


def _per_unit(system: System, outcome: str, levers: Sequence[str], horizon: int) -> Array:
    """Return (B, k): response of the outcome at the horizon to a kept unit of each lever, all being held."""
    moves = [SettledMove(lever, 1.0, 0.0, 1.0, "by", 0, None, True) for lever in levers]
    draws = response_draws(system, moves, horizon)
    if outcome not in draws.names:
        return np.zeros((system.draws, len(levers)))
    out: Array = draws.values[:, :, -1, draws.names.index(outcome)]
    return out


def _room(at: Standing, helpful: float) -> float:
    """Return how far a lever may go in the direction that helps: within bounds and what was measured."""
    if helpful == 0:
        return 0.0
    if helpful > 0:
        ends = [at.highest, at.latest + at.swing, *([] if at.bound_high is None else [at.bound_high])]
        return max(min(ends) - at.latest, 0.0)
    ends = [at.lowest, at.latest - at.swing, *([] if at.bound_low is None else [at.bound_low])]
    return min(max(ends) - at.latest, 0.0)


def _likely(effects: Array, gap: float) -> float | None:
    """Return the smallest move that reaches the target in ``LIKELY`` of the draws."""
    direction = np.sign(effects.mean() * gap)
    helpful = effects * direction * np.sign(gap)
    needed = np.sort(np.where(helpful > 0, abs(gap) / np.where(helpful > 0, helpful, 1.0), np.inf))
    size = float(needed[int(np.ceil(LIKELY * needed.size)) - 1])
    return float(direction * size) if np.isfinite(size) and direction != 0 else None


def _share_reaching(changes: Array, gap: float) -> float:
    return float((changes * np.sign(gap) >= abs(gap) * (1 - 1e-9)).mean())


def _conflicts(system: System, lever: str, chosen: Sequence[str]) -> bool:
    """Say whether a lever is the exact sum of a chosen one, or part of one."""
    return any(
        (lever == total.name and set(total.parts) & set(chosen)) or (lever in total.parts and total.name in chosen)
        for total in system.totals
    )


def _standing(system: System, key: str) -> Standing:
    return next(entry for entry in system.indicators if entry.indicator == key)
