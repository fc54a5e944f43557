"""Does the dictionary fit the panel, and does an indicator look like a consequence or a part of the outcome."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from causal_service.errors import Text
from causal_service.panel.copies import pairwise_correlation
from causal_service.panel.dictionary import Dictionary, Indicator
from causal_service.panel.findings import Finding
from causal_service.panel.identity_plan import formula_names
from causal_service.panel.panel import Panel
from causal_service.panel.statements import Params, about_indicators, passed

__all__ = ["dictionary_fit", "layers_declared", "suspected_leaks"]

EXTREME = 0.95
"""Within R2 with the outcome above which an indicator of the same layer is suspected to be the outcome in disguise."""


def dictionary_fit(panel: Panel, dictionary: Dictionary) -> list[Finding]:
    """Name indicators the dictionary lacks, and entries the panel lacks."""
    if not dictionary.indicators:
        return []
    unknown = [name for name in panel.indicators if name not in dictionary.indicators]
    absent = sorted(name for name in dictionary.indicators if name not in panel.indicators)
    findings = []
    if unknown:
        message = Text("指标字典中没有：{names}。", "Not in the dictionary: {names}.")
        remedy = Text("请补充字典条目（至少写明层级）。", "Add entries to the dictionary (at least the layer).")
        findings.append(
            about_indicators("not-in-dictionary", "review", unknown, dictionary, message=message, remedy=remedy)
        )
    if absent:
        message = Text("字典中有、面板中没有：{names}。", "In the dictionary but not in the panel: {names}.")
        remedy = Text("请核对列名，或忽略未测量的指标。", "Check the column names, or ignore what was not measured.")
        findings.append(about_indicators("not-in-panel", "review", absent, dictionary, message=message, remedy=remedy))
    if not findings:
        text = Text("面板与指标字典一致。", "Panel and dictionary name the same indicators.")
        findings.append(passed("not-in-dictionary", text))
    return findings


def layers_declared(panel: Panel, dictionary: Dictionary) -> list[Finding]:
    """Name indicators without a layer: nothing limits the direction of their arrows within a period."""
    free = [name for name in panel.indicators if _entry(dictionary, name).layer is None]
    if not free:
        return [passed("no-layer", Text("所有指标都声明了层级。", "All indicators have a layer."))]
    message = Text(
        "未声明层级，同期因果方向只能由数据判断：{names}。",
        "No layer declared, so only the data decide directions within a period: {names}.",
    )
    remedy = Text("请在字典中写明 layer。", "Declare `layer` in the dictionary.")
    return [about_indicators("no-layer", "review", free, dictionary, message=message, remedy=remedy)]


def _entry(dictionary: Dictionary, name: str) -> Indicator:
    return dictionary.indicators.get(name) or Indicator(name, dictionary.name(name))


def suspected_leaks(
    panel: Panel, dictionary: Dictionary, outcomes: Sequence[str], left: NDArray[np.float64]
) -> list[Finding]:
    """Suspect indicators that may be a consequence or a part of an outcome, with the reasons.

    Reasons: ``definition`` (formula or definition mentions the outcome), ``part`` (the outcome's formula mentions it),
    ``layer`` (declared controllable but in a later layer), ``extreme`` (within R2 above .95 in one layer).
    ``left`` is the ``within_residual`` of the panel.
    """
    squared = pairwise_correlation(left[panel.present]) ** 2
    findings = []
    for outcome in outcomes:
        reasons: dict[str, list[str]] = {}
        for name in panel.indicators:
            if name in outcomes:
                continue
            r2 = float(squared[panel.indicators.index(name), panel.indicators.index(outcome)])
            found = _reasons(name, outcome, dictionary, r2)
            if found:
                reasons[name] = found
        findings += [_leak(name, outcome, why, dictionary) for name, why in reasons.items()]
    if findings or not outcomes:
        return findings
    text = Text(
        "没有指标像是目标指标的后果或组成部分。", "No indicator looks like a consequence or a part of the outcome."
    )
    return [passed("suspected-leak", text)]


def _reasons(name: str, outcome: str, dictionary: Dictionary, r2: float) -> list[str]:
    own, target = _entry(dictionary, name), _entry(dictionary, outcome)
    described = f"{own.formula} {own.definition.zh} {own.definition.en}"
    reasons = []
    if formula_names(described, dictionary, [outcome]):
        reasons.append("definition")
    if formula_names(target.formula, dictionary, [name]):
        reasons.append("part")
    later = (
        own.layer is not None
        and target.layer is not None
        and dictionary.layers.index(own.layer) > dictionary.layers.index(target.layer)
    )
    if later and own.controllable:
        reasons.append("layer")
    if r2 > EXTREME and own.layer == target.layer:
        reasons.append("extreme")
    return reasons


_WHY = {
    "definition": Text("其定义或公式提到了目标指标", "its definition or formula mentions the outcome"),
    "part": Text("目标指标的公式用到了它", "the formula of the outcome uses it"),
    "layer": Text(
        "声明为可控，但层级晚于目标指标", "it is declared controllable but its layer comes after the outcome"
    ),
    "extreme": Text("与目标指标几乎同步变化", "it moves almost one to one with the outcome"),
}


def _leak(name: str, outcome: str, reasons: list[str], dictionary: Dictionary) -> Finding:
    label = dictionary.name(outcome)
    zh = "；".join(_WHY[reason].zh for reason in reasons)
    en = "; ".join(_WHY[reason].en for reason in reasons)
    message = Text(
        f"{{names}} 可能是目标指标“{label.zh}”的后果或组成部分：{zh}。",
        f"{{names}} may be a consequence or a part of the outcome {label.en!r}: {en}.",
    )
    remedy = Text(
        "请核对定义与层级；在此之前最多建议试点。",
        "Check its definition and layer; until then at most a test is advised.",
    )
    params: Params = {"outcome": outcome, "reasons": tuple(reasons)}
    return about_indicators(
        "suspected-leak", "review", [name], dictionary, message=message, remedy=remedy, params=params
    )
