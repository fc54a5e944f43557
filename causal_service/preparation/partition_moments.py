"""Moments of one partition of a panel too large for memory: rows in, sums per block out.

A partition holds all rows of its entities, so entity means and gaps are settled here; period effects start from those
of the sample and what is left of them is found when all partitions are added up (``large``).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg.blas import dsyrk

from causal_service.numerics.entity_rows import (
    EntityFit,
    RowBuffers,
    cell_totals,
    entity_rows,
    sorted_rows,
)
from causal_service.panel.spilling import Partition, PartitionRows, read_partition
from causal_service.preparation.scale import Scale

__all__ = ["MomentPlan", "PartitionMoments", "partition_moments"]

_GROUP = 64
"""Most entities whose rows are worked on together."""

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
    middle: Floats
    """(b,) about the mean of each base column, on its scale."""
    fit: EntityFit
    """Period effects, standard deviations and covariances of the sample."""
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
    """(3, p) count, sum and sum of squares of the measured cells less ``centre``."""
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
    cells = cell_totals(found.rows, plan.columns, order, plan.centre)
    X, first, slopes = _on_scale(found, plan)
    weight = np.nan_to_num(found.rows[:, -1]) if plan.weighted else np.empty(0)
    blocks, begins = np.unique(_blocks(keys, plan), return_index=True)
    out = _empty(plan, blocks, cells, slopes)
    design = _Design(plan.periods)
    by_entity = np.argsort(begins, kind="stable")
    ends = np.append(begins[by_entity], keys.size)[1:]
    for place, begin, end in zip(by_entity, begins[by_entity], ends, strict=True):
        for low in range(begin, end, _GROUP):
            group = starts[low : min(low + _GROUP, end) + 1]
            _add_group(out, design, int(place), X, first, found.time, weight, order, group, plan)
    out.weights, out.normal, out.pairs = design.sums()
    lower = np.tril_indices(out.grams.shape[1], -1)
    out.grams[:, lower[0], lower[1]] = out.grams[:, lower[1], lower[0]]
    return out


def _blocks(keys: NDArray[np.uint64], plan: MomentPlan) -> NDArray[np.int64]:
    """Block of every entity; entities of a block are neighbours by key."""
    if plan.keys.size:
        return plan.blocks[np.searchsorted(plan.keys, keys)]
    return ((keys >> np.uint64(32)) * np.uint64(plan.slots) >> np.uint64(32)).astype(np.int64)


def _empty(plan: MomentPlan, blocks: NDArray[np.int64], cells: Floats, slopes: Floats) -> PartitionMoments:
    k, T, d, b = blocks.size, plan.periods, plan.fit.omega.shape[0], plan.middle.size
    return PartitionMoments(
        blocks=blocks,
        grams=np.zeros((k, d, d)),
        mass=np.zeros(k),
        period_sums=np.zeros((k, T, d)),
        squares=np.zeros((2, b)),
        normal=np.zeros((T, T)),
        pairs=np.zeros(T),
        between=np.zeros((b + 1, b + 1)),
        cells=cells,
        slopes=slopes,
        weights=np.zeros(T),
        squared_weight=0.0,
        rows=0,
        entities=0,
    )


def _on_scale(found: PartitionRows, plan: MomentPlan) -> tuple[Floats, int, Floats]:
    """Return (array that holds the base columns side by side, place of the first, slopes (2, b))."""
    b = plan.middle.size
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
) -> None:
    """Add entities of one block."""
    entities, d, b = starts.size - 1, plan.fit.omega.shape[0], plan.middle.size
    buffers = RowBuffers(
        np.empty((int(starts[-1] - starts[0]), d)),
        np.zeros((d, d)),
        out.period_sums[place],
        out.squares,
        np.zeros((entities, plan.periods)),
        np.empty((entities, b)),
    )
    count = entity_rows(X, first, time, weight, order, starts, plan.fit, buffers)
    grid = buffers.grid
    mass = grid.sum(axis=1)
    used = mass > 0
    if not used.any():
        return
    out.grams[place] += dsyrk(1.0, buffers.Z[:count].T) + np.triu(buffers.spread)
    grid, mass, level = grid[used], mass[used], buffers.level[used]
    out.mass[place] += mass.sum()
    design.add(grid, mass)
    deviation = np.concatenate([np.ones((mass.size, 1)), np.nan_to_num(level - plan.middle)], axis=1)
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
