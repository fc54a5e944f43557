"""Preparation: from a panel to per-block Gram matrices. After this, rows no longer matter (METHOD, steps 1-6)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from causal_service.errors import DataError, Text
from causal_service.numerics.deterministic import without_terms
from causal_service.numerics.gaussian_em import expected_grams, fill_gaps
from causal_service.numerics.short_panel import pair_counts, stationary_covariance
from causal_service.numerics.within import within
from causal_service.panel.dictionary import Dictionary
from causal_service.panel.panel import Panel, Regime
from causal_service.preparation.rows import BlockUnit, Rows, lagged_rows, resampling_blocks
from causal_service.preparation.steps import PreparationStep, steps_taken
from causal_service.preparation.time_terms import TimeTerms, needs_time_terms, time_terms
from causal_service.preparation.transforms import declared_transform, transformed

__all__ = ["Prepared", "Total", "prepare"]


@dataclass(frozen=True, slots=True)
class Total:
    """An indicator that is an exact weighted sum of others and follows them in the graph."""

    name: str
    """Key of the total."""
    parts: tuple[str, ...]
    """Keys of its parts, none of them a total itself."""
    coefficients: tuple[float, ...]
    """Weight of each part, total's unit per part's unit."""


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
    unit: BlockUnit = "entity"
    """What a block is."""
    run: int = 1
    """Consecutive blocks that are drawn together; 1 = blocks are drawn one by one."""
    terms: TimeTerms | None = None
    """Deterministic terms removed from every entity; ``None`` = entity and period effects (a mean without periods)."""

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
    b = len(base_names)
    _check_enough(panel, rows, b, lags)
    Z = rows.take(values)
    missing = np.isnan(Z)
    terms = None
    if needs_time_terms(panel):
        terms = time_terms(panel, rows, Z[:, lags * b :], Z[:, max(lags - 1, 0) * b : lags * b])
        _check_enough(panel, rows, b, lags, terms)
    Z = _without_effects(panel, rows, Z, terms)
    sd = np.sqrt(_mean_square(Z[:, lags * b :], missing[:, lags * b :], rows.weight))
    sd = np.where(sd > 0, sd, 1.0)
    Z = Z / np.tile(sd, lags + 1)
    filled, sigma = fill_gaps(Z, missing, rows.weight)
    if missing.any():
        filled, sigma = fill_gaps(_without_effects(panel, rows, filled, terms), missing, rows.weight)
    blocks = resampling_blocks(panel, rows)
    grams = expected_grams(filled, missing, sigma, rows.weight, blocks.code, blocks.count)
    n, used = _effective_n(panel, rows, terms)
    spread = np.sqrt(rows.entity.size / used)
    totals_sd, expand = _expansion(names, base_names, kept_totals, sd, sigma, lags)
    within_all = {name: float(value) for name, value in zip(base_names, sd * spread / slopes, strict=True)}
    within_all |= {t.name: totals_sd[t.name] * spread for t in kept_totals}
    unit_sd = np.array([within_all[name] / spread for name in names])
    dynamic = panel.regime != "cross-section" and lags > 0
    period = rows.time - rows.time.min()
    columns = None if terms is None else terms.columns
    return Prepared(
        regime=panel.regime,
        names=names,
        lags=lags,
        grams=grams,
        mass=np.bincount(blocks.code, weights=rows.weight, minlength=blocks.count).astype(np.float64),
        span=pair_counts(rows.entity, period, rows.weight, int(period.max()) + 1, columns) if dynamic else np.empty(0),
        expand=expand,
        base=b,
        totals=tuple(kept_totals),
        effective_n=n,
        rows=int(rows.entity.size),
        entities=int(np.unique(rows.entity).size) if panel.clusters is None else len(set(panel.clusters)),
        shrinkage=1 - 1 / np.unique(rows.entity).size if terms is None else 1.0,
        within_sd=within_all,
        unit_sd=unit_sd,
        steps=steps_taken(
            rows,
            regime=panel.regime,
            transforms=kinds,
            missing=float(missing.mean()),
            totals={t.name: t.parts for t in kept_totals},
            effective_n=n,
            terms=terms,
        ),
        unit=blocks.unit,
        run=blocks.run,
        terms=terms,
    )


def _without_effects(panel: Panel, rows: Rows, Z: NDArray[np.float64], terms: TimeTerms | None) -> NDArray[np.float64]:
    """Return Z (R, q) without the effects that the regime removes."""
    if terms is not None:
        return without_terms(Z, rows.weight, rows.entity, terms.columns)
    entity = rows.entity if panel.regime != "cross-section" else np.zeros_like(rows.entity)
    return within(Z, rows.weight, entity, rows.time - rows.time.min())


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


def _effective_n(panel: Panel, rows: Rows, terms: TimeTerms | None = None) -> tuple[float, float]:
    """Return (effective n with Kish's factor, rows less effects removed)."""
    R = rows.entity.size
    removed = 1.0
    if needs_time_terms(panel):
        k = _FEWEST_TERMS if terms is None else terms.columns.shape[1]
        removed = float(np.unique(rows.entity).size * k)
    elif panel.regime != "cross-section":
        removed = float(np.unique(rows.entity).size + np.unique(rows.time).size - 1)
    used = max(R - removed, 1.0)
    kish = rows.weight.sum() ** 2 / (R * (rows.weight**2).sum())
    return used * float(kish), used


def _check_enough(panel: Panel, rows: Rows, p: int, lags: int, terms: TimeTerms | None = None) -> None:
    R = rows.entity.size
    used = _effective_n(panel, rows, terms)[1] if R else 0.0
    needed = p * (lags + 1) + 8
    if R == 0 or used < needed:
        gone = _REMOVED["terms" if needs_time_terms(panel) else panel.regime]
        order = Text(f"{lags} 阶滞后", f"{lags} {'lag' if lags == 1 else 'lags'}")
        raise DataError(
            "too-few-rows",
            Text(
                f"剔除{gone.zh}后只剩 {used:.0f} 行可用（{order.zh}，{p} 个指标），至少需要 {needed} 行。",
                f"Only {used:.0f} usable rows are left after {gone.en} ({order.en}, {p} indicators); "
                f"at least {needed} are needed.",
            ),
            _MORE_ROWS[panel.regime],
            {"rows": int(R), "usable": float(used), "needed": needed},
        )


_FEWEST_TERMS = 2
"""A level and a trend."""
_REMOVED = {
    "panel": Text("个体和时期影响", "entity and period effects"),
    "terms": Text("水平、趋势和季节", "level, trend and season"),
    "cross-section": Text("总体均值", "the overall mean"),
}
_MORE_ROWS = {
    "panel": Text(
        "请增加时期或个体、减少指标，或把滞后设为 0。",
        "Add periods or entities, study fewer indicators, or set lags to 0.",
    ),
    "series": Text(
        "请增加时期、减少指标，或把滞后设为 0；若有多个同类实体，请按面板提供。",
        "Add periods, study fewer indicators, or set lags to 0; bring several entities as a panel where there are any.",
    ),
    "cross-section": Text("请增加数据行或减少指标。", "Add rows or study fewer indicators."),
}


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
