"""What having a lever did, and what it would do to everyone, in a sentence each."""

from __future__ import annotations

from dataclasses import replace

from causal_service.effects.average_effect import COMPARABLE, FEWEST, LEAST_COMPARABLE
from causal_service.effects.average_effects import AverageEffect, NoAverage
from causal_service.errors import Text
from causal_service.explanation.phrases import Names, described, listed_en, listed_zh, name_of, spaced
from causal_service.explanation.quantities import (
    decimals_of_interval,
    format_fixed,
    format_interval,
    format_number,
    format_share,
)
from causal_service.panel.units import amount

__all__ = ["average_worded", "change_words"]

_NAMED = 3
"""Indicators held equal that a sentence names; of more it gives the number."""


def average_worded(row: AverageEffect, indicators: Names) -> AverageEffect:
    """Return the row with its sentence, and with the reason where there is no number."""
    if row.refused is None:
        return replace(row, sentence=_found(row, indicators))
    refused = _refused(row, row.refused, indicators)
    return replace(row, refused=refused, sentence=refused.reason)


def change_words(row: AverageEffect, indicators: Names) -> Text:
    """Return the signed change with its unit, for a table; a dash where there is none."""
    if row.value is None:
        return Text("—", "—")
    number = format_fixed(row.value, decimals_of_interval(row.value, row.low, row.high))
    return amount(("+" if row.value > 0 else "") + number, described(row.outcome, indicators).unit)


def _found(row: AverageEffect, indicators: Names) -> Text:
    lever, outcome = name_of(row.lever, indicators), name_of(row.outcome, indicators)
    low, high = (format_number(state, 6) for state in row.states)
    change = change_words(row, indicators)
    span = format_interval(row.low, row.high, decimals_of_interval(row.value, row.low, row.high))
    alike = _alike(row, indicators)
    unclear = row.low is not None and row.high is not None and row.low <= 0 <= row.high
    doubt = Text("，尚不能与零区分", ", which cannot be told from none") if unclear else Text("", "")
    if row.target == "treated":
        zh = f"在{lever.zh}为{high}的{row.upper_rows}行中，与{alike.zh}{lever.zh}为{low}的行相比，"
        zh += f"{outcome.zh}平均变化{change.zh}（95%区间{span.zh}）{doubt.zh}。"
        en = f"In the {row.upper_rows} rows that have {lever.en} at {high}, it changed {outcome.en} by {change.en} "
        en += f"(95% interval {span.en}){doubt.en}, compared with {alike.en} that have {low}."
    else:
        zh = f"若所有行的{lever.zh}都由{low}变为{high}，{outcome.zh}平均将变化{change.zh}"
        zh += f"（95%区间{span.zh}）{doubt.zh}。"
        en = (
            f"If {lever.en} went from {low} to {high} in all rows, {outcome.en} would change by {change.en} on average "
        )
        en += f"(95% interval {span.en}){doubt.en}."
    left_out = _left_out(row)
    unsure = _unsure(row, indicators)
    return spaced(f"{zh}{left_out.zh}{unsure.zh}", f"{en}{left_out.en}{unsure.en}")


def _alike(row: AverageEffect, indicators: Names) -> Text:
    names = [name_of(key, indicators) for key in row.adjustment]
    if not names:
        return Text("", "all rows")
    if len(names) > _NAMED:
        return Text(f"其余{len(names)}个指标相近而", f"rows alike in {len(names)} other indicators")
    zh, en = listed_zh([name.zh for name in names]), listed_en([name.en for name in names])
    return Text(f"{zh}相近而", f"rows alike in {en}")


def _left_out(row: AverageEffect) -> Text:
    if row.comparable_share is None or row.comparable_share >= 0.9995:
        return Text("", "")
    share = format_share(row.comparable_share)
    return Text(
        f"其中{share}的行有可比的对象，结论只针对这些行。",
        f" {share} of them have comparable rows; this is about those.",
    )


def _unsure(row: AverageEffect, indicators: Names) -> Text:
    if not row.doubtful:
        return Text("", "")
    names = [name_of(key, indicators) for key in row.doubtful]
    zh, en = listed_zh([name.zh for name in names]), listed_en([name.en for name in names])
    comes = "comes" if len(names) == 1 else "come"
    return Text(
        f"无法确定{zh}是原因还是后果；若判断有误，此数会改变。",
        f" Whether {en} {comes} before or after is not certain; if misjudged, this number changes.",
    )


def _refused(row: AverageEffect, why: NoAverage, indicators: Names) -> NoAverage:
    lever, outcome = name_of(row.lever, indicators), name_of(row.outcome, indicators)
    high = format_number(row.states[1], 6)
    whose = (
        Text("全部行", "all rows") if row.target == "everyone" else Text(f"{lever.zh}为{high}的行", f"rows at {high}")
    )
    if why.code == "no-comparable-rows":
        share = format_share(row.comparable_share)
        reason = spaced(
            f"{whose.zh}中只有{share}有可比的对象（两种状态各占至少{format_share(COMPARABLE)}），不足"
            f"{format_share(LEAST_COMPARABLE)}，因此不给出{lever.zh}对{outcome.zh}的平均作用。",
            f"Only {share} of {whose.en} have comparable rows (at least {format_share(COMPARABLE)} in either state of "
            f"{lever.en}), fewer than {format_share(LEAST_COMPARABLE)}: there is no average effect on {outcome.en} for "
            "them.",
        )
        remedy = Text(
            "请在更相似的对象之间比较，或分批推行。", "Compare cases that are more alike, or roll it out in stages."
        )
    elif why.code == "too-few-rows":
        reason = spaced(
            f"{lever.zh}的某一状态不足{FEWEST}行（或过于集中在少数群组），无法计算平均作用。",
            f"One state of {lever.en} has fewer than {FEWEST} rows, or they sit in too few clusters, for an average "
            "effect.",
        )
        remedy = Text("请收集更多该状态的数据。", "Collect more rows in that state.")
    elif why.code == "one-state":
        reason = spaced(
            f"在{outcome.zh}有数据的行中，{lever.zh}只有一种状态，没有可比较的对象。",
            f"Where {outcome.en} is measured, {lever.en} has one state only: there is nothing to compare.",
        )
        remedy = Text("请补充另一状态的数据。", "Add rows in the other state.")
    elif why.code == "outcome-constant":
        reason = spaced(f"{outcome.zh}在这些行中没有变化。", f"{outcome.en} is the same in all these rows.")
        remedy = Text("请换一个目标指标。", "Choose another outcome.")
    elif why.code == "open-direction":
        reason = spaced(
            f"数据分不清{lever.zh}与{outcome.zh}或相邻指标之间谁影响谁，因此不给出{lever.zh}对{outcome.zh}的平均作用。",
            f"The data cannot tell which way {lever.en} and {outcome.en}, or what lies between them, act on each "
            f"other: there is no average effect of {lever.en} on {outcome.en}.",
        )
        remedy = spaced(
            f"如果知道其方向，请声明层级、必需或禁止的因果边；否则请小范围试点，主动改变{lever.zh}。",
            f"Declare layers, a required or a forbidden arrow if the direction is known; else change {lever.en} on "
            "purpose in a small trial.",
        )
    else:
        reason = spaced(
            f"在多数重抽样的图中，{lever.zh}是{outcome.zh}的后果，因此没有平均作用可言。",
            f"In most resampled graphs {lever.en} follows from {outcome.en}, so it has no effect to average.",
        )
        remedy = Text("如果判断有误，请在字典中声明层级。", "Declare layers in the dictionary if that is wrong.")
    return NoAverage(why.code, reason, remedy)
