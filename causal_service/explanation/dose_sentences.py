"""Up to which point a lever works, in one paragraph; or why that cannot be said."""

from __future__ import annotations

from dataclasses import replace

from causal_service.effects.dose_results import DoseResponse, NoDoseResponse
from causal_service.effects.dose_shape import thirds
from causal_service.errors import Text
from causal_service.explanation.phrases import Names, described, horizon_words, name_of, spaced
from causal_service.explanation.quantities import decimals_of_interval, format_fixed, format_interval, format_number
from causal_service.panel.units import amount, unit_words

__all__ = ["MOST_CURVES", "NO_CURVE", "further_unit", "level_words", "not_asked", "worded_dose"]

MOST_CURVES = 5
"""Curves of one outcome."""
_SHARES = {0.1: Text("十分之一", "a tenth"), 0.2: Text("五分之一", "a fifth")}

NO_CURVE: dict[str, tuple[Text, Text]] = {
    "rows-on-disk": (
        Text(
            "面板太大，没有整体读入内存，无法画出剂量反应曲线。",
            "The panel is too large to be held in memory, so no dose-response curve is drawn.",
        ),
        Text(
            "请抽取部分实体（例如2000个）另做一次研究。",
            "Repeat the study on a part of the entities, say 2,000 of them.",
        ),
    ),
    "few-levels": (
        Text(
            "{lever}只有{count}个不同取值，谈不上曲线；其效应就是从一个取值到另一个取值的改变。",
            "{lever} takes only {count} different values, so there is no curve: its effect is the step from one to the "
            "other.",
        ),
        Text(
            "如果背后有连续的量（金额、时长、比例），请改用它。",
            "Use the continuous quantity behind it (amount, time, share) where there is one.",
        ),
    ),
    "crowded-levels": (
        Text(
            "{lever}的大部分取值相同，看不出其他水平上的反应。",
            "Most values of {lever} are the same, so the response at other levels cannot be seen.",
        ),
        Text(
            "请在部分实体中改变它的水平，积累若干期后再研究。",
            "Vary it in some entities for a few periods, then repeat the study.",
        ),
    ),
    "scattered-levels": (
        Text(
            "{lever}在常见水平附近的观测太少，无法支持一条曲线。",
            "{lever} was observed too rarely around its usual level to support a curve.",
        ),
        Text(
            "请增加实体或时期，使各水平都有足够的观测。",
            "Add entities or periods until every level has been observed often enough.",
        ),
    ),
    "outcome-first": (
        Text(
            "数据显示同期内更可能是{outcome}影响{lever}，因此不画{lever}对{outcome}的曲线。",
            "Within a period {outcome} seems to move {lever} rather than the reverse, so no curve is drawn.",
        ),
        Text(
            "如果业务上确知方向，请在字典中声明层级或必需的箭头。",
            "Declare layers or a required arrow in the dictionary if the direction is known.",
        ),
    ),
    "too-few-rows": (
        Text(
            "连续时期太少，无法估计保持{count}期后的曲线。",
            "There are too few consecutive periods to estimate the curve of a level kept for {count} periods.",
        ),
        Text("请缩短展望期，或增加时期。", "Shorten the horizon or add periods."),
    ),
    "few-clusters": (
        Text(
            "互相独立的观测组太少，无法给曲线配上可信的误差带。",
            "There are too few independent groups of rows for a band that can be trusted.",
        ),
        Text("请增加实体。", "Add entities."),
    ),
    "no-variation": (
        Text(
            "扣除{lever}自身的原因后，它几乎没有剩余变动，看不出各水平上的反应。",
            "Once its own causes are allowed for, {lever} hardly varies, so the response by level cannot be seen.",
        ),
        Text(
            "请在部分实体中不按惯例地改变它，积累若干期后再研究。",
            "Move it in some entities against the usual rule for a few periods, then repeat the study.",
        ),
    ),
    "not-asked": (
        Text(
            "每个目标最多绘制{count}条曲线，依次为判定为“行动”或“试点”的杠杆和关系明显弯曲的杠杆；{lever}不在其中。",
            "At most {count} curves are drawn per outcome: of levers to act on or to test, then of those whose links "
            "clearly bend; {lever} is none of them.",
        ),
        Text(
            "请只把它指定为杠杆，或在数据更多时重做研究。",
            "Repeat the study with it as the only lever, or when there are more data.",
        ),
    ),
}
"""Reason and remedy by code of ``NoDoseResponse``."""


def not_asked(lever: str, outcome: str, indicators: Names) -> NoDoseResponse:
    """Return the answer for a lever whose curve the study did not draw."""
    return _refusal(NoDoseResponse(lever, outcome, "not-asked", MOST_CURVES), indicators)


def worded_dose(
    dose: DoseResponse | NoDoseResponse, indicators: Names, frequency: str
) -> DoseResponse | NoDoseResponse:
    """Return the curve, or the reason for none, with its words."""
    if isinstance(dose, NoDoseResponse):
        return _refusal(dose, indicators)
    parts = (
        _support(dose, indicators, frequency),
        _shape(dose, indicators),
        _apart(dose, indicators),
        _limits(dose, indicators),
    )
    said = [part for part in parts if part is not None]
    return replace(dose, sentence=spaced("".join(p.zh for p in said), " ".join(p.en for p in said)))


def level_words(level: float, dose: DoseResponse, lang: str) -> str:
    """Return a level of the lever with its unit, with as many digits as the range of the curve needs."""
    return _level(level, dose).get(lang)


def further_unit(unit: str) -> Text:
    """Return one further unit of a lever: ``每再增加1元``, ``each further yuan``."""
    words = unit_words(unit)
    return Text(f"每再增加{amount('1', unit).zh}" if unit else "每再增加1个单位", f"each further {words.one or 'unit'}")


def _refusal(dose: NoDoseResponse, indicators: Names) -> NoDoseResponse:
    lever, outcome = name_of(dose.lever, indicators), name_of(dose.outcome, indicators)
    reason, remedy = NO_CURVE[dose.code]
    count = "" if dose.count is None else str(dose.count)
    return replace(
        dose,
        reason=spaced(
            reason.zh.format(lever=lever.zh, outcome=outcome.zh, count=count),
            reason.en.format(lever=lever.en, outcome=outcome.en, count=count),
        ),
        what_would_help=remedy,
    )


def _level(level: float, dose: DoseResponse) -> Text:
    span = dose.levels[-1] - dose.levels[0]
    number = format_fixed(
        level, decimals_of_interval(None if span == 0 else level, level - span / 20, level + span / 20)
    )
    share = unit_words(dose.lever_unit).kind == "share"
    words = amount(number, dose.lever_unit)
    sign = "‰" if dose.lever_unit.strip() in {"‰", "千分比"} else "%"
    return Text(f"{number}{sign}", f"{number}{sign}") if share else words


def _support(dose: DoseResponse, indicators: Names, frequency: str) -> Text:
    lever, outcome = name_of(dose.lever, indicators), name_of(dose.outcome, indicators)
    first, last, usual = (_level(x, dose) for x in (dose.levels[0], dose.levels[-1], dose.reference))
    value, low, high = dose.values[-1], dose.low[-1], dose.high[-1]
    decimals = decimals_of_interval(value, low, high)
    plus = "+" if value > 0 else ""
    change = amount(plus + format_fixed(value, decimals), described(dose.outcome, indicators).unit)
    interval = format_interval(low, high, decimals)
    when = horizon_words(dose.horizon, frequency)
    kept_zh = f"并保持，{when.zh}" if dose.kind == "sustained" else "，"
    kept_en = f" and kept there, {when.en}" if dose.kind == "sustained" else ""
    return Text(
        f"数据支持{lever.zh}在{first.zh}至{last.zh}之间的判断。从通常水平{usual.zh}提到{last.zh}{kept_zh}{outcome.zh}"
        f"预计改变{change.zh}（整条曲线的95%误差带在此处为{interval.zh}）。",
        f"The data support statements about {lever.en} between {first.en} and {last.en}. Raised from its usual "
        f"{usual.en} to {last.en}{kept_en}, {outcome.en} is expected to change by {change.en} (95% band of the whole "
        f"curve here: {interval.en}).",
    )


def _shape(dose: DoseResponse, indicators: Names) -> Text:
    more = further_unit(dose.lever_unit)
    unit = described(dose.outcome, indicators).unit
    early, late = (amount(format_number(x, 2), unit) for x in thirds(dose.slopes))
    if dose.shape == "straight":
        return Text(
            "没有弯曲的证据，因此画成直线，斜率就是排序中的效应；误差带还包含数据不能排除的弯曲，所以比排序中的区间宽。",
            "There is no evidence of a bend, so the line is straight, with the slope of the ranked effect; the band "
            "also allows for bends that the data do not rule out and is therefore wider than the ranked interval.",
        )
    if dose.saturation is not None:
        share = _SHARES[dose.saturation_share]
        place = _place(dose.saturation, dose.saturation_low, dose.saturation_high, dose)
        return Text(
            f"超过{place.zh}后，{more.zh}带来的改变不到最陡处的{share.zh}。",
            f"Beyond {place.en}, {more.en} brings less than {share.en} of what it brings at the steepest.",
        )
    if dose.turning is not None:
        place = _place(dose.turning, dose.turning_low, dose.turning_high, dose)
        return Text(
            f"反应在{place.zh}附近转向，过了这一点再增加，作用方向相反。",
            f"The response turns round at about {place.en}; beyond that point more of it works the other way.",
        )
    if dose.shape == "diminishing":
        return Text(
            f"效果递减：{more.zh}，在范围内最低的三分之一平均改变{early.zh}，在最高的三分之一平均改变{late.zh}；"
            "数据范围内尚未饱和。",
            f"Returns diminish: {more.en} changes it by {early.en} on average over the lowest third of the range and "
            f"by {late.en} over the highest; within the data it is not yet saturated.",
        )
    if dose.shape == "accelerating":
        return Text(
            f"效果递增：{more.zh}，在范围内最低的三分之一平均改变{early.zh}，在最高的三分之一平均改变{late.zh}。",
            f"It works better at higher levels: {more.en} changes it by {early.en} on average over the lowest third of "
            f"the range and by {late.en} over the highest.",
        )
    least, most = (amount(format_number(x, 2), unit) for x in (min(dose.slopes), max(dose.slopes)))
    return Text(
        f"反应不是直线，但起伏不规则，看不出递增或递减：{more.zh}带来的改变随水平不同，在{least.zh}与{most.zh}之间。",
        f"The response is not straight but uneven, neither growing nor diminishing throughout: {more.en} changes it by "
        f"between {least.en} and {most.en}, depending on the level.",
    )


def _apart(dose: DoseResponse, indicators: Names) -> Text | None:
    """Return what to make of a curve and a ranked effect that do not agree about one step."""
    gap = dose.apart
    if gap is None:
        return None
    unit = described(dose.outcome, indicators).unit
    to = _level(dose.reference + gap.step, dose)

    def told(value: float, low: float, high: float) -> tuple[Text, Text]:
        decimals = decimals_of_interval(value, low, high)
        plus = "+" if value > 0 else ""
        return amount(plus + format_fixed(value, decimals), unit), format_interval(low, high, decimals)

    curve, band = told(gap.curve, gap.curve_low, gap.curve_high)
    ranked, interval = told(gap.ranked, gap.ranked_low, gap.ranked_high)
    if dose.shape == "straight":
        return Text(
            f"请注意：不假定直线而另行估计的曲线从通常水平到{to.zh}给出{curve.zh}（误差带{band.zh}），排序中的效应给出"
            f"{ranked.zh}（95%区间{interval.zh}），两者之差超出误差；尚不知哪一个更接近真实，请先小范围试点。",
            f"Note: a curve estimated without assuming a straight line gives {curve.en} from the usual level to "
            f"{to.en} (band {band.en}), the ranked effect {ranked.en} (95% interval {interval.en}). They differ by "
            "more than their errors allow; which is nearer the truth is not known, so try it on a small scale first.",
        )
    return Text(
        f"请注意：从通常水平到{to.zh}，这条曲线给出{curve.zh}（误差带{band.zh}），排序中的效应是各水平的平均，给出{ranked.zh}"
        f"（95%区间{interval.zh}），两者之差超出误差；请先小范围试点。",
        f"Note: from the usual level to {to.en} this curve gives {curve.en} (band {band.en}); the ranked effect, an "
        f"average over all levels, gives {ranked.en} (95% interval {interval.en}). They differ by more than their "
        "errors allow, so try it on a small scale first.",
    )


def _place(value: float, low: float | None, high: float | None, dose: DoseResponse) -> Text:
    """Return a level with its interval; an end beyond the data is said to be so."""
    at = _level(value, dose)
    ends = [None if end is None else _level(end, dose) for end in (low, high)]
    below, above = ends
    if below is not None and above is not None:
        return Text(f"{at.zh}（95%区间{below.zh}至{above.zh}）", f"{at.en} (95% interval {below.en} to {above.en})")
    if below is not None:
        return Text(
            f"{at.zh}（95%区间从{below.zh}到数据范围之外）",
            f"{at.en} (95% interval from {below.en} to beyond the data)",
        )
    return Text(f"{at.zh}（95%区间超出数据范围）", f"{at.en} (its 95% interval reaches beyond the data)")


def _limits(dose: DoseResponse, indicators: Names) -> Text:
    del indicators
    return Text("曲线不外推到这一范围之外。", "The curve is not extended beyond this range.")
