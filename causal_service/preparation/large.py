"""Moments of a panel too large for memory, in one pass over its rows as they stand grouped on disk.

Let z be a row less its entity mean and the period effects of a sample of entities, gaps filled by expectation under the
covariances of that sample. What is left of the period effects solves A e = s with s the sums of z by period and A the
normal equations, both T x T at most and added up along the way, and the Gram matrix of a block becomes

    G - S' e - e' S + e' A e,    S (T, d) the block's sums by period,

which is the within-transform of all rows (Frisch & Waugh 1933), not of the sample. The last term is of second order; it
is shared among the blocks by their weight and exact in the sum. Only the filling of gaps rests on the sample.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import lstsq

from causal_service.errors import Text
from causal_service.numerics.block_moments import settle
from causal_service.numerics.entity_space import EntityFit
from causal_service.numerics.fan_out import in_order
from causal_service.numerics.gaussian_em import precision
from causal_service.numerics.short_panel import FARTHEST
from causal_service.panel.dictionary import Dictionary
from causal_service.panel.large import LargePanel
from causal_service.panel.panel import Panel
from causal_service.panel.spilling import FIRST_COLUMN
from causal_service.panel.summary import RowTotals
from causal_service.preparation.partition_moments import MomentPlan, PartitionMoments, partition_moments
from causal_service.preparation.rows import MAX_BLOCKS
from causal_service.preparation.sample_fit import SampleFit, sample_fit
from causal_service.preparation.scale import settled_scale
from causal_service.preparation.steps import PreparationStep
from causal_service.preparation.within_rows import Total, WithinRows

__all__ = ["LargeMoments", "large_moments"]

BLOCK_BYTES = 40 << 20
"""Memory for the sums of all blocks; long calendars and many indicators make fewer blocks."""
FEWEST_BLOCKS = 200
"""Blocks there are whatever memory they take, since all intervals rest on them; fewer only with fewer entities."""
FLOAT32_CONDITION = 1e4
"""Largest condition number of a covariance for which rows kept as float32 are also computed with as float32."""
UNDETERMINED = 1e-7
"""A direction of period effects that has less weight than this, beside the heaviest, counts as undetermined: sums of
float32 rows by period are not zero along it."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class LargeMoments:
    """Moments of all rows, standardised; d = b (lags + 1)."""

    rows: WithinRows
    """Of the sample, with the standard deviations, covariances and counts of all rows."""
    lags: int
    """Number of lags L."""
    grams: Floats
    """(blocks, d, d)."""
    mass: Floats
    """(blocks,) sum of row weights, mean weight 1."""
    span: Floats
    """Pair counts for the short-panel correction; empty without lags."""
    count: int
    """Rows used."""
    entities: int
    """Entities that have rows."""
    missing: float
    """Share of empty cells of the rows' present block."""
    step: PreparationStep
    """What was done because the panel is large."""
    mean: Mapping[str, float]
    """Mean of the measured cells by indicator."""
    sd: Mapping[str, float]
    """Their standard deviation."""
    empty: Mapping[str, float]
    """Share of empty cells."""
    covariances: tuple[Floats, Floats, Floats]
    """(b, b) of the base columns: over all rows, without entity means, without entity and period effects."""

    def row_totals(self, expand: Floats) -> RowTotals:
        """Return what summaries need; ``expand`` (p, b) goes from base columns to all indicators."""
        pooled, between, within = (_correlation(expand @ S @ expand.T) for S in self.covariances)
        return RowTotals(self.mean, self.sd, self.empty, pooled, between, within)


def large_moments(
    panel: Panel, large: LargePanel, dictionary: Dictionary, totals: Sequence[Total], lags: int
) -> LargeMoments:
    """Return the moments of all rows behind a sample; parameters and errors as in ``prepared.prepare``."""
    fit = sample_fit(replace(panel, behind=None), dictionary, totals, lags)
    plan = _plan(fit, large, dictionary)
    summed = _Sums(plan, len(large.entities))
    for part in in_order(partition_moments, plan, large.partitions):
        summed.add(part)
    return _finished(summed, plan, fit.rows, large, lags)


def _plan(found: SampleFit, large: LargePanel, dictionary: Dictionary) -> MomentPlan:
    sample = found.rows
    panel, lags = sample.panel, sample.rows.lags
    T, d = len(panel.periods), sample.sigma.shape[0]
    most = min(MAX_BLOCKS, max(BLOCK_BYTES // (8 * d * (d + T)), FEWEST_BLOCKS))
    alone = len(large.entities) <= most
    order = np.argsort(large.keys, kind="stable")
    return MomentPlan(
        columns=np.array([FIRST_COLUMN + large.indicators.index(name) for name in panel.indicators], np.int64),
        centre=np.nan_to_num(_mean(panel.values)),
        single=max(map(np.linalg.cond, (sample.first_sigma, sample.sigma))) <= FLOAT32_CONDITION,
        weighted=large.weighted,
        scale=settled_scale(sample, dictionary, panel.indicators),
        fit=EntityFit(
            found.effects,
            found.second,
            1 / sample.sd,
            precision(sample.first_sigma),
            precision(sample.sigma),
            np.nan_to_num(_mean(sample.values)),
            lags,
        ),
        periods=T,
        keys=large.keys[order] if alone else np.empty(0, np.uint64),
        blocks=order.astype(np.int64) if alone else np.empty(0, np.int64),
        slots=most,
    )


def _mean(values: Floats) -> Floats:
    """About the mean of each column, the same number as float32 and as float64 where float32 has it."""
    seen = ~np.isnan(values)
    mean = np.asarray(np.where(seen, values, 0.0).sum(axis=(0, 1)) / np.maximum(seen.sum(axis=(0, 1)), 1))
    with np.errstate(over="ignore"):
        rounded = mean.astype(np.float32).astype(np.float64)
    return np.where(np.abs(rounded - mean) < 1e-6 * np.abs(mean), rounded, mean)


class _Sums:
    """Partitions added up, in their order."""

    def __init__(self, plan: MomentPlan, entities: int) -> None:
        blocks = entities if plan.keys.size else plan.slots
        d, T = plan.fit.omega.shape[0], plan.periods
        self.grams, self.mass = np.zeros((blocks, d, d)), np.zeros(blocks)
        self.period_sums = np.zeros((blocks, T, d))
        self._rest: dict[str, Any] = {}

    def add(self, part: PartitionMoments) -> None:
        at: Any = part.blocks
        if at.size and at[-1] - at[0] == at.size - 1:  # neighbours, as hashing has it: no copy to and fro
            at = slice(at[0], at[-1] + 1)
        self.grams[at] += part.grams
        self.mass[at] += part.mass
        self.period_sums[at] += part.period_sums
        for name in _PLAIN_SUMS:
            value = getattr(part, name)
            self._rest[name] = self._rest[name] + value if name in self._rest else value

    def by_block(self) -> tuple[Floats, Floats, Floats]:
        """Return (grams, mass, sums by period) of the blocks that have rows."""
        kept = np.flatnonzero(self.mass > 0)
        for place, block in enumerate(kept):
            if place < block:  # in place: there may be no room for a second copy
                self.grams[place], self.mass[place] = self.grams[block], self.mass[block]
                self.period_sums[place] = self.period_sums[block]
        return self.grams[: kept.size], self.mass[: kept.size], self.period_sums[: kept.size]

    def of(self, name: str) -> Any:
        """Return one of the sums that are not by block."""
        return self._rest[name]


_PLAIN_SUMS = (
    "squares",
    "together",
    "between",
    "cells",
    "slopes",
    "weights",
    "squared_weight",
    "rows",
    "entities",
)


def _finished(summed: _Sums, plan: MomentPlan, sample: WithinRows, large: LargePanel, lags: int) -> LargeMoments:
    b, names = plan.fit.middle.size, sample.panel.indicators
    grams, mass, S = summed.by_block()
    total, count, entities = float(mass.sum()), int(summed.of("rows")), int(summed.of("entities"))
    weights, together = summed.of("weights"), summed.of("together")
    A = np.diag(weights) - together
    by_period = S.sum(axis=0)
    effect = np.asarray(lstsq(A, by_period, cond=UNDETERMINED, lapack_driver="gelsy")[0])
    second = effect.T @ A @ effect
    gone = by_period.T @ effect
    squares, seen = summed.of("squares")
    left = (np.diag(gone) * 2 - np.diag(second))[lags * b :]
    growth = np.sqrt(np.maximum(squares - left, 0.0) / np.maximum(seen, 1e-300))
    growth = np.where(growth > 0, growth, 1.0)
    every = np.tile(growth, lags + 1)
    settle(grams, mass, S, np.ascontiguousarray(effect), second, total, (count / total) / np.outer(every, every))
    sd = sample.sd * growth
    slopes = summed.of("slopes")
    slope = np.where(slopes[1] > 0, slopes[0] / np.maximum(slopes[1], 1.0), sample.slopes)
    periods = np.flatnonzero(weights > 0)
    used = max(count - (entities + periods.size - 1), 1.0)
    sigma = grams.sum(axis=0) / count
    effects = (plan.fit.effects / np.tile(sd, lags + 1) + (plan.fit.second + effect) / every)[:, lags * b :]
    cells = summed.of("cells")
    return LargeMoments(
        rows=replace(
            sample,
            sd=sd,
            sigma=sigma,
            slopes=slope,
            effective_n=used * total**2 / (count * float(summed.of("squared_weight"))),
            used=used,
        ),
        lags=lags,
        grams=grams,
        mass=mass * (count / total),
        span=_span(together / total, int(periods[-1] - periods[0]) + 1) if lags > 0 else np.empty(0),
        count=count,
        entities=entities,
        missing=float(1 - seen.mean() / total),
        step=_step(large, sample),
        mean=dict(zip(names, (plan.centre + cells[1] / np.maximum(cells[0], 1)).tolist(), strict=True)),
        sd=dict(zip(names, _spread(cells).tolist(), strict=True)),
        empty=dict(zip(names, (1 - cells[0] / large.rows).tolist(), strict=True)),
        covariances=_covariances(summed.of("between"), sd, sigma[lags * b :, lags * b :], effects, A / total),
    )


def _span(together: Floats, span: int) -> Floats:
    """Return the weights of pairs of periods by their distance, on both sides of 0."""
    pairs = np.array([np.trace(together, k) for k in range(min(span, FARTHEST + 1))])
    return np.concatenate([pairs[1:][::-1], pairs])


def _spread(cells: Floats) -> Floats:
    """Standard deviation from count, sum and sum of squares."""
    count = np.maximum(cells[0], 1)
    spread: Floats = np.sqrt(np.maximum(cells[2] - cells[1] ** 2 / count, 0.0) / np.maximum(count - 1, 1))
    return spread


def _covariances(
    between: Floats, sd: Floats, within: Floats, effects: Floats, A: Floats
) -> tuple[Floats, Floats, Floats]:
    """Return covariances over all rows, without entity means, and without entity and period effects."""
    mean = between[0, 1:] / between[0, 0]
    entity = (between[1:, 1:] / between[0, 0] - np.outer(mean, mean)) / np.outer(sd, sd)
    both = within + effects.T @ A @ effects
    return both + entity, both, within


def _correlation(S: Floats) -> Floats:
    sd = np.sqrt(np.maximum(np.diag(S), 0.0))
    scale = np.outer(sd, sd)
    return np.asarray(np.clip(np.where(scale > 0, S / np.where(scale > 0, scale, 1.0), 0.0), -1.0, 1.0))


def _step(large: LargePanel, sample: WithinRows) -> PreparationStep:
    E, n = len(large.entities), len(sample.panel.entities)
    return PreparationStep(
        "large-panel",
        Text(
            f"面板的 {large.rows} 行按实体分成 {len(large.partitions)} 份读取；空单元按 {E} 个实体中抽取的 {n} 个"
            "（按名称散列）的协方差求期望。",
            f"The {large.rows} rows of the panel are read in {len(large.partitions)} parts by entity; empty "
            f"cells are filled by expectation under the covariances of {n} of {E} entities, drawn by a hash of their "
            "labels.",
        ),
    )
