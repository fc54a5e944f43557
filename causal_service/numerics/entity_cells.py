"""The cells of an entity, brought together from where its rows stand: which rows can be used and what they lack."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from causal_service.numerics.entity_space import Entity, EntitySums, WideFit
from causal_service.numerics.lanes import LANES, lowest_bit, prefetch, read_cells, subtract
from causal_service.numerics.merged import merged

__all__ = ["list_gaps", "read_entity", "usable_rows"]

Floats = NDArray[np.float64]
Reals = NDArray[Any]
Ints = NDArray[np.int64]

_AHEAD = 8
"""Rows that are asked for before they are needed."""


@merged
def read_entity(
    X: Reals,
    stride: int,
    first: int,
    order: Ints,
    start: int,
    stop: int,
    e: int,
    fit: WideFit,
    own: Entity,
    out: EntitySums,
) -> None:
    """Copy the cells of entity e into U, less their means; note the gaps, add up the cells."""
    b, wide, n, U, gap_of = out.level.shape[1], own.wide, stop - start, own.U, own.gap_of
    sums, squares, empty, scale = own.column, own.squares, own.empty, fit.scale
    sums[:] = 0.0
    squares[:] = 0.0
    empty[:] = 0.0
    for i in range(n):
        if start + i + _AHEAD < order.size:
            for c in range(0, stride, LANES):
                prefetch(X, order[start + i + _AHEAD] * stride + c)
        at, k = order[start + i] * stride + first, 0
        for c in range(0, wide, LANES):
            bits = read_cells(X, at + c, b - c, fit.middle, scale, c, U, i * wide + c, sums, squares)
            while bits != 0:
                gap_of[i, k] = c + lowest_bit(bits)
                empty[gap_of[i, k]] += 1.0
                bits &= bits - 1
                k += 1
        own.gaps[i] = k
    for c in range(b):
        seen = n - empty[c]
        total, unit = np.float64(sums[c]), np.float64(scale[c])
        mean = total / seen if seen > 0 else 0.0
        own.level[c] = mean
        out.level[e, c] = mean / unit
        out.cells[0, c] += seen
        out.cells[1, c] += total / unit
        out.cells[2, c] += squares[c] / (unit * unit)
    for i in range(n):
        for c in range(0, wide, LANES):
            subtract(U, i * wide + c, own.level, c)
        for k in range(own.gaps[i]):
            U[i * wide + gap_of[i, k]] = 0.0


@merged
def usable_rows(
    time: Ints, weight: Floats, order: Ints, start: int, stop: int, before: int, b: int, own: Entity
) -> tuple[int, int, bool]:
    """Find the rows that have all their lags; return how many there are, how many of them have gaps, and whether they
    are in the periods of the entity before, whose rows were ``before``, with the same weights."""
    m, holes, same, lags, run, last = 0, 0, True, own.lags, 0, -2
    for i in range(stop - start):
        row = order[start + i]
        t, w = time[row], weight[row] if weight.size > 0 else 1.0
        run = 0 if own.gaps[i] >= b else run + 1 if t == last + 1 else 1
        last = t
        if run <= lags or not w > 0:
            continue
        count = own.gaps[i]
        for lag in range(1, lags + 1):
            count += own.gaps[i - lag]
        same &= m < before and own.when[m] == t and own.mass[m] == w
        own.source[m], own.hole_count[m], own.when[m], own.mass[m] = i - lags, count, t, w
        holes += count > 0
        m += 1
    return m, holes, same and m == before


@merged
def list_gaps(m: int, holes: int, own: Entity) -> int:
    """Sort the ``holes`` rows with gaps by their number, list the gaps of each; return how many there are."""
    counts, wide, n = own.counts, own.wide, own.when.size
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
    k = 0
    for at in range(holes):
        r = own.by_count[at]
        for j in range(own.lags + 1):
            row = own.source[r] + j
            for g in range(own.gaps[row]):
                c = own.gap_of[row, g]
                own.holes[k], own.row_of[k], own.places[k] = j * wide + c, r, (j * n + r) * wide + c
                k += 1
    return k
