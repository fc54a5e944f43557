"""What every attempt to break an effect tried, what it would have shown, and what it did show: one sentence each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from causal_service.effects.checks import SAME_DIRECTION, Check, WhyNot
from causal_service.errors import Text
from causal_service.explanation.phrases import Names, described, horizon_words, name_of, spaced
from causal_service.explanation.quantities import (
    decimals_of_interval,
    format_fixed,
    format_interval,
    format_number,
    format_share,
)
from causal_service.levers.results import Lever
from causal_service.panel.units import amount

__all__ = ["check_label", "check_worded", "checks_summary"]

_LABELS = {
    "placebo-lever": Text("安慰剂杠杆", "Placebo lever"),
    "placebo-outcome": Text("安慰剂目标", "Placebo outcome"),
    "random-common-cause": Text("随机共同原因", "Random common cause"),
    "subset": Text("部分数据", "Part of the data"),
    "leave-one-entity-out": Text("逐个去掉实体", "One entity left out"),
    "leave-one-period-out": Text("逐个去掉时期", "One period left out"),
    "e-value": Text("E 值", "E-value"),
}
_WHY_NOT: dict[WhyNot, Text] = {
    "no-path": Text(
        "图中没有从杠杆到目标的路径，没有可以检验的效应。", "The graph has no path, so there is no effect to try."
    ),
    "not-adjusted": Text("该效应不是靠控制比较得出的。", "The effect is not read off by adjustment."),
    "beyond-lags": Text(
        "比较所需的时期早于所研究的滞后；请增大滞后阶数。",
        "The comparison needs periods beyond the lags studied; study more lags.",
    ),
    "no-lags": Text("没有更早的时期可以对照。", "There is no earlier period to compare with."),
    "feedback": Text(
        "图中目标的过去会影响杠杆，两者本来就应有关联。",
        "In the graph the outcome's past moves the lever, so the two go together anyway.",
    ),
    "exact-sum": Text(
        "杠杆是其他指标的加总，没有自身的变动可供比较。",
        "The lever is an exact sum of others and has no movement of its own.",
    ),
    "one-entity": Text("只有一个实体，无法去掉。", "There is only one entity."),
    "one-period": Text("只有一个时期，无法去掉。", "There is only one period."),
    "rows-on-disk": Text("数据太大，逐行数据不在内存中。", "The panel is too large to have its rows in memory."),
    "few-blocks": Text("数据块太少，无法重算。", "There are too few blocks to compute it again."),
    "few-periods": Text(
        "每个实体的时期太少，剔除实体差异会使相邻时期相互牵连。",
        "There are too few periods per entity: removing entity effects ties neighbouring periods together.",
    ),
    "not-two-states": Text("目标不是只有两种状态的指标。", "The outcome does not have exactly two states."),
    "one-state": Text("目标只出现一种状态。", "The outcome is seen in one state only."),
    "outside-shares": Text(
        "移动一步后目标的比例将超出0到100%。", "One step would take the share of the outcome beyond 0 or 100%."
    ),
}


@dataclass(frozen=True, slots=True)
class _Words:
    """Names and numbers of one check, for one step of the lever."""

    lever: Text
    outcome: Text
    estimate: Text
    found: Text
    between: Text
    repeats: int
    extreme: str
    when: Text


def check_label(check: str) -> Text:
    """Return the name of a check."""
    return _LABELS[check]


def check_worded(check: Check, lever: Lever, indicators: Names, frequency: str) -> Check:
    """Return the check with its sentence, or with the reason why it does not apply.

    Numbers are said for one step of the lever, in the outcome's unit.
    """
    if check.why_not is not None:
        reason = _WHY_NOT[check.why_not]
        return replace(check, reason=reason, sentence=reason)
    if check.check == "e-value":
        return replace(check, sentence=_e_value(check, indicators))
    words, passed = _words(check, lever, indicators, frequency), bool(check.passed)
    text = _SENTENCES[check.check](words, passed)
    return replace(check, sentence=spaced(text.zh, text.en))


def checks_summary(checks: tuple[Check, ...]) -> Text:
    """Return how many checks an effect stood, and the names of those it did not."""
    tried = [check for check in checks if check.passed is not None]
    failed = [check_label(check.check) for check in tried if not check.passed]
    if not tried:
        return Text("没有适用的检验。", "No check applies.")
    stood = len(tried) - len(failed)
    if not failed:
        if len(tried) == 1:
            return Text("经受住了所做的一项检验。", "It stood the one check that was made.")
        return Text(f"经受住了全部{len(tried)}项检验。", f"It stood all {len(tried)} checks.")
    zh, en = "、".join(label.zh for label in failed), ", ".join(label.en.lower() for label in failed)
    return Text(
        f"{len(tried)}项检验中经受住{stood}项；未通过：{zh}。",
        f"It stood {stood} of {len(tried)} checks; not: {en}.",
    )


def _words(check: Check, lever: Lever, indicators: Names, frequency: str) -> _Words:
    unit = described(check.outcome, indicators).unit
    values = [None if v is None else v * lever.step for v in (check.estimate, check.found, check.low, check.high)]
    ends = [value for value in values[2:] if value is not None]
    low, high = (min(ends), max(ends)) if ends else (None, None)
    decimals = min(decimals_of_interval(values[1], low, high), 4)
    if high is not None and low is not None and high == low:
        decimals = 3
    ends_said = format_interval(low, high, decimals)
    zh = amount("", unit).zh
    return _Words(
        name_of(check.lever, indicators),
        name_of(check.outcome, indicators),
        amount(format_fixed(values[0], decimals), unit),
        amount(format_fixed(values[1], decimals), unit),
        Text(f"{ends_said.zh}{zh}", amount(ends_said.en, unit).en),
        check.repeats,
        check.extreme,
        _when(lever.horizon if check.delay is None else check.delay, frequency),
    )


def _when(periods: int, frequency: str) -> Text:
    when = horizon_words(periods, frequency)
    return Text(when.zh, f" {when.en}" if when.en else "")


def _placebo_lever(w: _Words, passed: bool) -> Text:
    zh = "这样大的变化不会凭空出现" if passed else "单看这一期，这样大的变化可能只是偶然"
    en = (
        "a change of this size does not come out of nothing"
        if passed
        else "a change of this size in a single period may be chance"
    )
    return Text(
        f"把{w.lever.zh}的数值随机打乱{w.repeats}次：如果效应来自方法本身，打乱后也会出现；打乱后移动一步使{w.outcome.zh}"
        f"{w.when.zh}改变{w.between.zh}，实际为{w.estimate.zh}，{zh}。",
        f"The values of {w.lever.en} were shuffled {w.repeats} times: an effect made by the method would still be "
        f"there; one step then moved {w.outcome.en} by {w.between.en}{w.when.en}, against {w.estimate.en} as measured: "
        f"{en}.",
    )


def _placebo_outcome(w: _Words, passed: bool) -> Text:
    zh = "没有明显的关联" if passed else "关联超出偶然，可能有未观测的原因同时推动两者"
    en = "nothing clear" if passed else "more than chance: something unseen may move both"
    return Text(
        f"用{w.lever.zh}去解释上一期的{w.outcome.zh}，这是它不可能影响到的：持续存在的未观测原因会在这里现形；"
        f"移动一步对应{w.found.zh}（95%区间{w.between.zh}），{zh}。",
        f"{w.lever.en} was set against {w.outcome.en} one period earlier, which it cannot have moved: a lasting hidden "
        f"cause would show there; one step goes with {w.found.en} (95% interval {w.between.en}): {en}.",
    )


def _random_cause(w: _Words, passed: bool) -> Text:
    zh = "几乎不变" if passed else "变动过大，数据太少"
    en = "next to no change" if passed else "too much change: the data are too few"
    return Text(
        f"加入一个随机的共同原因{w.repeats}次：站得住的效应不应改变；移动一步使{w.outcome.zh}{w.when.zh}改变{w.between.zh}，"
        f"原为{w.estimate.zh}，{zh}。",
        f"A random common cause was added {w.repeats} times: a sound effect must not change; one step then "
        f"moved {w.outcome.en} by {w.between.en}{w.when.en}, against {w.estimate.en} before: {en}.",
    )


def _subset(w: _Words, passed: bool) -> Text:
    share = format_share(SAME_DIRECTION)
    zh = f"至少{share}的子集方向一致" if passed else f"方向一致的子集不足{share}"
    en = f"in the same direction in {'at least' if passed else 'fewer than'} {share} of them"
    return Text(
        f"随机取80%的数据重算{w.repeats}次：只靠少数数据支撑的效应会时有时无；移动一步使{w.outcome.zh}{w.when.zh}改变{w.between.zh}"
        f"{_whole(w).zh}，{zh}。",
        f"It was computed again on {w.repeats} random subsets of 80% of the data: an effect carried by a few would "
        f"come and go; one step moved {w.outcome.en} by {w.between.en}{w.when.en}{_whole(w).en}, {en}.",
    )


def _entity(w: _Words, passed: bool) -> Text:
    return _left_out(w, passed, Text("实体", "entities"))


def _period(w: _Words, passed: bool) -> Text:
    return _left_out(w, passed, Text("时期", "periods"))


def _left_out(w: _Words, passed: bool, what: Text) -> Text:
    zh, en = _most(w, passed)
    return Text(
        f"逐个去掉{w.repeats}个{what.zh}重算：靠某一个{what.zh}支撑的效应会消失；移动一步使{w.outcome.zh}{w.when.zh}改变{w.between.zh}"
        f"{_whole(w).zh}，{zh}。",
        f"Each of {w.repeats} {what.en} was left out in turn: an effect that hangs on one would vanish; one step "
        f"moved {w.outcome.en} by {w.between.en}{w.when.en}{_whole(w).en}{en}.",
    )


def _whole(w: _Words) -> Text:
    """Say what the numbers beside it are to be compared with: not the mean over many graphs that heads the lever."""
    return Text(
        f"（同一张因果图、用全部数据时为{w.estimate.zh}）", f" (all of the data on the same graph: {w.estimate.en})"
    )


def _most(w: _Words, passed: bool) -> tuple[str, str]:
    if passed:
        name = f"影响最大的是{w.extreme}" if w.extreme else "没有哪一个起决定作用"
        return name, f"; {w.extreme} counts most" if w.extreme else "; none decides"
    if not w.extreme:
        return "去掉其中一个后所剩不到一半", "; without one of them less than half is left"
    return f"去掉{w.extreme}后所剩不到一半", f"; without {w.extreme} less than half is left"


def _e_value(check: Check, indicators: Names) -> Text:
    lever, outcome = name_of(check.lever, indicators), name_of(check.outcome, indicators)
    ratio, value, least = (format_number(x) for x in (check.estimate, check.found, check.low))
    if not check.passed:
        zh, en = "；95%区间本来就包含零", "; the 95% interval includes zero as it is"
    else:
        zh, en = f"；{least}倍就足以使95%区间触及零", f"; {least} times would do for the 95% interval to touch zero"
    return spaced(
        f"移动一步使{outcome.zh}的出现比例变为{ratio}倍（或其倒数）。要把它全部归于一个未观测的原因，该原因须使{lever.zh}的变动"
        f"和{outcome.zh}的出现都达到{value}倍{zh}。",
        f"One step makes {outcome.en} {ratio} times as frequent (or as rare). To put that down to a hidden cause, the "
        f"cause would have to make both the move of {lever.en} and {outcome.en} {value} times as likely{en}.",
    )


_SENTENCES: dict[str, Callable[[_Words, bool], Text]] = {
    "placebo-lever": _placebo_lever,
    "placebo-outcome": _placebo_outcome,
    "random-common-cause": _random_cause,
    "subset": _subset,
    "leave-one-entity-out": _entity,
    "leave-one-period-out": _period,
}
