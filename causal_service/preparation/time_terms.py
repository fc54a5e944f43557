"""Level, trend and season of a single series, or of a few: what stands in for period effects that would cost too much.

With N entities, period effects take 1/N of the variance with them, and with one entity all of it. Below five entities
(with shocks in common, below four) each gets deterministic terms of its own instead: a level, a straight trend, and
those bends and harmonics of the calendar for which there is evidence (Harvey 1989, Forecasting, Structural Time Series
Models and the Kalman Filter, ch. 2.3.4; all harmonics together are seasonal dummies). Evidence is an F test in a
regression on the terms so far and the indicator's own last period, over all indicators and entities: each by itself
after Bonferroni, or all together by Fisher's method. A common season left in looks like effects, a harmonic too many
costs two rows: the test is generous.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc, fdtrc, ndtr

from causal_service.panel.panel import Panel
from causal_service.panel.periods import parse_period
from causal_service.preparation.rows import Rows

__all__ = ["DEAREST_SHARE", "Cycle", "TimeTerms", "calendar_cycles", "removed_terms", "time_terms"]

DEAREST_SHARE = 0.2
"""Share of the variance that period effects may cost, and of an entity's rows that terms in their place may."""
DEAREST_WITH_SHOCKS = 0.25
"""Share that period effects may cost where the entities show shocks in common."""
EVIDENCE = 0.05
"""Level of the test for further terms, divided by their number."""
FEWEST_CYCLES = 2
"""Seasons that must have been seen before one is looked for."""
MOST_HARMONICS = 6
"""Harmonics of one cycle that are tried; six are a full set of monthly dummies."""
_YEAR_DAYS = 365.2425

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Cycle:
    """A season of the calendar."""

    name: str
    """``year`` | ``week``."""
    length: float
    """Periods in one cycle."""

    @property
    def harmonics(self) -> int:
        """Number of harmonics that can be told apart and are tried."""
        return min(MOST_HARMONICS, int(self.length // 2))


@dataclass(frozen=True, slots=True, eq=False)
class TimeTerms:
    """Deterministic terms of every entity."""

    columns: Array
    """(R, k) at the rows: level, trend, bend, harmonics."""
    cycles: tuple[Cycle, ...]
    """Seasons that were looked for."""
    bent: bool
    """Whether the trend has a quadratic term."""
    harmonics: tuple[tuple[str, int], ...]
    """(cycle, harmonic) for which there was evidence, in the order of the calendar."""


def removed_terms(panel: Panel, rows: Rows, present: Array, past: Array) -> TimeTerms | None:
    """Return the terms that take the place of period effects, ``None`` where period effects (or a mean) are removed.

    A series always has terms. Few entities have them when period effects would cost more than ``DEAREST_SHARE`` of the
    variance, or more than ``DEAREST_WITH_SHOCKS`` where the entities show shocks in common beside the terms. Parameters
    as in ``time_terms``.
    """
    if panel.regime == "series":
        return time_terms(panel, rows, present, past)
    entities = np.unique(rows.entity).size
    if panel.regime == "cross-section" or entities < 2 or entities * DEAREST_SHARE >= 1:
        return None
    terms = time_terms(panel, rows, present, past)
    too_dear = entities * DEAREST_WITH_SHOCKS < 1
    return terms if too_dear or _common_shocks(rows, present, past, terms.columns) > EVIDENCE else None


def calendar_cycles(panel: Panel) -> tuple[Cycle, ...]:
    """Return the seasons that the calendar has and the panel has seen at least ``FEWEST_CYCLES`` times."""
    instants = [parse_period(label) for label in panel.periods]
    known = [instant for instant in instants if instant is not None]
    if len(known) < 2 or len(known) < len(instants):
        return ()
    family, step = known[0][0], known[1][1] - known[0][1]
    if family == "day" and panel.frequency == "day":
        business = len(known) >= 10 and all((ordinal - 1) % 7 < 5 for _, ordinal in known)
        week = 5.0 if business else 7.0 / step
        found = [Cycle("week", week), Cycle("year", _YEAR_DAYS / 7 * week)]
    else:
        year = {"month": 12.0, "quarter": 4.0, "week": _YEAR_DAYS / 7}.get(family, 0.0)
        found = [Cycle("year", year / step)]
    return tuple(c for c in found if c.length >= 2 and len(panel.periods) >= FEWEST_CYCLES * c.length)


def time_terms(panel: Panel, rows: Rows, present: Array, past: Array) -> TimeTerms:
    """Return the terms of a panel for which there is evidence.

    Parameters
    ----------
    present : values (R, p) of the present block, NaN = missing.
    past : the indicators one period earlier (R, p); (R, 0) without lags.
    """
    cycles = calendar_cycles(panel)
    time = (rows.time - rows.time.min()).astype(np.float64)
    middle = time.max() / 2
    line = (time - middle) / max(middle, 1.0)
    columns = np.stack([np.ones_like(line), line], axis=1)
    candidates: dict[tuple[str, int], Array] = {("bend", 2): (line**2)[:, None]}
    for cycle in cycles:
        for h in range(1, cycle.harmonics + 1):
            angle = 2 * np.pi * h * time / cycle.length
            pair = [np.cos(angle), np.sin(angle)] if 2 * h < cycle.length else [np.cos(angle)]
            candidates[cycle.name, h] = np.stack(pair, axis=1)
    room = DEAREST_SHARE * np.bincount(rows.entity)[np.unique(rows.entity)].min()
    chosen: list[tuple[str, int]] = []
    level = EVIDENCE / len(candidates)
    while open_terms := [key for key in candidates if key not in chosen]:
        fitting = [key for key in open_terms if columns.shape[1] + candidates[key].shape[1] <= room]
        p = [_p_value(rows, present, past, columns, candidates[key]) for key in fitting]
        if not p or min(p) > level:
            break
        chosen.append(fitting[int(np.argmin(p))])
        columns = np.concatenate([columns, candidates[chosen[-1]]], axis=1)
    harmonics = tuple(key for key in candidates if key in chosen and key[0] != "bend")
    return TimeTerms(columns, cycles, ("bend", 2) in chosen, harmonics)


def _p_value(rows: Rows, present: Array, past: Array, base: Array, candidate: Array) -> float:
    """P-value of ``candidate`` (R, c) beside ``base`` and the own past, over all entities and indicators."""
    p_values = []
    for own, j, X in _regressions(rows, present, past, base):
        root = np.sqrt(rows.weight[own])
        p_values.append(_f_test(root * present[own, j], root[:, None] * X, root[:, None] * candidate[own]))
    return _combined(np.array(p_values))


def _common_shocks(rows: Rows, present: Array, past: Array, base: Array) -> float:
    """P-value that what moves an indicator in one entity does not move it in the others in the same period.

    The mean correlation between entities of what the terms and the own past leave, by indicator (Pesaran 2021,
    Empirical Economics 60, "General diagnostic tests for cross-sectional dependence in panels").
    """
    codes, entity = np.unique(rows.entity, return_inverse=True)
    left = np.full((codes.size, int(rows.time.max()) + 1, present.shape[1]), np.nan)
    for own, j, X in _regressions(rows, present, past, base):
        Q = np.linalg.qr(X)[0]
        y = present[own, j]
        left[entity[own], rows.time[own], j] = y - Q @ (Q.T @ y)
    total, pairs = np.zeros(present.shape[1]), np.zeros(present.shape[1])
    for i in range(codes.size):
        for k in range(i):
            both = ~np.isnan(left[i] + left[k])
            count = both.sum(axis=0)
            a, b = (np.where(both, x, 0.0) for x in (left[i], left[k]))
            size = np.sqrt((a * a).sum(axis=0) * (b * b).sum(axis=0))
            usable = (count > 3) & (size > 0)
            r = np.divide((a * b).sum(axis=0), size, out=np.zeros_like(size), where=usable)
            total += np.sqrt(count) * r
            pairs += usable
    return _combined(2 * ndtr(-np.abs(total) / np.sqrt(np.maximum(pairs, 1.0))))


def _regressions(
    rows: Rows, present: Array, past: Array, base: Array
) -> Iterator[tuple[NDArray[np.int64], int, Array]]:
    """Yield, per entity and indicator, its measured rows, the indicator, and the regressors base and own past there."""
    for code in np.unique(rows.entity):
        entity = np.flatnonzero(rows.entity == code)
        for j in range(present.shape[1]):
            X = base[entity] if past.shape[1] == 0 else np.concatenate([base[entity], past[entity, j : j + 1]], axis=1)
            seen = ~(np.isnan(present[entity, j]) | np.isnan(X).any(axis=1))
            yield entity[seen], j, X[seen]


def _combined(p_values: Array) -> float:
    """Return one p-value: the smallest after Bonferroni or all by Fisher's method, twice the better of the two."""
    p = np.clip(p_values, 1e-300, 1.0)
    together = float(chdtrc(2.0 * p.size, -2.0 * np.log(p).sum()))
    return min(1.0, 2.0 * min(together, p.size * float(p.min())))


def _f_test(y: Array, X: Array, C: Array) -> float:
    """P-value of the columns C beside X in the least-squares regression of y; 1 where nothing can be tested."""
    Q = np.linalg.qr(np.concatenate([X, C], axis=1))[0]
    k, c = X.shape[1], C.shape[1]
    free = y.size - k - c
    if free < 4:
        return 1.0
    shares = (Q.T @ y) ** 2
    rest = float(y @ y - shares.sum())
    if rest <= 1e-12 * float(y @ y):
        return 1.0
    return float(fdtrc(c, free, float(shares[k:].sum()) / c / (rest / free)))
