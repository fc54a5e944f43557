"""The scale on which an indicator enters the linear system, and the average way back to its unit.

An effect on the transformed scale becomes an effect in the users' units by the chain rule with the average derivative
over the panel (Wooldridge 2010, Econometric Analysis of Cross Section and Panel Data, ch. 2.2: average partial effect).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from causal_service.errors import CallError, Text
from causal_service.panel.dictionary import Indicator, Transform

__all__ = ["Transformed", "declared_transform", "transformed"]

_LOG_UNITS = frozenset({"×", "倍", "fold", "odds"})
"""Units that are multiplicative by meaning: their indicators default to the log scale."""

_PERCENT_UNITS = frozenset({"%", "％", "percent", "pct", "百分点"})


@dataclass(frozen=True, slots=True, eq=False)
class Transformed:
    """One column on the scale of the linear system."""

    values: NDArray[np.float64]
    """Same shape as the input."""
    slope: float
    """Average change of the transformed value per unit of the original, over the observed cells."""
    kind: Transform
    """Which transform was applied."""


def declared_transform(indicator: Indicator | None, values: NDArray[np.float64]) -> Transform:
    """Return the declared transform, or the one the unit implies (log for multiplicative units of positive values)."""
    if indicator is None:
        return "identity"
    if indicator.transform is not None:
        return indicator.transform
    if indicator.unit.strip().lower() in _LOG_UNITS and float(np.nanmin(values)) > 0:
        return "log"
    return "identity"


def transformed(key: str, values: NDArray[np.float64], kind: Transform, unit: str = "") -> Transformed:
    """Apply a transform.

    Parameters
    ----------
    key : indicator, for the error.
    values : any shape, users' unit, NaN = missing.
    kind : ``identity`` | ``log`` | ``logit`` (shares 0..1 or percentages 0..100) | ``rank`` (normal scores).
    unit : as the dictionary writes it; a percent unit means 0..100, any other 0..1, none lets the values decide.

    Raises
    ------
    CallError : values outside the transform's domain; the first offending value is named.
    """
    if kind == "identity":
        return Transformed(values, 1.0, kind)
    if kind == "log":
        _check_domain(key, values, kind, values > 0, "> 0")
        return Transformed(np.log(values), float(np.nanmean(1 / values)), kind)
    if kind == "logit":
        top = _top(values, unit)
        _check_domain(key, values, kind, (values > 0) & (values < top), f"0..{top:g}")
        share = values / top
        return Transformed(np.log(share / (1 - share)), float(np.nanmean(1 / (share * (1 - share)))) / top, kind)
    from scipy.stats import rankdata  # takes a second to import

    seen = ~np.isnan(values)
    scores = np.full(values.shape, np.nan)
    scores[seen] = ndtri((rankdata(values[seen]) - 0.5) / seen.sum())
    x = values[seen] - values[seen].mean()
    spread = float(x @ x)
    return Transformed(scores, float(x @ scores[seen]) / spread if spread > 0 else 1.0, kind)


def _top(values: NDArray[np.float64], unit: str) -> float:
    """Return the largest possible value of a share: 1 or 100."""
    if unit.strip():
        return 100.0 if unit.strip().lower() in _PERCENT_UNITS else 1.0
    return 1.0 if float(np.nanmax(values)) <= 1.0 else 100.0


def _check_domain(key: str, values: NDArray[np.float64], kind: str, inside: NDArray[np.bool_], domain: str) -> None:
    bad = values[~inside & ~np.isnan(values)]
    if bad.size:
        raise CallError(
            "outside-transform",
            Text(
                f"指标“{key}”要求 {kind} 变换（取值范围 {domain}），但有 {bad.size} 个值不在范围内，例如 {bad[0]:g}。",
                f"Indicator '{key}' asks for the {kind} scale ({domain}), but {bad.size} values are outside it, "
                f"for example {bad[0]:g}.",
            ),
            Text(
                "请在词典中改用 identity 或 rank，或更正这些值。",
                "Use identity or rank in the dictionary, or correct the values.",
            ),
            {"indicator": key, "transform": kind, "count": int(bad.size)},
        )
