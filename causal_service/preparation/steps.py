"""What was done to a panel before anything was learned from it, in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from causal_service.errors import Text
from causal_service.panel.panel import Regime
from causal_service.preparation.curves import Curves
from causal_service.preparation.time_terms import TimeTerms

__all__ = ["PreparationStep", "effects_words", "steps_taken", "terms_words"]


@dataclass(frozen=True, slots=True)
class PreparationStep:
    """One recorded step."""

    code: str
    """Kebab-case identifier."""
    text: Text
    """What was done, with numbers."""


def steps_taken(
    rows: int,
    lags: int,
    *,
    regime: Regime,
    transforms: Mapping[str, str],
    missing: float,
    totals: Mapping[str, Sequence[str]],
    effective_n: float,
    terms: TimeTerms | None,
    curves: Curves | None,
    trends: bool,
) -> tuple[PreparationStep, ...]:
    """Return what was done to a panel, in words.

    Parameters
    ----------
    rows, lags : rows used and lags.
    transforms : transform by indicator, the identity left out.
    missing : share of empty cells in the rows, 0..1.
    totals : parts of every exact sum.
    curves : what mechanisms may bend by.
    """
    steps = []
    for name, kind in transforms.items():
        steps.append(
            PreparationStep("transform", Text(f"{name} 取 {kind} 尺度。", f"{name} is put on the {kind} scale."))
        )
    if regime == "cross-section":
        steps.append(PreparationStep("rows", Text(f"共 {rows} 行。", f"{rows} rows.")))
    else:
        steps.append(
            PreparationStep(
                "rows",
                Text(
                    f"共 {rows} 行，含 {lags} 阶滞后；日历缺口处断开。",
                    f"{rows} rows with {lags} {'lag' if lags == 1 else 'lags'}; calendar gaps break lags.",
                ),
            )
        )
        removed = effects_words(trends) if terms is None else terms_words(terms)
        steps.append(
            PreparationStep(
                "within" if terms is None else "time-terms",
                Text(
                    f"剔除{removed.zh}；有效样本量 {effective_n:.0f}。",
                    f"{removed.en} are removed; effective n is {effective_n:.0f}.",
                ),
            )
        )
    if missing > 0:
        steps.append(
            PreparationStep(
                "gaps",
                Text(
                    f"{missing:.1%} 的单元缺失，用 EM 求期望矩阵，不做均值填补。",
                    f"{missing:.1%} of cells are empty; expected moments by EM, no mean imputation.",
                ),
            )
        )
    if regime != "cross-section" and lags > 0:
        short = Text("对短面板偏差做了修正。", "The short-panel bias of the moments is corrected.")
        series = Text("对有限长度的偏差做了修正。", "The bias of a series of finite length is corrected.")
        steps.append(PreparationStep("short-panel", series if regime == "series" else short))
    steps.extend(
        PreparationStep(
            "total",
            Text(f"{name} 由 {', '.join(parts)} 加总得到。", f"{name} is the sum of {', '.join(parts)}."),
        )
        for name, parts in totals.items()
    )
    steps.append(PreparationStep("mechanisms", _mechanism_words(curves)))
    return tuple(steps)


def _mechanism_words(curves: Curves | None) -> Text:
    """Return how mechanisms may bend."""
    if curves is None:
        return Text(
            "指标或重抽样单元过多，机制按直线处理。",
            "Mechanisms are straight: the panel has too many indicators or resampling units to let them bend.",
        )
    periods = curves.slopes.shape[0]
    links = [kind for kind in curves.kinds if kind != "continuous"]
    zh = f"；其中 {len(links)} 个二值或计数指标按各自的连接函数处理" if links and periods > 1 else ""
    many = "indicator are" if len(links) == 1 else "indicators are"
    en = f"; the links of {len(links)} two-state or count {many} respected" if links and periods > 1 else ""
    each_zh = f"，每次重抽样代表 {periods} 个时期之一" if periods > 1 else ""
    each_en = f", and every draw stands for one of the {periods} periods" if periods > 1 else ""
    return Text(
        f"有证据处，机制可以弯曲（自然样条）；效应为平均斜率{each_zh}{zh}。",
        f"Mechanisms may bend where there is evidence (natural splines); effects are average slopes{each_en}{en}.",
    )


def effects_words(trends: bool) -> Text:
    """Return entity and period effects as the subject of a sentence."""
    if trends:
        return Text("个体水平、个体趋势与时期影响", "A level and a trend per entity and period effects")
    return Text("个体与时期影响", "Entity and period effects")


def terms_words(terms: TimeTerms) -> Text:
    """Return the deterministic terms as the object of a sentence."""
    trend = Text("二次趋势" if terms.bent else "线性趋势", "bent trend" if terms.bent else "straight trend")
    if not terms.cycles:
        return Text(f"每个实体的水平和{trend.zh}", f"A level and a {trend.en} per entity")
    if not terms.harmonics:
        return Text(
            f"每个实体的水平和{trend.zh}（未见季节的证据）",
            f"A level and a {trend.en} per entity (no evidence of a season)",
        )
    season = _season_words(terms)
    return Text(
        f"每个实体的水平、{trend.zh}和季节（{season.zh}）",
        f"A level, a {trend.en} and a season ({season.en}) per entity",
    )


def _season_words(terms: TimeTerms) -> Text:
    zh, en = [], []
    for cycle in terms.cycles:
        found = [h for name, h in terms.harmonics if name == cycle.name]
        if found:
            numbers = ", ".join(map(str, found))
            zh.append(f"{_CYCLES[cycle.name].zh}第 {numbers} 谐波")
            en.append(f"{_CYCLES[cycle.name].en} {'harmonic' if len(found) == 1 else 'harmonics'} {numbers}")
    return Text("、".join(zh), "; ".join(en))


_CYCLES = {"year": Text("年度", "yearly"), "week": Text("每周", "weekly")}
