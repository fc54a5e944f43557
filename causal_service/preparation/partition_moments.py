"""Moments of one partition of a panel too large for memory: rows in, sums per block out.

A partition holds all rows of its entities, so entity means and gaps are settled here; period effects start from those
of the sample and what is left of them is found when all partitions are added up (``large``).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from causal_service.numerics.entity_order import cell_totals, sorted_rows
from causal_service.numerics.entity_rows import entity_rows
from causal_service.numerics.entity_space import EntityFit, EntitySums, WideFit, widened
from causal_service.numerics.lanes import LANES
from causal_service.panel.spilling import Partition, PartitionRows, read_partition
from causal_service.preparation.scale import Scale

__all__ = ["MomentPlan", "PartitionMoments", "partition_moments"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class MomentPlan:
    """What every partition is told."""

    columns: NDArray[np.int64]
    """(p,) place of every studied indicator in a row on disk."""
    centre: Floats
    """(p,) about the mean of each, users' units."""
    single: bool
    """Whether rows kept as float32 are computed with as float32."""
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
    """(k, d, d) expected Gram matrices; of two lags, only the product of the older with the younger."""
    mass: Floats
    """(k,) sum of row weights."""
    period_sums: Floats
    """(k, T, d) weighted sums by period."""
    squares: Floats
    """(2, b) weighted squares and weight of the measured present cells."""
    together: Floats
    """(T, T) products of the weights of two periods within an entity, over the weight of the entity."""
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
    """Return the sums over one partition; a pure function of the rows and the plan, whatever their order on disk.

    Rows whose squares are beyond float32 are computed with as float64.
    """
    found = read_partition(partition)
    order, starts, keys = sorted_rows(found.key, found.time, plan.periods)
    if plan.single and found.rows.dtype == np.float32:
        sums = _summed(plan, found, order, starts, keys, np.dtype(np.float32))
        if all(np.isfinite(part).all() for part in (sums.grams, sums.period_sums, sums.squares, sums.cells)):
            return sums
    return _summed(plan, found, order, starts, keys, np.dtype(np.float64))


def _summed(
    plan: MomentPlan,
    found: PartitionRows,
    order: NDArray[np.int64],
    starts: NDArray[np.int64],
    keys: NDArray[np.uint64],
    kind: np.dtype[Any],
) -> PartitionMoments:
    """Return the sums, computed with numbers of a kind."""
    X, stride, first, centred, slopes = _on_scale(found, plan, order, kind)
    weight = np.nan_to_num(found.rows[:, -1].astype(np.float64)) if plan.weighted else np.empty(0)
    blocks, place = np.unique(_blocks(keys, plan), return_inverse=True)
    k, T, b, lagged = blocks.size, plan.periods, plan.fit.middle.size, plan.fit.lags + 1
    sums = EntitySums(
        np.zeros((k, lagged, b, lagged, b)),
        np.zeros((k, T, lagged, b)),
        np.zeros((2, b)),
        np.zeros((3, b)),
        np.zeros((keys.size, T)),
        np.empty((keys.size, b)),
    )
    fit = _wide_fit(plan, X.dtype, centred)
    rows = entity_rows(X, stride, first, found.time, weight, order, starts, place, fit, sums)
    mass = sums.grid.sum(axis=1)
    used = mass > 0
    grid, mass, level = sums.grid[used], mass[used], np.concatenate([np.ones((keys.size, 1)), sums.level], axis=1)[used]
    return PartitionMoments(
        blocks=blocks,
        grams=sums.grams.reshape(k, lagged * b, lagged * b),
        mass=np.bincount(place[used], weights=mass, minlength=k).astype(np.float64),
        period_sums=sums.period_sums.reshape(k, T, lagged * b),
        squares=sums.squares,
        together=(grid / mass[:, None]).T @ grid,
        between=(level * mass[:, None]).T @ level,
        cells=sums.cells if plan.scale.plain else cell_totals(found.rows, plan.columns, order, plan.centre),
        slopes=slopes,
        weights=grid.sum(axis=0),
        squared_weight=float((grid**2).sum()),
        rows=rows,
        entities=int(used.sum()),
    )


def _blocks(keys: NDArray[np.uint64], plan: MomentPlan) -> NDArray[np.int64]:
    """Block of every entity; entities of a block are neighbours by key."""
    if plan.keys.size:
        return plan.blocks[np.searchsorted(plan.keys, keys)]
    return ((keys >> np.uint64(32)) * np.uint64(plan.slots) >> np.uint64(32)).astype(np.int64)


@lru_cache(maxsize=2)
def _wide_fit(plan: MomentPlan, kind: np.dtype[Any], centred: bool) -> WideFit:
    """The fit as the kernel wants it for rows of a kind, the same for all partitions; the last study's is kept."""
    fit = plan.fit._replace(middle=np.zeros_like(plan.fit.middle)) if centred else plan.fit
    return widened(fit, kind.type)


def _on_scale(
    found: PartitionRows, plan: MomentPlan, order: NDArray[np.int64], kind: np.dtype[Any]
) -> tuple[NDArray[Any], int, int, bool, Floats]:
    """Return (cells with the base columns as ``entity_rows`` wants them, stride, first number, whether ``middle`` is
    already subtracted, slopes (2, b))."""
    b = plan.fit.middle.size
    measured = np.zeros((2, b))
    first = int(plan.columns[0])
    if plan.scale.plain and found.rows.dtype == kind and np.array_equal(plan.columns, np.arange(b) + first):
        return found.cells, found.rows.shape[1], first, False, measured
    values = found.rows[order[:, None], plan.columns]  # means of slopes do not depend on how rows stand on disk
    if not plan.scale.plain:
        values, slopes, counts = plan.scale.of(values.astype(np.float64))
        measured[0], measured[1] = slopes * counts, counts
    X = np.zeros(values.size + LANES, kind)
    X[: values.size].reshape(values.shape)[order] = values - plan.fit.middle
    return X, b, 0, True, measured
