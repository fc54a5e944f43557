"""Rows [x(t-L) ... x(t-1) | x(t)] that never bridge a calendar gap, and the blocks they are resampled in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from causal_service.panel.panel import Panel

__all__ = ["FEW_ENTITIES", "MAX_BLOCKS", "BlockUnit", "Blocks", "Rows", "lagged_rows", "resampling_blocks"]

BlockUnit = Literal["entity", "cluster", "row", "stretch", "period"]

FEW_ENTITIES = 15
"""Below this number of entities blocks of time within entities are resampled instead of whole entities."""
MAX_BLOCKS = 2000
"""Largest number of resampling blocks; more entities share blocks."""
_WANTED_BLOCKS = 30
_SHORTEST_BLOCK = 4


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Lagged rows, sorted by entity and period."""

    entity: NDArray[np.int64]
    """(R,) entity code."""
    time: NDArray[np.int64]
    """(R,) calendar period of the present block."""
    weight: NDArray[np.float64]
    """(R,) row weight, mean 1."""
    lags: int
    """Number of lags L."""

    def take(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the rows (R, (L + 1) q) of an (E, T, q) array, oldest block first."""
        blocks = [values[self.entity, self.time - lag] for lag in range(self.lags, -1, -1)]
        return np.concatenate(blocks, axis=1)


def lagged_rows(panel: Panel, lags: int) -> Rows:
    """Return the rows whose L + 1 consecutive calendar periods are all present and whose present block is not empty."""
    observed = ~np.isnan(panel.values).all(axis=2) & panel.present
    later = max(observed.shape[1] - lags, 0)
    usable = observed[:, lags:].copy()
    for lag in range(1, lags + 1):
        usable &= observed[:, lags - lag : lags - lag + later]
    if panel.weights is not None:
        weight = np.nan_to_num(panel.weights[:, lags:])
        usable &= weight > 0
    entity, offset = np.nonzero(usable)
    weights = np.ones(entity.size) if panel.weights is None else weight[entity, offset]
    weights = weights * (weights.size / max(weights.sum(), 1e-300))
    return Rows(entity.astype(np.int64), (offset + lags).astype(np.int64), weights, lags)


@dataclass(frozen=True, slots=True, eq=False)
class Blocks:
    """What is drawn with replacement."""

    code: NDArray[np.int64]
    """(R,) block of every row."""
    unit: BlockUnit
    """What a block is."""
    run: int
    """Consecutive blocks that are drawn together."""

    @property
    def count(self) -> int:
        """Number of blocks."""
        return int(self.code.max()) + 1


def resampling_blocks(panel: Panel, rows: Rows) -> Blocks:
    """Return the blocks of the rows.

    A block is a cluster or an entity; with few entities a stretch of time within an entity. A single series has one
    block per row, drawn in overlapping runs of T^(1/3) periods, rounded up: the moving blocks of Kuensch (1989, Annals
    of Statistics 17), closed to a circle (Politis & Romano 1992); the rate is that of Hall, Horowitz & Jing (1995,
    Biometrika 82) for the variance of an estimate.
    """
    run = 1
    unit: BlockUnit = "entity"
    if panel.clusters is not None:
        code = {name: i for i, name in enumerate(sorted(set(panel.clusters)))}
        block = np.array([code[name] for name in panel.clusters], np.int64)[rows.entity]
        unit = "cluster"
    elif panel.regime == "series":
        per_block = -(-rows.time.size // MAX_BLOCKS)
        block = np.arange(rows.time.size) // per_block
        unit, run = "period", -(-_run_length(rows.time.size) // per_block)
    elif panel.regime == "cross-section":
        block, unit = rows.entity, "row"
    elif np.unique(rows.entity).size >= FEW_ENTITIES:
        block = rows.entity
    else:
        entities = np.unique(rows.entity).size
        span = int(rows.time.max() - rows.time.min()) + 1
        stretches = max(1, min(-(-_WANTED_BLOCKS // entities), span // _SHORTEST_BLOCK))
        stretch = (rows.time - rows.time.min()) * stretches // span
        block, unit = rows.entity * stretches + stretch, "stretch"
    block = np.unique(block, return_inverse=True)[1].astype(np.int64)
    return Blocks(block % MAX_BLOCKS, unit, run)


def _run_length(rows: int) -> int:
    """Smallest whole number whose cube is not below the number of rows."""
    length = round(rows ** (1 / 3))
    return int(length if length**3 >= rows else length + 1)
