"""What follows when levers are moved: every draw's response, and what is said of it (METHOD, Definitions).

A move kept from period 0 on gives one lever's ``sustained(h)`` times its size: for the draws and hence for the means.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from causal_service.effects.estimate import Z95
from causal_service.effects.move_refusals import too_large
from causal_service.effects.moves import SettledMove
from causal_service.effects.system import System
from causal_service.numerics.moved_system import moved_responses

__all__ = ["Contribution", "Response", "ResponseDraws", "response_draws", "responses_of"]

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one of the moves adds at the horizon, the others being held on their paths."""

    lever: str
    """Indicator key."""
    value: float
    """Its part of the change at the horizon; the parts of all moves add up to it."""
    low: float
    """Lower end of its 95 % interval."""
    high: float
    """Upper end of its 95 % interval."""


@dataclass(frozen=True, slots=True)
class Response:
    """Change of one indicator against its own path, period by period, in its unit."""

    indicator: str
    """Indicator key."""
    unit: str
    """Unit of the changes, as the dictionary writes it."""
    value: tuple[float, ...]
    """Expected change in periods 0, 1, ... up to the horizon (mean of the draws)."""
    low: tuple[float, ...]
    """Lower ends of the 95 % intervals, one per period."""
    high: tuple[float, ...]
    """Upper ends."""
    level: float
    """Level before the moves: its latest."""
    level_after: float
    """Level expected at the horizon, all else equal."""
    zero_share: float
    """Share of draws in which nothing of it moves in any period."""
    contributions: tuple[Contribution, ...]
    """What every move adds, in order of lever."""


@dataclass(frozen=True, slots=True, eq=False)
class ResponseDraws:
    """Responses of all that follows the moved levers."""

    names: tuple[str, ...]
    """(q,) keys, the moved levers included."""
    values: Array
    """(B, k, H + 1, q): draw, move, period, indicator."""

    def of(self, indicator: str) -> Array:
        """Return (B, H + 1): the whole change of one indicator; zeros where nothing reaches it."""
        if indicator not in self.names:
            return np.zeros((self.values.shape[0], self.values.shape[2]))
        out: Array = self.values[..., self.names.index(indicator)].sum(axis=1)
        return out


def response_draws(system: System, moves: Sequence[SettledMove], horizon: int) -> ResponseDraws:
    """Return what the moves do in every draw.

    Parameters
    ----------
    moves : of different indicators of the system.
    horizon : H >= 0, periods.
    """
    names = system.names
    at = [names.index(move.lever) for move in moves]
    kept = system.after(at)
    moved = np.array([kept.index(i) for i in at], np.int64)
    changes = np.array([move.path(horizon) for move in moves]).reshape(len(moves), horizon + 1)
    return ResponseDraws(tuple(names[i] for i in kept), moved_responses(system.coefficients(kept), moved, changes))


def responses_of(
    draws: ResponseDraws,
    system: System,
    moves: Sequence[SettledMove],
    *,
    units: Mapping[str, str],
    first: Sequence[str] = (),
    widening: Mapping[str, float] | None = None,
) -> tuple[Response, ...]:
    """Return what is said of every indicator that follows the moves: ``first`` ones first, then by size.

    Parameters
    ----------
    units : unit by indicator.
    first : keys of the outcomes; they are listed even where nothing reaches them.
    widening : factor for half-widths by indicator, from a rehearsal; default 1.

    Raises
    ------
    CallError : ``number-too-large``.
    """
    standing = {entry.indicator: entry for entry in system.indicators}
    moved = {move.lever for move in moves}
    outcomes = [name for name in first if name in standing and name not in moved]
    rows = [
        _response(draws, name, standing[name].latest, units.get(name, ""), moves, (widening or {}).get(name, 1.0))
        for name in dict.fromkeys([*outcomes, *(name for name in draws.names if name not in moved)])
    ]
    if not np.isfinite([[row.value, row.low, row.high] for row in rows]).all():
        raise too_large(", ".join(f"{move.lever}={move.change:.4g}" for move in moves))
    kept = [row for row in rows if row.zero_share < 1 or row.indicator in outcomes]

    def place(row: Response) -> tuple[bool, int, float, str]:
        told = row.indicator in outcomes
        size = abs(row.value[-1]) / max(standing[row.indicator].within_sd, 1e-300)
        return not told, outcomes.index(row.indicator) if told else 0, -size, row.indicator

    return tuple(sorted(kept, key=place))


def _response(
    draws: ResponseDraws, name: str, level: float, unit: str, moves: Sequence[SettledMove], factor: float
) -> Response:
    whole = draws.of(name)
    mean, half = whole.mean(axis=0), factor * Z95 * whole.std(axis=0, ddof=1)
    parts = (
        draws.values[..., -1, draws.names.index(name)]
        if name in draws.names
        else np.zeros((whole.shape[0], len(moves)))
    )
    return Response(
        indicator=name,
        unit=unit,
        value=tuple(float(x) for x in mean),
        low=tuple(float(x) for x in mean - half),
        high=tuple(float(x) for x in mean + half),
        level=level,
        level_after=level + float(mean[-1]),
        zero_share=float((whole == 0).all(axis=1).mean()),
        contributions=tuple(_contribution(move.lever, parts[:, i], factor) for i, move in enumerate(moves)),
    )


def _contribution(lever: str, part: Array, factor: float) -> Contribution:
    mean, half = float(part.mean()), factor * Z95 * float(part.std(ddof=1))
    return Contribution(lever, mean, mean - half, mean + half)
