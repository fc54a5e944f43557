"""The project's own simulator of indicator panels whose truth is known.

A world is a set of equations; for entity i and month t, indicators in causal order j::

    x_j,it = sum_k now[j,k] f(x_k,it) + sum_k lagged[j,k] x_k,i,t-1
             + level_ij + common_jt + drive_j u_it + noise_j e_j,it

``level`` mixes two hidden entity factors (size, quality) and so confounds indicators over entities; ``common`` is
season, drift and shocks that all entities share; ``u`` is a hidden AR(1) driver, absent unless asked for. Noise is
scaled so that, in the linear system without levels and common terms, every indicator has variance 1: coefficients are
standardised by construction. A ``binary`` indicator is 1 where its equation is positive, a ``count`` is Poisson with a
log-linear mean. Units and offsets are drawn at the end.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from case import LAYERS, Array, Bool, Case, dictionary_of, long_table
from kept import OUT, kept
from numpy.typing import NDArray

HORIZON = 3
BURN = 40
TWINS = 1500
"""Entities of the twin simulation."""
LAYER_SIZES = (3, 5, 4, 3)
LEAST_NOISE = 0.3
"""Share of an indicator's variance that its causes leave open at least."""
INERTIA = 0.6
"""Of the hidden driver."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What kind of world and panel."""

    entities: int = 60
    months: int = 36
    causes: float = 1.4
    """Mean number of same-month causes."""
    coefficient: tuple[float, float] = (0.15, 0.5)
    """Range of the size of a same-month coefficient."""
    later_causes: float = 0.6
    """Mean number of other indicators that act one month later."""
    levels: float = 1.0
    """SD of the entity levels relative to the within-SD."""
    common: float = 0.6
    """Size of season, drift and shared shocks."""
    driver: float = 0.0
    """Loading of the hidden driver on the outcome and four levers."""
    mixed: bool = False
    """One binary and one count indicator in the process layer."""
    curved: float = 0.0
    """Share of same-month arrows that bend."""
    heavy_tails: bool = False
    """Student t with 5 degrees of freedom instead of Gaussian noise."""
    no_effect: bool = False
    """The outcome has no cause but its own past."""
    leak: bool = False
    """A consequence of the outcome is appended."""
    missing: float = 0.04
    """Share of cells that are empty."""
    missing_rows: float = 0.02
    """Share of rows that are absent."""
    late: float = 0.15
    """Share of entities that start up to a third of the months late."""


@dataclass(frozen=True, slots=True, eq=False)
class World:
    """The equations; arrays over indicators in causal order."""

    layer: NDArray[np.int64]
    now: Array
    lagged: Array
    bent: Bool
    """(p, p) same-month arrows that bend."""
    noise: Array
    loadings: Array
    """(p, 2) on the entity factors."""
    season: Array
    """(p, 4): amplitude, phase in months, drift per year, SD of shared shocks."""
    drive: Array
    """(p,) loading of the hidden driver."""
    kind: tuple[str, ...]
    """``continuous`` | ``binary`` | ``count``."""
    outcome: int

    @property
    def linear(self) -> bool:
        """Whether the truth has a closed form."""
        return not self.bent.any() and set(self.kind) == {"continuous"}


@dataclass(frozen=True, slots=True, eq=False)
class Inputs:
    """Everything random, so that twins differ by the intervention alone; first axis BURN + months."""

    fixed: Array
    """(., N, p) levels, common terms, driver and noise."""
    chance: Array
    """(., N, p) uniform, behind counts."""


@dataclass(frozen=True, slots=True, eq=False)
class Move:
    """An intervention on one indicator."""

    indicator: int
    change: float
    """Added to the indicator; for a binary one, 1 = set to one and 0 = set to zero."""
    month: int
    """First month, 0 = first after burn-in."""
    kept: Array | None
    """The undisturbed panel, when the change is kept from then on; ``None`` for a change of one month."""


def build(settings: Settings, rng: np.random.Generator) -> World:
    """Draw the equations."""
    layer = np.repeat(np.arange(len(LAYER_SIZES)), LAYER_SIZES)
    outcome = layer.size - 1
    now, lagged = _same_month(layer, settings, rng), _later(layer, settings, rng)
    if settings.no_effect:
        own = lagged[outcome, outcome]
        now[outcome], lagged[outcome] = 0.0, 0.0
        lagged[outcome, outcome] = own
    if settings.leak:
        layer, now, lagged = _with_leak(layer, now, lagged, outcome, rng)
    now, lagged, noise = _standardised(now, _stationary(now, lagged))
    p = layer.size
    kind = ["continuous"] * p
    if settings.mixed:
        first = LAYER_SIZES[0]
        kind[first], kind[first + LAYER_SIZES[1] - 1] = "binary", "count"
    drive = np.zeros(p)
    if settings.driver > 0:
        touched = [outcome, *rng.choice(outcome, 4, replace=False)]
        drive[touched] = settings.driver * rng.choice([-1.0, 1.0], len(touched))
    season = np.stack(
        [rng.normal(0, 0.7, p), rng.integers(0, 12, p), rng.normal(0, 0.5, p), rng.normal(0, 0.5, p)], axis=1
    )
    season[:, [0, 2, 3]] *= settings.common
    loadings = rng.normal(0, 0.7, (p, 2)) * (rng.random((p, 2)) < 0.7) * settings.levels
    bent = (now != 0) & (rng.random((p, p)) < settings.curved)
    return World(layer, now, lagged, bent, noise, loadings, season, drive, tuple(kind), outcome)


def _size(rng: np.random.Generator, low: float, high: float) -> float:
    return float(rng.uniform(low, high) * (1 if rng.random() < 0.7 else -1))


def _same_month(layer: NDArray[np.int64], settings: Settings, rng: np.random.Generator) -> Array:
    """Draw causes among earlier indicators, nearer layers first; the outcome has two at least."""
    p = layer.size
    now = np.zeros((p, p))
    for j in range(1, p):
        wanted = max(int(rng.poisson(settings.causes)), 2 if j == p - 1 else 0)
        near = np.exp(-np.abs(layer[j] - layer[:j] - 0.5))
        for k in rng.choice(j, min(wanted, j), replace=False, p=near / near.sum()):
            now[j, k] = _size(rng, *settings.coefficient)
    return now


def _later(layer: NDArray[np.int64], settings: Settings, rng: np.random.Generator) -> Array:
    """Draw inertia and causes one month before; a few run back to earlier layers."""
    p = layer.size
    lagged = np.diag(rng.uniform(0.15, 0.65, p))
    for j in range(p):
        near = np.where(layer[j] >= layer, np.exp(-0.7 * np.abs(layer[j] - layer)), 0.1)
        near[j] = 0.0
        for k in rng.choice(p, min(int(rng.poisson(settings.later_causes)), p - 1), replace=False, p=near / near.sum()):
            lagged[j, k] = _size(rng, 0.1, 0.3)
    return lagged


def _with_leak(
    layer: NDArray[np.int64], now: Array, lagged: Array, outcome: int, rng: np.random.Generator
) -> tuple[NDArray[np.int64], Array, Array]:
    """Append an indicator that the outcome moves; half of them have a second cause, some have inertia."""
    p = layer.size
    grown_now, grown_lagged = np.pad(now, (0, 1)), np.pad(lagged, (0, 1))
    grown_now[p, outcome] = _size(rng, 0.4, 0.8)
    if rng.random() < 0.5:
        grown_now[p, int(rng.integers(0, outcome))] = _size(rng, 0.2, 0.4)
    grown_lagged[p, p] = rng.uniform(0.0, 0.5)
    return np.append(layer, len(LAYER_SIZES)), grown_now, grown_lagged


def _stationary(now: Array, lagged: Array) -> Array:
    """Shrink the lagged coefficients until shocks die out."""
    solved = np.linalg.inv(np.eye(len(now)) - now)
    while np.abs(np.linalg.eigvals(solved @ lagged)).max() > 0.9:
        lagged = lagged * 0.95
    return lagged


def _standardised(now: Array, lagged: Array) -> tuple[Array, Array, Array]:
    """(now, lagged, noise SDs) with variance 1 throughout; causes that would explain more than 70 % are weakened."""
    p = len(now)
    while True:
        variance = np.full(p, 0.5)
        for _ in range(60):
            variance = np.maximum(variance + 0.5 * (1.0 - _variances(now, lagged, variance)), LEAST_NOISE)
        crowded = variance <= LEAST_NOISE
        if not crowded.any():
            return now, lagged, np.asarray(np.sqrt(variance))
        now = np.where(crowded[:, None], 0.9 * now, now)
        lagged = np.where(crowded[:, None], 0.9 * lagged, lagged)


def _variances(now: Array, lagged: Array, noise: Array) -> Array:
    """Stationary variances of the linear system, by doubling."""
    solved = np.linalg.inv(np.eye(len(now)) - now)
    total, power = solved @ np.diag(noise) @ solved.T, solved @ lagged
    for _ in range(8):
        total, power = total + power @ total @ power.T, power @ power
    return np.diag(total)


def draw(world: World, settings: Settings, entities: int, months: int, rng: np.random.Generator) -> Inputs:
    """Draw everything random of a panel."""
    p, T = world.layer.size, BURN + months
    t = np.arange(T) - BURN
    season = world.season
    common = season[:, 0] * np.cos(2 * np.pi * (t[:, None] - season[:, 1]) / 12)
    common = common + np.clip(t, 0, None)[:, None] / 12 * season[:, 2] + rng.standard_normal((T, p)) * season[:, 3]
    level = rng.standard_normal((entities, 2)) @ world.loadings.T
    level = 0.5 * (level + 0.4 * settings.levels * rng.standard_normal((entities, p)))
    driver = np.zeros((T, entities))
    for month in range(1, T):
        shock = rng.standard_normal(entities)
        driver[month] = INERTIA * driver[month - 1] + np.sqrt(1 - INERTIA**2) * shock
    shape = (T, entities, p)
    noise = rng.standard_t(5, shape) / np.sqrt(5 / 3) if settings.heavy_tails else rng.standard_normal(shape)
    fixed = level + common[:, None, :] + driver[:, :, None] * world.drive + noise * world.noise
    return Inputs(fixed, rng.random(shape))


def run(world: World, inputs: Inputs, move: Move | None = None) -> Array:
    """Return the panel (months, N, p) in standardised units."""
    T, N, p = inputs.fixed.shape
    causes = [np.flatnonzero(world.now[j]) for j in range(p)]
    before, panel = np.zeros((N, p)), []
    for t in range(T):
        right, x = inputs.fixed[t] + before @ world.lagged.T, np.empty((N, p))
        for j in range(p):
            value = right[:, j]
            for k in causes[j]:
                value = value + world.now[j, k] * (_bend(x[:, k]) if world.bent[j, k] else x[:, k])
            value = _as_kind(world.kind[j], value, inputs.chance[t, :, j])
            x[:, j] = value if move is None or move.indicator != j else _moved(world, move, value, t - BURN)
        before = x
        panel.append(x)
    return np.stack(panel[BURN:])


def _bend(x: Array) -> Array:
    """Slope 1 below, flattening above: a returns-diminish curve."""
    return np.where(x > 0, 1.6 * np.log1p(np.maximum(x, 0) / 1.6), 1.1 * x)


def _as_kind(kind: str, value: Array, chance: Array) -> Array:
    if kind == "binary":
        return (value > 0).astype(float)
    if kind == "count":
        return _poisson(chance, np.exp(np.clip(0.7 + 0.4 * value, -3, 3)))
    return value


def _poisson(chance: Array, mean: Array) -> Array:
    """Smallest count whose distribution function reaches ``chance``."""
    count, term = np.zeros_like(mean), np.exp(-mean)
    reached = term.copy()
    while (below := reached < chance).any() and count.max() < 100:
        count += below
        term = term * mean / (count.max())
        reached = reached + term
    return count


def _moved(world: World, move: Move, value: Array, month: int) -> Array:
    if month < move.month or (move.kept is None and month > move.month):
        return value
    if world.kind[move.indicator] == "binary":
        return np.full_like(value, move.change)
    return (value if move.kept is None else move.kept[month, :, move.indicator]) + move.change


def within_sd(X: Array) -> Array:
    """SDs of a complete panel (T, N, p) after entity and month means are taken out."""
    Z = X - X.mean(0) - X.mean(1, keepdims=True) + X.mean((0, 1))
    return np.asarray(np.sqrt((Z**2).sum((0, 1)) / ((X.shape[0] - 1) * (X.shape[1] - 1))))


def exact_effects(world: World) -> tuple[Array, Array, Array]:
    """Impact, sustained(3) and cumulative(3) of every indicator on the outcome in a linear world, closed form."""
    p, out = world.layer.size, world.outcome
    solved = np.linalg.inv(np.eye(p) - world.now)
    response, total = solved, solved.copy()
    for _ in range(HORIZON):
        response = solved @ world.lagged @ response
        total += response
    kept = np.array([_kept(world, j)[out] for j in range(p)])
    return solved[out].copy(), kept, total[out].copy()


def _kept(world: World, j: int) -> Array:
    """Deviation of everything after HORIZON months when j is kept one unit up (equations into j cut)."""
    now, lagged, unit = world.now.copy(), world.lagged.copy(), np.eye(world.layer.size)[j]
    now[j] = lagged[j] = 0.0
    solved, state = np.linalg.inv(np.eye(len(now)) - now), np.zeros(len(now))
    for _ in range(HORIZON + 1):
        state = solved @ (lagged @ state + unit)
    return state


def twin_effects(world: World, settings: Settings, rng: np.random.Generator) -> tuple[Array, Array, Array]:
    """The same three by twin simulation with common noise: nudge a quarter within-SD up and down, divide.

    A binary indicator is set to 1 and to 0.
    """
    start, out = 6, world.outcome
    inputs = draw(world, settings, TWINS, start + HORIZON + 1, rng)
    base = run(world, inputs)
    nudge = 0.25 * within_sd(run(world, draw(world, settings, 200, 36, rng)))
    effects = np.zeros((3, world.layer.size))
    for j in range(world.layer.size):
        if j == out:
            continue
        up, down = (1.0, 0.0) if world.kind[j] == "binary" else (nudge[j], -nudge[j])

        def response(kept: Array | None, j: int = j, up: float = up, down: float = down) -> Array:
            difference = run(world, inputs, Move(j, up, start, kept)) - run(world, inputs, Move(j, down, start, kept))
            return np.asarray(difference[start:, :, out].mean(1) / (up - down))

        pulse = response(None)
        effects[:, j] = pulse[0], response(base)[-1], pulse.sum()
    return effects[0], effects[1], effects[2]


def _kept_twins(world: World, settings: Settings, seed: int) -> tuple[Array, Array, Array]:
    code = Path(__file__).read_bytes() + repr((settings, seed)).encode()
    file = OUT / "truth" / f"{hashlib.sha256(code).hexdigest()[:16]}.npz"
    rng = np.random.default_rng([2026, seed, 1])
    found = kept(file, lambda: {"effects": np.stack(twin_effects(world, settings, rng))})["effects"]
    return found[0], found[1], found[2]


def own_case(settings: Settings, seed: int, leak_layer: str | None = None) -> Case:
    """Simulate panel ``seed``; ``leak_layer`` is the layer declared for the planted leak (``None``: undeclared)."""
    rng = np.random.default_rng([2026, seed])
    world = build(settings, rng)
    X = run(world, draw(world, settings, settings.entities, settings.months, rng))
    effects = exact_effects(world) if world.linear else _kept_twins(world, settings, seed)
    p = world.layer.size
    scale = np.exp(rng.normal(0, 1.5, p))
    offset = rng.normal(0, 5, p) * scale
    steps = np.array([kind != "continuous" for kind in world.kind])
    scale, offset = np.where(steps, 1.0, scale), np.where(steps, 0.0, offset)
    order = rng.permutation(p)
    observed = _with_gaps(X * scale + offset, settings, rng)[:, :, order]
    impact, kept, total = ((effect * scale[world.outcome] / scale)[order] for effect in effects)
    names = tuple(f"k{j:02d}" for j in range(p))
    outcome = int(np.flatnonzero(order == world.outcome)[0])
    layers: list[str | None] = [LAYERS[world.layer[j]] for j in order]
    planted: tuple[str, ...] = ()
    if settings.leak:
        at = int(np.flatnonzero(order == p - 1)[0])
        layers[at], planted = leak_layer, (names[at],)
    levers = [name for j, name in enumerate(names) if j != outcome] if settings.leak else []
    square = np.ix_(order, order)
    return Case(
        frame=long_table(observed, names),
        dictionary=dictionary_of(names, layers, outcome, levers),
        names=names,
        outcome=outcome,
        now=world.now[square] != 0,
        lagged=world.lagged[square] != 0,
        impact=impact,
        sustained=kept,
        cumulative=total,
        within_sd=within_sd(X * scale)[order],
        planted=planted,
    )


def _with_gaps(X: Array, settings: Settings, rng: np.random.Generator) -> Array:
    """Blank single cells, whole rows, and the first months of entities that start late."""
    T, N, _ = X.shape
    start = np.where(rng.random(N) < settings.late, rng.integers(1, T // 3 + 1, N), 0)
    absent = (rng.random((T, N)) < settings.missing_rows) | (np.arange(T)[:, None] < start)
    empty = (rng.random(X.shape) < settings.missing) | absent[:, :, None]
    return np.where(empty, np.nan, X)


SETTINGS = {
    "linear": Settings(),
    "linear_small": Settings(entities=30, months=14),
    "mixed": Settings(mixed=True),
    "mixed_small": Settings(entities=30, months=14, mixed=True),
    "curved": Settings(curved=0.4, heavy_tails=True),
    "driver": Settings(driver=0.6),
    "leak": Settings(leak=True),
    "null_correlated": Settings(no_effect=True, causes=2.4, coefficient=(0.3, 0.6)),
    "null_confounded": Settings(no_effect=True, levels=2.5, common=1.5),
    "null_driver": Settings(no_effect=True, driver=0.5),
}
"""Settings by name."""
