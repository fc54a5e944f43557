"""Panels whose entities belong to segments with different effects, with the truth of every segment in closed form.

For entity i of segment s and month t, all indicators together, in the users' units::

    x_it = A0_s x_it + A1_s x_i,t-1 + a_i + g_t + e_it        a_i = (I - A0_s - A1_s) level_i

``A0_s`` same-month and ``A1_s`` previous-month coefficients of the segment, ``level_i`` the entity's own level
(driven by unobserved size and quality), ``g_t`` season and shocks common to all entities, ``e_it`` independent
Gaussian noise.
"""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Coefficients = dict[str, float | dict[str, float]]
BURN, HORIZON = 60, 3


@dataclass(frozen=True, slots=True)
class Equation:
    """One indicator. All numbers are in its own unit."""

    mean: float
    """Average level over all entities."""
    noise: float
    """SD of the independent monthly noise."""
    size: float = 0.0
    """Change of the entity's level per SD of unobserved size."""
    quality: float = 0.0
    """Change of the entity's level per SD of unobserved management quality."""
    own: float = 0.0
    """SD of the level that nothing else explains."""
    season: float = 0.0
    """Half the swing over the year."""
    shock: float = 0.0
    """SD of the monthly shock common to all entities."""
    now: Coefficients = field(default_factory=dict)
    """Same-month causes; a coefficient that differs is given by segment."""
    before: Coefficients = field(default_factory=dict)
    """Previous-month causes, inertia included."""


@dataclass(frozen=True, slots=True)
class Case:
    """A whole data set."""

    system: dict[str, Equation]
    """Equations in causal order."""
    entity: str
    """Header of the entity column."""
    segment: str
    """Header of the segment column."""
    segments: dict[str, int]
    """Entities by segment."""
    months: int
    """Length."""
    levers: tuple[str, ...]
    """Indicators whose truth is stored."""
    outcomes: tuple[str, ...]
    """What they may move."""
    seed: int
    """Of the one panel that is generated."""
    gaps: float = 0.03
    """Share of empty cells."""

    @property
    def keys(self) -> tuple[str, ...]:
        """Indicators in causal order."""
        return tuple(self.system)

    @property
    def members(self) -> list[str]:
        """Segment of every entity."""
        return [name for name, count in self.segments.items() for _ in range(count)]


def matrices(case: Case, segment: str) -> tuple[Array, Array]:
    """Return ``(A0, A1)`` of a segment, each (P, P), row = effect, column = cause."""
    at = {key: j for j, key in enumerate(case.keys)}
    out = np.zeros((2, len(at), len(at)))
    for key, equation in case.system.items():
        for lag, causes in enumerate((equation.now, equation.before)):
            for cause, value in causes.items():
                out[lag, at[key], at[cause]] = value[segment] if isinstance(value, dict) else value
    return out[0], out[1]


@dataclass(frozen=True, slots=True)
class Inputs:
    """Everything random, drawn once, so that twin runs differ by the intervention alone."""

    level: Array
    """(N, P)"""
    common: Array
    """(BURN + T, P)"""
    noise: Array
    """(BURN + T, N, P)"""


def draw(case: Case, seed: int | None = None) -> Inputs:
    """Draw entity levels, common terms and noise."""
    rng = np.random.default_rng(case.seed if seed is None else seed)
    N, P, T = len(case.members), len(case.keys), BURN + case.months
    columns = ("mean", "noise", "size", "quality", "own", "season", "shock")
    table = {name: np.array([getattr(e, name) for e in case.system.values()], dtype=float) for name in columns}
    size, quality = rng.standard_normal((2, N, 1))
    level = table["mean"] + size * table["size"] + quality * table["quality"]
    level = level + rng.standard_normal((N, P)) * table["own"]
    clock = np.arange(T)[:, None] - BURN
    common = table["season"] * np.cos(2 * np.pi * (clock - 10) / 12) + rng.standard_normal((T, P)) * table["shock"]
    return Inputs(level, common, rng.standard_normal((T, N, P)) * table["noise"])


def run(case: Case, inputs: Inputs, hold: tuple[str, float, Array] | None = None, once: bool = False) -> Array:
    """Return the unrounded panel (T, N, P); ``hold = (key, change, base)`` keeps ``key`` at ``base + change``.

    ``base`` is an earlier result of ``run``; with ``once`` only the first month of the panel is changed.
    """
    P, out = len(case.keys), np.empty((case.months, len(case.members), len(case.keys)))
    held = case.keys.index(hold[0]) if hold else -1
    labels = np.array(case.members)
    for name in case.segments:
        mine = labels == name
        a0, a1 = matrices(case, name)
        cut = a0.copy()
        cut[held] = 0.0 if hold else cut[held]
        free, bound = np.linalg.inv(np.eye(P) - a0), np.linalg.inv(np.eye(P) - cut)
        state = inputs.level[mine]
        start = state @ (np.eye(P) - a0 - a1).T
        for t in range(len(inputs.common)):
            right = state @ a1.T + start + inputs.common[t] + inputs.noise[t, mine]
            if hold and t >= BURN and not (once and t > BURN):
                right[:, held] = hold[2][t - BURN, mine, held] + hold[1]
                state = right @ bound.T
            else:
                state = right @ free.T
            if t >= BURN:
                out[t - BURN, mine] = state
    return out


def effects(case: Case, lever: str, outcome: str, segment: str) -> dict[str, float]:
    """Exact effects of one unit of ``lever`` in a segment, outcome unit per lever unit.

    ``impact``: same month. ``sustained``: month ``HORIZON`` when the lever is its own path plus one unit throughout.
    """
    a0, a1 = matrices(case, segment)
    j, y = case.keys.index(lever), case.keys.index(outcome)
    a0[j] = a1[j] = 0.0
    now, unit = np.linalg.inv(np.eye(len(case.keys)) - a0), np.eye(len(case.keys))[j]
    path = [now @ unit]
    for _ in range(HORIZON):
        path.append(now @ (a1 @ path[-1] + unit))
    return {"impact": float(path[0][y]), "sustained": float(path[-1][y])}


def overall(case: Case, lever: str, outcome: str) -> dict[str, float]:
    """Mean of the segments' effects, weighted by their entities."""
    total = sum(case.segments.values())
    found = {name: effects(case, lever, outcome, name) for name in case.segments}
    return {
        kind: sum(case.segments[name] * found[name][kind] for name in found) / total for kind in ("impact", "sustained")
    }


def truth(case: Case) -> str:
    """Return every lever x outcome x segment effect (``segment`` null = all entities) as JSON text."""
    rows = [
        {
            "lever": lever,
            "outcome": outcome,
            "segment": segment,
            "kind": kind,
            "horizon": 0 if kind == "impact" else HORIZON,
            "value": round(value, 12) + 0.0,
        }
        for lever in case.levers
        for outcome in case.outcomes
        for segment in (None, *case.segments)
        for kind, value in (
            overall(case, lever, outcome) if segment is None else effects(case, lever, outcome, segment)
        ).items()
    ]
    content = {"schema": "causal-service/truth/1", "segment": case.segment, "segments": case.segments, "effects": rows}
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def panel_csv(case: Case, seed: int | None = None) -> str:
    """Return the panel as long CSV text: entity, month, segment, then the indicators; gaps are empty."""
    values = run(case, draw(case, seed))
    rng = np.random.default_rng([case.seed if seed is None else seed, 1])
    empty = rng.random(values.shape) < case.gaps
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow((case.entity, "month", case.segment, *case.keys))
    for i, segment in enumerate(case.members):
        for t in range(case.months):
            cells = ["" if empty[t, i, j] else f"{values[t, i, j]:.3f}" for j in range(len(case.keys))]
            writer.writerow(
                (f"{case.entity[:1].upper()}{i + 1:02d}", f"{2022 + t // 12}-{t % 12 + 1:02d}", segment, *cells)
            )
    return text.getvalue()
