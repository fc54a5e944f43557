"""The equations of a simulated world, drawn at random.

For entity i and month t, indicators in causal order j::

    x_j,it = sum_k now[j,k] s_i,jk f(x_k,it) + sum_l sum_k lagged[l,j,k] x_k,i,t-l-1
             + level_ij + trend_ij t + common_jt + drive_j u_it + noise_j e_j,it

``level`` mixes two hidden entity factors (size, quality) and so confounds indicators over entities; ``common`` is
season, drift and shocks that all entities share; ``u`` is a hidden AR(1) driver, ``s`` the entities' own slopes; both
are absent unless asked for. Noise is scaled so that, in the linear system without levels and common terms, every
indicator has variance 1: coefficients are standardised by construction. The value of the equation becomes a state, a
count or a share for indicators of these kinds (``simulation.as_kind``).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from case import Array, Bool
from numpy.typing import NDArray
from settings import Settings

LEAST_NOISE = 0.3
"""Share of an indicator's variance that its causes leave open at least."""
WANDER = 0.35
"""SD of the monthly step of a random walk."""
SHARE_GAIN = 5.0
"""What a coefficient on a share is multiplied by: one over its SD."""
STEADY = 0.9
"""Largest spectral radius."""


@dataclass(frozen=True, slots=True)
class Turn:
    """One same-month coefficient that changes."""

    effect: int
    cause: int
    month: int
    """First month with the new coefficient, 0 = first of the panel."""
    factor: float


@dataclass(frozen=True, slots=True, eq=False)
class World:
    """The equations; arrays over indicators in causal order."""

    layer: NDArray[np.int64]
    now: Array
    lagged: Array
    """(L, p, p), the last month first."""
    bent: Bool
    """(p, p) same-month arrows that bend."""
    noise: Array
    loadings: Array
    """(p, 2) on the entity factors."""
    trends: Array
    """(p, 2) on the factors behind the entities' own trends, per year."""
    season: Array
    """(p, 4): amplitude, phase in months, drift per year, SD of shared shocks."""
    drive: Array
    """(p,) loading of the hidden driver."""
    wanders: Bool
    """(p,) random walks; they have no causes, levels, trends or season."""
    kind: tuple[str, ...]
    """``continuous`` | ``heavy`` | ``binary`` | ``count`` | ``rate``."""
    outcome: int
    turn: Turn | None

    @property
    def linear(self) -> bool:
        """Whether the truth has a closed form."""
        return not self.bent.any() and set(self.kind) <= {"continuous", "heavy"}

    def now_in(self, month: int) -> Array:
        """Same-month coefficients of a month."""
        if self.turn is None or month < self.turn.month:
            return self.now
        turned = self.now.copy()
        turned[self.turn.effect, self.turn.cause] *= self.turn.factor
        return turned


def build(settings: Settings, rng: np.random.Generator) -> World:
    """Draw the equations."""
    layer = np.repeat(np.arange(len(settings.layers)), settings.layers)
    outcome = layer.size - 1
    now, lagged = _same_month(layer, settings, rng), _later(layer, settings, rng)
    if settings.no_effect:
        own = lagged[:, outcome, outcome].copy()
        now[outcome], lagged[:, outcome] = 0.0, 0.0
        lagged[:, outcome, outcome] = own
    if settings.leak:
        layer, now, lagged = _with_leak(layer, now, lagged, outcome, rng)
    p = layer.size
    wanders = _wanderers(settings.wanderers, now, lagged, outcome, rng)
    now, lagged, noise = _standardised(now, _stationary(now, lagged))
    if wanders.any():
        lagged[0, wanders, wanders] = 1.0
        noise[wanders] = WANDER
    kind, saturated = _kinds(settings, now, lagged, outcome, rng)
    drive = np.zeros(p)
    if settings.driver > 0:
        touched = [outcome, *rng.choice(outcome, 4, replace=False)]
        drive[touched] = settings.driver * rng.choice([-1.0, 1.0], len(touched))
    season = np.stack(
        [rng.normal(0, 0.7, p), rng.integers(0, 12, p), rng.normal(0, 0.5, p), rng.normal(0, 0.5, p)], axis=1
    )
    season[:, [0, 2, 3]] *= settings.common
    season[np.ix_(wanders, [0, 2])] = 0.0
    loadings = rng.normal(0, 0.7, (p, 2)) * (rng.random((p, 2)) < 0.7) * settings.levels * settings.confounded
    bent = (now != 0) & ((rng.random((p, p)) < settings.curved) | saturated)
    trends = rng.normal(0, 0.7, (p, 2)) * settings.trends * ~wanders[:, None]
    gains = np.array([SHARE_GAIN if name == "rate" else 1.0 for name in kind])
    return World(
        layer,
        now * gains,
        lagged * gains,
        bent,
        noise,
        loadings,
        trends,
        season,
        drive,
        wanders,
        kind,
        outcome,
        _turn(settings, now, outcome),
    )


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
    """Draw inertia and causes in earlier months; a few run back to earlier layers."""
    p = layer.size
    lagged = np.zeros((settings.lags, p, p))
    for lag in range(settings.lags):
        if lag == 0:
            np.fill_diagonal(lagged[0], rng.uniform(0.15, 0.65, p))
        for j in range(p):
            near = np.where(layer[j] >= layer, np.exp(-0.7 * np.abs(layer[j] - layer)), 0.1)
            near[j] = 0.0
            wanted = min(int(rng.poisson(settings.later_causes)), p - 1)
            for k in rng.choice(p, wanted, replace=False, p=near / near.sum()):
                lagged[lag, j, k] = _size(rng, 0.1, 0.3)
    return lagged


def _with_leak(
    layer: NDArray[np.int64], now: Array, lagged: Array, outcome: int, rng: np.random.Generator
) -> tuple[NDArray[np.int64], Array, Array]:
    """Append an indicator that the outcome moves; half of them have a second cause, some have inertia."""
    p = layer.size
    grown_now, grown_lagged = np.pad(now, (0, 1)), np.pad(lagged, ((0, 0), (0, 1), (0, 1)))
    grown_now[p, outcome] = _size(rng, 0.4, 0.8)
    if rng.random() < 0.5:
        grown_now[p, int(rng.integers(0, outcome))] = _size(rng, 0.2, 0.4)
    grown_lagged[0, p, p] = rng.uniform(0.0, 0.5)
    return np.append(layer, layer.max() + 1), grown_now, grown_lagged


def _wanderers(wanted: int, now: Array, lagged: Array, outcome: int, rng: np.random.Generator) -> Bool:
    """Choose the random walks and cut whatever would move them."""
    wanders = np.zeros(len(now), bool)
    if wanted:
        wanders[rng.choice(outcome, wanted, replace=False)] = True
        now[wanders], lagged[:, wanders] = 0.0, 0.0
    return wanders


def _kinds(
    settings: Settings, now: Array, lagged: Array, outcome: int, rng: np.random.Generator
) -> tuple[tuple[str, ...], Bool]:
    """Return the kind of every indicator and (p,) whether its arrows bend."""
    p = len(now)
    kind, saturated = ["continuous"] * p, np.zeros(p, bool)
    if settings.mixed:
        first = settings.layers[0]
        kind[first], kind[first + settings.layers[1] - 1] = "binary", "count"
    if settings.levers:
        causes = np.flatnonzero(reaches((now != 0) | (lagged != 0).any(0))[outcome])
        for j in rng.permutation(causes[causes != outcome])[:3]:
            if settings.levers == "saturating":
                saturated[j] = True
            else:
                kind[j] = settings.levers
    return tuple(kind), saturated


def reaches(arrows: Bool) -> Bool:
    """(p, p) [y, x]: a chain of arrows leads from x to y, or y is x."""
    p = len(arrows)
    reached = arrows | np.eye(p, dtype=bool)
    for _ in range(p.bit_length()):
        reached = (reached.astype(int) @ reached.astype(int)) > 0
    return np.asarray(reached)


def _turn(settings: Settings, now: Array, outcome: int) -> Turn | None:
    if settings.turn == 1:
        return None
    return Turn(outcome, int(np.argmax(np.abs(now[outcome]))), settings.months // 2, settings.turn)


def spectral_radius(now: Array, lagged: Array) -> float:
    """Largest modulus of the eigenvalues of the system; below 1 shocks die out."""
    return float(np.abs(np.linalg.eigvals(_companion(now, lagged))).max(initial=0.0))


def _companion(now: Array, lagged: Array) -> Array:
    """(pL, pL) one-month map of the last L months."""
    L, p, _ = lagged.shape
    solved = np.linalg.inv(np.eye(p) - now)
    below = np.eye(p * max(L - 1, 0), p * L)
    return np.concatenate([*([np.concatenate([solved @ lag for lag in lagged], 1)] if L else []), below])


def _stationary(now: Array, lagged: Array) -> Array:
    """Shrink the lagged coefficients until shocks die out."""
    while len(lagged) and spectral_radius(now, lagged) > STEADY:
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
    p, L = len(now), len(lagged)
    solved = np.linalg.inv(np.eye(p) - now)
    shocks = solved @ np.diag(noise) @ solved.T
    if L == 0:
        return np.diag(shocks)
    total, power = np.zeros((p * L, p * L)), _companion(now, lagged)
    total[:p, :p] = shocks
    for _ in range(8):
        total, power = total + power @ total @ power.T, power @ power
    return np.diag(total)[:p]
