"""A covariance checked before a library sees it, and rows that have it exactly."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from causal_service.errors import CallError, DataError, Text

__all__ = ["check_fraction", "check_positive", "checked_correlation", "rows_with"]

Array = NDArray[np.float64]

_TOO_COLLINEAR = 1e-9
"""A variable whose variance given the others is below this share of its own is a function of them."""


def checked_correlation(covariance: Array, n: float, names: Sequence[str], lags: int) -> Array:
    """Return the correlation matrix (d, d) after the checks that libraries do not make.

    Raises
    ------
    CallError : shapes that do not fit (``shapes-disagree``), n of 3 or less (``option-out-of-range``).
    DataError : undefined entries (``undefined-moments``), no variation (``constant-indicator``), an exact linear
        function of others (``dependent-indicators``); the indicators are named.
    """
    S = np.asarray(covariance, np.float64)
    p, d = len(names), (lags + 1) * len(names)
    if lags < 0 or len(set(names)) != p or p == 0 or S.shape != (d, d):
        raise CallError(
            "shapes-disagree",
            Text(
                f"协方差矩阵的形状 {S.shape} 与 {p} 个互不重名的指标、{lags} 个滞后期不符。",
                f"A covariance of shape {S.shape} does not fit {p} differently named indicators and {lags} lags.",
            ),
            Text(f"形状应为 {(d, d)}。", f"It must have shape {(d, d)}."),
        )
    check_positive("n", n, above=3)
    labels = [f"{name}(t-{lag})" if lag else name for lag in range(lags, -1, -1) for name in names]
    if not np.isfinite(S).all():
        raise DataError(
            "undefined-moments",
            Text("协方差矩阵含有缺失或无穷值。", "The covariance has missing or infinite entries."),
            Text("请先处理缺失值与无穷值。", "Deal with gaps and infinite values first."),
        )
    variance = np.diag(S)
    if constant := [label for label, v in zip(labels, variance, strict=True) if v <= 0]:
        raise DataError(
            "constant-indicator",
            Text(f"指标“{constant[0]}”没有变化。", f"'{constant[0]}' does not vary."),
            Text("请将其移出研究。", "Leave it out of the study."),
            {"indicators": constant},
        )
    R = S / np.sqrt(np.outer(variance, variance))
    _check_independent(R, labels)
    return np.asarray((R + R.T) / 2)


def _check_independent(R: Array, labels: Sequence[str]) -> None:
    """Refuse variables that are exact linear functions of earlier ones, naming all that take part."""
    L = np.zeros_like(R)
    for k in range(len(R)):
        share = 1.0 - float(L[k, :k] @ L[k, :k])
        if share < _TOO_COLLINEAR:
            weights = np.linalg.lstsq(L[:k, :k].T, L[k, :k], rcond=None)[0]
            involved = [labels[i] for i in range(k) if abs(weights[i]) > 1e-4]
            raise DataError(
                "dependent-indicators",
                Text(
                    f"“{labels[k]}”完全由{'、'.join(involved)}决定（重复或求和关系）。",
                    f"'{labels[k]}' is determined exactly by {', '.join(involved)} (a copy or a sum).",
                ),
                Text("请保留总量或其组成部分，不要同时保留两者。", "Keep the total or its parts, not both."),
                {"indicators": [*involved, labels[k]]},
            )
        L[k, k] = math.sqrt(share)
        L[k + 1 :, k] = (R[k + 1 :, k] - L[k + 1 :, :k] @ L[k, :k]) / L[k, k]


def check_fraction(option: str, value: float) -> None:
    """Raise ``CallError`` unless 0 < value < 1."""
    if not 0 < value < 1:
        raise CallError(
            "option-out-of-range",
            Text(
                f"{option} 必须介于 0 与 1 之间，当前为 {value}。", f"{option} must lie between 0 and 1. Got {value}."
            ),
            Text("例如使用 0.01。", "Use 0.01, for example."),
        )


def check_positive(option: str, value: float, above: float = 0) -> None:
    """Raise ``CallError`` unless the value is finite and greater than ``above``."""
    if not (value > above and math.isfinite(value)):
        raise CallError(
            "option-out-of-range",
            Text(
                f"{option} 必须大于 {above}，当前为 {value}。", f"{option} must be greater than {above}. Got {value}."
            ),
            Text("请检查该数值。", "Check the value."),
        )


def rows_with(R: Array) -> Array:
    """Return d + 2 rows whose covariance (divisor: rows) is exactly R, from cosine vectors (orthogonal to 1)."""
    d = len(R)
    rows = d + 2
    angle = np.pi * np.outer(np.arange(rows) + 0.5, np.arange(1, d + 1)) / rows
    return np.asarray(math.sqrt(2) * np.cos(angle) @ np.linalg.cholesky(R).T)
