"""Do the values make sense: constants, no variation within entities, outliers, declared bounds."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from causal_service.errors import Text
from causal_service.panel.dictionary import Dictionary
from causal_service.panel.findings import Finding
from causal_service.panel.labels import noted, number, percent
from causal_service.panel.panel import Panel
from causal_service.panel.statements import Params, about_indicators, about_panel, passed
from causal_service.panel.variation import entity_residual, period_residual, pooled_sd, seen_median

__all__ = ["bounds_violated", "few_states", "no_variation", "outliers"]

_NONE = 1e-9
"""Share of an indicator's size below which its variation counts as none (floating noise)."""
MOST_STATES = 5
"""An indicator with no more distinct values than this is measured in states."""
FAR = 8.0
"""Robust z-score beyond which a value is called an outlier."""


def no_variation(
    panel: Panel, dictionary: Dictionary, outcomes: Sequence[str], left: NDArray[np.float64]
) -> list[Finding]:
    """Name constants, and indicators that vary only between entities or only with the calendar.

    Such an indicator is removed (a constant without being a failure); an outcome without variation stops the study.
    ``left`` is the ``within_residual`` of the panel.
    """
    size = np.maximum(np.nan_to_num(np.abs(_filled(panel.values)).max(axis=(0, 1))), 1e-300) * _NONE
    measured = np.isfinite(panel.values).any(axis=(0, 1))
    spread = _spread(panel)
    constant = measured & (spread <= size)
    stuck = np.zeros_like(constant)
    if panel.regime == "panel":
        stuck = measured & ~constant & (pooled_sd(left) <= np.maximum(size, _NONE * spread))
    still = pooled_sd(entity_residual(panel.values)) <= np.maximum(size, _NONE * spread)
    common = pooled_sd(period_residual(panel.values)) <= np.maximum(size, _NONE * spread)
    kinds = {
        "constant": (constant, _CONSTANT),
        "no-within-variation": (stuck & still, _BETWEEN),
        "only-by-period": (stuck & common & ~still, _CALENDAR),
        "additive": (stuck & ~common & ~still, _ADDITIVE),
    }
    findings = []
    for kind, (mask, text) in kinds.items():
        names = [name for name, hit in zip(panel.indicators, mask, strict=True) if hit]
        code = "constant" if kind == "constant" else "no-within-variation"
        findings += _stop([name for name in names if name in outcomes], code, dictionary)
        rest = [name for name in names if name not in outcomes]
        if rest:
            findings.append(
                about_indicators(
                    code,
                    "review" if kind == "constant" else "fail",
                    rest,
                    dictionary,
                    message=text,
                    remedy=_REMEDIES.get(kind, _LEFT_OUT),
                    params={"pattern": kind},
                )
            )
    for code in ("constant", "no-within-variation"):
        if all(finding.code != code for finding in findings) and (code == "constant" or panel.regime == "panel"):
            findings.append(passed(code, _VARIES[code]))
    return sorted(findings, key=lambda finding: finding.code)


_CONSTANT = Text("取值恒定，不参与研究：{names}。", "Constant, left out of the study: {names}.")
_BETWEEN = Text(
    "同一实体内从不变化，不参与研究：{names}。", "Never changes within an entity, left out of the study: {names}."
)
_CALENDAR = Text(
    "各实体同期取值相同，只随时间变化，不参与研究：{names}。",
    "The same for every entity at any time, left out of the study: {names}.",
)
_ADDITIVE = Text(
    "只是实体水平与时间水平之和，不参与研究：{names}。",
    "Only a level per entity plus a level per period, left out of the study: {names}.",
)
_LEFT_OUT = Text(
    "其作用无法与实体或时间效应区分；无需处理。",
    "Its effect cannot be told from entity or period effects; nothing to do.",
)
_REMEDIES = {"constant": Text("无需处理；该列没有信息。", "Nothing to do; the column carries no information.")}
_VARIES = {
    "constant": Text("没有取值恒定的指标。", "No indicator is constant."),
    "no-within-variation": Text("所有指标在实体内都有变化。", "All indicators vary within entities over time."),
}


def _filled(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(np.isfinite(values), values, 0.0)


def _spread(panel: Panel) -> NDArray[np.float64]:
    rows = panel.values[panel.present]
    seen = np.isfinite(rows)
    high = np.where(seen, rows, -np.inf).max(axis=0)
    low = np.where(seen, rows, np.inf).min(axis=0)
    return np.where(seen.any(axis=0), np.where(seen.any(axis=0), high, 0.0) - np.where(seen.any(axis=0), low, 0.0), 0.0)


def _stop(names: Sequence[str], code: str, dictionary: Dictionary) -> list[Finding]:
    findings = []
    for name in names:
        label = dictionary.name(name)
        why = (
            Text("取值恒定", "is constant")
            if code == "constant"
            else Text("在实体内没有变化", "does not vary within entities")
        )
        findings.append(
            about_panel(
                code,
                "fail",
                message=Text(
                    f"目标指标“{label.zh}”{why.zh}，无从解释。",
                    f"The outcome {label.en!r} {why.en}: nothing to explain.",
                ),
                remedy=Text("请改选目标指标，或检查数据。", "Choose another outcome, or check the data."),
                params={"outcome": name},
            )
        )
    return findings


def outliers(panel: Panel, dictionary: Dictionary) -> list[Finding]:
    """Name indicators with values further than ``FAR`` robust standard deviations from their entity's median."""
    values = panel.values
    centre = _median(values, 1 if panel.regime == "panel" else (0, 1))
    spread = 1.4826 * _median(np.abs(values - centre), (0, 1))
    if panel.regime == "panel":
        own = 1.4826 * _median(np.abs(values - centre), 1)
        spread = np.where(spread > 0, np.maximum(spread, own), 0.0)
    z = np.divide(np.abs(_filled(values - centre)), spread, out=np.zeros_like(values), where=spread > 0)
    share = (z > FAR).sum(axis=(0, 1)) / np.maximum(np.isfinite(values).sum(axis=(0, 1)), 1)
    names = [name for name, part in zip(panel.indicators, share, strict=True) if part > 0]
    if not names:
        text = Text("没有偏离中位数 8 个稳健标准差以上的值。", "No value is more than 8 robust SD from its median.")
        return [passed("outliers", text)]
    columns = [panel.indicators.index(name) for name in names]
    worst = [_where(panel, z[:, :, column]) for column in columns]
    notes = {n: f"{percent(share[c])}, {w}" for n, c, w in zip(names, columns, worst, strict=True)}
    shown = noted(dictionary, notes, 3)
    message = Text(f"存在离群值（占比，最远的一格）：{shown.zh}。", f"Outliers (share, the farthest cell): {shown.en}.")
    remedy = Text(
        "请核对这些单元格；偏态指标可在字典中声明 transform: log。",
        "Check these cells; for skewed indicators declare transform: log in the dictionary.",
    )
    params: Params = {
        "shares": tuple(float(share[column]) for column in columns),
        "largest": tuple(float(z[:, :, column].max()) for column in columns),
        "cells": tuple(worst),
    }
    return [about_indicators("outliers", "review", names, dictionary, message=message, remedy=remedy, params=params)]


def _median(values: NDArray[np.float64], axis: int | tuple[int, int]) -> NDArray[np.float64]:
    """Return medians over measured cells with the axis kept; 0 where nothing is measured."""
    if isinstance(axis, int):
        middle = seen_median(values, axis)
        return np.where(np.isnan(middle), 0.0, middle)
    seen = np.isfinite(values).any(axis=axis, keepdims=True)
    return np.asarray(np.nanmedian(np.where(seen, values, 0.0), axis=axis, keepdims=True))


def _where(panel: Panel, z: NDArray[np.float64]) -> str:
    entity, period = np.unravel_index(int(np.argmax(z)), z.shape)
    return "/".join(part for part in (panel.entities[int(entity)], panel.periods[int(period)]) if part)


def bounds_violated(panel: Panel, dictionary: Dictionary) -> list[Finding]:
    """Name indicators with values outside the bounds the dictionary declares."""
    declared = [n for n in panel.indicators if n in dictionary.indicators and dictionary.indicators[n].bounds]
    if not declared:
        return []
    outside = {name: _outside(panel, dictionary, name) for name in declared}
    names = [name for name in declared if outside[name].any()]
    if not names:
        return [
            passed(
                "bounds-violated", Text("所有值都在声明的上下限之内。", "All values lie within their declared bounds.")
            )
        ]
    counts = tuple(float(outside[name].sum()) for name in names)
    notes = {n: f"{int(k)}, {_extreme(panel, n, outside[n])}" for n, k in zip(names, counts, strict=True)}
    shown = noted(dictionary, notes)
    message = Text(
        f"有值超出声明的上下限（个数，最远的值）：{shown.zh}。",
        f"Values outside their declared bounds (count, the farthest): {shown.en}.",
    )
    remedy = Text("请核对数据，或更正字典中的 bounds。", "Check the data, or correct `bounds` in the dictionary.")
    return [
        about_indicators(
            "bounds-violated", "review", names, dictionary, message=message, remedy=remedy, params={"counts": counts}
        )
    ]


def _outside(panel: Panel, dictionary: Dictionary, name: str) -> NDArray[np.bool_]:
    low, high = dictionary.indicators[name].bounds or (None, None)
    column = panel.values[:, :, panel.indicators.index(name)]
    below = column < (-np.inf if low is None else low)
    above = column > (np.inf if high is None else high)
    return np.asarray(below | above)


def _extreme(panel: Panel, name: str, outside: NDArray[np.bool_]) -> str:
    column = panel.values[:, :, panel.indicators.index(name)]
    middle = float(np.nanmedian(column))
    cells = column[outside]
    return number(float(cells[np.argmax(np.abs(cells - middle))]))


def few_states(panel: Panel, dictionary: Dictionary) -> list[Finding]:
    """Say so when at least half of the indicators are measured in states: straight lines between states are fitted."""
    names = []
    for name, values in zip(panel.indicators, np.moveaxis(panel.values, 2, 0), strict=True):
        states = np.unique(values[~np.isnan(values)]).size
        if 2 <= states <= MOST_STATES:
            names.append(name)
    if 2 * len(names) < len(panel.indicators):
        return []
    message = Text(
        f"{len(panel.indicators)} 个指标中有 {len(names)} 个只有 2 至 {MOST_STATES} 种取值：{{names}}。"
        "状态之间按直线近似；对二值指标的效应是其比例的变化。",
        f"{len(names)} of {len(panel.indicators)} indicators have 2 to {MOST_STATES} states: {{names}}. Straight "
        "lines stand in for what happens between states; an effect on a two-state indicator is a change of its share.",
    )
    remedy = Text(
        "关系若依赖状态的特定组合，可能看不到；请尽量使用原始的连续数值。",
        "Links that need certain combinations of states may go unseen; use the numbers behind them where you can.",
    )
    return [about_indicators("few-states", "review", names, dictionary, message=message, remedy=remedy)]
