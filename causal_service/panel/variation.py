"""What is left of an indicator once entities and periods have been taken out."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from causal_service.panel.panel import Panel

__all__ = ["entity_residual", "period_residual", "pooled_sd", "seen_median", "within_residual"]

_ROUNDS = 30
_DONE = 1e-9


def pooled_sd(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the root mean square of residuals (E, T, P) by indicator, shape (P,); 0 where nothing is measured."""
    seen = np.isfinite(values)
    total = np.where(seen, values, 0.0) ** 2
    return np.asarray(np.sqrt(total.sum(axis=(0, 1)) / np.maximum(seen.sum(axis=(0, 1)), 1)))


def seen_median(values: NDArray[np.float64], axis: int) -> NDArray[np.float64]:
    """Return medians over the cells that are no NaN, the axis kept with length one; NaN where there are none."""
    ordered = np.sort(values, axis=axis)
    last = (~np.isnan(values)).sum(axis=axis, keepdims=True) - 1
    low, high = (np.take_along_axis(ordered, place, axis) for place in (np.maximum(last, 0) // 2, (last + 1) // 2))
    return np.asarray((low + high) / 2)


def _centred(values: NDArray[np.float64], axis: int | tuple[int, int]) -> NDArray[np.float64]:
    seen = np.isfinite(values)
    count = np.maximum(seen.sum(axis=axis, keepdims=True), 1)
    return np.asarray(values - np.where(seen, values, 0.0).sum(axis=axis, keepdims=True) / count)


def entity_residual(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return values (E, T, P) minus the mean of each entity over the measured cells."""
    return _centred(values, 1)


def period_residual(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return values (E, T, P) minus the mean of each period over the measured cells."""
    return _centred(values, 0)


def within_residual(panel: Panel) -> NDArray[np.float64]:
    """Return values (E, T, P) without the effects that the regime removes.

    Panel: entity and period means, by alternating projections over the measured cells until they change nothing;
    series and cross-section: the overall mean.
    """
    if panel.regime != "panel":
        return _centred(panel.values, (0, 1))
    residual = _centred(panel.values, (0, 1))
    scale = np.maximum(pooled_sd(residual), 1e-300)
    for _ in range(_ROUNDS):
        before = residual
        residual = period_residual(entity_residual(residual))
        if (pooled_sd(residual - before) <= _DONE * scale).all():
            break
    return residual
