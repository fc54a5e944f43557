"""Moments of one partition of a panel too large for memory: rows in, sums per block out.

A partition holds all rows of its entities, so entity means and gaps are settled here; period effects start from those
of the sample and what is left of them is found when all partitions are added up (``large``).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.linalg.blas import dsyrk

from causal_service.numerics.entity_order import cell_totals, sorted_rows
from causal_service.numerics.entity_rows import EntityFit, RowBuffers, entity_rows
from causal_service.panel.spilling import Partition, PartitionRows, read_partition
from causal_service.preparation.scale import Scale

__all__ = ["MomentPlan", "PartitionMoments", "partition_moments"]

_GROUP = 64
"""Most entities whose rows are worked on together."""
_LANES = 8
"""Columns are worked on in multiples of this number, as processors do; those that are not there are zero."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class MomentPlan:
    """What every partition is told."""

    columns: NDArray[np.int64]
    """(p,) place of every studied indicator in a row on disk."""
    centre: Floats
    """(p,) about the mean of each, users' units."""
    weighted: bool
    """Whether the last number of a row is its weight."""
    scale: Scale
    """From the studied indicators to the b base columns."""
    fit: EntityFit
    """Period effects, standard deviations and covariances of the sample, and about the mean of each base column."""
    periods: int
    """Length T of the calendar."""
    keys: NDArray[np.uint64]
    """Sorted keys when every entity is a block, else empty."""
    blocks: NDArray[np.int64]
    """Block of each of ``keys``."""
    slots: int
    """Number of blocks over which entities are hashed when ``keys`` is empty."""


@dataclass(slots=True, eq=False)
class PartitionMoments:
    """Sums over the rows of a partition; d = b (lags + 1)."""

    blocks: NDArray[np.int64]
    """(k,) blocks that have rows here."""
    grams: Floats
    """(k, d, d) expected Gram matrices."""
    mass: Floats
    """(k,) sum of row weights."""
    period_sums: Floats
    """(k, T, d) weighted sums by period."""
    squares: Floats
    """(2, b) weighted squares and weight of the measured present cells."""
    normal: Floats
    """(T, T) normal equations of the period effects."""
    pairs: Floats
    """(T,) weight of pairs of periods at every distance within an entity, over the weight of the entity."""
    between: Floats
    """(b + 1, b + 1) weighted products of [1 | entity mean less ``middle``]."""
    cells: Floats
    """(3, p) count, sum and sum of squares of the measured cells less ``centre``, of the studied indicators."""
    slopes: Floats
    """(2, b) sum of slopes and cells behind it."""
    weights: Floats
    """(T,) sum of row weights by period."""
    squared_weight: float
    """Sum of squared row weights."""
    rows: int
    """Rows used."""
    entities: int
    """Entities that have rows."""


def partition_moments(plan: MomentPlan, partition: Partition) -> PartitionMoments:
    """Return the sums over one partition; a pure function of the rows and the plan, whatever their order on disk."""
    found = read_partition(partition)
    order, starts, keys = sorted_rows(found.key, found.time, plan.periods)
    X, first, slopes = _on_scale(found, plan)
    weight = np.nan_to_num(found.rows[:, -1]) if plan.weighted else np.empty(0)
    blocks, begins = np.unique(_blocks(keys, plan), return_index=True)
    wide = replace(plan, fit=_widened(plan.fit))
    out = _empty(wide, blocks, slopes)
    design = _Design(plan.periods)
    by_entity = np.argsort(begins, kind="stable")
    ends = np.append(begins[by_entity], keys.size)[1:]
    Z = np.empty((int(np.diff(starts).max(initial=0)) * _GROUP, wide.fit.omega.shape[0]))
    for place, begin, end in zip(by_entity, begins[by_entity], ends, strict=True):
        for low in range(begin, end, _GROUP):
            group = starts[low : min(low + _GROUP, end) + 1]
            _add_group(out, design, int(place), X, first, found.time, weight, order, group, wide, Z)
    out.weights, out.normal, out.pairs = design.sums()
    out = _narrowed(out, plan.fit)
    if X is not found.rows:
        out.cells = cell_totals(found.rows, plan.columns, order, plan.centre)
    return out


def _widened(fit: EntityFit) -> EntityFit:
    """Return the fit with columns of zeros, so that their number is a multiple of ``_LANES``."""
    b, blocks = fit.middle.size, fit.lags + 1
    more = -b % _LANES

    def wide(values: Floats) -> Floats:
        shape = values.shape[:-1]
        out = np.zeros((*shape, blocks, b + more))
        out[..., :b] = values.reshape(*shape, blocks, b)
        return out.reshape(*shape, -1)

    return EntityFit(
        wide(fit.effects),
        wide(fit.second),
        wide(fit.inverse_sd),
        wide(wide(fit.first_omega).T).T.copy(),
        wide(wide(fit.omega).T).T.copy(),
        np.concatenate([fit.middle, np.zeros(more)]),
        fit.lags,
    )


def _narrowed(out: PartitionMoments, fit: EntityFit) -> PartitionMoments:
    """Return the sums without the columns that ``_widened`` has added, Gram matrices full."""
    b = fit.middle.size
    kept = np.concatenate([np.arange(b) + block * (b + -b % _LANES) for block in range(fit.lags + 1)])
    grams = out.grams[:, kept[:, None], kept]
    lower = np.tril_indices(kept.size, -1)
    grams[:, lower[0], lower[1]] = grams[:, lower[1], lower[0]]
    return replace(
        out,
        grams=grams,
        period_sums=np.ascontiguousarray(out.period_sums[:, :, kept]),
        squares=out.squares[:, :b],
        cells=out.cells[:, :b],
    )


def _blocks(keys: NDArray[np.uint64], plan: MomentPlan) -> NDArray[np.int64]:
    """Block of every entity; entities of a block are neighbours by key."""
    if plan.keys.size:
        return plan.blocks[np.searchsorted(plan.keys, keys)]
    return ((keys >> np.uint64(32)) * np.uint64(plan.slots) >> np.uint64(32)).astype(np.int64)


def _empty(plan: MomentPlan, blocks: NDArray[np.int64], slopes: Floats) -> PartitionMoments:
    k, T, d, wide, b = blocks.size, plan.periods, plan.fit.omega.shape[0], plan.fit.middle.size, slopes.shape[1]
    return PartitionMoments(
        blocks=blocks,
        grams=np.zeros((k, d, d)),
        mass=np.zeros(k),
        period_sums=np.zeros((k, T, d)),
        squares=np.zeros((2, wide)),
        normal=np.zeros((T, T)),
        pairs=np.zeros(T),
        between=np.zeros((b + 1, b + 1)),
        cells=np.zeros((3, wide)),
        slopes=slopes,
        weights=np.zeros(T),
        squared_weight=0.0,
        rows=0,
        entities=0,
    )


def _on_scale(found: PartitionRows, plan: MomentPlan) -> tuple[Floats, int, Floats]:
    """Return (array that holds the base columns side by side, place of the first, slopes (2, b))."""
    b = plan.fit.middle.size
    measured = np.zeros((2, b))
    if plan.scale.plain and np.array_equal(plan.columns, np.arange(b) + plan.columns[0]):
        return found.rows, int(plan.columns[0]), measured
    values, slopes, counts = plan.scale.of(found.rows[:, plan.columns])
    measured[0], measured[1] = slopes * counts, counts
    return values, 0, measured


def _add_group(
    out: PartitionMoments,
    design: _Design,
    place: int,
    X: Floats,
    first: int,
    time: NDArray[np.int64],
    weight: Floats,
    order: NDArray[np.int64],
    starts: NDArray[np.int64],
    plan: MomentPlan,
    Z: Floats,
) -> None:
    """Add entities of one block; ``Z`` holds their rows in passing."""
    entities, d, b = starts.size - 1, plan.fit.omega.shape[0], out.slopes.shape[1]
    buffers = RowBuffers(
        Z,
        np.zeros((d, d)),
        out.period_sums[place],
        out.squares,
        out.cells,
        np.zeros((entities, plan.periods)),
        np.empty((entities, b)),
    )
    count = entity_rows(X, first, time, weight, order, starts, plan.fit, buffers)
    grid = buffers.grid
    mass = grid.sum(axis=1)
    used = mass > 0
    if not used.any():
        return
    out.grams[place] += dsyrk(1.0, Z[:count].T) + buffers.spread  # only above the diagonal
    grid, mass, level = grid[used], mass[used], buffers.level[used]
    out.mass[place] += mass.sum()
    design.add(grid, mass)
    deviation = np.ones((mass.size, b + 1))
    np.subtract(level, plan.fit.middle[:b], out=deviation[:, 1:])
    deviation[np.isnan(deviation)] = 0.0
    out.between += (deviation * mass[:, None]).T @ deviation
    out.squared_weight += float((grid**2).sum())
    out.rows += count
    out.entities += int(used.sum())


class _Design:
    """Which rows there are: what the period effects and the short-panel correction need to know of them."""

    def __init__(self, periods: int) -> None:
        self._periods = periods
        self._weights, self._pairs = np.zeros(periods), np.zeros(periods)
        self._normal = np.zeros((periods, periods))
        self._alike: dict[bytes, tuple[Floats, float]] = {}

    def add(self, grid: Floats, mass: Floats) -> None:
        """Add entities; ``grid`` (entities, T) holds the weights of their rows, ``mass`` their sums."""
        if (grid == grid[0]).all():
            key = grid[0].tobytes()
            self._alike[key] = grid[:1], self._alike.get(key, (grid, 0.0))[1] + mass.size
        else:
            self._add(grid, mass, 1.0)

    def sums(self) -> tuple[Floats, Floats, Floats]:
        """Return (weights (T,), normal equations (T, T), pairs (T,)), see ``PartitionMoments``."""
        for grid, count in self._alike.values():
            self._add(grid, grid.sum(axis=1), count)
        self._alike.clear()
        return self._weights, self._normal, self._pairs

    def _add(self, grid: Floats, mass: Floats, count: float) -> None:
        T = self._periods
        weights = count * grid.sum(axis=0)
        self._weights += weights
        self._normal[np.diag_indices(T)] += weights
        self._normal -= count * ((grid / mass[:, None]).T @ grid)
        power = (np.abs(np.fft.rfft(grid, 2 * T, axis=1)) ** 2 / mass[:, None]).sum(axis=0)
        self._pairs += count * np.fft.irfft(power, 2 * T)[:T]
