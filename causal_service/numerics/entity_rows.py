"""Rows of one group of entities, ready for their Gram matrix: centred, scaled, gaps filled by expectation.

The steps are those of ``within`` and ``gaussian_em`` for given period effects and covariances, which is what makes them
local to an entity: its means need its own rows only. All work happens in small buffers, one entity at a time, in as few
sweeps as means of means allow: one to read, one for the column means, one up to the first filling, one to the end. The
cells of an entity lie side by side, so that a row with its lags is a stretch of them. Gaps are filled in rows with one
gap first, then in those with two, and so on: a processor foresees what it has just done.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from causal_service.numerics.compiled import inner, kernel
from causal_service.numerics.conditional_cells import fill

__all__ = ["EntityFit", "RowBuffers", "entity_rows"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class EntityFit(NamedTuple):
    """What is known before the rows are read; d = b (lags + 1), T periods."""

    effects: Floats
    """(T, d) period effects of the measured cells, on the scale of the values."""
    second: Floats
    """(T, d) period effects that are left once gaps are filled, standardised."""
    inverse_sd: Floats
    """(d,) one over the standard deviation by which each column is scaled."""
    first_omega: Floats
    """(d, d) precision matrix of the scaled columns, for the first filling."""
    omega: Floats
    """(d, d) precision matrix, for the second."""
    middle: Floats
    """(b,) about the mean of each column, on its scale."""
    lags: int
    """Number of lags L."""


class RowBuffers(NamedTuple):
    """Results for one group of entities; written by ``entity_rows``."""

    Z: Floats
    """(rows, d) the rows, times the root of their weight."""
    spread: Floats
    """(d, d) sum of the conditional covariances of filled cells, by row weight."""
    period_sums: Floats
    """(T, d) weighted sums of the rows of each period, before the second filling."""
    squares: Floats
    """(2, b) weighted sum of squares and weight of the observed present cells, before any filling."""
    cells: Floats
    """(3, b) count, sum and sum of squares of the measured cells less ``EntityFit.middle``, in all rows."""
    grid: Floats
    """(entities, T) weight of the row of each entity and period, zero where there is none."""
    level: Floats
    """(entities, b) mean of the observed cells of each entity, NaN where there is none."""


class _Entity(NamedTuple):
    """Work space for one entity of at most n rows."""

    V: Floats
    """(n b,) its cells less their mean, row by row, gaps zero."""
    gap_of: Ints
    """(n, b + 1) columns of the gaps of every row."""
    gaps: Ints
    """(n,) their number."""
    source: Ints
    """(n,) first of the rows behind every usable row, its oldest lag."""
    when: Ints
    """(n,) its period."""
    mass: Floats
    """(n,) its weight."""
    holes: Ints
    """(n, d) its gaps, lags included."""
    hole_count: Ints
    """(n,) their number."""
    by_count: Ints
    """(n,) the usable rows with gaps, those with fewer first."""
    mean: Floats
    """(d,) means of the columns."""
    other: Floats
    """(d,) further sums by column."""
    spread: Floats
    """(d, d) conditional covariance of the gaps of a row."""
    work: Floats
    """(d,)"""


@kernel
def entity_rows(
    X: Floats, first: int, time: Ints, weight: Floats, order: Ints, starts: Ints, fit: EntityFit, out: RowBuffers
) -> int:
    """Write the rows of the entities ``order[starts[i]:starts[i + 1]]`` into ``out``; return how many there are.

    Parameters
    ----------
    X : (n, ...) values on their scale, NaN = missing, from column ``first`` on; there may be fewer of them than the b
        columns of ``fit`` and ``out``, whose last are then zero.
    time, weight : (n,) calendar period and weight of each row; no weights = all one.
    order, starts : as ``entity_order.sorted_rows`` gives them, for the entities wanted.
    """
    b = fit.middle.size
    longest = 0
    for e in range(starts.size - 1):
        longest = max(longest, starts[e + 1] - starts[e])
    d = b * (fit.lags + 1)
    own = _Entity(
        np.zeros(longest * b),
        np.empty((longest, b + 1), np.int64),
        np.empty(longest, np.int64),
        np.empty(longest, np.int64),
        np.empty(longest, np.int64),
        np.empty(longest),
        np.empty((longest, d), np.int64),
        np.empty(longest, np.int64),
        np.empty(longest, np.int64),
        np.empty(d),
        np.empty(d),
        np.empty((d, d)),
        np.empty(d),
    )
    done = 0
    for e in range(starts.size - 1):
        rows = order[starts[e] : starts[e + 1]]
        _read_entity(X, first, rows, fit.middle, own, out.level[e], out.cells)
        m, holes = _usable(time, weight, rows, out.level.shape[1], fit.lags, own)
        if m == 0:
            continue
        _in_order_of_gaps(m, holes, b, fit.lags, own)
        Z = out.Z[done : done + m]
        _column_means(m, holes, fit, own)
        _standardised(Z, holes, fit, own, out.squares)
        _filled(Z, holes, fit, own, out.period_sums, out.spread)
        for r in range(m):
            out.grid[e, own.when[r]] = own.mass[r]
        if weight.size > 0:
            for r in range(m):
                root = np.sqrt(own.mass[r])
                for c in range(d):
                    Z[r, c] *= root
        done += m
    return done


@inner
def _read_entity(X: Floats, first: int, rows: Ints, middle: Floats, own: _Entity, level: Floats, cells: Floats) -> None:
    """Copy one entity's cells less their mean into V, gaps as zero; note the gaps and the mean, add up the cells."""
    b, wide, n = level.size, middle.size, rows.size
    V, gap_of, gaps, seen, mean = own.V, own.gap_of, own.gaps, own.work, own.mean
    for c in range(wide):
        mean[c] = 0.0
        seen[c] = float(n)
    total = 0
    for i in range(n):
        row, at, empty = rows[i], i * wide, 0
        for c in range(b):
            x = X[row, first + c]
            hole = np.isnan(x)
            y = 0.0 if hole else x
            V[at + c] = y
            mean[c] += y
            empty += hole
        gaps[i] = empty
        total += empty
        k = 0
        for c in range(b if empty > 0 else 0):
            gap_of[i, k] = c
            k += np.isnan(X[row, first + c])
    for i in range(n if total > 0 else 0):
        for k in range(gaps[i]):
            seen[gap_of[i, k]] -= 1.0
    for c in range(b):
        mean[c] = mean[c] / seen[c] if seen[c] > 0 else 0.0
        level[c] = mean[c] if seen[c] > 0 else np.nan
        off = mean[c] - middle[c]
        cells[0, c] += seen[c]
        cells[1, c] += seen[c] * off
        cells[2, c] += seen[c] * off * off
    for i in range(n):
        at = i * wide
        for k in range(gaps[i]):
            V[at + gap_of[i, k]] = mean[gap_of[i, k]]
        for c in range(wide):
            v = V[at + c] - mean[c]
            V[at + c] = v
            cells[2, c] += v * v


@inner
def _usable(time: Ints, weight: Floats, rows: Ints, b: int, lags: int, own: _Entity) -> tuple[int, int]:
    """Find the rows that have all their lags; return how many there are, and how many of them have gaps."""
    m, holes = 0, 0
    for i in range(lags, rows.size):
        t = time[rows[i]]
        w = weight[rows[i]] if weight.size > 0 else 1.0
        usable, count = w > 0, 0
        for lag in range(lags + 1):
            usable &= own.gaps[i - lag] < b and time[rows[i - lag]] == t - lag
            count += own.gaps[i - lag]
        if usable:
            own.source[m], own.hole_count[m], own.when[m], own.mass[m] = i - lags, count, t, w
            holes += count > 0
            m += 1
    return m, holes


@inner
def _in_order_of_gaps(m: int, holes: int, b: int, lags: int, own: _Entity) -> None:
    """Sort the ``holes`` rows with gaps by their number and list the gaps of each."""
    found, count = 0, 1
    while found < holes:
        for r in range(m):
            own.by_count[found] = r
            found += own.hole_count[r] == count
            if found == holes:
                break
        count += 1
    for at in range(holes):
        r = own.by_count[at]
        k = 0
        for block in range(lags + 1):
            row = own.source[r] + block
            for g in range(own.gaps[row]):
                own.holes[r, k] = block * b + own.gap_of[row, g]
                k += 1


@inner
def _column_means(m: int, holes: int, fit: EntityFit, own: _Entity) -> None:
    """Write the means of the observed cells less ``fit.effects``."""
    effects, V, mean, empty, b = fit.effects, own.V, own.mean, own.other, fit.middle.size
    d = mean.size
    whole = 0.0
    for c in range(d):
        mean[c] = 0.0
        empty[c] = 0.0
    for r in range(m):
        at, t, w = own.source[r] * b, own.when[r], own.mass[r]
        for c in range(d):
            mean[c] += w * (V[at + c] - effects[t, c])
        whole += w
    for i in range(holes):
        r = own.by_count[i]
        at, t, w = own.source[r] * b, own.when[r], own.mass[r]
        for a in range(own.hole_count[r]):
            c = own.holes[r, a]
            mean[c] -= w * (V[at + c] - effects[t, c])
            empty[c] += w
    for c in range(d):
        seen = whole - empty[c]
        mean[c] = mean[c] / seen if seen > 1e-12 * whole else 0.0


@inner
def _standardised(Z: Floats, holes: int, fit: EntityFit, own: _Entity, squares: Floats) -> None:
    """Write the rows less effects and means, scaled, gaps filled for the first time; ``own.mean`` becomes what is left.

    The squares of the observed present cells are added up.
    """
    d, b = Z.shape[1], fit.middle.size
    first = d - b
    effects, second, scale, V, mean, left = fit.effects, fit.second, fit.inverse_sd, own.V, own.mean, own.other
    whole = 0.0
    left[:] = 0.0
    for r in range(Z.shape[0]):
        at, t, w = own.source[r] * b, own.when[r], own.mass[r]
        for c in range(d):
            Z[r, c] = (V[at + c] - effects[t, c] - mean[c]) * scale[c]
        for c in range(d):
            left[c] -= w * second[t, c]
        whole += w
    for i in range(holes):
        r = own.by_count[i]
        for a in range(own.hole_count[r]):
            Z[r, own.holes[r, a]] = 0.0
            if own.holes[r, a] >= first:
                squares[1, own.holes[r, a] - first] -= own.mass[r]
    for r in range(Z.shape[0]):
        w = own.mass[r]
        for c in range(b):
            squares[0, c] += w * Z[r, first + c] * Z[r, first + c]
    for c in range(b):
        squares[1, c] += whole
    rows, nothing = own.by_count[:holes], own.spread[:0]
    fill(Z, rows, own.holes, own.hole_count, own.mass, fit.first_omega, nothing, own.spread, own.work)
    for r in rows:
        for a in range(own.hole_count[r]):
            left[own.holes[r, a]] += own.mass[r] * Z[r, own.holes[r, a]]
    for c in range(d):
        mean[c] = left[c] / whole


@inner
def _filled(Z: Floats, holes: int, fit: EntityFit, own: _Entity, period_sums: Floats, spread: Floats) -> None:
    """Remove ``fit.second`` and the entity means that are left, add up by period, fill the gaps for the second time."""
    d = Z.shape[1]
    second, mean = fit.second, own.mean
    for r in range(Z.shape[0]):
        t, w = own.when[r], own.mass[r]
        for c in range(d):
            v = Z[r, c] - second[t, c] - mean[c]
            Z[r, c] = v
            period_sums[t, c] += w * v
    fill(Z, own.by_count[:holes], own.holes, own.hole_count, own.mass, fit.omega, spread, own.spread, own.work)
