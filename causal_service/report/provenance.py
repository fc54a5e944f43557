"""Where a report comes from: the panel, the plan, seed and versions, as labels and values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, is_dataclass

from causal_service.errors import Text
from causal_service.explanation.phrases import name_of
from causal_service.explanation.quantities import format_number
from causal_service.report.document import Fact
from causal_service.report.labels import layer_label, quoted_names, regime_label
from causal_service.report.parts import StudyParts

__all__ = ["panel_facts", "plan_values", "provenance_facts"]

_PLAN_LABELS: dict[str, Text] = {
    "outcome": Text("目标指标", "Outcome"),
    "outcomes": Text("目标指标", "Outcomes"),
    "levers": Text("候选杠杆", "Levers considered"),
    "entity": Text("实体列", "Entity column"),
    "period": Text("时期列", "Period column"),
    "lags": Text("滞后期数", "Lags"),
    "horizon": Text("效应观察期", "Horizon"),
    "resamples": Text("重抽样次数", "Resamples"),
    "seed": Text("随机种子", "Seed"),
    "method": Text("搜索方法", "Search method"),
    "weight": Text("权重列", "Weight column"),
    "knowledge": Text("已知约束", "Knowledge"),
    "penalty": Text("惩罚系数", "Penalty discount"),
    "lags_chosen": Text("滞后期数由谁定", "Lags chosen by"),
    "headline": Text("用于排序的效应", "Effect ranked"),
    "layers": Text("层级", "Layers"),
    "required": Text("必须存在的箭头", "Required arrows"),
    "forbidden": Text("禁止的箭头", "Forbidden arrows"),
    "segment": Text("分组列", "Segment column"),
    "crosscheck": Text("请 DoWhy 核对", "Second opinion by DoWhy"),
    "moderator": Text("调节指标", "Moderator"),
    "moderation_learner": Text("调节效应的估计方法", "Estimated along the moderator by"),
    "effective_n": Text("有效样本量", "Effective rows"),
    "preparation": Text("数据准备", "Preparation"),
    "versions": Text("软件版本", "Versions"),
    "fingerprint": Text("数据指纹", "Data fingerprint"),
}
_VALUES: dict[str, Text] = {
    "given": Text("调用方指定", "the caller"),
    "auto": Text("自动（BIC）", "BIC"),
    "regime": Text("数据类型", "the kind of data"),
    "impact": Text("同期效应", "same-period effect"),
    "sustained": Text("保持一步的效应", "effect of a kept step"),
    "linear": Text("直线", "a straight line"),
    "forest": Text("因果森林", "a causal forest"),
}
_ARROWS = frozenset({"required", "forbidden"})
_NAMED = frozenset({"outcome", "outcomes", "levers"})
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
        facts.append(Fact("实体" if zh else "Entities", f"{panel.entities:,}"))
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
    names |= {layer: layer_label(layer, lang) for layer in parts.layers if layer not in names}
    facts = []
    for key, value in values.items():
        label = _PLAN_LABELS[key].get(lang) if key in _PLAN_LABELS else key
        known = names if key in _NAMED | _ARROWS | {"layers", "preparation"} else {}
        facts.append(Fact(label, _arrows(value, known, lang) if key in _ARROWS else _written(value, known, lang)))
    return tuple(facts)


def _arrows(value: object, names: Mapping[str, str], lang: str) -> str:
    """Return (cause, effect, lag) triples in words."""
    if not isinstance(value, (tuple, list)) or not value:
        return "—"
    written = []
    for cause, effect, lag in value:
        when = "" if lag is None else f"（滞后{lag}期）" if lang == "zh" else f" (lag {lag})"
        written.append(f"{names.get(cause, cause)} → {names.get(effect, effect)}{when}")
    return ("、" if lang == "zh" else ", ").join(written)


def _written(value: object, names: Mapping[str, str], lang: str) -> str:
    """Return a value of any plain type as words; what is empty is a dash."""
    if value is None or value == "" or (isinstance(value, (tuple, list, dict)) and not value):
        return "—"
    if isinstance(value, Mapping):
        return _mapping(value, names, lang)
    if isinstance(value, (tuple, list)):
        texts = [_written(entry, names, lang) for entry in value]
        if texts[0].endswith(("。", ".")):
            return ("" if lang == "zh" else " ").join(texts)
        return ("、" if lang == "zh" else ", ").join(texts)
    return _scalar(value, names, lang)


def _mapping(value: Mapping[object, object], names: Mapping[str, str], lang: str) -> str:
    """Return the entries; a text in both languages, or a record with one, gives the language asked for."""
    if set(value) == {"zh", "en"}:
        return quoted_names(str(value[lang]), names)
    if "text" in value:
        return _written(value["text"], names, lang)
    return ("、" if lang == "zh" else ", ").join(
        f"{key} {_written(entry, names, lang)}" for key, entry in value.items()
    )


def _scalar(value: object, names: Mapping[str, str], lang: str) -> str:
    if isinstance(value, bool):
        return ("是" if value else "否") if lang == "zh" else ("yes" if value else "no")
    if isinstance(value, float):
        return format_number(value, 6)
    word = str(value)
    return names[word] if word in names else _VALUES[word].get(lang) if word in _VALUES else word
