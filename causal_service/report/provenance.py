"""Where a report comes from: the panel, the plan, seed and versions, as labels and values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, is_dataclass

from causal_service.errors import Text
from causal_service.explanation.phrases import name_of
from causal_service.report.document import Fact
from causal_service.report.labels import regime_label
from causal_service.report.parts import StudyParts

__all__ = ["panel_facts", "plan_values", "provenance_facts"]

_PLAN_LABELS: dict[str, Text] = {
    "outcomes": Text("目标指标", "Outcomes"),
    "levers": Text("候选杠杆", "Levers considered"),
    "entity": Text("个体列", "Entity column"),
    "period": Text("时期列", "Period column"),
    "lags": Text("滞后期数", "Lags"),
    "horizon": Text("效应观察期", "Horizon"),
    "resamples": Text("重抽样次数", "Resamples"),
    "seed": Text("随机种子", "Seed"),
    "method": Text("搜索方法", "Search method"),
    "weight": Text("权重列", "Weight column"),
    "knowledge": Text("已知约束", "Knowledge"),
    "penalty": Text("惩罚系数", "Penalty"),
    "versions": Text("软件版本", "Versions"),
    "fingerprint": Text("数据指纹", "Data fingerprint"),
}
_FREQUENCIES = {
    "day": Text("天", "days"),
    "week": Text("周", "weeks"),
    "month": Text("个月", "months"),
    "quarter": Text("个季度", "quarters"),
    "year": Text("年", "years"),
}


def panel_facts(parts: StudyParts, lang: str) -> tuple[Fact, ...]:
    """Return the size of the panel."""
    panel, zh = parts.panel, lang == "zh"
    facts = [Fact("数据类型" if zh else "Kind of data", regime_label(parts.regime, lang))]
    if parts.regime != "cross-section":
        facts.append(Fact("个体" if zh else "Entities", f"{panel.entities:,}"))
        unit = _FREQUENCIES.get(panel.frequency, Text("期", "periods")).get(lang)
        span = f"{panel.periods:,}{unit}" if zh else f"{panel.periods:,} {unit}"
        if panel.first_period and panel.last_period:
            ends = (panel.first_period, panel.last_period)
            span += f"（{ends[0]} 至 {ends[1]}）" if zh else f" ({ends[0]} to {ends[1]})"
        facts.append(Fact("时期" if zh else "Periods", span))
    facts.append(Fact("数据行" if zh else "Rows", f"{panel.rows:,}"))
    facts.append(Fact("指标" if zh else "Indicators", f"{len(panel.indicators):,}"))
    return tuple(facts)


def plan_values(plan: object) -> dict[str, object]:
    """Return the options of a plan, whatever dataclass or mapping it is."""
    if is_dataclass(plan) and not isinstance(plan, type):
        return asdict(plan)
    return {str(key): value for key, value in plan.items()} if isinstance(plan, Mapping) else {}


def provenance_facts(parts: StudyParts, lang: str) -> tuple[Fact, ...]:
    """Return plan, seed, versions and fingerprint; every option once, unknown ones under their own name."""
    values = plan_values(parts.plan)
    values |= {key: value for key, value in plan_values(parts.provenance).items() if key not in values}
    values["fingerprint"] = parts.panel.fingerprint
    names = {entry.key: name_of(entry.key, {entry.key: entry}).get(lang) for entry in parts.indicators}
    facts = []
    for key, value in values.items():
        label = _PLAN_LABELS[key].get(lang) if key in _PLAN_LABELS else key
        facts.append(Fact(label, _written(value, names if key in {"outcomes", "levers"} else {}, lang)))
    return tuple(facts)


def _written(value: object, names: Mapping[str, str], lang: str) -> str:
    comma = "、" if lang == "zh" else ", "
    if value is None or value == "" or (isinstance(value, (tuple, list, dict, set)) and not value):
        return "—"
    if isinstance(value, bool):
        return ("是" if value else "否") if lang == "zh" else ("yes" if value else "no")
    if isinstance(value, Mapping):
        return comma.join(f"{key} {_written(entry, names, lang)}" for key, entry in value.items())
    if isinstance(value, (tuple, list)):
        return comma.join(_written(entry, names, lang) for entry in value)
    return names.get(str(value), str(value))
