"""The cells of an entity, brought together from where its rows stand: which rows can be used and what they lack."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from causal_service.numerics.entity_space import Entity, EntitySums, WideFit
from causal_service.numerics.lanes import LANES, count_bits, lowest_bit, prefetch, read_cells, subtract
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
    time: Ints,
    order: Ints,
    start: int,
    stop: int,
    e: int,
    fit: WideFit,
    own: Entity,
    out: EntitySums,
) -> None:
    """Copy the cells of entity e into U, less their means; note the gaps, add up the cells.

    Two gaps are noted whether or not a group has so many, since a loop that ends no one knows when costs more. There is
    room: before a group come as many lanes as gaps, and it has sixteen itself.
    """
    b, wide, n, U, gap_of = out.level.shape[1], own.wide, stop - start, own.U, own.gap_of
    sums, squares, empty, scale, groups = own.column, own.squares, own.missing, fit.scale, own.wide // LANES
    sums[:] = 0.0
    squares[:] = 0.0
    empty[:] = 0.0
    for i in range(n):
        if start + i + _AHEAD < order.size:
            later = order[start + i + _AHEAD]
            for c in range(0, stride, LANES):
                prefetch(X, later * stride + c)
            prefetch(time, later)
        at, k = order[start + i] * stride + first, 0
        for group in range(groups):
            c = group * LANES
            bits = read_cells(X, at + c, b - c, fit.middle, scale, c, U, i * wide + c, sums, squares, empty)
            own.bits[i * groups + group], count = bits, count_bits(bits)
            gap_of[i, k] = c + lowest_bit(bits)
            bits &= bits - 1
            gap_of[i, k + 1] = c + lowest_bit(bits)
            for g in range(2, count):
                bits &= bits - 1
                gap_of[i, k + g] = c + lowest_bit(bits)
            k += count
        own.gaps[i] = k
    for c in range(b):
        seen = n - np.float64(empty[c])
        total, unit = np.float64(sums[c]), np.float64(scale[c])
        mean = total / seen if seen > 0 else 0.0
        own.level[c] = mean
        out.level[e, c] = mean / unit
        out.cells[0, c] += seen
        out.cells[1, c] += total / unit
        out.cells[2, c] += squares[c] / (unit * unit)
    for i in range(n):
        for group in range(groups):
            c = group * LANES
            subtract(U, i * wide + c, own.level, c, own.bits[i * groups + group])


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
    """Sort m rows, ``holes`` of which have gaps, by their number, list them row by row; return how many there are.

    As in ``read_entity``, two gaps of a row are written whether or not it has so many; a usable row lacks fewer cells
    than it has lanes.
    """
    counts, wide, n = own.counts, own.wide, own.when.size
    counts[:] = 0
    for r in range(m):
        counts[own.hole_count[r] + 1] += 1
    for k in range(1, counts.size):
        counts[k] += counts[k - 1]
    for r in range(m):
        k = own.hole_count[r]
        own.by_count[counts[k]] = r
        counts[k] += 1
    k = 0
    for at in range(m - holes, m):
        r = own.by_count[at]
        for j in range(own.lags + 1):
            row, to = own.source[r] + j, (j * n + r) * wide
            for g in range(max(own.gaps[row], 2)):
                c = own.gap_of[row, g]
                own.holes[k + g], own.row_of[k + g], own.places[k + g] = j * wide + c, r, to + c
            k += own.gaps[row]
    return k
