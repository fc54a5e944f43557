"""From the equations of a world to a panel; everything random is drawn first, so that twins share it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from case import Array
from numpy.typing import NDArray
from settings import Settings
from world import STEADY, World, spectral_radius

BURN = 40
"""Months before the panel begins."""
INERTIA = 0.6
"""Of the hidden driver."""

MOST_COUNTED = 100
"""Largest count."""
LOG_NORMAL = np.exp(0.5), np.sqrt((np.e - 1) * np.e)
"""Mean and SD of a log-normal number with log-SD 1."""

Adjust = tuple[int, Callable[[Array], Array]]
"""An indicator and what becomes of its value."""


@dataclass(frozen=True, slots=True, eq=False)
class Inputs:
    """Everything random, first axis BURN + months."""

    common: Array
    """(., p) season, drift and shared shocks."""
    own: Array
    """(., N, p) levels, trends, driver and noise."""
    chance: Array
    """(., N, p) uniform, behind counts; empty where there are none."""
    slopes: Array
    """(N, p, p) factors of the same-month coefficients; empty where all entities are alike."""


def draw(world: World, settings: Settings, entities: int, months: int, rng: np.random.Generator) -> Inputs:
    """Draw everything random of a panel."""
    p, T = world.layer.size, BURN + months
    t = np.arange(T) - BURN
    season, panel = world.season, np.clip(t, 0, None)[:, None] / 12
    common = season[:, 0] * np.cos(2 * np.pi * (t[:, None] - season[:, 1]) / 12)
    common = common + panel * season[:, 2] + rng.standard_normal((T, p)) * season[:, 3]
    shape = (T, entities, p)
    noise = rng.standard_t(5, shape) / np.sqrt(5 / 3) if settings.heavy_tails else rng.standard_normal(shape)
    heavy = np.array([kind == "heavy" for kind in world.kind])
    noise[:, :, heavy] = (np.exp(rng.standard_normal((T, entities, heavy.sum()))) - LOG_NORMAL[0]) / LOG_NORMAL[1]
    own = noise * world.noise
    own += _levels(world, settings, entities, rng)
    if world.trends.any():
        own += panel[:, :, None] * (rng.standard_normal((entities, 2)) @ world.trends.T)
    if world.drive.any():
        own += _driver(T, entities, rng)[:, :, None] * world.drive
    chance = rng.random(shape) if "count" in world.kind else np.zeros((0, 0, 0))
    slopes = _slopes(world, settings.slopes, entities, rng) if settings.slopes else np.zeros((0, 0, 0))
    return Inputs(common, own, chance, slopes)


def _levels(world: World, settings: Settings, entities: int, rng: np.random.Generator) -> Array:
    groups = settings.clusters or entities
    p = world.layer.size
    level = rng.standard_normal((groups, 2)) @ world.loadings.T
    level = 0.5 * (level + 0.4 * settings.levels * rng.standard_normal((groups, p)))
    return np.where(world.wanders, 0.0, level)[np.arange(entities) % groups]


def _driver(T: int, entities: int, rng: np.random.Generator) -> Array:
    driver = np.zeros((T, entities))
    for month in range(1, T):
        shock = rng.standard_normal(entities)
        driver[month] = INERTIA * driver[month - 1] + np.sqrt(1 - INERTIA**2) * shock
    return driver


def _slopes(world: World, spread: float, entities: int, rng: np.random.Generator) -> Array:
    """Factors around 1; an entity whose shocks would not die out is drawn nearer to the others."""
    p = world.layer.size
    off = spread * rng.standard_normal((entities, p, p))
    for i in range(entities):
        while spectral_radius(world.now * (1 + off[i]), world.lagged) > (1 + STEADY) / 2:
            off[i] *= 0.8
    return 1 + off


def advance(
    world: World,
    inputs: Inputs,
    before: Array,
    at: NDArray[np.int64],
    common: Array,
    adjust: Adjust | None = None,
) -> Array:
    """Return the values (S, N, p) of months ``at`` (S,), an index into the inputs.

    ``before`` (L, S, N, p) holds the months before each, the last one first; ``common`` (S, p) the common terms.
    """
    value_of = inputs.own[at] + common[:, None, :]
    for lag, matrix in enumerate(world.lagged):
        value_of = value_of + before[lag] @ matrix.T
    x = np.empty_like(value_of)
    for j, kind in enumerate(world.kind):
        value = value_of[:, :, j]
        for k in np.flatnonzero(world.now[j]):
            value = value + _coefficient(world, inputs, at, j, int(k)) * (
                bend(x[:, :, k]) if world.bent[j, k] else x[:, :, k]
            )
        value = as_kind(kind, value, inputs.chance[at, :, j] if kind == "count" else None)
        x[:, :, j] = adjust[1](value) if adjust is not None and adjust[0] == j else value
    return x


def _coefficient(world: World, inputs: Inputs, at: NDArray[np.int64], j: int, k: int) -> Array:
    """(S or 1, N or 1)"""
    size = np.full((1, 1), world.now[j, k])
    turn = world.turn
    if turn is not None and (turn.effect, turn.cause) == (j, k):
        size = size * np.where(at - BURN >= turn.month, turn.factor, 1.0)[:, None]
    return size * inputs.slopes[None, :, j, k] if inputs.slopes.size else size


def run(world: World, inputs: Inputs, common: Array | None = None) -> Array:
    """Return all months (BURN + months, N, p) in standardised units; ``common`` replaces the common terms drawn."""
    T, N, p = inputs.own.shape
    shared = inputs.common if common is None else common
    L = len(world.lagged)
    panel = np.zeros((L + T, N, p))
    for t in range(T):
        before = panel[t : t + L][::-1, None]
        panel[L + t] = advance(world, inputs, before, np.array([t]), shared[t : t + 1])[0]
    return panel[L:]


def bend(x: Array) -> Array:
    """Slope 1 below, flattening above: a returns-diminish curve."""
    return np.where(x > 0, 1.6 * np.log1p(np.maximum(x, 0) / 1.6), 1.1 * x)


def as_kind(kind: str, value: Array, chance: Array | None) -> Array:
    """State, count or share that an equation's value becomes."""
    if kind == "binary":
        return (value > 0).astype(float)
    if kind == "count" and chance is not None:
        return _poisson(chance, np.exp(np.clip(0.7 + 0.4 * value, -3, 3)))
    if kind == "rate":
        return np.asarray(1 / (1 + np.exp(-value)))
    return value


def _poisson(chance: Array, mean: Array) -> Array:
    """Smallest count whose distribution function reaches ``chance``."""
    flat, rate = chance.ravel(), mean.ravel()
    count, term = np.zeros(flat.size), np.exp(-rate)
    reached, k = term.copy(), 0
    open_ = np.flatnonzero(reached < flat)
    while open_.size and k < MOST_COUNTED:
        k += 1
        count[open_] = k
        term[open_] *= rate[open_] / k
        reached[open_] += term[open_]
        open_ = open_[reached[open_] < flat[open_]]
    return count.reshape(mean.shape)


def within_sd(X: Array) -> Array:
    """SDs of a complete panel (T, N, p) after entity and month means are taken out; about the mean in a survey."""
    T, N, _ = X.shape
    Z = X - X.mean(1, keepdims=True) if N > 1 else X
    Z = Z - Z.mean(0) if T > 1 else Z
    return np.asarray(np.sqrt((Z**2).sum((0, 1)) / (max(T - 1, 1) * max(N - 1, 1))))
