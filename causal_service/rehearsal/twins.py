"""A twin of the user's panel: same entities, periods and gaps, values from a fitted system whose effects are known.

Parametric bootstrap of the panel (Efron & Tibshirani 1993, An Introduction to the Bootstrap, ch. 6.5) from draws of
the graph, with innovations resampled from the residuals. Residuals are drawn equation by equation: what moves two
indicators together within a period is the graph's or, in a draw that has one, the hidden driver's, so that the effects
of the system are the whole truth.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from causal_service.graph.separation import reached
from causal_service.numerics.linear_system import causal_order
from causal_service.panel.dictionary import Dictionary
from causal_service.panel.panel import Panel
from causal_service.rehearsal.levels import Levels
from causal_service.rehearsal.marginals import Marginal, marginal_of
from causal_service.rehearsal.mechanisms import Mechanism, beside_driver, fitted_mechanism
from causal_service.rehearsal.scales import Scale

__all__ = [
    "Intervention",
    "System",
    "Twin",
    "drawn_noise",
    "marginals_of",
    "next_values",
    "past_values",
    "scales_of",
    "system_of",
    "twin_of",
]

Array = NDArray[np.float64]

LARGEST_RADIUS = 0.97
"""Spectral radius to which a system that would explode is shrunk, as in the short-panel correction."""
_PERCENT = frozenset({"%", "％", "percent", "pct"})


@dataclass(frozen=True, slots=True, eq=False)
class System:
    """A generating system over the rows of the user's panel."""

    levels: Levels
    """The user's panel, complete."""
    mechanisms: tuple[Mechanism, ...]
    """One per indicator, in the order of ``levels.names``."""
    order: NDArray[np.int64]
    """(p,) causes first."""
    scales: tuple[Scale, ...]
    """Per indicator, the way back to its unit."""
    reach: NDArray[np.bool_]
    """(p, p) [y, x] whether x reaches y at any lag; everything reaches itself."""
    loadings: Array
    """(p,) of the hidden driver (standard normal, new in every row), on the scale of the linear system."""


@dataclass(frozen=True, slots=True, eq=False)
class Twin:
    """A simulated panel."""

    panel: Panel
    """What the pipeline is given: with the user's gaps."""
    grid: Array
    """(E, T, p) on the scale of the linear system, complete where there are rows."""
    linear: bool
    """Whether the simulated values came from straight lines only, nothing clipped or rounded."""


@dataclass(frozen=True, slots=True, eq=False)
class Intervention:
    """What is done to one indicator at one step; arrays over the n simulated rows, in its unit."""

    lever: int
    """Position of the indicator."""
    fixed: NDArray[np.bool_]
    """(n,) its own equation is cut."""
    value: Array
    """(n,) value where it is fixed."""
    shift: Array
    """(n,) addition where it is not."""


def marginals_of(panel: Panel, dictionary: Dictionary) -> tuple[Marginal, ...]:
    """Return the kind of numbers of every indicator."""
    out = []
    for j, name in enumerate(panel.indicators):
        entry = dictionary.indicators.get(name)
        percent = entry is not None and entry.unit.strip().lower() in _PERCENT
        out.append(marginal_of(panel.values[:, :, j], percent))
    return tuple(out)


def scales_of(panel: Panel, levels: Levels) -> tuple[Scale, ...]:
    """Return the transform of every indicator."""
    rows = levels.rows
    out = []
    for j, name in enumerate(levels.names):
        kind = rows.kinds.get(name, "identity")
        if kind == "identity":
            out.append(Scale("identity"))
        else:
            out.append(Scale.of(kind, panel.values[:, :, j], rows.values[:, :, rows.names.index(name)]))
    return tuple(out)


def system_of(
    levels: Levels,
    scales: Sequence[Scale],
    marginals: Sequence[Marginal],
    member: NDArray[np.bool_],
    lines: Array,
    weight: Array,
    loadings: Array | None = None,
) -> System:
    """Return the system of one draw, fitted to the user's panel.

    Parameters
    ----------
    scales, marginals : transform and kind of numbers, per indicator.
    member : (p, d) graph.
    lines : (p, d) standardised coefficients.
    weight : (R,) row weights of the draw.
    loadings : (p,) standardised loadings on a hidden driver; ``None`` or empty without one.
    """
    lines = _stable(lines)
    p, d = member.shape
    mechanisms = [
        fitted_mechanism(levels, y, member[y], lines[y], _untransformed(marginals[y], scales[y]), weight)
        for y in range(p)
    ]
    order = causal_order(np.ascontiguousarray(member[:, d - p :]))
    driven = np.zeros(p) if loadings is None or loadings.size == 0 else loadings * levels.sd
    driven = np.array([x if m.link == "identity" else 0.0 for x, m in zip(driven, mechanisms, strict=True)])
    own = tuple(beside_driver(m, x) for m, x in zip(mechanisms, driven, strict=True))
    return System(levels, own, order, tuple(scales), reached(member), driven)


def _untransformed(marginal: Marginal, scale: Scale) -> Marginal:
    """Two states and counts have links of their own on the identity scale only."""
    if scale.kind != "identity" and marginal.kind in ("binary", "count"):
        return Marginal("rounded", marginal.origin, marginal.step, marginal.low, marginal.high)
    return marginal


def _stable(C: Array) -> Array:
    """Return coefficients (p, d) whose lags are shrunk to a spectral radius of at most ``LARGEST_RADIUS``."""
    p, d = C.shape
    lags = d // p - 1
    if lags == 0:
        return C
    reduced = np.linalg.solve(np.eye(p) - C[:, d - p :], C[:, : d - p])
    F = np.zeros((d - p, d - p))
    F[: d - 2 * p, p:] = np.eye(d - 2 * p)
    F[d - 2 * p :] = reduced
    radius = float(np.abs(np.linalg.eigvals(F)).max())
    factor = min(1.0, LARGEST_RADIUS / max(radius, 1e-300))
    powers = np.append(factor ** np.repeat(np.arange(lags, 0, -1), p), np.ones(p))
    return np.asarray(C * powers)


def drawn_noise(system: System, rng: np.random.Generator, rows: int) -> Array:
    """Return the noise (rows, p, 2), independent between rows, and between equations but for the hidden driver."""
    noise = rng.random((rows, len(system.mechanisms), 2))
    for j, mechanism in enumerate(system.mechanisms):
        if mechanism.link == "identity":
            at = np.minimum((noise[:, j, 0] * mechanism.pool.size).astype(np.int64), mechanism.pool.size - 1)
            noise[:, j, 0] = mechanism.pool[at]
    if system.loadings.any():
        noise[:, :, 0] += rng.standard_normal(rows)[:, None] * system.loadings
    return noise


def next_values(
    system: System,
    past: Array,
    row: NDArray[np.int64],
    noise: Array,
    done: Intervention | None = None,
    unmoved: Array | None = None,
) -> tuple[Array, bool]:
    """Return ((n, p) values of the next period on the scale of the linear system, whether any was clipped or rounded).

    Parameters
    ----------
    past : (n, L p) the L periods before, oldest first, same scale.
    row : (n,) rows of the panel that lend entity and period effects.
    noise : (n, p, 2).
    done : intervention in this period.
    unmoved : (n, p) values without the intervention; only what the lever reaches is computed anew.
    """
    n, p = noise.shape[:2]
    both = np.concatenate([past, np.zeros((n, p)) if unmoved is None else unmoved], axis=1)
    m = past.shape[1]
    touched = False
    reached = None if done is None or unmoved is None else system.reach[:, done.lever]
    for y in system.order:
        if reached is not None and not reached[y]:
            continue
        mechanism, scale = system.mechanisms[y], system.scales[y]
        raw = mechanism.value(mechanism.predictor(both, row), noise[:, y])
        if mechanism.link == "identity":
            native = scale.back(raw)
            kept = mechanism.marginal.restored(native)
            if (changed := np.abs(kept - native) > 1e-9 * _size(native)).any():
                touched = True
                raw = np.where(changed, scale.forth(kept), raw)
        if done is not None and y == done.lever:
            native = np.where(done.fixed, done.value, scale.back(raw) + done.shift)
            raw = np.where(done.fixed | (done.shift != 0), scale.forth(native), raw)
        both[:, m + y] = raw
    return both[:, m:], touched


def _size(values: Array) -> float:
    """Return the largest magnitude."""
    return float(np.abs(values).max(initial=1e-300))


def twin_of(system: System, panel: Panel, rng: np.random.Generator) -> Twin:
    """Return a twin of ``panel``: every stretch of rows starts where the user's did and goes its own way."""
    levels = system.levels
    at = levels.rows.rows
    noise = drawn_noise(system, rng, at.entity.size)
    grid = levels.grid.copy()
    straight = all(
        m.link in ("identity", "sum") and not m.bends and scale.kind == "identity"
        for m, scale in zip(system.mechanisms, system.scales, strict=True)
    )
    touched = False
    for t in np.unique(at.time):
        row = np.flatnonzero(at.time == t)
        past = past_values(grid, at.entity[row], np.full(row.size, t), levels.lags)
        grid[at.entity[row], t], changed = next_values(system, past, row, noise[row])
        touched |= changed
    native = np.stack([scale.back(grid[:, :, j]) for j, scale in enumerate(system.scales)], axis=2)
    values = np.where(np.isnan(panel.values), np.nan, native)
    return Twin(replace(panel, values=values), grid, straight and not touched)


def past_values(grid: Array, entity: NDArray[np.int64], time: NDArray[np.int64], lags: int) -> Array:
    """Return (n, L p) the periods before, oldest first."""
    blocks = [grid[entity, time - lag] for lag in range(lags, 0, -1)]
    return np.concatenate(blocks, axis=1) if blocks else np.zeros((entity.size, 0))
