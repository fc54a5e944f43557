"""Which kind of data was seen, and what was chosen because of it: the sentence that a reader can question."""

from __future__ import annotations

from typing import Literal

from causal_service.errors import Text
from causal_service.panel.findings import Finding
from causal_service.panel.panel import Panel
from causal_service.panel.statements import about_panel
from causal_service.preparation.prepared import Prepared
from causal_service.preparation.steps import effects_words, terms_words

__all__ = ["LagsChosen", "design_findings"]

LagsChosen = Literal["given", "auto", "regime"]

_SEEN = {
    "panel": Text(
        "按面板分析（{entities}个实体 × {periods}期）", "Studied as a panel ({entities} entities x {periods} periods)"
    ),
    "series": Text(
        "按单一时间序列分析（1个实体 × {periods}期）", "Studied as a single time series (1 entity x {periods} periods)"
    ),
    "cross-section": Text(
        "没有时间列，按横截面分析（{entities}行）",
        "Studied as a cross-section, as there is no period column ({entities} rows)",
    ),
}
_CHOSEN = {
    "given": Text("按要求", "as asked"),
    "auto": Text("由 BIC 选定", "chosen by BIC"),
    "regime": Text("期数太少", "too few periods for lags"),
}
_UNIT = {
    "entity": Text("整个实体", "whole entities"),
    "cluster": Text("整个分组（同组的行相互关联）", "whole clusters, whose rows belong together"),
    "row": Text("单行", "single rows"),
    "stretch": Text(
        "实体内的连续时段（实体太少，不足以整体重抽）", "stretches of time within entities, as the entities are few"
    ),
    "period": Text("连续{run}期的移动块", "moving blocks of {run} periods"),
}


def design_findings(panel: Panel, prepared: Prepared, chosen: LagsChosen) -> tuple[Finding, ...]:
    """Return the choices that follow from the kind of data, and what a single series cannot show."""
    entities, periods = panel.outline.present.shape
    seen, unit = _SEEN[panel.regime], _UNIT[prepared.unit]
    values = {"entities": entities, "periods": periods, "run": prepared.run}
    zh, en = [seen.zh.format(**values)], [seen.en.format(**values)]
    if panel.regime != "cross-section":
        why, removed = _CHOSEN[chosen], _removed(prepared, entities)
        zh += [f"滞后{prepared.lags}期（{why.zh}）", f"剔除{removed.zh}"]
        en += [f"{prepared.lags} {'lag' if prepared.lags == 1 else 'lags'} ({why.en})", f"{removed.en} taken out"]
    zh.append(f"重抽样的单位是{unit.zh.format(**values)}，有效行数 {prepared.effective_n:.0f}")
    en.append(f"resampled by {unit.en.format(**values)}; {prepared.effective_n:.0f} effective rows")
    terms = prepared.terms
    params = {
        "regime": panel.regime,
        "lags": prepared.lags,
        "lags_chosen": chosen,
        "unit": prepared.unit,
        "run": prepared.run,
        "harmonics": () if terms is None else tuple(f"{name} {h}" for name, h in terms.harmonics),
        "effective_n": prepared.effective_n,
    }
    design = about_panel(
        "analysis-design", "pass", message=Text("；".join(zh) + "。", "; ".join(en) + "."), params=params
    )
    return (design,) if terms is None else (design, _common_shocks(entities))


def _removed(prepared: Prepared, entities: int) -> Text:
    if prepared.terms is None:
        words = effects_words(prepared.drift != "none")
        return Text(words.zh, words.en[:1].lower() + words.en[1:])
    words = terms_words(prepared.terms)
    en = words.en[:1].lower() + words.en[1:]
    if entities == 1:
        return Text(words.zh.removeprefix("每个实体的"), en.replace(" per entity", ""))
    return Text(f"{words.zh}，代替各期的共同影响", f"{en}, in the place of period effects,")


def _common_shocks(entities: int) -> Finding:
    """With trend and season only, a shock that moves everything in the same period stays in the data."""
    few = Text(f"只有{entities}个实体", f"With {entities} {'entity' if entities == 1 else 'entities'}")
    return about_panel(
        "common-shocks",
        "review",
        message=Text(
            f"{few.zh}，只能剔除趋势和季节；某一期同时影响多个指标的冲击（行情、政策、停工）无法与效应区分。",
            f"{few.en} only trend and season can be taken out; a shock that moves several indicators in the same "
            "period (market, policy, stoppage) cannot be told from an effect.",
        ),
        remedy=Text(
            "请把这类冲击作为指标加入（例如行情指数、停工天数），或提供多个同类实体的面板。",
            "Add such shocks as indicators (a market index, days of stoppage), or bring a panel of several entities.",
        ),
        params={"entities": entities},
    )
