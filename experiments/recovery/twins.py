"""Truth by twin simulation: the average response over the periods of a panel, with common noise.

A nudge is made in every period that leaves room for the horizon, in all of them at once: the state after period t-1 of
the undisturbed run is the start of the twin that is nudged in period t.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
from case import Array, Bool
from numpy.typing import NDArray
from simulation import Adjust

POINTS = 20_000
"""Nudges (periods x entities) behind one figure."""
FEWEST = 200
"""Twin entities at least."""


class Step(Protocol):
    """One period of a system."""

    def __call__(self, before: Array, at: NDArray[np.int64], adjust: Adjust | None) -> Array:
        """Values (S, N, p) of periods ``at`` (S,), after ``before`` (L, S, N, p), the last period first."""
        ...


def twin_entities(starts: int, points: int = POINTS) -> int:
    """Number of twin entities for a number of periods."""
    return max(FEWEST, -(-points // starts))


def average_effects(
    step: Step,
    base: Array,
    starts: NDArray[np.int64],
    nudge: Array,
    states: Bool,
    ends: tuple[float, float],
    outcome: int,
    horizon: int,
    lags: int = 1,
) -> Array:
    """Return (3, p): impact, sustained and cumulative effects on the outcome per unit.

    Parameters
    ----------
    step : the system.
    base : (T, N, p) undisturbed run.
    starts : (S,) periods that are nudged, at least ``lags`` and at most T - 1 - ``horizon``.
    nudge : (p,) size, up and down.
    states : (p,) indicators that are set to the ``ends`` (low, high) instead.
    """
    effects = np.zeros((3, base.shape[2]))
    past = np.stack([base[starts - lag] for lag in range(1, lags + 1)])
    for j in range(base.shape[2]):
        if j == outcome:
            continue
        low, high = ends if states[j] else (-nudge[j], nudge[j])
        up, down = (_responses(step, base, past, starts, (j, end, bool(states[j])), horizon) for end in (high, low))
        pulse, kept = ((u - d)[:, :, :, outcome].mean((1, 2)) / (high - low) for u, d in zip(up, down, strict=True))
        effects[:, j] = pulse[0], kept[-1], pulse.sum()
    return effects


def _responses(
    step: Step, base: Array, past: Array, starts: NDArray[np.int64], move: tuple[int, float, bool], horizon: int
) -> tuple[Array, Array]:
    """Values (horizon + 1, S, N, p) after a change of one period, and after one that is kept."""
    j, end, is_state = move

    def moved(value: Array) -> Array:
        return np.full_like(value, end) if is_state else value + end

    first = step(past, starts, (j, moved))
    pulse, kept = [first], [first]
    for s in range(1, horizon + 1):
        own = base[starts + s][:, :, j]
        pulse.append(step(_before(pulse, past), starts + s, None))
        kept.append(step(_before(kept, past), starts + s, (j, lambda _, own=own: moved(own))))
    return np.stack(pulse), np.stack(kept)


def _before(responses: list[Array], past: Array) -> Array:
    """The last L periods (L, S, N, p), the latest first."""
    return np.stack([*responses[::-1], *past])[: len(past)]
