"""The panel as a generating system needs it: complete levels, and what entities and periods add to them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, hstack

from causal_service.panel.dictionary import Dictionary
from causal_service.panel.panel import Panel
from causal_service.preparation.within_rows import Total, WithinRows, within_rows

__all__ = ["Levels", "levels_of"]

Array = NDArray[np.float64]

_ROUNDS = 100
"""Rounds of the additive completion."""


@dataclass(frozen=True, slots=True, eq=False)
class Levels:
    """Rows [x(t-L) ... x(t-1) | x(t)] of all p indicators at their level, gaps filled with their expectation."""

    names: tuple[str, ...]
    """All p indicators, sorted, totals included."""
    lags: int
    """Number of lags L."""
    rows: WithinRows
    """The rows of the base indicators, effects removed."""
    values: Array
    """(R, d) on the scale of the linear system, d = p (L + 1)."""
    measured: NDArray[np.bool_]
    """(R,) whether no cell of the row was filled."""
    sd: Array
    """(p,) SD on that scale after the effects are removed."""
    grid: Array
    """(E, T, p) the same values by entity and period; NaN where no row reaches."""

    @property
    def group(self) -> NDArray[np.int64]:
        """(R,) entity of every row whose level is its own; the same for all in a cross-section."""
        at = self.rows.rows
        return np.zeros_like(at.entity) if self.rows.panel.regime == "cross-section" else at.entity

    def effect_columns(self) -> csr_array:
        """Return the columns (R, k) whose combinations are the effects: entities and periods, or terms by entity."""
        at, terms = self.rows.rows, self.rows.terms
        R = at.entity.size
        if terms is None:
            blocks = [csr_array((np.ones(R), (np.arange(R), code))) for code in (self.group, at.time)]
        else:
            k = terms.columns.shape[1]
            column = self.group[:, None] * k + np.arange(k)
            at_row = np.repeat(np.arange(R), k)
            blocks = [csr_array((terms.columns.ravel(), (at_row, column.ravel())))]
        return csr_array(hstack(blocks, format="csr"))

    def kept(self, values: Array) -> Array:
        """Return the entity and period effects in a column (R,)."""
        effects: Array = values - self.rows.without_effects(values[:, None])[:, 0]
        return effects


def levels_of(panel: Panel, dictionary: Dictionary, totals: Sequence[Total], lags: int) -> Levels:
    """Return the levels of a panel; parameters as in ``prepare``."""
    rows = within_rows(panel, dictionary, totals, lags)
    at = rows.rows
    observed = at.take(rows.values)
    inside = rows.filled * np.tile(rows.sd, lags + 1)
    effects = _completed(observed - inside, rows)
    base = np.where(rows.missing, effects + inside, observed)
    names, b = panel.indicators, len(rows.names)
    values = np.empty((base.shape[0], lags + 1, len(names)))
    blocks = base.reshape(-1, lags + 1, b)
    for j, name in enumerate(names):
        if name in rows.names:
            values[:, :, j] = blocks[:, :, rows.names.index(name)]
        else:
            total = next(t for t in rows.totals if t.name == name)
            parts = [rows.names.index(part) for part in total.parts]
            whole = blocks[:, :, parts] @ np.array(total.coefficients)
            seen = panel.values[at.entity, at.time, j]
            values[:, :, j] = whole + float(np.nanmedian(seen - whole[:, -1]))
    grid = np.full((*panel.values.shape[:2], len(names)), np.nan)
    for lag in range(lags, -1, -1):
        grid[at.entity, at.time - lag] = values[:, lags - lag]
    flat = values.reshape(len(base), -1)
    now = rows.without_effects(values[:, -1])
    sd = np.sqrt((now**2 * at.weight[:, None]).sum(0) / at.weight.sum())
    measured: NDArray[np.bool_] = np.asarray(~rows.missing.any(axis=1))
    return Levels(names, lags, rows, flat, measured, np.where(sd > 0, sd, 1.0), grid)


def _completed(effects: Array, rows: WithinRows) -> Array:
    """Return the effects (R, q) with cells that were not measured filled in: an entity's part plus a period's part.

    With terms of its own, an entity's neighbouring periods are joined by straight lines instead.
    """
    at, missing = rows.rows, rows.missing
    if not missing.any():
        return effects
    if rows.terms is not None:
        return _interpolated(effects, missing, at.entity, at.time)
    seen = ~missing
    crossed = rows.panel.regime == "cross-section"
    entity, time = np.zeros_like(at.entity) if crossed else at.entity, at.time
    D = np.where(seen, effects, 0.0)
    a, g = np.zeros((int(entity.max()) + 1, D.shape[1])), np.zeros((int(time.max()) + 1, D.shape[1]))
    n_entity, n_period = _group_sum(seen * 1.0, entity, a.shape), _group_sum(seen * 1.0, time, g.shape)
    for _ in range(_ROUNDS):
        a = np.asarray(_group_sum(np.where(seen, D - g[time], 0.0), entity, a.shape) / np.maximum(n_entity, 1))
        g = np.asarray(
            _group_sum(np.asarray(np.where(seen, D - a[entity], 0.0), np.float64), time, g.shape)
            / np.maximum(n_period, 1)
        )
    a = np.asarray(np.where(n_entity > 0, a, a.mean(0)), np.float64)
    return np.where(seen, effects, a[entity] + g[time])


def _interpolated(
    effects: Array, missing: NDArray[np.bool_], entity: NDArray[np.int64], time: NDArray[np.int64]
) -> Array:
    out = effects.copy()
    for code in np.unique(entity):
        own = entity == code
        for j in np.flatnonzero(missing[own].any(axis=0)):
            gap = missing[own, j]
            if not gap.all():
                out[own, j] = np.interp(time[own], time[own][~gap], effects[own, j][~gap])
    return np.nan_to_num(out)


def _group_sum(values: NDArray[Any], code: NDArray[np.int64], shape: tuple[int, ...]) -> Array:
    member = csr_array((np.ones(code.size), (code, np.arange(code.size))), shape=(shape[0], code.size))
    return np.asarray(member @ values, np.float64)
