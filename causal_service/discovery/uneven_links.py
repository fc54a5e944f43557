"""Links whose coefficient over all rows is not that of the average entity.

A coefficient over all rows counts entities by how far they move the source. Where those that move it far have another
coefficient than those that do not, it is not the mean over entities (Pesaran & Smith 1995, J. Econometrics 68), though
nothing is wrong with either. What an entity's coefficient exceeds the common one by is told by a regression of its own,
others held equal over all rows (Frisch & Waugh 1933); the mean excess is judged against a variance clustered by entity
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
from causal_service.discovery.stability import FEWEST_ENTITIES, LEVEL
from causal_service.graph.separation import reached
from causal_service.preparation.kinds import kind_of
from causal_service.preparation.prepared import Prepared
from causal_service.preparation.within_rows import WithinRows

__all__ = ["UnevenLink", "uneven_links"]

Array = NDArray[np.float64]

LARGE = 0.3
"""The two coefficients are different for practical purposes from this share of the larger one."""
BESIDE_BENDS = 2.0
"""Standard errors by which the two must differ the same way where what goes with the level is held equal."""
STEADY = 0.8
"""Share of the draws that have an arrow that is looked at."""
LEAST_OWN = 0.25
"""Share of the common standard deviation below which an entity moves too little to tell its coefficient."""


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
    links = _candidates(prepared, within, discovery, levers, outcomes)
    p, found = len(prepared.names), []
    rows = within.rows
    codes = tuple(np.unique(labels, return_inverse=True)[1] for labels in (rows.entity, rows.time))
    for y in sorted({y for y, _ in links}):
        sources = np.array(sorted(c for target, c in links if target == y))
        held = np.flatnonzero(discovery.full.members[0][y])
        equation = _Equation.of(prepared, within, y, np.union1d(held, sources))
        for link, pooled, mean in _uneven(prepared, within, equation, sources, codes, len(links)):
            unit = float(prepared.unit_sd[y] / prepared.unit_sd[link % p])
            names = prepared.names[link % p], prepared.names[y]
            found.append(UnevenLink(*names, prepared.lags - link // p, pooled * unit, mean * unit))
    return tuple(sorted(found, key=lambda one: (one.target, one.source, one.lag)))


def _candidates(
    prepared: Prepared, within: WithinRows, discovery: Discovery, levers: Sequence[str], outcomes: Sequence[str]
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
    plain = _plain(prepared, within)
    return {(y, c) for y, c in links if plain[y] and plain[c % p]}


def _plain(prepared: Prepared, within: WithinRows) -> NDArray[np.bool_]:
    """Return (p,): indicators that are neither states nor counts, whose slopes go with their levels by nature."""
    kinds = {name: kind_of(within.values[:, :, j]) for j, name in enumerate(within.names)}
    return np.array([kinds.get(name, "continuous") == "continuous" for name in prepared.names])


def _uneven(
    prepared: Prepared,
    within: WithinRows,
    equation: _Equation,
    sources: NDArray[np.int64],
    codes: tuple[NDArray[np.intp], ...],
    asked: int,
) -> list[tuple[int, float, float]]:
    """Return (source, coefficient over all rows, mean over entities) of those that differ for one target.

    ``sources`` are among the columns of the equation; ``codes`` number the entity and the period of every row.
    """
    entity, period = codes
    limit = -float(stdtrit(min(entity.max(), period.max()), LEVEL / 2 / max(asked, 1)))
    found = []
    for source in sources:
        place = int(np.searchsorted(equation.columns, source))
        slope, share = equation.excess(place, np.empty((len(entity), 0)), entity)
        apart, sure = float(share.sum()), _sure(share, entity, period)
        if abs(sure) <= limit or abs(apart) <= LARGE * max(abs(slope), abs(slope + apart)):
            continue
        _, beside = equation.excess(place, _bends(prepared, within, int(source)), entity)
        if _sure(beside, entity, period) * np.sign(sure) > BESIDE_BENDS:
            found.append((int(source), slope, slope + apart))
    return found


def _sure(share: Array, entity: NDArray[np.intp], period: NDArray[np.intp]) -> float:
    """Return the sum of what rows add, in its standard errors clustered by entity and by period."""
    clustered = _spread(_sums(share, entity))
    both = clustered + _spread(_sums(share, period)) - _spread(share)
    return float(share.sum()) / max(float(np.sqrt(max(both, clustered))), 1e-300)


@dataclass(frozen=True, slots=True, eq=False)
class _Equation:
    """A target regressed on all that is held equal, once for all sources (Frisch & Waugh 1933)."""

    columns: NDArray[np.int64]
    """(k,) what is held equal, ascending."""
    X: Array
    """(n, k) columns times the root of the weights."""
    weight: Array
    """(n,) weights."""
    inverse: Array
    """(k, k) inverse of the Gram matrix."""
    slopes: Array
    """(k,) coefficients."""
    rest: Array
    """(n,) what they leave of the target."""

    @classmethod
    def of(cls, prepared: Prepared, within: WithinRows, y: int, columns: NDArray[np.int64]) -> _Equation:
        root = np.sqrt(within.rows.weight)
        X = within.filled @ prepared.expand[columns].T * root[:, None]
        target = within.filled @ prepared.expand[prepared.lags * len(prepared.names) + y] * root
        inverse = np.asarray(np.linalg.pinv(X.T @ X, rcond=1e-10, hermitian=True), np.float64)
        slopes = inverse @ (X.T @ target)
        return cls(columns, X, within.rows.weight, inverse, slopes, target - X @ slopes)

    def excess(self, i: int, bends: Array, entity: NDArray[np.intp]) -> tuple[float, Array]:
        """Return the slope of column ``i``, and (n,) what every row adds to the mean excess of the entities' slopes.

        ``bends`` (n, q) are held equal, too.
        """
        own = self.X @ self.inverse[:, i] / max(float(self.inverse[i, i]), 1e-300)
        size = float(own @ own)
        if size <= 1e-9 * float(self.X[:, i] @ self.X[:, i]):  # others tell it exactly
            return float(self.slopes[i]), np.zeros(len(own))
        B = bends * np.sqrt(self.weight)[:, None]
        B = B - self.X @ (self.inverse @ (self.X.T @ B)) + np.outer(own, own @ B / size)
        x, y = (v - B @ np.linalg.lstsq(B, v, rcond=1e-10)[0] for v in (own, self.rest + own * self.slopes[i]))
        slope = float(x @ y) / max(float(x @ x), 1e-300)
        moves, mass = np.bincount(entity, x * x), np.bincount(entity, self.weight)
        least = LEAST_OWN**2 * float(x @ x) / float(self.weight.sum())
        return slope, x * (y - x * slope) / np.maximum(moves, np.maximum(least * mass, 1e-300))[entity] / mass.size


def _bends(prepared: Prepared, within: WithinRows, column: int) -> Array:
    """Return (n, 2): square and cube of the level of a column, less the effects that are removed."""
    p = len(prepared.names)
    name = prepared.names[column % p]
    if name not in within.names:
        return np.empty((len(within.filled), 0))
    rows, lag = within.rows, prepared.lags - column // p
    level = within.values[rows.entity, rows.time - lag, within.names.index(name)]
    level = np.where(np.isnan(level), np.nanmean(level), level)
    level = (level - level.mean()) / max(float(level.std()), 1e-300)
    return within.without_effects(np.column_stack([level**2, level**3]))


def _sums(values: Array, code: NDArray[np.intp]) -> Array:
    return np.asarray(np.bincount(code, values), np.float64)


def _spread(parts: Array) -> float:
    """Return the variance of the sum of independent ``parts`` (m,) of one mean."""
    return float(parts.var(ddof=1)) * len(parts)
