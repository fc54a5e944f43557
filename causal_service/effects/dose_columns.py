"""The columns a dose-response is estimated from: the lever's spline, what is adjusted for, the outcome further on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from causal_service.discovery.discover import Discovery
from causal_service.numerics.kept_response import Stage
from causal_service.numerics.natural_spline import KNOT_QUANTILES, bends
from causal_service.numerics.possible_paths import descending
from causal_service.preparation.within_rows import WithinRows

__all__ = [
    "Beside",
    "Spline",
    "adjusters",
    "beside_columns",
    "column_values",
    "following",
    "slopes_by_entity",
    "stages_of",
]

Array = NDArray[np.float64]

MENTIONED = 0.1
"""Share of draws from which a cause of the lever or of the outcome counts."""
SETTLED = 0.9
"""Share of draws from which a same-period cause of the lever is adjusted for in every draw."""
AGREED = 0.5
"""Share of draws from which an arrow counts as agreed."""
UNLIKELY = 0.2
"""Share of draws below which a column is not taken for a consequence of the lever."""
MOST_SETS = 4
"""Largest number of different adjustment sets that are averaged over."""
FEWEST_ENTITIES = 12
"""Entities from which slopes may differ by the entity's own level and spread."""
GROUPED, MOST_GROUPS = 8, 6
"""Entities per group with a slope of its own, and most such groups."""
BENT = 0.5
"""Share of draws from which the arrow of an adjuster counts as bent."""


@dataclass(frozen=True, slots=True, eq=False)
class Spline:
    """A natural cubic spline: x itself, then its bends."""

    knots: Array
    """(m,) strictly increasing."""

    def columns(self, x: Array) -> Array:
        """Return (..., m - 1) values of the columns at x (...)."""
        return np.concatenate([x[..., None], bends(x, self.knots)[0]], axis=-1)

    def slopes(self, x: Array) -> Array:
        """Return (..., m - 1) derivatives of the columns at x (...)."""
        return np.concatenate([np.ones_like(x)[..., None], bends(x, self.knots)[1]], axis=-1)


@dataclass(frozen=True, slots=True, eq=False)
class Beside:
    """What is adjusted for, as positions among the columns of the base indicators [lagged | present]."""

    columns: tuple[int, ...]
    """Positions of all candidates, ascending."""
    sets: tuple[tuple[int, ...], ...]
    """Adjustment sets by falling share, as positions in ``columns``."""
    shares: tuple[float, ...]
    """Share of the draws that have each set, of those whose sets are kept; sum 1."""
    bent: tuple[int, ...]
    """Positions in ``columns`` of those that enter with a spline of their own."""
    late: tuple[int, ...]
    """Base indicators that move the outcome, are no consequence of the lever at any later time, and are therefore
    adjusted for at the time of the outcome, too: that takes noise out of it and nothing else."""


def column_values(within: WithinRows, name: str, *, raw: bool) -> Array:
    """Return (E, T) values of an indicator in its unit; on the scale of the linear system where not ``raw``.

    On that scale values are divided by the average slope, so that differences are in the indicator's unit on average.
    """
    if name in within.names and not (raw and name in within.kinds):
        j = within.names.index(name)
        values: Array = within.values[:, :, j]
        return values if name not in within.kinds else values / within.slopes[j]
    whole: Array = within.panel.values[:, :, within.panel.indicators.index(name)]
    return whole


def slopes_by_entity(within: WithinRows, x: Array) -> Array:
    """Return (E, T, k) columns by which the slope of the lever x (E, T) differs with an entity's own mean level, with
    its spread and by group of entities with like levels, in this order; k = 0 where entities are too few."""
    rows = within.rows
    used = np.full_like(x, np.nan)
    used[rows.entity, rows.time] = x[rows.entity, rows.time]
    seen = ~np.isnan(used)
    count = seen.sum(axis=1)
    known = count >= 2
    if within.panel.regime != "panel" or known.sum() < FEWEST_ENTITIES:
        return x[..., None][..., :0]
    values = np.where(seen, used, 0.0)
    mean = values.sum(axis=1) / np.maximum(count, 1)
    spread = np.sqrt((np.where(seen, used - mean[:, None], 0.0) ** 2).sum(axis=1) / np.maximum(count - 1, 1))
    parts: list[Array] = []
    for column in (mean, spread, *_groups(mean, known)):
        Q = np.column_stack([np.ones(int(known.sum())), *(part[known] for part in parts)])
        left = column[known] - Q @ np.linalg.lstsq(Q, column[known], rcond=None)[0]
        size = float(np.sqrt((left**2).mean()))
        if size <= 1e-9 * float(np.abs(column[known]).max()):
            continue
        own = np.zeros_like(mean)
        own[known] = left / size
        parts.append(own)
    return np.stack([x * own[:, None] for own in parts], axis=2) if parts else x[..., None][..., :0]


def _groups(mean: Array, known: NDArray[np.bool_]) -> list[Array]:
    """Return indicators (E,) of groups of entities by their mean level, all groups but the first."""
    count = int(np.clip(known.sum() // GROUPED, 2, MOST_GROUPS))
    edges = np.quantile(mean[known], np.linspace(0, 1, count + 1)[1:-1])
    group = np.searchsorted(edges, mean, side="right")
    return [(group == g).astype(np.float64) for g in range(1, count)]


def adjusters(within: WithinRows, discovery: Discovery, lever: str, outcome: str) -> Beside:
    """Return what to adjust for when the lever's response is read.

    The causes of the lever make a valid set (Pearl 2009, theorem 3.2.5), and so does any larger set without
    consequences of the lever; causes of the outcome make it more precise (Henckel, Perkovic & Maathuis 2022, JRSS B
    84). Nothing earlier is a consequence. Same-period causes about which the draws disagree make sets of their own.
    """
    p, m = len(discovery.names), discovery.full.members.shape[2] - len(discovery.names)
    members = np.stack([draw.members[0] for draw in discovery.draws])
    bent_arrows = np.stack([draw.bent for draw in discovery.draws])
    x, y = _rows_of(within, discovery, lever), discovery.names.index(outcome)
    causes: NDArray[np.bool_] = np.asarray(members[:, x].any(axis=1))
    causes[:, [m + j for j in x]] = False
    either = causes | members[:, y]
    share, of_lever = either.mean(axis=0), causes.mean(axis=0)
    earlier = {c for c in range(m) if share[c] >= MENTIONED}
    follows = np.mean([following(member[:, m:], x) for member in members], axis=0)
    settled = {c for c in range(m, m + p) if of_lever[c] >= SETTLED or _helps(share[c], follows[c - m])}
    open_ = [c for c in range(m, m + p) if c not in settled and of_lever[c] >= MENTIONED]
    excluded = {m + y, *(m + j for j in x)}
    always, open_ = (earlier | settled) - excluded, [c for c in open_ if c not in excluded]
    patterns: dict[tuple[int, ...], int] = {}
    for row in causes:
        pattern = tuple(c for c in open_ if row[c])
        patterns[pattern] = patterns.get(pattern, 0) + 1
    kept = sorted(patterns.items(), key=lambda item: (-item[1], item[0]))[:MOST_SETS]
    share_bent = np.maximum(bent_arrows[:, y].mean(axis=0), bent_arrows[:, x].max(axis=1).mean(axis=0))
    bent = {c for c in always | set(open_) if share_bent[c] >= BENT}
    own = {c for c in always if c % p in x and c < m}
    sets, counts = [pattern for pattern, _ in kept], [count for _, count in kept]
    agreed = members.mean(axis=0) >= AGREED
    ever = following(_any_lag(agreed, p), x)
    late = {c for c in range(m, m + p) if agreed[y, c] and not ever[c - m] and follows[c - m] < UNLIKELY} - excluded
    return _on_base(within, discovery, sorted(always), sets, counts, bent | own, sorted(late))


def _helps(share: float, follows: float) -> bool:
    """Whether a same-period column is a cause in most draws and a consequence of the lever in hardly any."""
    return share >= AGREED and follows < UNLIKELY


def stages_of(
    within: WithinRows,
    columns: Array,
    target: Array,
    Z: Array,
    late: tuple[int, ...],
    horizon: int,
    half: int | None,
) -> tuple[Stage, ...] | None:
    """Return the stages 0 .. ``horizon``; ``None`` where a stage has no rows.

    Parameters
    ----------
    columns : (E, T, K) the lever's spline; NaN = missing.
    target : (E, T) outcome; NaN = missing.
    Z : (R, q) what is adjusted for, at the rows of ``within``.
    late : base indicators adjusted for at the time of the outcome.
    half : 0 or 1 = rows of the first or second half of the periods only; ``None`` = all.
    """
    rows = within.rows
    K, T = columns.shape[2], columns.shape[1]
    row_of = np.full(target.shape, -1)
    row_of[rows.entity, rows.time] = np.arange(rows.time.size)
    present = within.filled[:, rows.lags * len(within.names) :][:, list(late)]
    stages = []
    for distance in range(horizon + 1):
        inside = rows.time + distance < T
        when = np.minimum(rows.time + distance, T - 1)
        steps = [columns[rows.entity, np.minimum(rows.time + distance - k, T - 1)] for k in range(distance + 1)]
        y = target[rows.entity, when]
        kept = inside & ~np.isnan(y) & ~np.isnan(np.concatenate(steps, axis=1)).any(axis=1)
        there = row_of[rows.entity, when]
        also = present[there] if distance else present[:, :0]
        kept &= there >= 0
        if half is not None and kept.any():
            first, last = rows.time[kept].min(), rows.time[kept].max()
            kept &= (2 * rows.time > first + last) == bool(half)
        if not kept.any():
            return None
        block = np.concatenate([*(step[kept] for step in steps), Z[kept], also[kept], y[kept, None]], axis=1)
        clean = within.part_without_effects(kept, block)
        later = clean[:, : distance * K].reshape(int(kept.sum()), distance, K)
        stages.append(
            Stage(
                dose=clean[:, distance * K : (distance + 1) * K],
                later=later,
                beside=clean[:, (distance + 1) * K : (distance + 1) * K + Z.shape[1]],
                late=clean[:, (distance + 1) * K + Z.shape[1] : -1],
                outcome=clean[:, -1],
                weight=rows.weight[kept],
                cluster=within.blocks.code[kept],
            )
        )
    return tuple(stages)


def _rows_of(within: WithinRows, discovery: Discovery, lever: str) -> list[int]:
    """Positions of the lever among the indicators; of its parts, too, where it is an exact sum."""
    parts = next((total.parts for total in within.totals if total.name == lever), ())
    return [discovery.names.index(name) for name in (lever, *parts)]


def following(arrows: NDArray[np.bool_], start: Sequence[int]) -> NDArray[np.bool_]:
    """Return (p,) which indicators follow from ``start``, itself included; ``arrows`` (p, p) is [effect, cause]."""
    begun = np.zeros(arrows.shape[0], np.bool_)
    begun[list(start)] = True
    return np.asarray(descending(np.ascontiguousarray(arrows), begun), np.bool_)


def _any_lag(member: NDArray[np.bool_], p: int) -> NDArray[np.bool_]:
    """Return (p, p) [effect, cause] arrows of any lag."""
    joined: NDArray[np.bool_] = np.asarray(member.reshape(p, -1, p).any(axis=1))
    return joined


def _on_base(
    within: WithinRows,
    discovery: Discovery,
    always: list[int],
    open_sets: list[tuple[int, ...]],
    counts: list[int],
    bent: set[int],
    late: list[int],
) -> Beside:
    """Translate columns of all indicators to columns of base indicators; a total stands for its parts."""
    p, b = len(discovery.names), len(within.names)

    def base(c: int) -> list[int]:
        name = discovery.names[c % p]
        parts = next((total.parts for total in within.totals if total.name == name), (name,))
        return [(c // p) * b + within.names.index(part) for part in parts]

    sets = [{j for c in (*always, *pattern) for j in base(c)} for pattern in open_sets]
    columns = sorted(set().union(*sets))
    bending = {j for c in bent for j in base(c)} & set(columns)
    return Beside(
        tuple(columns),
        tuple(tuple(columns.index(j) for j in sorted(chosen)) for chosen in sets),
        tuple(count / sum(counts) for count in counts),
        tuple(columns.index(j) for j in sorted(bending)),
        tuple(sorted({j % b for c in late for j in base(c)})),
    )


def beside_columns(within: WithinRows, beside: Beside) -> tuple[Array, NDArray[np.int64]]:
    """Return (columns (R, q), position of the candidate that each belongs to (q,)): all linear, some with bends."""
    linear = within.filled[:, list(beside.columns)]
    b, parts, owner = len(within.names), [linear], list(range(len(beside.columns)))
    for position in beside.bent:
        column = beside.columns[position]
        x = within.values[:, :, column % b]
        knots = np.quantile(x[~np.isnan(x)], KNOT_QUANTILES)
        if not (np.diff(knots) > 1e-9 * (knots[-1] - knots[0])).all():
            continue
        lag = within.rows.lags - column // b
        B = within.without_effects(bends(x[within.rows.entity, within.rows.time - lag], knots)[0])
        straight, seen = linear[:, position], ~np.isnan(B[:, 0])
        share = (straight[seen] @ B[seen]) / max(float(straight[seen] @ straight[seen]), 1e-300)
        parts.append(np.where(seen[:, None], B, straight[:, None] * share))
        owner += [position] * B.shape[1]
    return np.concatenate(parts, axis=1), np.array(owner, np.int64)
