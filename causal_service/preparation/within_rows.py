"""Rows of the base indicators on the scale of the linear system: effects removed, standardised, gaps filled.

METHOD, steps 1-4. What is left of the rows after this are their Gram matrices (``prepared``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from causal_service.errors import DataError, Text
from causal_service.numerics.deterministic import without_terms
from causal_service.numerics.gaussian_em import fill_gaps
from causal_service.numerics.within import within
from causal_service.panel.dictionary import Dictionary, Transform
from causal_service.panel.panel import Panel
from causal_service.preparation.drift import Drift, drifts, kind_of_drift
from causal_service.preparation.rows import Blocks, Rows, lagged_rows, resampling_blocks
from causal_service.preparation.time_terms import TimeTerms, removed_terms
from causal_service.preparation.transforms import declared_transform, transformed

__all__ = ["Total", "WithinRows", "complete_part", "part_constant", "within_rows"]


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
class WithinRows:
    """Rows [x(t-L) ... x(t-1) | x(t)] of the b base indicators (all but the totals)."""

    panel: Panel
    """Where they come from."""
    names: tuple[str, ...]
    """Base indicators, sorted."""
    totals: tuple[Total, ...]
    """Indicators that are exact sums of base indicators."""
    values: NDArray[np.float64]
    """(E, T, b) on the scale of the linear system; NaN = missing."""
    slopes: NDArray[np.float64]
    """(b,) average change on that scale per unit of the indicator."""
    kinds: Mapping[str, Transform]
    """Transforms that are not the identity, by indicator."""
    rows: Rows
    """Entity, period and weight of every row."""
    blocks: Blocks
    """What is resampled."""
    terms: TimeTerms | None
    """Deterministic terms removed; ``None`` = entity and period effects (a mean without periods)."""
    drift: Drift
    """How entities drift; unless they do not, a straight trend of each was removed beside the effects."""
    missing: NDArray[np.bool_]
    """(R, (L + 1) b) cells that were not measured."""
    sd: NDArray[np.float64]
    """(b,) by which columns were divided after the effects were removed."""
    filled: NDArray[np.float64]
    """(R, (L + 1) b) standardised; missing cells hold their expectation."""
    sigma: NDArray[np.float64]
    """Covariance of the columns."""
    first_sigma: NDArray[np.float64]
    """The same before the effects of the filled rows were removed."""
    effective_n: float
    """Rows less the effects removed, times Kish's factor for unequal weights."""
    used: float
    """Rows less the effects removed."""

    def without_effects(self, Z: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return columns Z (R, q) without the effects that the regime removes; NaN cells stay NaN."""
        return _without_effects(self.panel, self.rows, Z, self.terms, self.drift != "none")

    def part(self, kept: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Return the filled rows ``kept`` (R,) without the effects of just these rows."""
        return self.part_without_effects(kept, self.filled[kept])

    def part_without_effects(self, kept: NDArray[np.bool_], Z: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return columns Z (kept rows, q) without the effects of just the rows ``kept`` (R,); NaN cells stay NaN."""
        rows = Rows(self.rows.entity[kept], self.rows.time[kept], self.rows.weight[kept], self.rows.lags)
        terms = None if self.terms is None else replace(self.terms, columns=self.terms.columns[kept])
        return _without_effects(self.panel, rows, Z, terms, self.drift != "none")


def within_rows(
    panel: Panel, dictionary: Dictionary, totals: Sequence[Total], lags: int, *, may_drift: bool = True
) -> WithinRows:
    """Return the rows of a panel; parameters and errors as in ``prepared.prepare``.

    ``may_drift``: whether trends of single entities are looked for.
    """
    kept_totals = tuple(t for t in totals if _is_linear(t, panel, dictionary))
    base_names = tuple(name for name in panel.indicators if name not in {t.name for t in kept_totals})
    values, slopes, kinds = _on_scale(panel, dictionary, kept_totals, base_names)
    rows = lagged_rows(panel, lags)
    b = len(base_names)
    _check_enough(panel, rows, b, lags)
    Z = rows.take(values)
    missing = np.isnan(Z)
    terms = removed_terms(panel, rows, Z[:, lags * b :], Z[:, max(lags - 1, 0) * b : lags * b])
    _check_enough(panel, rows, b, lags, terms)
    drift: Drift = "none"
    filled, sigma, first_sigma, sd = _standardised(panel, rows, Z, terms, False)
    if (
        may_drift
        and panel.regime == "panel"
        and terms is None
        and drifts(rows, filled, _without_effects(panel, rows, filled, None, True), b)
    ):
        filled, sigma, first_sigma, sd = _standardised(panel, rows, Z, terms, True)
        drift = kind_of_drift(rows, sigma, b)
        _check_enough(panel, rows, b, lags, terms, True)
    n, used = _effective_n(panel, rows, terms, drift != "none")
    return WithinRows(
        panel=panel,
        names=base_names,
        totals=kept_totals,
        values=values,
        slopes=slopes,
        kinds=kinds,
        rows=rows,
        blocks=resampling_blocks(panel, rows),
        terms=terms,
        drift=drift,
        missing=missing,
        sd=sd,
        filled=filled,
        sigma=sigma,
        first_sigma=first_sigma,
        effective_n=n,
        used=used,
    )


def _standardised(
    panel: Panel, rows: Rows, Z: NDArray[np.float64], terms: TimeTerms | None, trends: bool
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return (rows without effects, in SDs of the present block, gaps filled; their covariance; the covariance that
    filled the gaps first; those SDs (b,))."""
    missing = np.isnan(Z)
    b = Z.shape[1] // (rows.lags + 1)
    X = _without_effects(panel, rows, Z, terms, trends)
    sd = np.sqrt(_mean_square(X[:, rows.lags * b :], missing[:, rows.lags * b :], rows.weight))
    sd = np.where(sd > 0, sd, 1.0)
    filled, sigma = fill_gaps(X / np.tile(sd, rows.lags + 1), missing, rows.weight)
    first_sigma = sigma
    if missing.any():
        filled, sigma = fill_gaps(_without_effects(panel, rows, filled, terms, trends), missing, rows.weight)
    return filled, sigma, first_sigma, sd


def _without_effects(
    panel: Panel, rows: Rows, Z: NDArray[np.float64], terms: TimeTerms | None, trends: bool
) -> NDArray[np.float64]:
    """Return Z (R, q) without the effects that the regime removes."""
    if terms is not None:
        return without_terms(Z, rows.weight, rows.entity, terms.columns)
    entity = rows.entity if panel.regime != "cross-section" else np.zeros_like(rows.entity)
    return within(Z, rows.weight, entity, rows.time - rows.time.min(), trends=trends)


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
) -> tuple[NDArray[np.float64], NDArray[np.float64], dict[str, Transform]]:
    """Return (values (E, T, b) of the base columns, slopes (b,), transforms that are not the identity)."""
    index = {name: i for i, name in enumerate(panel.indicators)}
    values = panel.values.copy()
    for total in totals:
        constant = part_constant(values, total, index)
        if constant is not None:
            complete_part(values, total, index, constant)
    columns, slopes = [], []
    kinds: dict[str, Transform] = {}
    for name in base_names:
        column = values[:, :, index[name]]
        entry = dictionary.indicators.get(name)
        unit = "" if entry is None else entry.unit
        result = transformed(name, column, declared_transform(entry, column), unit)
        columns.append(result.values)
        slopes.append(result.slope)
        if result.kind != "identity":
            kinds[name] = result.kind
    return np.stack(columns, axis=2), np.array(slopes), kinds


def part_constant(values: NDArray[np.float64], total: Total, index: Mapping[str, int]) -> float | None:
    """Return the constant of an exact sum, from the cells (E, T, p) where all of it is measured; ``None`` without."""
    parts = [index[name] for name in total.parts]
    whole = values[:, :, index[total.name]]
    complete = ~np.isnan(values[:, :, parts]).any(axis=2) & ~np.isnan(whole)
    if not complete.any():
        return None
    return float(np.median(whole[complete] - values[:, :, parts][complete] @ np.array(total.coefficients)))


def complete_part(values: NDArray[np.float64], total: Total, index: Mapping[str, int], constant: float) -> None:
    """Fill the one missing part of a total from the total and its other parts, in place."""
    parts = [index[name] for name in total.parts]
    weights = np.array(total.coefficients)
    whole = values[:, :, index[total.name]]
    gap = np.isnan(values[:, :, parts])
    for i, part in enumerate(parts):
        lone = gap[:, :, i] & (gap.sum(axis=2) == 1) & ~np.isnan(whole)
        others = np.nan_to_num(values[:, :, parts][lone]) @ weights
        values[lone, part] = (whole[lone] - constant - others) / weights[i]


def _mean_square(Z: NDArray[np.float64], missing: NDArray[np.bool_], w: NDArray[np.float64]) -> NDArray[np.float64]:
    seen = np.where(missing, 0.0, 1.0) * w[:, None]
    total: NDArray[np.float64] = (np.where(missing, 0.0, Z) ** 2 * w[:, None]).sum(0) / np.maximum(seen.sum(0), 1e-300)
    return total


def _effective_n(panel: Panel, rows: Rows, terms: TimeTerms | None = None, trends: bool = False) -> tuple[float, float]:
    """Return (effective n with Kish's factor, rows less effects removed)."""
    R = rows.entity.size
    removed = 1.0
    if terms is not None:
        removed = float(np.unique(rows.entity).size * terms.columns.shape[1])
    elif panel.regime == "series":
        removed = _FEWEST_TERMS
    elif panel.regime != "cross-section":
        entities, periods = np.unique(rows.entity).size, np.unique(rows.time).size
        removed = float(2 * entities + periods - 2 if trends else entities + periods - 1)
    used = max(R - removed, 1.0)
    kish = rows.weight.sum() ** 2 / (R * (rows.weight**2).sum())
    return used * float(kish), used


def _check_enough(
    panel: Panel, rows: Rows, p: int, lags: int, terms: TimeTerms | None = None, trends: bool = False
) -> None:
    R = rows.entity.size
    used = _effective_n(panel, rows, terms, trends)[1] if R else 0.0
    needed = p * (lags + 1) + 8
    if R == 0 or used < needed:
        gone = _REMOVED[panel.regime if terms is None else "series"]
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


_FEWEST_TERMS = 2.0
"""A level and a trend."""
_REMOVED = {
    "panel": Text("个体和时期影响", "entity and period effects"),
    "series": Text("水平、趋势和季节", "level, trend and season"),
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
