"""What the kernel of ``entity_rows`` is told, what it adds to, and the room in which it works.

Arrays that are worked on in groups of ``LANES`` numbers are flat. They are of the kind (float32 or float64) in which
the rows come, as are sums over the rows of one entity; what crosses entities is float64, but for sums by period within
a block. Columns of zeros fill up to a multiple of the lanes: b columns are ``wide``, those of all lags
q = (L + 1) wide.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from causal_service.numerics.compiled import inner
from causal_service.numerics.lanes import LANES

__all__ = ["Entity", "EntityFit", "EntitySums", "WideFit", "room", "widened"]

Floats = NDArray[np.float64]
Reals = NDArray[Any]
Ints = NDArray[np.int64]


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
    """An ``EntityFit`` as the kernel wants it."""

    effects: Reals
    """(T q) period effects of the measured cells, standardised."""
    both: Reals
    """(T q) those and the second ones."""
    second: Floats
    """(T q) the second ones."""
    first_omega: Reals
    """(q q)"""
    omega: Reals
    """(q q)"""
    at_gaps: Reals
    """(T q 4) what a gap needs together: ``first_omega`` times the effects of the period, ``omega`` times both effects,
    the effects, both effects."""
    scale: Reals
    """(wide) ``inverse_sd``."""
    middle: Reals
    """(wide)"""


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


class Entity(NamedTuple):
    """An entity of at most n rows."""

    lags: int
    """Number of lags L."""
    wide: int
    """Columns of a row."""
    U: Reals
    """(n wide) its cells, standardised, less the mean of each column; gaps zero. A row with its lags is a stretch."""
    level: Reals
    """(wide) those means."""
    gap_of: Ints
    """(n, wide) columns of the gaps of every row, and anything behind them."""
    gaps: Ints
    """(n,) their number."""
    bits: Ints
    """(n wide / LANES) a bit for every gap, group by group."""
    source: Ints
    """(n,) first of the rows behind every usable row, its oldest lag."""
    when: Ints
    """(n,) its period."""
    mass: Floats
    """(n,) its weight."""
    hole_count: Ints
    """(n,) number of its gaps, lags included."""
    by_count: Ints
    """(n,) the usable rows, those with fewer gaps first."""
    holes: Ints
    """(n q) their gaps, one row after the other, and anything behind them."""
    row_of: Ints
    """(n q) which row each is in."""
    places: Ints
    """(n q) where in ``parts`` each is."""
    now: Floats
    """(n q) precision matrix of the first filling times the row less means and effects, at each gap."""
    later: Floats
    """(n q) that of the second filling times the row less effects."""
    counts: Ints
    """(q + 2,) how many rows have so many gaps."""
    whole: Floats
    """(1,) weight of the rows."""
    effects: Floats
    """(q,) sum of the effects over the rows."""
    second: Floats
    """(q,) sum of the second effects."""
    column: Reals
    """(wide) sums by column."""
    squares: Reals
    """(q) sums of squares by column, of the measured cells in the first ``wide``, of the usable rows in the last."""
    missing: Reals
    """(wide) gaps by column."""
    sums: Reals
    """(q) weighted sums by column and lag."""
    empty: Floats
    """(q,) weight of the gaps by column."""
    mean: Floats
    """(q,) means of the measured cells less the effects."""
    left: Floats
    """(q,) means that are left after the first filling."""
    centre: Reals
    """(q,) means that are subtracted."""
    pull: Floats
    """(q,) precision matrix times ``centre``."""
    spread: Floats
    """(q, q) conditional covariance of the gaps of a row."""
    parts: Reals
    """(L + 1, n, wide) the rows by lag, less means and effects, times the roots of their weights."""
    total: Floats
    """(q q) Gram matrix of what is added up for a block, on and above its diagonal; anything below."""
    periods: Reals
    """(T q) its sums by period."""


def widened(fit: EntityFit, kind: type[np.floating[Any]]) -> WideFit:
    """Return the fit as the kernel wants it, for rows of float32 or float64."""
    b, blocks = fit.middle.size, fit.lags + 1
    more = -b % LANES

    def wide(values: Floats) -> Floats:
        out = np.zeros((values.shape[0], blocks, b + more))
        out[..., :b] = values.reshape(-1, blocks, b)
        return out.reshape(values.shape[0], -1)

    def given(values: Floats) -> Reals:
        return values.astype(kind).reshape(-1)

    effects, second = wide(fit.effects * np.tile(fit.inverse_sd, blocks)), wide(fit.second)
    first_omega, omega = (wide(np.ascontiguousarray(wide(o).T)) for o in (fit.first_omega, fit.omega))
    scale, middle = (np.concatenate([values, np.zeros(more)]) for values in (fit.inverse_sd, fit.middle))
    both = effects + second
    return WideFit(
        given(effects),
        given(both),
        second.reshape(-1),
        given(first_omega),
        given(omega),
        given(np.stack([effects @ first_omega, both @ omega, effects, both], axis=-1)),
        given(scale),
        given(middle),
    )


@inner
def room(n: int, lags: int, wide: int, periods: int, like: Reals) -> Entity:
    """Return the room for entities of at most n rows of the kind of ``like``."""
    q, kind = (lags + 1) * wide, like.dtype
    return Entity(
        lags,
        wide,
        np.zeros(n * wide, kind),
        np.zeros(wide, kind),
        np.empty((n, wide), np.int64),
        np.empty(n, np.int64),
        np.empty(n * (wide // LANES), np.int64),
        np.empty(n, np.int64),
        np.full(n, -1, np.int64),
        np.empty(n),
        np.empty(n, np.int64),
        np.empty(n, np.int64),
        np.empty(n * q, np.int64),
        np.empty(n * q, np.int64),
        np.empty(n * q, np.int64),
        np.empty(n * q),
        np.empty(n * q),
        np.empty(q + 2, np.int64),
        np.empty(1),
        np.empty(q),
        np.empty(q),
        np.empty(wide, kind),
        np.empty(q, kind),
        np.empty(wide, kind),
        np.empty(q, kind),
        np.empty(q),
        np.empty(q),
        np.empty(q),
        np.zeros(q, kind),
        np.empty(q),
        np.empty((q, q)),
        np.zeros((lags + 1, n, wide), kind),
        np.zeros(q * q),
        np.zeros(periods * q, kind),
    )
