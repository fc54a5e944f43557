"""Where does a lever work best: effects by entity, shrunken towards those of all (empirical Bayes).

Every equation of a draw's graph gets random coefficients (``numerics.random_slopes``), fitted on the entities the draw
counts, so that the uncertainty of how much entities differ is in the result (Laird & Louis 1987, JASA 82: bootstrap of
the hyperparameters). The draw's own coefficients, short-panel correction and all, plus deviations sampled from each
entity's posterior give its effects; samples come in pairs of opposite sign. Value = mean, interval = 1.96 SD.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from causal_service.discovery.discover import Discovery
from causal_service.discovery.resampling import Draw, block_weights
from causal_service.discovery.stability import EntitySlope
from causal_service.discovery.uneven_links import UnevenLink
from causal_service.effects.estimate import Z95, effect_unit
from causal_service.effects.results import EffectKind
from causal_service.errors import Text
from causal_service.graph.separation import reached
from causal_service.numerics.covariances import idle_columns
from causal_service.numerics.gaussian_em import expected_grams
from causal_service.numerics.linear_system import causal_order
from causal_service.numerics.random_slopes import deviations, entity_responses
from causal_service.preparation.prepared import Prepared
from causal_service.preparation.within_rows import WithinRows

__all__ = ["ByEntity", "EntityDraws", "EntityEffect", "EntityRow", "entity_draws", "entity_effects"]

FEWEST_ENTITIES, MOST_ENTITIES = 15, 5000
"""Below, how much entities differ cannot be told; above, they are too many to be listed."""
DRAWS, PAIRS = 60, 2
"""Draws used, and pairs of samples per draw."""
ROUNDS_FULL, ROUNDS = 200, 12
"""Rounds of EM on all entities, and per draw from there."""
LISTED = 10
"""Entities listed at either end."""

Array = NDArray[np.float64]
Moments = tuple[Array, Array, Array]


@dataclass(frozen=True, slots=True)
class EntityRow:
    """One entity's effect."""

    entity: str
    """Label."""
    value: float
    """Shrunken value, outcome unit per lever unit."""
    low: float
    """Lower end of its 95 % interval, same unit."""
    high: float
    """Upper end, same unit."""
    p_best_quarter: float
    """Probability that it is among the quarter of entities in which the lever helps most, 0..1."""


@dataclass(frozen=True, slots=True)
class EntityEffect:
    """How one effect is distributed over entities."""

    lever: str
    """Indicator key."""
    outcome: str
    """Indicator key."""
    kind: EffectKind
    """``impact`` | ``sustained``."""
    horizon: int
    """Periods ahead (0 for impact)."""
    unit: str
    """Unit of all values."""
    entities: int
    """Number of entities."""
    mean: float
    """Mean over entities, outcome unit per lever unit."""
    spread: float
    """SD of the true effect between entities, same unit."""
    quantiles: tuple[float, float, float, float, float]
    """5, 25, 50, 75 and 95 % quantile of the shrunken values over entities, same unit."""
    differs: bool
    """Whether a relation on the way from lever to outcome is known to differ by entity."""
    best: tuple[EntityRow, ...]
    """Entities in which the lever helps most, best first; at most ten."""
    worst: tuple[EntityRow, ...]
    """Entities in which it helps least, worst first; none that is among the best."""
    sentence: Text = Text("", "")
    """Where it works best, in words."""


NoEntityEffects = Literal["no-panel", "too-few-entities", "too-many-entities", "not-in-memory"]


@dataclass(frozen=True, slots=True)
class ByEntity:
    """Effects by entity, or why there are none."""

    effects: tuple[EntityEffect, ...]
    """Every lever x outcome at the headline kind."""
    reason: NoEntityEffects | None
    """Why there are none."""
    text: Text = Text("", "")
    """In one sentence, where there are none."""


@dataclass(frozen=True, slots=True, eq=False)
class EntityDraws:
    """Samples of every entity's effects, in users' units."""

    entities: tuple[str, ...]
    """Labels of the N entities."""
    levers: tuple[str, ...]
    """Keys."""
    outcomes: tuple[str, ...]
    """Keys."""
    values: Array
    """(samples, N, outcomes, levers), outcome unit per lever unit."""


def entity_draws(
    within: WithinRows,
    prepared: Prepared,
    discovery: Discovery,
    levers: Sequence[str],
    outcomes: Sequence[str],
    *,
    horizon: int,
    seed: int,
) -> EntityDraws | NoEntityEffects:
    """Return the samples, or the reason why there are none.

    Parameters
    ----------
    levers, outcomes : keys; only their effects are computed.
    horizon : periods ahead, 0 for the same-period effect.
    seed : of draws and samples.
    """
    if prepared.regime != "panel":
        return "no-panel"
    codes, entity = np.unique(within.rows.entity, return_inverse=True)
    N = codes.size
    if N < FEWEST_ENTITIES or prepared.unit != "entity":
        return "too-few-entities"
    if N > MOST_ENTITIES:
        return "too-many-entities"
    weight = within.rows.weight
    moments = _moments(within, prepared, entity.astype(np.int64), N)
    freedom = np.bincount(entity, weights=weight, minlength=N) * within.used / within.rows.entity.size
    block = within.blocks.code[np.unique(entity, return_index=True)[1]]
    at = [np.array([prepared.names.index(name) for name in keys], np.int64) for keys in (levers, outcomes)]
    unit = prepared.unit_sd[at[1]][:, None] / prepared.unit_sd[at[0]][None, :]
    samples = []
    with threadpool_limits(1):
        known = _start(prepared, discovery.full, moments, freedom)
        for index, draw in enumerate(discovery.draws[:DRAWS]):
            counts = np.ascontiguousarray(block_weights(prepared, seed, index)[0][block])
            rng = np.random.Generator(np.random.Philox(key=np.array([seed, _PURPOSE + index], np.uint64)))
            samples += _sampled(prepared, draw, moments, freedom, counts, known, rng, at, horizon)
    labels = tuple(within.panel.entities[code] for code in codes)
    return EntityDraws(labels, tuple(levers), tuple(outcomes), np.stack(samples) * unit)


_PURPOSE = 2**62
"""Key beyond every draw."""


def _moments(within: WithinRows, prepared: Prepared, entity: NDArray[np.int64], N: int) -> Moments:
    """Return (N, d, d) moments per entity: both effects removed, crossed, entity effects removed only.

    What all entities share in a period is put back less its straight line, which trends of single entities would feign.
    """
    rows, columns = within.rows, within.filled.shape[1]
    Z = rows.take(within.values) / np.tile(within.sd, rows.lags + 1)
    seen: Array = ~np.isnan(Z) * rows.weight[:, None]
    Z = np.nan_to_num(Z)
    level = np.stack([np.bincount(entity, (seen * Z)[:, j], N) for j in range(columns)], axis=1)
    mass = np.stack([np.bincount(entity, seen[:, j], N) for j in range(columns)], axis=1)
    off = (Z - (level / np.maximum(mass, 1e-300))[entity]) * seen
    time = rows.time - rows.time.min()
    T = int(time.max()) + 1
    shared = np.stack([np.bincount(time, off[:, j], T) for j in range(columns)], axis=1)
    count = np.stack([np.bincount(time, seen[:, j], T) for j in range(columns)], axis=1)
    mean: Array = shared / np.maximum(count, 1e-300)
    line = np.stack([np.ones(T), np.arange(T) - (T - 1) / 2], axis=1)
    mean = mean - line @ np.linalg.lstsq(line, mean, rcond=None)[0]
    X = within.filled + mean[time]
    total = np.stack([np.bincount(entity, X[:, j] * rows.weight, N) for j in range(columns)], axis=1)
    X = X - (total / np.bincount(entity, rows.weight, N)[:, None])[entity]
    clean = expected_grams(within.filled, within.missing, within.sigma, rows.weight, entity, N)
    unsure = clean - _entity_grams(within.filled, within.filled, rows.weight, entity, N)
    cross = _entity_grams(X, within.filled, rows.weight, entity, N) + unsure
    own = _entity_grams(X, X, rows.weight, entity, N) + unsure
    size = np.bincount(entity, rows.weight, N)
    idle = idle_columns(clean.sum(axis=0) / size.sum())
    for grams in (clean, cross, own):
        grams[:, idle, idle] += size[:, None]
    return prepared.expanded(clean), prepared.expanded(cross), prepared.expanded(own)


def _entity_grams(X: Array, Z: Array, w: Array, entity: NDArray[np.int64], N: int) -> Array:
    """(N, q, q) X'Z per entity; rows are sorted by entity."""
    ends = np.searchsorted(entity, np.arange(N + 1))
    return np.stack([(X[a:b] * w[a:b, None]).T @ Z[a:b] for a, b in pairwise(ends)])


def _equations(prepared: Prepared, draw: Draw) -> list[tuple[int, NDArray[np.int64]]]:
    """Targets and parents of all equations but those of exact sums and those without parents."""
    sums = {total.name for total in prepared.totals}
    member = draw.members[0]
    return [
        (y, np.flatnonzero(member[y]).astype(np.int64))
        for y in range(len(prepared.names))
        if prepared.names[y] not in sums and member[y].any()
    ]


def _start(prepared: Prepared, full: Draw, moments: Moments, freedom: Array) -> Array:
    """(p, d) variances of the coefficients over entities in the full-sample graph; small elsewhere."""
    p, d = full.members.shape[1:]
    D = np.full((p, d), 1e-3)
    for y, parents in _equations(prepared, full):
        own = np.maximum((0.3 * full.coefficients[0][y, parents]) ** 2, 1e-3)
        deviations(*moments, freedom, np.ones(len(freedom)), parents, d - p + y, own, ROUNDS_FULL)
        D[y, parents] = own
    return D


def _sampled(
    prepared: Prepared,
    draw: Draw,
    moments: Moments,
    freedom: Array,
    counts: Array,
    known: Array,
    rng: np.random.Generator,
    at: Sequence[NDArray[np.int64]],
    horizon: int,
) -> list[Array]:
    """Return 2 PAIRS samples (N, outcomes, levers) of standardised effects."""
    N, (p, d) = len(freedom), draw.members.shape[1:]
    mean = np.broadcast_to(draw.coefficients[0], (N, p, d)).copy()
    noise = np.zeros((PAIRS, N, p, d))
    moves = draw.members[0] | (draw.coefficients[0] != 0)
    between = _between(moves, *at)
    for y, parents in _equations(prepared, draw):
        z = rng.standard_normal((PAIRS, N, parents.size))
        if not between[y]:
            continue
        D = np.maximum(known[y, parents], 1e-6)
        m, root = deviations(*moments, freedom, counts, parents, d - p + y, D, ROUNDS)
        mean[:, y, parents] += m
        noise[:, :, y, parents] = np.einsum("iab,sib->sia", root, z)
    order = causal_order(moves[:, d - p :])
    signs = [one for k in range(PAIRS) for one in (noise[k], -noise[k])]
    return [entity_responses(mean + one, order, at[0], at[1], horizon) for one in signs]


def _between(moves: NDArray[np.bool_], levers: NDArray[np.int64], outcomes: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return (p,): the indicators by whose equations a lever may move an outcome, at any lag.

    ``moves`` (p, d) are the arrows of a draw, and links that a hidden driver is misjudged by.
    """
    reach = reached(moves)
    follows = (reach & ~np.eye(len(reach), dtype=bool))[:, levers].any(axis=1)
    return np.asarray(follows & reach[outcomes].any(axis=0), np.bool_)


def entity_effects(
    drawn: EntityDraws,
    discovery: Discovery,
    slopes: Sequence[EntitySlope | UnevenLink],
    towards: Mapping[tuple[str, str], float],
    units: Mapping[str, str],
    kind: EffectKind,
    horizon: int,
) -> tuple[EntityEffect, ...]:
    """Return how every effect is distributed over entities, by lever and outcome.

    Parameters
    ----------
    slopes : relations known to differ by entity.
    towards : +1 or -1 by (lever, outcome): the sign of an effect that helps.
    units : unit by indicator key.
    """
    out = []
    over = ways_over(discovery, slopes)
    for j, lever in enumerate(drawn.levers):
        for y, outcome in enumerate(drawn.outcomes):
            if lever == outcome:
                continue
            X = drawn.values[:, :, y, j]
            differs = bool(over[discovery.names.index(outcome), discovery.names.index(lever)])
            sign = towards.get((lever, outcome), 1.0)
            unit = effect_unit(units.get(outcome, ""), units.get(lever, ""))
            out.append(_of_one(drawn.entities, X, sign, (lever, outcome, kind, horizon, unit), differs))
    return tuple(out)


def _of_one(
    entities: Sequence[str], X: Array, sign: float, about: tuple[str, str, EffectKind, int, str], differs: bool
) -> EntityEffect:
    N = X.shape[1]
    value, sd = X.mean(axis=0), X.std(axis=0, ddof=1)
    quarter = max(N // 4, 1)
    moved = np.ptp(X, axis=1) > 0
    gain = sign * X[moved]
    best = np.zeros(N)
    if len(gain):
        limit = np.partition(gain, N - quarter, axis=1)[:, N - quarter]
        best = (gain >= limit[:, None]).sum(axis=0) / len(X)
    best += (1.0 - moved.mean()) * quarter / N
    order = sorted(range(N), key=lambda i: (-sign * value[i], entities[i]))

    def row(i: int) -> EntityRow:
        low, high = value[i] - Z95 * sd[i], value[i] + Z95 * sd[i]
        return EntityRow(entities[i], float(value[i]), float(low), float(high), float(best[i]))

    shown = min(LISTED, N // 2)
    lever, outcome, kind, horizon, unit = about
    q = np.quantile(value, [0.05, 0.25, 0.5, 0.75, 0.95])
    return EntityEffect(
        lever=lever,
        outcome=outcome,
        kind=kind,
        horizon=horizon,
        unit=unit,
        entities=N,
        mean=float(value.mean()),
        spread=float(np.sqrt(X.var(axis=1, ddof=1).mean())),
        quantiles=(float(q[0]), float(q[1]), float(q[2]), float(q[3]), float(q[4])),
        differs=differs,
        best=tuple(row(i) for i in order[:shown]),
        worst=tuple(row(i) for i in order[::-1][:shown]),
    )


def ways_over(discovery: Discovery, links: Sequence[EntitySlope | UnevenLink]) -> NDArray[np.bool_]:
    """Return (p, p) [y, x]: whether one of the ``links`` lies between x and y in the full-sample graph, at any lag."""
    names, p = discovery.names, len(discovery.names)
    over = np.zeros((p, p), np.bool_)
    reach = reached(discovery.full.members[0]) if links else over
    for link in links:
        over |= np.outer(reach[:, names.index(link.target)], reach[names.index(link.source)])
    return over
