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
    return links


def _uneven(
    prepared: Prepared, within: WithinRows, y: int, columns: NDArray[np.int64], asked: int
) -> list[tuple[int, float, float]]:
    """Return (column, coefficient over all rows, mean over entities) of those that differ for one target."""
    rows, now = within.rows, prepared.lags * len(prepared.names)
    X = within.filled @ prepared.expand[columns].T
    target = within.filled @ prepared.expand[now + y]
    weight = rows.weight[:, None]
    pooled = (X * weight).T @ X / rows.weight.sum()
    b = np.linalg.lstsq(pooled, X.T @ (target * rows.weight) / rows.weight.sum(), rcond=1e-10)[0]
    entity, period = (np.unique(codes, return_inverse=True)[1] for codes in (rows.entity, rows.time))
    mass = np.bincount(entity, rows.weight)
    own = _sums(X**2 * weight, entity) / mass[:, None]
    ratio = np.maximum(np.sqrt(own / np.maximum(np.diag(pooled), 1e-300)), LEAST_OWN)[entity]
    scores = X * ((target - X @ b) * rows.weight)[:, None] / ratio
    share = np.linalg.lstsq(pooled, scores.T, rcond=1e-10)[0].T / ratio / mass[entity, None] / mass.size
    by_entity, by_period = (_sums(share, code) for code in (entity, period))
    apart, clustered = share.sum(axis=0), _spread(by_entity)
    error = np.sqrt(np.maximum(clustered + _spread(by_period) - _spread(share), clustered))
    limit = -float(stdtrit(min(len(by_entity), len(by_period)) - 1, LEVEL / 2 / max(asked, 1)))
    large = LARGE * np.maximum(np.abs(b), np.abs(b + apart))
    hits = np.flatnonzero((np.abs(apart) > limit * error) & (np.abs(apart) > large))
    return [(int(columns[i]), float(b[i]), float(b[i] + apart[i])) for i in hits]


def _spread(parts: Array) -> Array:
    """Return (k,): the variance of the sums of independent ``parts`` (m, k) of one mean."""
    return np.asarray(parts.var(axis=0, ddof=1) * len(parts))


def _sums(values: Array, code: NDArray[np.intp]) -> Array:
    """Return (codes, k): the sums of the rows of ``values`` (n, k) by code."""
    return np.stack([np.bincount(code, column) for column in values.T], axis=1)
