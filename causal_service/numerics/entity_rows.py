"""Moments of the rows of entities: centred, scaled, gaps filled by expectation, multiplied out, one entity at a time.

The steps are those of ``within`` and ``gaussian_em`` for given period effects and covariances, which is what makes them
local to an entity: its means need its own rows only. An entity stays in the processor's cache from the first sweep over
its cells to its Gram matrix, which is put together from products by pair of lags. Gaps are filled in rows with one gap
first, then in those with two, and so on: a processor foresees what it has just done.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from causal_service.numerics.compiled import inner, kernel
from causal_service.numerics.conditional_cells import fill, first_filling

__all__ = ["EntityFit", "EntitySums", "WideFit", "entity_rows", "widened"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_LANES = 8
"""Columns are worked on in multiples of this number, as processors do; those that are not there are zero."""


class EntityFit(NamedTuple):
    """What is known before the rows are read; d = b (lags + 1), T periods."""

    effects: Floats
    """(T, d) period effects of the measured cells, on the scale of the values."""
    second: Floats
    """(T, d) period effects that are left once gaps are filled, standardised."""
    inverse_sd: Floats
    """(b,) one over the standard deviation by which each column is scaled, whatever its lag."""
    first_omega: Floats
    """(d, d) precision matrix of the scaled columns, for the first filling."""
    omega: Floats
    """(d, d) precision matrix, for the second."""
    middle: Floats
    """(b,) about the mean of each column, on its scale."""
    lags: int
    """Number of lags L."""


class WideFit(NamedTuple):
    """An ``EntityFit`` as the kernel wants it: columns of zeros up to a multiple of the lanes, q = (L + 1) wide."""

    effects: Floats
    """(T, q) period effects, standardised."""
    both: Floats
    """(T, L + 1, wide) those and the second ones."""
    second: Floats
    """(T, q)"""
    first_omega: Floats
    """(q, q)"""
    first_shift: Floats
    """(T, q) ``first_omega`` times the second effects of each period."""
    omega: Floats
    """(q, q)"""
    inverse_sd: Floats
    """(wide,)"""
    middle: Floats
    """(wide,)"""


class EntitySums(NamedTuple):
    """Sums over entities, by block where they are wanted so; written by ``entity_rows``."""

    grams: Floats
    """(blocks, L + 1, b, L + 1, b) expected Gram matrices; of two lags, only the older with the younger."""
    period_sums: Floats
    """(blocks, T, L + 1, b) weighted sums of the rows of each period, before the second filling."""
    squares: Floats
    """(2, b) weighted sum of squares and weight of the observed present cells, before any filling, standardised."""
    cells: Floats
    """(3, b) count, sum and sum of squares of the measured cells less ``EntityFit.middle``, in all rows."""
    grid: Floats
    """(entities, T) weight of the row of each entity and period, zero where there is none."""
    level: Floats
    """(entities, b) mean of the observed cells of each entity less ``EntityFit.middle``, zero where there is none."""


class _Entity(NamedTuple):
    """Work space for one entity of at most n rows."""

    V: Floats
    """(n, wide) its cells less ``middle``, standardised, gaps zero."""
    gap_of: Ints
    """(n, wide) columns of the gaps of every row."""
    gaps: Ints
    """(n,) their number."""
    source: Ints
    """(n,) first of the rows behind every usable row, its oldest lag."""
    when: Ints
    """(n,) its period."""
    mass: Floats
    """(n,) its weight."""
    holes: Ints
    """(n, q) its gaps, lags included."""
    hole_count: Ints
    """(n,) their number."""
    by_count: Ints
    """(n,) the usable rows with gaps, those with fewer first."""
    counts: Ints
    """(q + 2,) how many rows have so many gaps."""
    mean: Floats
    """(L + 1, wide) means of the columns."""
    left: Floats
    """(q,) means that are left after the first filling."""
    whole: Floats
    """(1,) weight of the rows."""
    effects: Floats
    """(q,) sums of the effects over the rows."""
    second: Floats
    """(q,) sums of the second effects."""
    column: Floats
    """(3, wide) sums by column."""
    spread: Floats
    """(q, q) conditional covariance of the gaps of a row."""
    work: Floats
    """(q,)"""
    Z: Floats
    """(n, L + 1, wide) the rows."""
    parts: Floats
    """(L + 1, n, wide) the rows by lag."""
    product: Floats
    """(wide, wide)"""
    total: Floats
    """(q, q) Gram matrix of what is added up for a block."""
    periods: Floats
    """(T, q) the sums by period."""


def widened(fit: EntityFit) -> WideFit:
    """Return the fit as the kernel wants it."""
    b, blocks, T = fit.middle.size, fit.lags + 1, fit.effects.shape[0]
    more = -b % _LANES

    def wide(values: Floats) -> Floats:
        out = np.zeros((values.shape[0], blocks, b + more))
        out[..., :b] = values.reshape(-1, blocks, b)
        return out.reshape(values.shape[0], -1)

    effects, second = wide(fit.effects * np.tile(fit.inverse_sd, blocks)), wide(fit.second)
    first_omega, omega = (wide(np.ascontiguousarray(wide(o).T)).T.copy() for o in (fit.first_omega, fit.omega))
    inverse_sd, middle = (np.concatenate([values, np.zeros(more)]) for values in (fit.inverse_sd, fit.middle))
    both = (effects + second).reshape(T, blocks, -1)
    return WideFit(effects, both, second, first_omega, second @ first_omega, omega, inverse_sd, middle)


@kernel
def entity_rows(
    X: Floats,
    time: Ints,
    weight: Floats,
    order: Ints,
    starts: Ints,
    block: Ints,
    fit: WideFit,
    out: EntitySums,
) -> int:
    """Add the entities ``order[starts[i]:starts[i + 1]]`` to ``out``; return how many rows they have.

    Parameters
    ----------
    X : (n, >= b) values on their scale, NaN = missing.
    time, weight : (n,) calendar period and weight of each row; no weights = all one.
    order, starts : as ``entity_order.sorted_rows`` gives them.
    block : (entities,) place in ``out``; sums are kept at hand while the next entity has the same.
    """
    T, blocks, wide = fit.both.shape
    n, q = 1, blocks * wide
    for e in range(starts.size - 1):
        n = max(n, starts[e + 1] - starts[e])
    own = _Entity(
        np.zeros((n, wide)),
        np.empty((n, wide), np.int64),
        np.empty(n, np.int64),
        np.empty(n, np.int64),
        np.full(n, -1, np.int64),
        np.empty(n),
        np.empty((n, q), np.int64),
        np.empty(n, np.int64),
        np.empty(n, np.int64),
        np.empty(q + 2, np.int64),
        np.empty((blocks, wide)),
        np.empty(q),
        np.empty(1),
        np.empty(q),
        np.empty(q),
        np.empty((3, wide)),
        np.empty((q, q)),
        np.empty(q),
        np.empty((n, blocks, wide)),
        np.empty((blocks, n, wide)),
        np.empty((wide, wide)),
        np.zeros((q, q)),
        np.zeros((T, q)),
    )
    done, before = 0, 0
    for e in range(starts.size - 1):
        if e > 0 and block[e] != block[e - 1]:
            _flushed(own, out, block[e - 1])
        _read_entity(X, order, starts[e], starts[e + 1], e, fit, own, out)
        m, holes, same = _usable(time, weight, order, starts[e], starts[e + 1], before, out.level.shape[1], own)
        before = m
        if m == 0:
            continue
        _in_order_of_gaps(m, holes, own)
        if not same:
            _sum_pattern(m, fit, own)
        _column_means(m, holes, fit, own)
        _standardised(m, holes, fit, own, out.squares)
        _filled(m, holes, fit, own)
        for r in range(m):
            out.grid[e, own.when[r]] = own.mass[r]
        _multiplied(m, own)
        done += m
    if starts.size > 1:
        _flushed(own, out, block[starts.size - 2])
    return done


@inner
def _flushed(own: _Entity, out: EntitySums, block: int) -> None:
    """Add what was summed for a block to its place."""
    b, (_, blocks, wide) = out.level.shape[1], own.Z.shape
    for i in range(blocks):
        for j in range(i, blocks):
            for a in range(b):
                for c in range(b):
                    out.grams[block, i, a, j, c] += own.total[i * wide + a, j * wide + c]
    for t in range(own.periods.shape[0]):
        for i in range(blocks):
            for c in range(b):
                out.period_sums[block, t, i, c] += own.periods[t, i * wide + c]
    own.total[:] = 0.0
    own.periods[:] = 0.0


@inner
def _read_entity(
    X: Floats, order: Ints, start: int, stop: int, e: int, fit: WideFit, own: _Entity, out: EntitySums
) -> None:
    """Copy the cells of entity e into V, gaps as zero; note the gaps and the mean, add up the cells."""
    b, n, V, column = out.level.shape[1], stop - start, own.V, own.column
    middle, scale = fit.middle, fit.inverse_sd
    column[:] = 0.0
    for i in range(n):
        row, empty = order[start + i], 0
        for c in range(b):
            y = (X[row, c] - middle[c]) * scale[c]
            hole = np.isnan(y)
            V[i, c] = 0.0 if hole else y
            empty += hole
        for c in range(b):
            column[0, c] += V[i, c]
            column[1, c] += V[i, c] * V[i, c]
        own.gaps[i] = empty
        if empty > 0:
            k = 0
            for c in range(b):
                own.gap_of[i, k] = c
                k += np.isnan(X[row, c])
            for k in range(empty):
                column[2, own.gap_of[i, k]] += 1.0
    for c in range(b):
        seen = n - column[2, c]
        out.level[e, c] = column[0, c] / (seen * scale[c]) if seen > 0 else 0.0
        out.cells[0, c] += seen
        out.cells[1, c] += column[0, c] / scale[c]
        out.cells[2, c] += column[1, c] / (scale[c] * scale[c])


@inner
def _usable(
    time: Ints, weight: Floats, order: Ints, start: int, stop: int, before: int, b: int, own: _Entity
) -> tuple[int, int, bool]:
    """Find the rows that have all their lags; return how many there are, how many of them have gaps, and whether they
    are in the periods of the entity before, whose rows were ``before``, with the same weights."""
    m, holes, same, lags = 0, 0, True, own.Z.shape[1] - 1
    for i in range(lags, stop - start):
        row = order[start + i]
        t, w = time[row], weight[row] if weight.size > 0 else 1.0
        usable, count = w > 0, 0
        for lag in range(lags + 1):
            usable &= own.gaps[i - lag] < b and time[order[start + i - lag]] == t - lag
            count += own.gaps[i - lag]
        if usable:
            same &= m < before and own.when[m] == t and own.mass[m] == w
            own.source[m], own.hole_count[m], own.when[m], own.mass[m] = i - lags, count, t, w
            holes += count > 0
            m += 1
    return m, holes, same and m == before


@inner
def _in_order_of_gaps(m: int, holes: int, own: _Entity) -> None:
    """Sort the ``holes`` rows with gaps by their number and list the gaps of each."""
    counts, wide = own.counts, own.Z.shape[2]
    counts[:] = 0
    for r in range(m):
        counts[own.hole_count[r] + 1] += 1
    counts[1] = 0
    for k in range(1, counts.size):
        counts[k] += counts[k - 1]
    for r in range(m):
        k = own.hole_count[r]
        if k > 0:
            own.by_count[counts[k]] = r
            counts[k] += 1
    for at in range(holes):
        r = own.by_count[at]
        k = 0
        for j in range(own.Z.shape[1]):
            row = own.source[r] + j
            for g in range(own.gaps[row]):
                own.holes[r, k] = j * wide + own.gap_of[row, g]
                k += 1


@inner
def _sum_pattern(m: int, fit: WideFit, own: _Entity) -> None:
    """Sum effects and weights over the rows of an entity; the next entity often has the same periods."""
    own.effects[:] = 0.0
    own.second[:] = 0.0
    own.whole[0] = 0.0
    for r in range(m):
        t, w = own.when[r], own.mass[r]
        own.whole[0] += w
        for c in range(own.effects.size):
            own.effects[c] += w * fit.effects[t, c]
        for c in range(own.second.size):
            own.second[c] += w * fit.second[t, c]


@inner
def _column_means(m: int, holes: int, fit: WideFit, own: _Entity) -> None:
    """Write the means of the observed cells less ``fit.effects``."""
    _, blocks, wide = own.Z.shape
    V, mean, empty, whole = own.V, own.mean, own.left, own.whole[0]
    mean[:] = 0.0
    for j in range(blocks):
        for r in range(m):
            row, w = own.source[r] + j, own.mass[r]
            for c in range(wide):
                mean[j, c] += w * V[row, c]
    flat = mean.reshape(-1)
    for c in range(flat.size):
        flat[c] -= own.effects[c]
    empty[:] = 0.0
    for i in range(holes):
        r = own.by_count[i]
        t, w = own.when[r], own.mass[r]
        for a in range(own.hole_count[r]):
            c = own.holes[r, a]
            flat[c] += w * fit.effects[t, c]
            empty[c] += w
    for c in range(flat.size):
        seen = whole - empty[c]
        flat[c] = flat[c] / seen if seen > 1e-12 * whole else 0.0


@inner
def _standardised(m: int, holes: int, fit: WideFit, own: _Entity, squares: Floats) -> None:
    """Write the rows less both effects and means; in gaps their first filling less the second effects.

    The squares of the observed present cells before the second effects were removed are added up; ``own.left`` becomes
    the means that are left.
    """
    n, blocks, wide = own.Z.shape
    Z, V, mean, both, column = own.Z, own.V, own.mean, fit.both, own.column
    for r in range(m):
        t = own.when[r]
        for j in range(blocks):
            row = own.source[r] + j
            for c in range(wide):
                Z[r, j, c] = V[row, c] - mean[j, c] - both[t, j, c]
    column[:] = 0.0
    lags = blocks - 1
    second = fit.second.reshape(fit.second.shape[0], blocks, wide)
    for r in range(m):
        t, w = own.when[r], own.mass[r]
        for c in range(wide):
            y = Z[r, lags, c] + second[t, lags, c]
            column[0, c] += w * y * y
    for i in range(holes):
        r = own.by_count[i]
        t, w = own.when[r], own.mass[r]
        for a in range(own.hole_count[r]):
            c = own.holes[r, a] - lags * wide
            if c >= 0:
                y = Z[r, lags, c] + second[t, lags, c]
                column[0, c] -= w * y * y
                column[1, c] += w
    whole, left = own.whole[0], own.left
    for c in range(squares.shape[1]):
        squares[0, c] += column[0, c]
        squares[1, c] += whole - column[1, c]
    left[:] = -own.second
    first_filling(
        Z.reshape(n, blocks * wide),
        own.by_count[:holes],
        own.holes,
        own.hole_count,
        own.when,
        own.mass,
        fit.second,
        fit.first_omega,
        fit.first_shift,
        left,
        own.spread,
        own.work,
    )
    for c in range(left.size):
        left[c] /= whole


@inner
def _filled(m: int, holes: int, fit: WideFit, own: _Entity) -> None:
    """Remove the means that are left, add up by period, fill the gaps for the second time."""
    n, blocks, wide = own.Z.shape
    Z, left, sums = own.Z.reshape(n, blocks * wide), own.left, own.periods
    for r in range(m):
        t, w = own.when[r], own.mass[r]
        for c in range(left.size):
            y = Z[r, c] - left[c]
            Z[r, c] = y
            sums[t, c] += w * y
    fill(
        Z,
        own.by_count[:holes],
        own.holes,
        own.hole_count,
        own.mass,
        fit.omega,
        own.total,
        own.spread,
        own.work,
    )


@inner
def _multiplied(m: int, own: _Entity) -> None:
    """Add the Gram matrices of the rows."""
    _, blocks, wide = own.Z.shape
    for r in range(m):
        root = np.sqrt(own.mass[r])
        for j in range(blocks):
            for c in range(wide):
                own.parts[j, r, c] = root * own.Z[r, j, c]
    for i in range(blocks):
        for j in range(i, blocks):
            np.dot(own.parts[i, :m].T, own.parts[j, :m], own.product)
            for a in range(wide):
                for c in range(wide):
                    own.total[i * wide + a, j * wide + c] += own.product[a, c]
