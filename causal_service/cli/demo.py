"""The main job on the bundled panel, beside its known truth and beside the ranking that correlation would give."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from causal_service.cli.texts import headline, paragraph
from causal_service.data import demo_dictionary_path, demo_panel_path, demo_truth
from causal_service.errors import Text
from causal_service.explanation.phrases import name_of, step_words, verdict_words
from causal_service.explanation.quantities import format_fixed, format_interval, format_share
from causal_service.levers.results import Lever
from causal_service.panel.dictionary_reading import read_dictionary
from causal_service.panel.summary import IndicatorSummary
from causal_service.panel.units import unit_words
from causal_service.pipeline import study
from causal_service.report.tables import aligned
from causal_service.study_record import Study

__all__ = ["Comparison", "bundled_study", "comparisons", "demo_text", "twin_study"]

OUTCOME, LEAK = "satisfaction", "complaints"
TWIN_RESAMPLES = 80

Progress = Callable[[str, int, int], None]

_TITLE = Text("内置示例：什么能提高客户满意度？", "The bundled example: what would raise customer satisfaction?")
_SETTING = Text(
    "一家制造企业的{entities}个工厂，{periods}个月，{indicators}个指标。数据是模拟的，因此每个杠杆的真实作用是已知的，"
    "可以与估计并列；研究过程没有用到真值。",
    "{entities} plants of one manufacturer, {periods} months, {indicators} indicators. The data are simulated, so the "
    "true effect of every lever is known and can be put beside the estimate; the study did not see it.",
)
_TABLE = Text(
    "估计与真值：把杠杆移动一步并保持，{horizon}个月后客户满意度改善多少{unit}",
    "Estimate beside truth: gain in customer satisfaction, in {unit}, {horizon} months after one step that is kept",
)
_HEADER = (
    Text("名次", "Rank"),
    Text("杠杆与一步", "Lever and step"),
    Text("估计（95%区间）", "Estimate (95%)"),
    Text("真值", "Truth"),
    Text("含真值", "Inside"),
    Text("相关性名次", "By correlation"),
    Text("判定", "Verdict"),
)
_RIGHT = (0, 3, 5)
_INSIDE = Text("{all}个区间中有{inside}个包含真值。", "{inside} of {all} intervals contain the truth.")
_WHY = Text("为什么按相关性排序在这里是错的", "Why ranking by correlation is wrong here")
_REASONS = {
    "training_hours": Text(
        "规模大、管理好的工厂培训更多，客户也更满意，但培训本身不会让客户更满意；在同一工厂内部，订单量同时推动这两者。",
        "Large, well-managed plants train more and have happier customers, but training does not make them happier. "
        "Inside a plant, order volume moves both.",
    ),
    "customer_visits": Text(
        "规模大的工厂拜访也多；而在同一工厂内部，往往是客户不满意了才去拜访，所以剔除工厂差异后符号反转。",
        "Large plants also visit more. Inside a plant it is unhappy customers who get visited, so the sign turns once "
        "differences between plants are removed.",
    ),
    "delivery_cycle": Text(
        "规模大的工厂接的订单更长，客户却依然更满意，两者相互抵消，掩盖了作用最大的杠杆。",
        "Large plants take on longer orders and still have happier customers. The two cancel out and hide the "
        "strongest lever.",
    ),
}
_REASON = Text(
    "{name}：按相关性排第{correlation_rank}位（相关系数{pooled}，剔除工厂差异和时期影响后{within}），真实作用{truth}。{why}",
    "{name}: No. {correlation_rank} by correlation ({pooled}; {within} once differences between plants and months are "
    "removed), true gain {truth}. {why}",
)
_LEAK = Text("如果把结果当成了原因", "When a consequence slips in among the levers")
_LEAK_STORY = Text(
    "{name}是满意度的结果，真实作用为0。第二次研究的字典不声明它的层级，并把它列为候选杠杆。按相关性它会排第{rank}位"
    "（{pooled}，共{all}个杠杆）。程序自己发现了问题：在{follows}的重抽样中它由满意度引起，估计作用{value}，判定为“{verdict}”。",
    "{name} follow satisfaction; their true effect on it is 0. For a second study the dictionary does not declare "
    "their layer, and they are offered as a lever. Correlation would rank them No. {rank} of {all} ({pooled}). The "
    "service found out by itself: in {follows} of resamples they follow satisfaction, the estimated effect is {value}, "
    "the verdict '{verdict}'.",
)
_CAUTION = Text(
    "真实数据没有真值可对照：请先看报告中的“数据检查”和各项前提，并对“试点”的杠杆先做试验。",
    "Real data come without a truth to compare with: read the data checks and assumptions in the report, and try "
    "levers marked 'Test' in a few plants first.",
)


@dataclass(frozen=True, slots=True)
class Comparison:
    """One lever: estimated and true gain of one step, and the rank that correlation gives it."""

    lever: Lever
    """The estimate."""
    truth: float
    """True gain of the same step, outcome unit."""
    correlation_rank: int
    """1 = largest absolute correlation with the outcome."""

    @property
    def inside(self) -> bool:
        """Whether the interval contains the truth."""
        return self.lever.gain_low <= self.truth <= self.lever.gain_high


def bundled_study(progress: Progress | None = None, *, resamples: int = 200) -> Study:
    """Return the study of the bundled panel."""
    return study(
        demo_panel_path(),
        dictionary=demo_dictionary_path(),
        outcome=OUTCOME,
        resamples=resamples,
        progress=progress,
    )


def twin_study(progress: Progress | None = None, *, resamples: int = TWIN_RESAMPLES) -> Study:
    """Return the study of the twin: the layer of complaints is not declared, and they are offered as a lever."""
    if progress is not None:
        progress("twin", 0, 1)
    known = read_dictionary(demo_dictionary_path())
    entries = {**known.indicators, LEAK: replace(known.indicators[LEAK], layer=None)}
    levers = [*(key for key, entry in entries.items() if entry.controllable), LEAK]
    twin = replace(known, indicators=entries)
    return study(demo_panel_path(), dictionary=twin, outcome=OUTCOME, lever=levers, resamples=resamples)


def comparisons(done: Study) -> tuple[Comparison, ...]:
    """Return every lever of the bundled study beside its truth, in the study's order."""
    exact = {
        effect["lever"]: effect["value"]
        for effect in demo_truth()["effects"]
        if effect["outcome"] == OUTCOME and effect["kind"] == "sustained"
    }
    gains = {lever.lever: exact[lever.lever] * lever.step for lever in done.levers}  # more satisfaction is better
    ranks = {row.indicator: row.correlation_rank_among_levers or row.correlation_rank for row in done.contrast}
    return tuple(
        Comparison(
            lever,
            gains[lever.lever],
            ranks[lever.lever],
        )
        for lever in done.levers
    )


def demo_text(done: Study, twin: Study, lang: str) -> str:
    """Return what the demo prints: the answer, estimate beside truth, and what goes wrong with correlation."""
    names = {entry.key: entry for entry in done.indicators}
    rows = comparisons(done)
    size = {"entities": done.panel.entities, "periods": done.panel.periods, "indicators": len(done.panel.indicators)}
    table = _TABLE.get(lang).format(horizon=done.plan.horizon, unit=_unit(names, lang))
    inside = _INSIDE.get(lang).format(all=len(rows), inside=sum(row.inside for row in rows))
    return (
        "\n\n".join(
            [
                headline(_TITLE.get(lang)),
                paragraph(_SETTING.get(lang).format(**size)),
                paragraph(done.answers[0].text.get(lang)),
                f"{paragraph(table)}\n\n{_truth_table(rows, names, lang)}",
                paragraph(inside),
                "\n".join([_WHY.get(lang), *_why(done, rows, names, lang)]),
                f"{_LEAK.get(lang)}\n{paragraph(_leak(twin, lang))}",
                paragraph(_CAUTION.get(lang)),
            ]
        )
        + "\n"
    )


def _unit(names: Mapping[str, IndicatorSummary], lang: str) -> str:
    words = unit_words(names[OUTCOME].unit)
    return words.zh if lang == "zh" else words.many


def _signed(value: float) -> str:
    text = format_fixed(value, 2)
    return text if text.startswith("-") or not text.strip("0.") else f"+{text}"


def _truth_table(rows: tuple[Comparison, ...], names: Mapping[str, IndicatorSummary], lang: str) -> str:
    table = [[title.get(lang) for title in _HEADER]]
    for row in rows:
        lever = row.lever
        interval = format_interval(lever.gain_low, lever.gain_high, 2).get(lang)
        table.append(
            [
                str(lever.rank),
                f"{name_of(lever.lever, names).get(lang)} {step_words(lever, names).get(lang)}",
                f"{_signed(lever.gain_per_step)} ({interval})",
                _signed(row.truth),
                (Text("是", "yes") if row.inside else Text("否", "no")).get(lang),
                str(row.correlation_rank),
                verdict_words(lever.verdict).get(lang),
            ]
        )
    return aligned(table, _RIGHT)


def _why(done: Study, rows: tuple[Comparison, ...], names: Mapping[str, IndicatorSummary], lang: str) -> list[str]:
    contrast = {entry.indicator: entry for entry in done.contrast}
    found = {row.lever.lever: row for row in rows}
    return [
        paragraph(
            _REASON.get(lang).format(
                name=name_of(key, names).get(lang),
                correlation_rank=found[key].correlation_rank,
                pooled=format_fixed(contrast[key].correlation, 2),
                within=format_fixed(contrast[key].within_correlation, 2),
                truth=_signed(found[key].truth),
                why=why.get(lang),
            ),
            2,
            "- ",
        )
        for key, why in _REASONS.items()
    ]


def _leak(twin: Study, lang: str) -> str:
    names = {entry.key: entry for entry in twin.indicators}
    lever = next(row for row in twin.levers if row.lever == LEAK)
    usual = next(row for row in twin.contrast if row.indicator == LEAK)
    shares = [reason.params.get("descendant_share") for reason in lever.reasons]
    follows = next((share for share in shares if isinstance(share, float)), 0.0)
    return _LEAK_STORY.get(lang).format(
        name=name_of(LEAK, names).get(lang),
        rank=usual.correlation_rank_among_levers or usual.correlation_rank,
        all=len(twin.levers),
        pooled=format_fixed(usual.correlation, 2),
        follows=format_share(follows),
        value=_signed(lever.value),
        verdict=verdict_words(lever.verdict).get(lang),
    )
