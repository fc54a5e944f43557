"""Moments of the rows of entities: centred, scaled, gaps filled by expectation, multiplied out, one entity at a time.

The steps are those of ``within`` and ``gaussian_em`` for given period effects and covariances, which is what makes them
local to an entity: its means need its own rows only. An entity stays in the processor's cache from the first sweep over
its cells to its Gram matrix, which is put together from products by pair of lags. Gaps are filled in rows with one gap
first, then in those with two, and so on: a processor foresees what it has just done.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from causal_service.numerics.compiled import kernel
from causal_service.numerics.conditional_cells import fill, first_filling
from causal_service.numerics.entity_cells import list_gaps, read_entity, usable_rows
from causal_service.numerics.entity_space import Entity, EntitySums, WideFit, room
from causal_service.numerics.lanes import LANES, add_scaled, add_squares, settle_cells
from causal_service.numerics.merged import merged
from causal_service.numerics.tile_products import TILE_BYTES, add_tile

__all__ = ["entity_rows"]

Floats = NDArray[np.float64]
Reals = NDArray[Any]
Ints = NDArray[np.int64]

_AT_ONCE = 256
"""Rows whose products are summed before they are added to those of others: few enough to stay in the second cache."""


@kernel
def entity_rows(
    X: Reals,
    stride: int,
    first: int,
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
    X : float32 or float64, rows of ``stride`` numbers and ``LANES`` more at the end; the values of a row, on their
        scale, begin at its ``first`` number; NaN = missing. ``fit`` is of the same kind.
    time, weight : (n,) calendar period and weight of each row; no weights = all one.
    order, starts : as ``entity_order.sorted_rows`` gives them.
    block : (entities,) place in ``out``; sums are kept at hand while the next entity has the same.
    """
    n, lags = 1, out.grams.shape[1] - 1
    for e in range(starts.size - 1):
        n = max(n, starts[e + 1] - starts[e])
    own = room(n, lags, fit.middle.size, out.grid.shape[1], fit.middle)
    done, before, parts = 0, 0, own.parts.reshape(-1)
    for e in range(starts.size - 1):
        if e > 0 and block[e] != block[e - 1]:
            _flushed(own, out, block[e - 1])
        read_entity(X, stride, first, time, order, starts[e], starts[e + 1], e, fit, own, out)
        m, holes, same = usable_rows(time, weight, order, starts[e], starts[e + 1], before, out.level.shape[1], own)
        before = m
        if m == 0:
            continue
        gaps = list_gaps(m, holes, own)
        if not same:
            _sum_pattern(m, fit, own)
        _column_means(m, gaps, fit, own, out.squares)
        first_filling(m, holes, gaps, fit, own)
        _settled(m, fit, parts, own)
        fill(m, holes, gaps, fit, parts, own)
        for r in range(m):
            out.grid[e, own.when[r]] = own.mass[r]
        _multiplied(m, parts, own)
        done += m
    if starts.size > 1:
        _flushed(own, out, block[starts.size - 2])
    return done


@merged
def _flushed(own: Entity, out: EntitySums, block: int) -> None:
    """Add what was summed for a block to its place."""
    _, blocks, b, _, _ = out.grams.shape
    wide, q = own.wide, own.mean.size
    for i in range(blocks):
        for j in range(i, blocks):
            for a in range(b):
                for c in range(b):
                    low, high = (c, a) if i == j and c < a else (a, c)
                    out.grams[block, i, a, j, c] += own.total[(i * wide + low) * q + j * wide + high]
    for t in range(out.period_sums.shape[1]):
        for i in range(blocks):
            for c in range(b):
                out.period_sums[block, t, i, c] += own.periods[t * q + i * wide + c]
    own.total[:] = 0.0
    own.periods[:] = 0.0


@merged
def _sum_pattern(m: int, fit: WideFit, own: Entity) -> None:
    """Sum effects and weights over the rows of an entity; the next entity often has the same periods."""
    q = own.mean.size
    own.effects[:] = 0.0
    own.second[:] = 0.0
    own.whole[0] = 0.0
    for r in range(m):
        t, w = own.when[r], own.mass[r]
        own.whole[0] += w
        for c in range(0, q, LANES):
            add_scaled(own.effects, c, fit.effects, t * q + c, w)
            add_scaled(own.second, c, fit.second, t * q + c, w)


@merged
def _column_means(m: int, gaps: int, fit: WideFit, own: Entity, squares: Floats) -> None:
    """Write the means of the measured cells less the effects; add up the squares of the present cells less both."""
    q, wide, whole, effects = own.mean.size, own.wide, own.whole[0], fit.effects
    sums, square, empty, present = own.sums, own.squares, own.empty, own.lags * own.wide
    sums[:] = 0.0
    square[:] = 0.0
    empty[:] = 0.0
    for r in range(m):
        start, row, w = own.source[r] * wide, own.when[r] * q, own.mass[r]
        for c in range(0, q, LANES):
            add_scaled(sums, c, own.U, start + c, w)
        for c in range(0, wide, LANES):
            add_squares(square, present + c, own.U, start + present + c, effects, row + present + c, w)
    for g in range(gaps):
        r, i = own.row_of[g], own.holes[g]
        w, effect = own.mass[r], np.float64(fit.at_gaps[4 * (own.when[r] * q + i) + 2])
        sums[i] += w * effect
        empty[i] += w
        square[i] -= w * effect * effect
    for c in range(q):
        seen = whole - empty[c]
        mean = (np.float64(sums[c]) - own.effects[c]) / seen if seen > 1e-12 * whole else 0.0
        own.mean[c], own.centre[c], own.left[c] = mean, mean, -own.second[c]
        if c >= present and c - present < squares.shape[1]:
            squares[0, c - present] += square[c] - mean * mean * seen
            squares[1, c - present] += seen


@merged
def _settled(m: int, fit: WideFit, parts: Reals, own: Entity) -> None:
    """Write the rows less means and both effects; add them up by period, where the gaps have their first filling."""
    q, n, wide = own.mean.size, own.when.size, own.wide
    for c in range(q):
        own.centre[c] = own.mean[c] + own.left[c] / own.whole[0]
    for r in range(m):
        start, row, w = own.source[r] * wide, own.when[r] * q, own.mass[r]
        root = np.sqrt(w)
        for j in range(own.lags + 1):
            for c in range(0, wide, LANES):
                at = j * wide + c
                settle_cells(
                    own.U, start + at, own.centre, at, fit.both, row + at, w, root,
                    parts, (j * n + r) * wide + c, own.periods,
                )  # fmt: skip


@merged
def _multiplied(m: int, parts: Reals, own: Entity) -> None:
    """Add the Gram matrices of the rows, of those that are symmetric the upper half by groups of columns."""
    n, wide, q, height = own.when.size, own.wide, own.mean.size, TILE_BYTES // parts.itemsize
    for start in range(0, m, _AT_ONCE):
        rows = min(_AT_ONCE, m - start)
        for i in range(own.lags + 1):
            for j in range(i, own.lags + 1):
                for a in range(0, wide, height):
                    left = (i * n + start) * wide + a
                    for c in range(a // LANES * LANES if i == j else 0, wide, LANES):
                        right = (j * n + start) * wide + c
                        add_tile(own.total, (i * wide + a) * q + j * wide + c, q, parts, left, parts, right, wide, rows)
