"""Truth of the project's own worlds: closed form where they are linear, twin simulation otherwise."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from case import Array
from kept import OUT, kept
from numpy.typing import NDArray
from settings import Settings
from simulation import BURN, Adjust, Inputs, advance, draw, run, within_sd
from twins import POINTS, average_effects, twin_entities
from world import World

HORIZON = 3
MADE_BY = ("settings.py", "world.py", "simulation.py", "twins.py", "truth.py")
"""Modules that determine a simulated truth."""


def effects_of(world: World, settings: Settings, inputs: Inputs, seed: int) -> Array:
    """(3, p) impact, sustained(3) and cumulative(3) of every indicator on the outcome, averaged over the panel."""
    if world.linear:
        return exact_effects(world, settings.months, inputs.slopes)
    here = Path(__file__).resolve().parent
    made_by = b"".join((here / name).read_bytes() for name in MADE_BY)
    digest = hashlib.sha256(made_by + repr((settings, seed)).encode()).hexdigest()[:16]
    rng = np.random.default_rng([2026, seed, 1])
    file = OUT / "truth" / f"{digest}.npz"
    return np.asarray(kept(file, lambda: {"effects": twin_effects(world, settings, inputs.common, rng)})["effects"])


def exact_effects(world: World, months: int, slopes: Array) -> Array:
    """(3, p) in a linear world: mean over the months in which a change can begin, and over the entities."""
    starts = range(max(months - HORIZON, 1)) if world.turn is not None else range(1)
    factors = slopes if slopes.size else np.ones((1, 1, 1))
    found = [
        linear_effects([world.now_in(start + s) * factor for s in range(HORIZON + 1)], world.lagged, world.outcome)
        for start in starts
        for factor in factors
    ]
    return np.asarray(np.mean(found, axis=0))


def linear_effects(now: Sequence[Array], lagged: Array, outcome: int) -> Array:
    """(3, p) with the same-month coefficients ``now`` of every month from the change on."""
    p = len(now[0])
    pulse = _path(now, lagged, np.eye(p), only_first=True)[:, outcome]
    kept = np.empty(p)
    for j in range(p):
        cut_now, cut_lagged = [matrix.copy() for matrix in now], lagged.copy()
        cut_lagged[:, j] = 0.0
        for matrix in cut_now:
            matrix[j] = 0.0
        kept[j] = _path(cut_now, cut_lagged, np.eye(p)[:, [j]], only_first=False)[-1, outcome, 0]
    return np.stack([pulse[0], kept, pulse.sum(0)])


def _path(now: Sequence[Array], lagged: Array, shock: Array, *, only_first: bool) -> Array:
    """(months, p, shocks) deviations after a shock (p, shocks) of the first month or of every month."""
    path: list[Array] = []
    for month, matrix in enumerate(now):
        right = shock if month == 0 or not only_first else np.zeros_like(shock)
        for lag, coefficients in enumerate(lagged[:month]):
            right = right + coefficients @ path[month - 1 - lag]
        path.append(np.linalg.solve(np.eye(len(matrix)) - matrix, right))
    return np.stack(path)


def twin_effects(
    world: World, settings: Settings, common: Array, rng: np.random.Generator, points: int = POINTS
) -> Array:
    """(3, p) by twin simulation of other entities in the panel's own months: nudges of a quarter within-SD.

    A binary indicator is set to 1 and to 0; ``points`` is the number of nudges behind a figure.
    """
    lags = len(world.lagged)
    starts = BURN + np.arange(max(settings.months - HORIZON, 1))
    inputs = draw(world, settings, twin_entities(starts.size, points), settings.months, rng)
    base = run(world, inputs, common)

    def step(before: Array, at: NDArray[np.int64], adjust: Adjust | None) -> Array:
        return advance(world, inputs, before, at, common[at], adjust)

    return average_effects(
        step,
        base,
        starts,
        0.25 * within_sd(base[BURN:]),
        np.array([kind == "binary" for kind in world.kind]),
        (0.0, 1.0),
        world.outcome,
        HORIZON,
        lags,
    )
