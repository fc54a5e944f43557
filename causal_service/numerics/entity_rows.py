"""Rows of one group of entities, ready for their Gram matrix: centred, scaled, gaps filled by expectation.

The steps are those of ``within`` and ``gaussian_em`` for given period effects and covariances, which is what makes them
local to an entity: its means need its own rows only. All work happens in small buffers, one entity at a time.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from causal_service.numerics.compiled import inner, kernel, summing

__all__ = ["EntityFit", "RowBuffers", "cell_totals", "entity_rows", "sorted_rows"]

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
    grid: Floats
    """(entities, T) weight of the row of each entity and period, zero where there is none."""
    level: Floats
    """(entities, b) mean of the observed cells of each entity, NaN where there is none."""


@kernel
def sorted_rows(key: NDArray[np.uint64], time: Ints, periods: int) -> tuple[Ints, Ints, NDArray[np.uint64]]:
    """Return (order (n,), starts (E + 1,), keys (E,)): rows by key and period, where each key begins, sorted keys."""
    n = key.size
    size = 16
    while size < 2 * n:
        size *= 2
    slot_key = np.empty(size, np.uint64)
    slot_code = np.full(size, -1, np.int64)
    code = np.empty(n, np.int64)
    found = np.empty(n, np.uint64)
    count = 0
    last, last_code = np.uint64(0), -1
    for r in range(n):
        k = key[r]
        if last_code >= 0 and k == last:
            code[r] = last_code
            continue
        slot = np.int64(k & np.uint64(size - 1))
        while slot_code[slot] >= 0 and slot_key[slot] != k:
            slot = (slot + 1) & (size - 1)
        if slot_code[slot] < 0:
            slot_code[slot], slot_key[slot] = count, k
            found[count] = k
            count += 1
        last, last_code = k, slot_code[slot]
        code[r] = last_code
    by_key = np.argsort(found[:count])
    rank = np.empty(count, np.int64)
    for i in range(count):
        rank[by_key[i]] = i
    by_time = _counted(time, np.arange(n), periods)[0]
    for r in range(n):
        code[r] = rank[code[r]]
    order, starts = _counted(code, by_time, count)
    return order, starts, found[:count][by_key]


@kernel
def cell_totals(X: Floats, columns: Ints, order: Ints, centre: Floats) -> Floats:
    """Return (3, p) count, sum and sum of squares of the measured cells of ``X[:, columns]`` less ``centre``.

    Columns ascend. Rows are taken in ``order``, so that the result does not depend on how they stand in X.
    """
    p = columns.size
    count, total, square = np.zeros(p), np.zeros(p), np.zeros(p)
    first = columns[0]
    together = columns[p - 1] - first == p - 1
    x = np.empty(p)
    for r in order:
        if together:
            for j in range(p):
                x[j] = X[r, first + j]
        else:
            for j in range(p):
                x[j] = X[r, columns[j]]
        for j in range(p):
            y = x[j] - centre[j]
            hole = np.isnan(y)
            y = 0.0 if hole else y
            count[j] += 0.0 if hole else 1.0
            total[j] += y
            square[j] += y * y
    out = np.empty((3, p))
    out[0], out[1], out[2] = count, total, square
    return out


@inner
def _counted(code: Ints, order: Ints, groups: int) -> tuple[Ints, Ints]:
    """Stable counting sort of ``order`` by code; also where each group begins."""
    starts = np.zeros(groups + 1, np.int64)
    for r in order:
        starts[code[r] + 1] += 1
    for g in range(groups):
        starts[g + 1] += starts[g]
    place = starts[:-1].copy()
    out = np.empty_like(order)
    for r in order:
        out[place[code[r]]] = r
        place[code[r]] += 1
    return out, starts


@kernel
def entity_rows(
    X: Floats, first: int, time: Ints, weight: Floats, order: Ints, starts: Ints, fit: EntityFit, out: RowBuffers
) -> int:
    """Write the rows of the entities ``order[starts[i]:starts[i + 1]]`` into ``out``; return how many there are.

    Parameters
    ----------
    X : (n, ...) values on their scale, NaN = missing, in b columns from ``first`` on.
    time, weight : (n,) calendar period and weight of each row; no weights = all one.
    order, starts : as ``sorted_rows`` gives them, for the entities wanted.
    """
    b = out.level.shape[1]
    longest = 0
    for e in range(starts.size - 1):
        longest = max(longest, starts[e + 1] - starts[e])
    V = np.empty((longest, b))
    gap_of = np.empty((longest, b), np.int64)
    gaps = np.empty(longest, np.int64)
    d = b * (fit.lags + 1)
    work = (np.empty((d, d)), np.empty(d))
    sums, empty = np.empty(d), np.empty(d)
    holes = np.empty((longest, d), np.int64)
    hole_count = np.empty(longest, np.int64)
    when, mass = np.empty(longest, np.int64), np.empty(longest)
    done = 0
    for e in range(starts.size - 1):
        rows = order[starts[e] : starts[e + 1]]
        _read_entity(X, first, rows, V, gap_of, gaps, out.level[e])
        m = _lagged(V, gap_of, gaps, time, weight, rows, fit, out.Z[done:], holes, hole_count, when, mass, sums, empty)
        Z = out.Z[done : done + m]
        _standardise(Z, mass, holes, hole_count, fit, sums, out.squares)
        if m == 0:
            continue
        _recentre(Z, when, mass, holes, hole_count, fit, sums, work, out.period_sums)
        _refill(Z, mass, holes, hole_count, fit.omega, work, out.spread)
        for r in range(m):
            out.grid[e, when[r]] = mass[r]
        if weight.size > 0:
            for r in range(m):
                z, root = Z[r], np.sqrt(mass[r])
                for c in range(z.size):
                    z[c] *= root
        done += m
    return done


@inner
def _read_entity(X: Floats, first: int, rows: Ints, V: Floats, gap_of: Ints, gaps: Ints, level: Floats) -> None:
    """Copy one entity's cells less their mean into V, gaps as zero; note the gaps and the mean."""
    b = V.shape[1]
    n = rows.size
    level[:] = 0.0
    total = 0
    for i in range(n):
        x, v, empty = X[rows[i]][first : first + b], V[i], 0
        for c in range(b):
            hole = np.isnan(x[c])
            y = 0.0 if hole else x[c]
            empty += hole
            v[c] = y
            level[c] += y
        gaps[i] = _noted(x, gap_of[i]) if empty > 0 else 0
        total += empty
    seen = np.full(b, float(n))
    for i in range(n if total > 0 else 0):
        for k in range(gaps[i]):
            seen[gap_of[i, k]] -= 1.0
    for c in range(b):
        level[c] = level[c] / seen[c] if seen[c] > 0 else 0.0
    for i in range(n):
        v = V[i]
        for c in range(b):
            v[c] -= level[c]
        for k in range(gaps[i]):
            v[gap_of[i, k]] = 0.0
    level[seen == 0] = np.nan


@inner
def _noted(x: Floats, gap_of: Ints) -> int:
    k = 0
    for c in range(x.size):
        if np.isnan(x[c]):
            gap_of[k] = c
            k += 1
    return k


@inner
def _lagged(
    V: Floats,
    gap_of: Ints,
    gaps: Ints,
    time: Ints,
    weight: Floats,
    rows: Ints,
    fit: EntityFit,
    Z: Floats,
    holes: Ints,
    hole_count: Ints,
    when: Ints,
    mass: Floats,
    sums: Floats,
    empty: Floats,
) -> int:
    """Write the lagged rows less ``fit.effects`` into Z and the mean of every column into ``sums``; gaps are zero."""
    b, lags = V.shape[1], fit.lags
    sums[:] = 0.0
    empty[:] = 0.0
    m, whole = 0, 0.0
    for i in range(lags, rows.size):
        t = time[rows[i]]
        w = weight[rows[i]] if weight.size > 0 else 1.0
        usable = w > 0
        for lag in range(lags + 1):
            usable &= gaps[i - lag] < b and time[rows[i - lag]] == t - lag
        if not usable:
            continue
        k = 0
        for block in range(lags + 1):
            source, low = i - lags + block, block * b
            v, z, shift, total = V[source], Z[m, low : low + b], fit.effects[t, low : low + b], sums[low : low + b]
            for c in range(b):
                y = v[c] - shift[c]
                z[c] = y
                total[c] += w * y
            for g in range(gaps[source]):
                c = gap_of[source, g]
                holes[m, k] = low + c
                total[c] -= w * z[c]
                z[c] = 0.0
                empty[low + c] += w
                k += 1
        hole_count[m], when[m], mass[m] = k, t, w
        whole += w
        m += 1
    for c in range(sums.size):
        seen = whole - empty[c]
        sums[c] = sums[c] / seen if seen > 1e-12 * whole else 0.0
    return m


@inner
def _standardise(
    Z: Floats, mass: Floats, holes: Ints, hole_count: Ints, fit: EntityFit, sums: Floats, squares: Floats
) -> None:
    """Subtract column means, scale, add up the squares of the observed present cells."""
    b = squares.shape[1]
    first = Z.shape[1] - b
    scale, square, seen = fit.inverse_sd, squares[0], squares[1]
    whole = 0.0
    for r in range(Z.shape[0]):
        z, w = Z[r], mass[r]
        for c in range(z.size):
            z[c] = (z[c] - sums[c]) * scale[c]
        for k in range(hole_count[r]):
            z[holes[r, k]] = 0.0
            if holes[r, k] >= first:
                seen[holes[r, k] - first] -= w
        now = z[first:]
        for c in range(now.size):
            square[c] += w * now[c] * now[c]
        whole += w
    for c in range(b):
        seen[c] += whole


@inner
def _recentre(
    Z: Floats,
    when: Ints,
    mass: Floats,
    holes: Ints,
    hole_count: Ints,
    fit: EntityFit,
    sums: Floats,
    work: tuple[Floats, Floats],
    period_sums: Floats,
) -> None:
    """Fill the gaps for the first time, remove ``fit.second`` and the entity means that are left, add up by period."""
    sums[:] = 0.0
    whole = 0.0
    for r in range(Z.shape[0]):
        k, w, shift = hole_count[r], mass[r], fit.second[when[r]]
        if k > 0:
            _conditional(Z, r, fit.first_omega, holes, k, work[0], work[1])
            for a in range(k):
                sums[holes[r, a]] += w * Z[r, holes[r, a]]
        for c in range(shift.size):
            sums[c] -= w * shift[c]
        whole += w
    for c in range(sums.size):
        sums[c] /= whole
    for r in range(Z.shape[0]):
        z, w, shift, total = Z[r], mass[r], fit.second[when[r]], period_sums[when[r]]
        for c in range(z.size):
            v = z[c] - shift[c] - sums[c]
            z[c] = v
            total[c] += w * v


@inner
def _refill(
    Z: Floats,
    mass: Floats,
    holes: Ints,
    hole_count: Ints,
    omega: Floats,
    work: tuple[Floats, Floats],
    spread: Floats,
) -> None:
    for r in range(Z.shape[0]):
        k = hole_count[r]
        if k > 0:
            _conditional(Z, r, omega, holes, k, work[0], work[1])
            for a in range(k):
                for b in range(k):
                    spread[holes[r, a], holes[r, b]] += mass[r] * work[0][a, b]


@summing
def _conditional(Z: Floats, r: int, omega: Floats, holes: Ints, k: int, spread: Floats, work: Floats) -> None:
    """Write the conditional means of the k cells ``holes[r]`` into Z[r], their conditional covariance into ``spread``.

    Whole arrays and an index are passed because a view of a row costs as much as the work on it.
    """
    d = Z.shape[1]
    for a in range(k):
        Z[r, holes[r, a]] = 0.0
    for a in range(k):
        i, s = holes[r, a], 0.0
        for c in range(d):
            s += omega[i, c] * Z[r, c]
        work[a] = s
    if k == 1:
        spread[0, 0] = 1.0 / omega[holes[r, 0], holes[r, 0]]
        Z[r, holes[r, 0]] = -spread[0, 0] * work[0]
        return
    for a in range(k):
        for b in range(k):
            spread[a, b] = omega[holes[r, a], holes[r, b]]
    _invert(spread, k)
    for a in range(k):
        s = 0.0
        for b in range(k):
            s += spread[a, b] * work[b]
        Z[r, holes[r, a]] = -s


@inner
def _invert(spread: Floats, k: int) -> None:
    """Invert ``spread[:k, :k]`` in place by Gauss-Jordan elimination; it is positive definite."""
    for a in range(k):
        pivot = 1.0 / spread[a, a]
        spread[a, a] = 1.0
        for b in range(k):
            spread[a, b] *= pivot
        for c in range(k):
            if c != a:
                f = spread[c, a]
                spread[c, a] = 0.0
                for b in range(k):
                    spread[c, b] -= f * spread[a, b]
