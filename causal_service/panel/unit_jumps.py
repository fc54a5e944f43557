"""A column or an entity that changes scale by a power of ten from some period on: a change of unit, not of business."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from causal_service.errors import Text
from causal_service.panel.dictionary import Dictionary
from causal_service.panel.findings import Finding
from causal_service.panel.labels import listed
from causal_service.panel.panel import Panel
from causal_service.panel.statements import Params, about_indicators, passed
from causal_service.panel.variation import seen_median

__all__ = ["UnitJump", "find_unit_jumps", "unit_jumps"]

_LEAST, _MIXED_LEAST = 3, 6
"""Fewest measured periods on either side of a jump; columns with both signs scatter widely in logarithms."""
_POWER, _MIXED_POWER = 1, 2
"""Smallest power of ten that is recognised; in columns with both signs only factors of 100 and more."""
_NEAR = 0.12
"""Largest distance of the jump from a whole power of ten, in decimal logarithms (a factor of 1.3)."""
_CALM, _MIXED_CALM = 8.0, 3.0
"""The jump must be this many times the scatter of the logarithms around their levels."""


@dataclass(frozen=True, slots=True)
class UnitJump:
    """One change of scale."""

    indicator: str
    """Key of the indicator."""
    entity: str | None
    """Entity concerned; ``None`` when the whole column changes."""
    period: str
    """First period on the new scale."""
    power: int
    """Power of ten by which values grow (negative: shrink)."""


def find_unit_jumps(panel: Panel) -> tuple[UnitJump, ...]:
    """Return changes of scale by a power of ten, whole columns before single entities."""
    if panel.regime == "cross-section" or len(panel.periods) < 2 * _LEAST:
        return ()
    jumps: list[UnitJump] = []
    for column, name in enumerate(panel.indicators):
        x = panel.values[:, :, column]
        level = np.log10(np.abs(np.where(np.isfinite(x) & (x != 0), x, np.nan)))
        seen = np.isfinite(x)
        if not np.isfinite(level).any():
            continue
        signed = bool((x[seen] < 0).any())
        jumps += _of_column(panel, name, level, signed) or _of_entities(panel, name, level, signed)
    return tuple(jumps)


def _of_column(panel: Panel, name: str, level: NDArray[np.float64], signed: bool) -> list[UnitJump]:
    """Look at the median over entities of each entity's deviation from its own median."""
    if len(panel.entities) < 2:
        return []
    common = seen_median(level - seen_median(level, 1), 0)
    few = np.isfinite(level).sum(axis=0) < max(2, 0.3 * len(level))
    common = np.where(few, np.nan, common)
    split, power = _jumps(common, signed, 0.0)
    return [UnitJump(name, None, panel.periods[int(split[0])], int(power[0]))] if power[0] else []


def _of_entities(panel: Panel, name: str, level: NDArray[np.float64], signed: bool) -> list[UnitJump]:
    own = level - seen_median(level, 1)
    common = seen_median(own, 0) if len(panel.entities) > 2 else 0.0
    scatter = 1.4826 * np.nanmedian(np.abs(own - common))
    split, power = _jumps(level - common, signed, float(scatter))
    return [
        UnitJump(name, panel.entities[row], panel.periods[int(split[row])], int(power[row]))
        for row in np.flatnonzero(power)
    ]


def _jumps(level: NDArray[np.float64], signed: bool, scatter: float) -> tuple[NDArray[np.intp], NDArray[np.int64]]:
    """Return per row (R, T) of decimal logarithms the best split and the power of ten of its jump (0: none).

    The split maximises the between-segment sum of squares (one change point); the jump is the difference of medians.
    """
    seen = np.isfinite(level)
    before = np.cumsum(seen, axis=1)[:, :-1]
    after = seen.sum(axis=1, keepdims=True) - before
    total = np.cumsum(np.where(seen, level, 0.0), axis=1)
    left = total[:, :-1] / np.maximum(before, 1)
    right = (total[:, -1:] - total[:, :-1]) / np.maximum(after, 1)
    least = _MIXED_LEAST if signed else _LEAST
    usable = (before >= least) & (after >= least)
    gain = np.where(usable, (right - left) ** 2 * before * after, -1.0)
    split = np.argmax(gain, axis=1) + 1
    step = (right - left)[np.arange(len(level)), split - 1]
    power = np.zeros(len(level), dtype=np.int64)
    for row in np.flatnonzero((np.abs(step) > 0.7) & usable.any(axis=1)):
        power[row] = _power(level[row], int(split[row]), signed, scatter)
    return split, power


def _power(level: NDArray[np.float64], split: int, signed: bool, usual: float) -> int:
    """Return the power of ten by which one row changes at ``split``, or 0; ``usual`` is the scatter of other rows."""
    first, second = level[:split], level[split:]
    first, second = first[np.isfinite(first)], second[np.isfinite(second)]
    before, after = _middle(first), _middle(second)
    jump = after - before
    power = round(jump)
    if abs(power) < (_MIXED_POWER if signed else _POWER):
        return 0
    scatter = max(1.4826 * _middle(np.abs(np.concatenate([first - before, second - after]))), usual)
    if abs(jump) < (_MIXED_CALM if signed else _CALM) * scatter:
        return 0
    tolerance = _NEAR + 1.25 * scatter * np.sqrt(1 / first.size + 1 / second.size)
    abrupt = _middle(second[:3]) - _middle(first[-3:])
    if abs(jump - power) > tolerance or abs(abrupt - jump) > 2.5 * tolerance:
        return 0
    low, high = (first, second) if jump > 0 else (second, first)
    apart = float(np.quantile(high, 0.1) - np.quantile(low, 0.9))
    return power if apart > (0.3 if signed else 0.0) else 0


def _middle(values: NDArray[np.float64]) -> float:
    """Return the median (of few values, faster than the general one)."""
    ordered = np.sort(values)
    return float(ordered[(ordered.size - 1) // 2] + ordered[ordered.size // 2]) / 2


def unit_jumps(panel: Panel, dictionary: Dictionary) -> list[Finding]:
    """Report changes of scale."""
    if panel.regime == "cross-section":
        return []
    jumps = find_unit_jumps(panel)
    if not jumps:
        return [passed("unit-jump", Text("没有发现数量级突变。", "No change of scale by a power of ten was found."))]
    names = sorted({jump.indicator for jump in jumps})
    shown = listed((_described(jump) for jump in jumps), 3)
    message = Text(f"数量级突变，疑似单位变更：{shown}。", f"Scale changes, probably of the unit: {shown}.")
    remedy = Text("请把变更前后的数值换算为同一单位。", "Convert the values before or after to one unit.")
    params: Params = {
        "columns": tuple(jump.indicator for jump in jumps),
        "entities": tuple(jump.entity or "" for jump in jumps),
        "periods": tuple(jump.period for jump in jumps),
        "powers": tuple(float(jump.power) for jump in jumps),
    }
    return [about_indicators("unit-jump", "review", names, dictionary, message=message, remedy=remedy, params=params)]


def _described(jump: UnitJump) -> str:
    where = jump.indicator if jump.entity is None else f"{jump.indicator} / {jump.entity}"
    return f"{where} @ {jump.period} × 10^{jump.power}"
