"""Preparation: from a panel to per-block Gram matrices. After this, rows no longer matter (METHOD, steps 1-6)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from causal_service.errors import DataError, Text
from causal_service.numerics.gaussian_em import expected_grams, fill_gaps
from causal_service.numerics.short_panel import pair_counts, stationary_covariance
from causal_service.numerics.within import within
from causal_service.panel.dictionary import Dictionary
from causal_service.panel.panel import Panel, Regime
from causal_service.preparation.rows import Rows, lagged_rows, resampling_blocks
from causal_service.preparation.transforms import declared_transform, transformed

__all__ = ["PreparationStep", "Prepared", "Total", "prepare"]


@dataclass(frozen=True, slots=True)
class Total:
    """An indicator that is an exact weighted sum of others and follows them in the graph."""

    name: str
    """Key of the total."""
    parts: tuple[str, ...]
    """Keys of its parts, none of them a total itself."""
    coefficients: tuple[float, ...]
    """Weight of each part, total's unit per part's unit."""


@dataclass(frozen=True, slots=True)
class PreparationStep:
    """One recorded step."""

    code: str
    """Kebab-case identifier."""
    text: Text
    """What was done, with numbers."""


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """Moments of the standardised within-transformed rows, per resampling block.

    Columns are [x(t-L) ... x(t-1) | x(t)]; *base* columns are estimated, totals are added by ``expand``.
    """

    regime: Regime
    """Regime of the panel."""
    names: tuple[str, ...]
    """All p indicators, sorted, totals included."""
    lags: int
    """Number of lags L."""
    grams: NDArray[np.float64]
    """(blocks, b, b) expected Gram matrices of the base columns, b = base (L + 1)."""
    mass: NDArray[np.float64]
    """(blocks,) sum of row weights."""
    span: NDArray[np.float64]
    """Pair counts for the short-panel correction; empty when there is none."""
    expand: NDArray[np.float64]
    """(d, b) from base columns to all columns."""
    base: int
    """Number of base indicators."""
    totals: tuple[Total, ...]
    """Indicators that are exact sums."""
    effective_n: float
    """Rows less the effects removed, times Kish's factor for unequal weights."""
    rows: int
    """Number of rows used."""
    entities: int
    """Number of entities (clusters in a cross-section) with rows."""
    shrinkage: float
    """Share of variance left after period effects were removed, 1 - 1/N."""
    within_sd: Mapping[str, float]
    """Within-SD of every indicator in its own unit."""
    unit_sd: NDArray[np.float64]
    """(p,) users' units per standardised unit: within-SD of the transformed column divided by its average slope."""
    steps: tuple[PreparationStep, ...]
    """What was done, in order."""

    @property
    def blocks(self) -> int:
        """Number of resampling blocks."""
        return int(self.mass.size)

    def covariances(self, weights: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return (within, stationary) covariances (B, d, d) under block weights (B, blocks).

        The graph is searched on the first, effects are read off the second (short-panel bias removed).
        """
        W = np.tensordot(weights, self.grams, 1) / (weights @ self.mass)[:, None, None] / self.shrinkage
        S = stationary_covariance(W, self.span, self.base, self.lags) if self.span.size else W
        expand = self.expand
        return np.ascontiguousarray(expand @ W @ expand.T), np.ascontiguousarray(expand @ S @ expand.T)

    def covariance(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the full-sample (within, stationary) covariances (d, d)."""
        within_all, stationary = self.covariances(np.ones((1, self.blocks)))
        return within_all[0], stationary[0]


def prepare(panel: Panel, dictionary: Dictionary, totals: Sequence[Total], lags: int) -> Prepared:
    """Return the moments of a panel.

    Parameters
    ----------
    panel : indicators to study only (constants and copies already set aside).
    dictionary : declared transforms.
    totals : exact sums; they are completed from their parts and follow them.
    lags : number of lags; 0 in a cross-section.

    Raises
    ------
    DataError : ``too-few-rows`` when the effects to be removed leave too few rows.
    """
    names = panel.indicators
    kept_totals = [t for t in totals if _is_linear(t, panel, dictionary)]
    base_names = [name for name in names if name not in {t.name for t in kept_totals}]
    values, slopes, kinds = _on_scale(panel, dictionary, kept_totals, base_names)
    rows = lagged_rows(panel, lags)
    _check_enough(panel, rows, len(base_names), lags)
    Z = rows.take(values)
    missing = np.isnan(Z)
    entity = rows.entity if panel.regime != "cross-section" else np.zeros_like(rows.entity)
    period = rows.time - rows.time.min()
    Z = within(Z, rows.weight, entity, period)
    b = len(base_names)
    sd = np.sqrt(_mean_square(Z[:, lags * b :], missing[:, lags * b :], rows.weight))
    sd = np.where(sd > 0, sd, 1.0)
    Z = Z / np.tile(sd, lags + 1)
    filled, sigma = fill_gaps(Z, missing, rows.weight)
    if missing.any():
        filled, sigma = fill_gaps(within(filled, rows.weight, entity, period), missing, rows.weight)
    block = resampling_blocks(panel, rows)
    blocks = int(block.max()) + 1
    grams = expected_grams(filled, missing, sigma, rows.weight, block, blocks)
    n, used = _effective_n(panel, rows)
    spread = np.sqrt(rows.entity.size / used)
    totals_sd, expand = _expansion(names, base_names, kept_totals, sd, sigma, lags)
    within_all = {name: float(value) for name, value in zip(base_names, sd * spread / slopes, strict=True)}
    within_all |= {t.name: totals_sd[t.name] * spread for t in kept_totals}
    unit_sd = np.array([within_all[name] / spread for name in names])
    panel_like = panel.regime == "panel" and lags > 0
    return Prepared(
        regime=panel.regime,
        names=names,
        lags=lags,
        grams=grams,
        mass=np.bincount(block, weights=rows.weight, minlength=blocks).astype(np.float64),
        span=pair_counts(rows.entity, period, rows.weight, int(period.max()) + 1) if panel_like else np.empty(0),
        expand=expand,
        base=b,
        totals=tuple(kept_totals),
        effective_n=n,
        rows=int(rows.entity.size),
        entities=int(np.unique(rows.entity).size) if panel.clusters is None else len(set(panel.clusters)),
        shrinkage=1 - 1 / np.unique(rows.entity).size,
        within_sd=within_all,
        unit_sd=unit_sd,
        steps=_steps(panel, rows, missing, kinds, kept_totals, lags, n),
    )


def _is_linear(total: Total, panel: Panel, dictionary: Dictionary) -> bool:
    """Whether a total and its parts are all in the panel and on the identity scale."""
    for name in (total.name, *total.parts):
        if name not in panel.indicators:
            return False
        column = panel.values[:, :, panel.indicators.index(name)]
        if declared_transform(dictionary.indicators.get(name), column) != "identity":
            return False
    return True


def _on_scale(
    panel: Panel, dictionary: Dictionary, totals: Sequence[Total], base_names: Sequence[str]
) -> tuple[NDArray[np.float64], NDArray[np.float64], dict[str, str]]:
    """Return (values (E, T, b) of the base columns, slopes (b,), transforms that are not the identity)."""
    index = {name: i for i, name in enumerate(panel.indicators)}
    values = panel.values.copy()
    for total in totals:
        _complete_part(values, total, index)
    columns, slopes, kinds = [], [], {}
    for name in base_names:
        column = values[:, :, index[name]]
        entry = dictionary.indicators.get(name)
        unit = "" if entry is None else entry.unit
        result = transformed(name, column, declared_transform(entry, column), unit)
        columns.append(result.values)
        slopes.append(result.slope)
        if result.kind != "identity":
            kinds[name] = str(result.kind)
    return np.stack(columns, axis=2), np.array(slopes), kinds


def _complete_part(values: NDArray[np.float64], total: Total, index: Mapping[str, int]) -> None:
    """Fill the one missing part of a total from the total and its other parts, in place (constants cancel within)."""
    parts = [index[name] for name in total.parts]
    weights = np.array(total.coefficients)
    whole = values[:, :, index[total.name]]
    gap = np.isnan(values[:, :, parts])
    complete = ~gap.any(axis=2) & ~np.isnan(whole)
    if not complete.any():
        return
    constant = float(np.median(whole[complete] - values[:, :, parts][complete] @ weights))
    for i, part in enumerate(parts):
        lone = gap[:, :, i] & (gap.sum(axis=2) == 1) & ~np.isnan(whole)
        others = np.nan_to_num(values[:, :, parts][lone]) @ weights
        values[lone, part] = (whole[lone] - constant - others) / weights[i]


def _mean_square(Z: NDArray[np.float64], missing: NDArray[np.bool_], w: NDArray[np.float64]) -> NDArray[np.float64]:
    seen = np.where(missing, 0.0, 1.0) * w[:, None]
    total: NDArray[np.float64] = (np.where(missing, 0.0, Z) ** 2 * w[:, None]).sum(0) / np.maximum(seen.sum(0), 1e-300)
    return total


def _effective_n(panel: Panel, rows: Rows) -> tuple[float, float]:
    """Return (effective n with Kish's factor, rows less effects removed)."""
    R = rows.entity.size
    removed = 1.0
    if panel.regime != "cross-section":
        removed = float(np.unique(rows.entity).size + np.unique(rows.time).size - 1)
    used = max(R - removed, 1.0)
    kish = rows.weight.sum() ** 2 / (R * (rows.weight**2).sum())
    return used * float(kish), used


def _check_enough(panel: Panel, rows: Rows, p: int, lags: int) -> None:
    R = rows.entity.size
    used = _effective_n(panel, rows)[1] if R else 0.0
    needed = p * (lags + 1) + 8
    if R == 0 or used < needed:
        raise DataError(
            "too-few-rows",
            Text(
                f"剔除个体和时期影响后只剩 {used:.0f} 行可用（{lags} 阶滞后，{p} 个指标），至少需要 {needed} 行。",
                f"Only {used:.0f} usable rows are left after entity and period effects ({lags} lags, {p} indicators); "
                f"at least {needed} are needed.",
            ),
            Text(
                "请增加时期或个体、减少指标，或把滞后设为 0。",
                "Add periods or entities, study fewer indicators, or set lags to 0.",
            ),
            {"rows": int(R), "usable": float(used), "needed": needed},
        )


def _expansion(
    names: Sequence[str],
    base_names: Sequence[str],
    totals: Sequence[Total],
    sd: NDArray[np.float64],
    sigma: NDArray[np.float64],
    lags: int,
) -> tuple[dict[str, float], NDArray[np.float64]]:
    """Return (SD of each total in its unit, expand (d, b)); a total is scaled to unit variance like the others."""
    b = len(base_names)
    now = sigma[lags * b :, lags * b :]
    one = np.zeros((len(names), b))
    totals_sd: dict[str, float] = {}
    for i, name in enumerate(names):
        if name in base_names:
            one[i, base_names.index(name)] = 1.0
        else:
            total = next(t for t in totals if t.name == name)
            for part, coefficient in zip(total.parts, total.coefficients, strict=True):
                j = base_names.index(part)
                one[i, j] = coefficient * sd[j]
            totals_sd[name] = float(np.sqrt(one[i] @ now @ one[i]))
            one[i] /= totals_sd[name]
    return totals_sd, np.kron(np.eye(lags + 1), one).astype(np.float64)


def _steps(
    panel: Panel,
    rows: Rows,
    missing: NDArray[np.bool_],
    kinds: Mapping[str, str],
    totals: Sequence[Total],
    lags: int,
    n: float,
) -> tuple[PreparationStep, ...]:
    R = rows.entity.size
    steps = []
    for name, kind in kinds.items():
        steps.append(
            PreparationStep("transform", Text(f"{name} 取 {kind} 尺度。", f"{name} is put on the {kind} scale."))
        )
    steps.append(
        PreparationStep(
            "rows",
            Text(
                f"共 {R} 行，含 {lags} 阶滞后；日历缺口处断开。",
                f"{R} rows with {lags} lags; calendar gaps break lags.",
            ),
        )
    )
    if panel.regime != "cross-section":
        steps.append(
            PreparationStep(
                "within",
                Text(
                    f"剔除个体与时期影响；有效样本量 {n:.0f}。",
                    f"Entity and period effects are removed; effective n is {n:.0f}.",
                ),
            )
        )
    if missing.any():
        steps.append(
            PreparationStep(
                "gaps",
                Text(
                    f"{missing.mean():.1%} 的单元缺失，用 EM 求期望矩阵，不做均值填补。",
                    f"{missing.mean():.1%} of cells are empty; expected moments by EM, no mean imputation.",
                ),
            )
        )
    if panel.regime == "panel" and lags > 0:
        steps.append(
            PreparationStep(
                "short-panel",
                Text("对短面板偏差做了修正。", "The short-panel bias of the moments is corrected."),
            )
        )
    steps.extend(
        PreparationStep(
            "total",
            Text(f"{t.name} 由 {', '.join(t.parts)} 加总得到。", f"{t.name} is the sum of {', '.join(t.parts)}."),
        )
        for t in totals
    )
    return tuple(steps)
