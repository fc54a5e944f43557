"""True effects of a generating system (METHOD, Definitions): path products, or twin runs with common noise."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from causal_service.numerics.linear_system import responses
from causal_service.rehearsal.twins import Intervention, System, Twin, drawn_noise, next_values, past_values

__all__ = ["NUDGE", "true_effects"]

Array = NDArray[np.float64]

NUDGE = 0.25
"""Size of a nudge in within-SDs of the lever."""
FEWEST_STARTS = 2000
"""Starting points over which responses are averaged; panels with fewer rows are run several times."""
MOST_STARTS = 4000


def true_effects(
    system: System, twin: Twin, levers: Sequence[int], sd: Array, horizon: int, rng: np.random.Generator
) -> Array:
    """Return (3, p, p) impact, sustained and cumulative effects, [., y, j] of lever j, outcome unit per lever unit.

    Parameters
    ----------
    levers : positions for which effects are wanted; other columns stay zero where twin runs are needed.
    sd : (p,) within-SDs in users' units.
    horizon : h >= 0, periods.
    """
    if twin.linear:
        return _path_products(system, horizon)
    return _twin_runs(system, twin, levers, sd, horizon, rng)


def _path_products(system: System, horizon: int) -> Array:
    p, d = len(system.mechanisms), system.levels.values.shape[1]
    C = np.zeros((p, d))
    for mechanism in system.mechanisms:
        C[mechanism.target, mechanism.columns] = mechanism.weights
    out = np.empty((3, p, p))
    responses(C, system.order, horizon, out)
    return out


def _twin_runs(
    system: System, twin: Twin, levers: Sequence[int], sd: Array, horizon: int, rng: np.random.Generator
) -> Array:
    """Return average responses over starting points in the whole panel, up and down from the same noise."""
    context, past = _starts(system, twin, horizon, rng)
    S, p = past.shape[0], len(system.mechanisms)
    noise = [drawn_noise(system, rng, S) for _ in range(horizon + 1)]
    base = _run(system, past, context, noise)
    out = np.zeros((3, p, p))
    four = [np.concatenate([x] * 4) for x in noise]
    four_base = [np.concatenate([x] * 4) for x in base]
    for j in levers:
        marginal = system.mechanisms[j].marginal
        two_states = marginal.kind == "binary"
        ends = (marginal.origin + marginal.step, marginal.origin) if two_states else (NUDGE * sd[j], -NUDGE * sd[j])
        size = ends[0] - ends[1]
        own = [system.scales[j].back(values[:, j]) for values in base]
        done = [_done(j, s, own[s], ends, two_states) for s in range(horizon + 1)]
        path = _run(system, np.concatenate([past] * 4), np.concatenate([context] * 4), four, done, four_base)
        mean = np.stack([_in_units(system, values).reshape(4, S, p).mean(1) for values in path])
        kept, shock = (mean[:, 0] - mean[:, 1]) / size, (mean[:, 2] - mean[:, 3]) / size
        out[0, :, j], out[1, :, j], out[2, :, j] = kept[0], kept[-1], shock.sum(0)
    return out


def _done(j: int, s: int, own: Array, ends: tuple[float, float], two_states: bool) -> Intervention:
    """Return the intervention at step s on four stacked runs: kept up, kept down, once up, once down."""
    S, first = own.size, s == 0
    value = np.concatenate([np.full(S, e) if two_states else own + e for e in (*ends, *ends)])
    fixed = np.concatenate([np.ones(2 * S, bool), np.full(2 * S, two_states and first)])
    once = np.zeros(S) if two_states or not first else np.ones(S)
    shift = np.concatenate([np.zeros(2 * S), once * ends[0], once * ends[1]])
    return Intervention(j, fixed, value, shift)


def _starts(system: System, twin: Twin, horizon: int, rng: np.random.Generator) -> tuple[NDArray[np.int64], Array]:
    """Return (rows (S, h + 1) that lend their effects, past (S, L p)): an entity's rows in order, the last repeated."""
    at = system.levels.rows.rows
    R = at.entity.size
    last = np.searchsorted(at.entity, at.entity, side="right") - 1
    context = np.minimum(np.arange(R)[:, None] + np.arange(horizon + 1), last[:, None])
    past = past_values(twin.grid, at.entity, at.time, system.levels.lags)
    if R > MOST_STARTS:
        chosen = np.sort(rng.choice(R, MOST_STARTS, replace=False))
    else:
        chosen = np.tile(np.arange(R), -(-FEWEST_STARTS // R))
    return context[chosen], past[chosen]


def _run(
    system: System,
    past: Array,
    context: NDArray[np.int64],
    noise: Sequence[Array],
    done: Sequence[Intervention] = (),
    unmoved: Sequence[Array] = (),
) -> list[Array]:
    """Return the values (n, p) of every step on the scale of the linear system."""
    p = len(system.mechanisms)
    out = []
    for s, drawn in enumerate(noise):
        now, _ = next_values(system, past, context[:, s], drawn, *((done[s], unmoved[s]) if done else ()))
        past = np.concatenate([past[:, p:], now], axis=1) if past.shape[1] else past
        out.append(now)
    return out


def _in_units(system: System, values: Array) -> Array:
    return np.stack([scale.back(values[:, j]) for j, scale in enumerate(system.scales)], axis=1)
