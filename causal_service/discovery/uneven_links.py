"""Links whose coefficient over all rows is not that of the average entity.

A coefficient over all rows counts entities by how far they move the source. Where those that move it far have another
coefficient than those that do not, it is not the mean over entities (Pesaran & Smith 1995, J. Econometrics 68), though
nothing is wrong with either. What an entity's coefficient exceeds the common one by is told by its scores, with its own
standard deviations and the correlations of all; the mean excess is judged against a variance clustered both by entity
and by period (Cameron, Gelbach & Miller 2011, J. Business & Economic Statistics 29), because what all entities lose as
effects of a period they lose together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from causal_service.discovery.discover import Discovery
from causal_service.graph.separation import reached
from causal_service.preparation.prepared import Prepared
from causal_service.preparation.within_rows import WithinRows

__all__ = ["UnevenLink", "uneven_links"]

Array = NDArray[np.float64]

LEVEL = 0.01
"""Chance of a false alarm in a study, over all that is tested."""
LARGE = 0.3
"""The two coefficients are different for practical purposes from this share of the larger one."""
STEADY = 0.8
"""Share of the draws that have an arrow that is looked at."""
LEAST_OWN = 0.25
"""Share of the common standard deviation below which an entity moves too little to tell its coefficient."""
FEWEST_ENTITIES = 15
"""Entities needed to tell their mean."""


@dataclass(frozen=True, slots=True)
class UnevenLink:
    """A link with another coefficient over all rows than on average over entities."""

    source: str
    """Indicator key."""
    target: str
    """Indicator key."""
    lag: int
    """Lag of the link, periods."""
    pooled: float
    """Coefficient over all rows, target's unit per source's unit."""
    mean: float
    """Mean of the coefficients of the entities, same unit."""


def uneven_links(
    prepared: Prepared, within: WithinRows, discovery: Discovery, levers: Sequence[str], outcomes: Sequence[str]
) -> tuple[UnevenLink, ...]:
    """Return the uneven links between different indicators.

    Looked at are the steady arrows of the full-sample graph (others may be the doing of a few entities), and every
    lever on an outcome that is no cause of it: coefficients that cancel out leave no arrow.
    """
    if prepared.unit != "entity" or prepared.entities < FEWEST_ENTITIES:
        return ()
    links = _candidates(prepared, discovery, levers, outcomes)
    p, found = len(prepared.names), []
    for y in sorted({y for y, _ in links}):
        sources = np.array(sorted(c for target, c in links if target == y))
        held = np.flatnonzero(discovery.full.members[0][y])
        for link, pooled, mean in _uneven(prepared, within, y, np.union1d(held, sources), len(links)):
            if link in sources:
                unit = float(prepared.unit_sd[y] / prepared.unit_sd[link % p])
                names = prepared.names[link % p], prepared.names[y]
                found.append(UnevenLink(*names, prepared.lags - link // p, pooled * unit, mean * unit))
    return tuple(sorted(found, key=lambda one: (one.target, one.source, one.lag)))


def _candidates(
    prepared: Prepared, discovery: Discovery, levers: Sequence[str], outcomes: Sequence[str]
) -> set[tuple[int, int]]:
    """Return (target, column of the source) of what is looked at."""
    names, member = prepared.names, discovery.full.members[0]
    p, now = len(names), prepared.lags * len(names)
    sums = {total.name for total in prepared.totals}
    steady = member & (np.mean([draw.members[0] for draw in discovery.draws], axis=0) >= STEADY)
    links = {(y, int(c)) for y in range(p) for c in np.flatnonzero(steady[y]) if names[y] not in sums and c % p != y}
    for y in (names.index(outcome) for outcome in outcomes if outcome in names and outcome not in sums):
        follows = reached(member[:, now:])[:, y]
        free = [names.index(x) for x in levers if x in names and x not in sums]
        links |= {(y, now + x) for x in free if not follows[x]}
    plain = _plain(prepared)
    return {(y, c) for y, c in links if plain[y] and plain[c % p]}


def _plain(prepared: Prepared) -> NDArray[np.bool_]:
    """Return (p,): indicators that are neither states nor counts, whose slopes go with their levels by nature."""
    kinds = ("continuous",) * len(prepared.names) if prepared.curves is None else prepared.curves.kinds
    return np.array([kind == "continuous" for kind in kinds])


def _uneven(
    prepared: Prepared, within: WithinRows, y: int, columns: NDArray[np.int64], asked: int
) -> list[tuple[int, float, float]]:
    """Return (column, coefficient over all rows, mean over entities) of those that differ for one target."""
    now = prepared.lags * len(prepared.names)
    X = within.filled @ prepared.expand[columns].T
    target = within.filled @ prepared.expand[now + y]
    entity, period = (np.unique(codes, return_inverse=True)[1] for codes in (within.rows.entity, within.rows.time))
    blocks = min(entity.max(), period.max())
    limit = -float(stdtrit(blocks, LEVEL / 2 / max(asked, 1)))
    found = []
    for i, column in enumerate(columns):
        b, share = _excess(X, target, i, _bends(prepared, within, int(column)), within.rows.weight, entity)
        clustered = _spread(_sums(share, entity))
        both = clustered + _spread(_sums(share, period)) - _spread(share)
        apart, error = float(share.sum()), float(np.sqrt(max(both, clustered)))
        if abs(apart) > limit * error and abs(apart) > LARGE * max(abs(b), abs(b + apart)):
            found.append((int(column), b, b + apart))
    return found


def _excess(
    X: Array, target: Array, i: int, bends: Array, weight: Array, entity: NDArray[np.intp]
) -> tuple[float, Array]:
    """Return the coefficient of column ``i`` over all rows, and (n,) what every row adds to the mean excess over it.

    What goes with the level of the source is left to ``bends``: where a mechanism bends, entities at other levels have
    other slopes, and effects are averages over levels.
    """
    root = np.sqrt(weight)[:, None]
    pooled = float(np.linalg.lstsq(X * root, target * root[:, 0], rcond=1e-10)[0][i])
    others = np.column_stack([np.delete(X, i, axis=1), bends]) * root
    x, y = (
        v * root[:, 0] - others @ np.linalg.lstsq(others, v * root[:, 0], rcond=1e-10)[0] for v in (X[:, i], target)
    )
    rest = y - x * (x @ y) / max(float(x @ x), 1e-300)
    own, mass = np.bincount(entity, x * x), np.bincount(entity, weight)
    least = LEAST_OWN**2 * float(x @ x) / float(weight.sum())
    return pooled, x * rest / np.maximum(own, least * mass)[entity] / mass.size


def _bends(prepared: Prepared, within: WithinRows, column: int) -> Array:
    """Return (n, 2): square and cube of the level of a column, less the effects that are removed."""
    p, b = len(prepared.names), len(within.names)
    name = prepared.names[column % p]
    if name not in within.names:
        return np.empty((len(within.filled), 0))
    place = column // p * b + within.names.index(name)
    level = within.rows.take(within.values)[:, place]
    level = np.where(np.isnan(level), np.nanmean(level), level)
    level = (level - level.mean()) / max(float(level.std()), 1e-300)
    return within.without_effects(np.column_stack([level**2, level**3]))


def _sums(values: Array, code: NDArray[np.intp]) -> Array:
    return np.asarray(np.bincount(code, values), np.float64)


def _spread(parts: Array) -> float:
    """Return the variance of the sum of independent ``parts`` (m,) of one mean."""
    return float(parts.var(ddof=1)) * len(parts)
