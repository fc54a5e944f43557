"""Along what a lever works better, in words; or why that cannot be said."""

from __future__ import annotations

from dataclasses import replace

from causal_service.effects.moderation_results import ModeratedEffect, Moderation, NoModeration
from causal_service.errors import Text
from causal_service.explanation.phrases import Names, described, horizon_words, move_words, name_of, spaced
from causal_service.explanation.quantities import decimals_of_interval, format_fixed, format_interval, format_number
from causal_service.levers.results import Lever
from causal_service.panel.units import amount, unit_words

__all__ = ["NO_MODERATION", "level_words", "worded_moderation"]

_GRAPH = Text(
    "这些区间以学到的因果图为准，不含图本身的不确定性。",
    "These intervals take the learned graph as given; its uncertainty is not in them.",
)
_FOREST = Text(
    "因果森林只给出各个水平上的区间，不给出差别的区间；有无差别按直线检验。",
    "The forest gives intervals at single levels, none for the difference; whether there is one is tested against a "
    "straight line.",
)
_ANOTHER = Text("请换一个调节指标。", "Name another moderator.")

NO_MODERATION: dict[str, tuple[Text, Text]] = {
    "is-lever": (
        Text(
            "{moderator}本身就是这个杠杆；它在不同水平上的作用见剂量反应曲线。",
            "{moderator} is the lever itself; what it does at different levels is told by its dose-response curve.",
        ),
        _ANOTHER,
    ),
    "is-outcome": (
        Text(
            "{moderator}本身就是目标；按结果的高低区分作用会误导。",
            "{moderator} is the outcome itself; effects told apart by their own result mislead.",
        ),
        _ANOTHER,
    ),
    "follows-lever": (
        Text(
            "{moderator}会随{lever}而变；按杠杆自身的后果区分作用会误导。",
            "{moderator} follows from {lever}; effects told apart by a consequence of the lever mislead.",
        ),
        Text(
            "请换一个不受该杠杆影响的指标，例如规模或位置。",
            "Name an indicator that the lever does not move, such as a size or a place.",
        ),
    ),
    "not-studied": (
        Text(
            "数据检查已把{moderator}排除在研究之外，无从判断它是否随{lever}而变。",
            "The checks left {moderator} out of the study, so nobody knows whether it follows from {lever}.",
        ),
        Text(
            "请查看检查结果并处理其原因，或换一个调节指标。",
            "See what the checks say about it and mend that, or name another moderator.",
        ),
    ),
    "rows-on-disk": (
        Text(
            "面板是分块读取的，没有整体读入内存，无法沿{moderator}比较。",
            "The panel was read in pieces and is not held in memory, so nothing is compared along {moderator}.",
        ),
        Text(
            "请整体读入内存（stream=False，--stream no），或抽取部分实体（例如2000个）另做一次研究。",
            "Read it into memory (stream=False, --stream no), or repeat the study on a part of the entities, say "
            "2,000 of them.",
        ),
    ),
    "one-entity": (
        Text(
            "只有一个实体，无法沿{moderator}的平均水平比较不同实体。",
            "There is a single entity, so there are none to compare along their mean {moderator}.",
        ),
        Text("请按面板提供多个同类实体。", "Bring several entities as a panel."),
    ),
    "few-entities": (
        Text(
            "可用的实体只有{count}个，不足以判断作用是否随{moderator}变化。",
            "Only {count} entities can be used, too few to judge whether the effect changes along {moderator}.",
        ),
        Text("请增加实体，或补充该指标的数据。", "Add entities, or measure the indicator in more of them."),
    ),
    "same-everywhere": (
        Text(
            "{moderator}在各实体之间几乎没有差别，无法沿它比较。",
            "{moderator} hardly differs between entities, so nothing can be compared along it.",
        ),
        Text("请换一个在实体之间有差别的指标。", "Name an indicator that differs between entities."),
    ),
    "no-variation": (
        Text(
            "扣除{lever}自身的原因后，它几乎没有剩余变动，看不出作用如何变化。",
            "Once its own causes are allowed for, {lever} hardly varies, so a changing effect cannot be seen.",
        ),
        Text(
            "请在部分实体中不按惯例地改变它，积累若干期后再研究。",
            "Move it in some entities against the usual rule for a few periods, then repeat the study.",
        ),
    ),
    "no-path": (
        Text(
            "全样本的因果图中没有从{lever}到{outcome}的路径，没有可以比较的作用。",
            "The graph of the full sample has no path from {lever} to {outcome}, so there is no effect to compare.",
        ),
        Text("请增加实体或时期，使图更稳定。", "Add entities or periods until the graph is more stable."),
    ),
    "not-adjusted": (
        Text(
            "{lever}对{outcome}的作用不能靠保持其他指标相同来识别，因此不作比较。",
            "The effect of {lever} on {outcome} cannot be read off by holding others equal, so it is not compared.",
        ),
        Text(
            "见识别一节：声明未定的方向，或测量隐藏的共同原因。",
            "See how it is identified: declare an open direction, or measure the hidden common cause.",
        ),
    ),
    "beyond-lags": (
        Text(
            "{lever}对{outcome}的作用到来得比所研究的滞后期更晚，因此不作比较。",
            "The effect of {lever} on {outcome} arrives later than the lags studied, so it is not compared.",
        ),
        Text("请增加滞后期数。", "Study more lags."),
    ),
    "no-lever-worth-moving": (
        Text(
            "{outcome}没有判定为“行动”或“试点”的杠杆，因此没有沿{moderator}比较作用。",
            "No lever of {outcome} is one to act on or to test, so no effect is followed along {moderator}.",
        ),
        Text(
            "请先看各杠杆的判定理由，其中写明了还缺什么。",
            "The reasons of the verdicts say what is missing.",
        ),
    ),
}
"""Reason and remedy by code of ``NoModeration``."""


def worded_moderation(
    row: Moderation | NoModeration, lever: Lever, indicators: Names, frequency: str
) -> Moderation | NoModeration:
    """Return the effects along the moderator, or the reason for none, with words.

    Parameters
    ----------
    lever : the ranked lever, for the move that is told.
    """
    if isinstance(row, NoModeration):
        return _refusal(row, indicators)
    caveat = _GRAPH if row.learner == "linear" else Text(_FOREST.zh + _GRAPH.zh, f"{_FOREST.en} {_GRAPH.en}")
    return replace(row, sentence=_found(row, lever, indicators, frequency), caveat=caveat)


def level_words(effect: ModeratedEffect, row: Moderation) -> Text:
    """Return a level of the moderator with its unit, with as many digits as its range needs."""
    span = (row.effects[-1].level - row.effects[0].level) / 20
    level = effect.level
    number = format_fixed(level, decimals_of_interval(level, level - span, level + span))
    if unit_words(row.moderator_unit).kind != "share":
        return amount(number, row.moderator_unit)
    sign = "‰" if row.moderator_unit.strip() in {"‰", "千分比"} else "%"
    return Text(f"{number}{sign}", f"{number}{sign}")


def _found(row: Moderation, lever: Lever, indicators: Names, frequency: str) -> Text:
    outcome, unit = name_of(row.outcome, indicators), described(row.outcome, indicators).unit
    move, when = move_words(lever, indicators), horizon_words(row.delay, frequency)
    name = Text(row.moderator_name.zh or row.moderator, row.moderator_name.en or row.moderator)
    ends = row.effects[-1], row.effects[0]
    upper, lower = (_at(end, lever, unit) for end in ends)
    top, bottom = (level_words(end, row) for end in ends)
    zh = f"把{move.zh}：平均{name.zh}较高（{top.zh}）时，{when.zh}{outcome.zh}变化{upper.zh}；"
    zh += f"较低（{bottom.zh}）时，变化{lower.zh}。{_verdict(row).zh}"
    en = f"{move.en}: where {name.en} is high on average ({top.en}), {outcome.en} changes by {upper.en}"
    en += f"{' ' if when.en else ''}{when.en}; where it is low ({bottom.en}), by {lower.en}. {_verdict(row).en}"
    return spaced(zh, en)


def _at(effect: ModeratedEffect, lever: Lever, unit: str) -> Text:
    value = effect.value * lever.step
    low, high = sorted((effect.low * lever.step, effect.high * lever.step))
    decimals = decimals_of_interval(value, low, high)
    number = format_fixed(value, decimals)
    size = amount(f"+{number}" if value > 0 and number.strip("0.") else number, unit)
    interval = format_interval(low, high, decimals)
    return Text(f"{size.zh}（95%区间{interval.zh}）", f"{size.en} (95% interval {interval.en})")


def _verdict(row: Moderation) -> Text:
    q = "q<0.001" if row.q < 0.001 else f"q={format_number(row.q, 2)}"
    if not row.differs:
        return Text(f"两者的差别没有得到证实（{q}）。", f"A difference between the two is not established ({q}).")
    low, high = row.effects[0], row.effects[-1]
    if low.high < 0 < high.low or high.high < 0 < low.low:
        return Text(
            f"作用的方向随之反转（{q}），总体平均会误导。",
            f"The effect turns round along it ({q}); the overall average misleads.",
        )
    return Text(f"作用确实随之变化（{q}）。", f"The effect does change along it ({q}).")


def _refusal(row: NoModeration, indicators: Names) -> NoModeration:
    lever, outcome = name_of(row.lever, indicators), name_of(row.outcome, indicators)
    name = Text(row.moderator_name.zh or row.moderator, row.moderator_name.en or row.moderator)
    reason, remedy = NO_MODERATION[row.code]
    count = "" if row.count is None else str(row.count)
    zh, en = (
        text.format(lever=a, outcome=b, moderator=c, count=count)
        for text, a, b, c in ((reason.zh, lever.zh, outcome.zh, name.zh), (reason.en, lever.en, outcome.en, name.en))
    )
    return replace(row, reason=spaced(zh, en), what_would_help=remedy)
