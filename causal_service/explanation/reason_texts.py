"""The coded reasons of a verdict, as sentences.

Every code has one statement that stands without numbers and, where the caller gives the numbers, a detail in brackets.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from string import Formatter

from causal_service.errors import CallError, Text, nearest
from causal_service.explanation.quantities import format_level, format_number, format_share
from causal_service.panel.units import amount

__all__ = ["REASON_CODES", "reason_text"]

ParamValue = float | int | str | bool | None

_SHARES = frozenset({"identified_share", "p_sign", "p_top3", "zero_share", "descendant_share", "robustness"})
_CHANCES = frozenset({"p", "q"})
_CHANGES = frozenset({"helped_by", "harmed_by", "low", "high"})
_SMALLEST_CHANCE = 0.001

_STATEMENTS: dict[str, Text] = {
    "acts-later": Text(
        "它的作用出现得比本研究的滞后期数更晚，本研究只看到了其中一部分；请增加滞后期数后再研究",
        "It acts later than the lags of this study, which does not see all of it; study it again with more lags",
    ),
    "below-detectable": Text(
        "数据量不足以看清这一步有用的效应",
        "The panel is too small to see a useful effect of this step",
    ),
    "bounds-cut": Text(
        "这一步受可行范围限制，已按边界截短",
        "The step is cut short at the feasible bound",
    ),
    "carried-forward": Text(
        "它或目标指标的数值几期才更新一次，看不出它在各期之内的作用；请改用逐期数据，或汇总到该周期后再研究",
        "Its figures or those of the outcome stand for several periods, within which nothing is seen; use figures of "
        "every period, or aggregate all to that calendar",
    ),
    "differs-by-entity": Text(
        "它的作用因实体而异，许多实体的方向与平均相反，平均效应看不出来",
        "Its effect differs between entities, in many it goes the other way, so that the average hides it",
    ),
    "direction-open": Text(
        "数据分不清它是影响目标指标，还是跟随目标指标；与其增加同样的数据，不如在字典中声明层级，或做小范围试验",
        "The data do not tell whether it moves the outcome or follows it; declared layers or a small trial settle that "
        "better than more of the same rows",
    ),
    "driver-possible": Text(
        "仅由一个未观测到的共同驱动因素推动它与目标指标，也会留下同样的痕迹，数据无法区分",
        "A hidden driver of it and the outcome would leave the same traces; the data cannot tell the two apart",
    ),
    "driver-strength-open": Text(
        "未观测到的共同驱动因素究竟有多强并不清楚，这一步是否有用因此无法断定；增加数据解决不了这一点，测量该因素才行",
        "How strong a hidden driver is leaves open whether this step is useful; more rows will not settle that, "
        "measuring the driver will",
    ),
    "effect-shifted": Text("它的效应在观察期中途发生了变化", "Its effect changed half way through the time observed"),
    "equivalent-direction": Text(
        "它可能是目标指标的结果：数据把它排在目标之后，或无法区分先后",
        "It may be a result of the outcome: the data place it behind, or cannot tell which comes first",
    ),
    "failed-check": Text("该指标有一项数据检查未通过", "This indicator failed a data check"),
    "hidden-driver": Text(
        "一个未观测到的共同驱动因素更能解释它与目标指标的关联",
        "A hidden driver of both explains its link to the outcome better",
    ),
    "graph-held-fixed": Text(
        "因果图只学习了一次，重抽样没有检验箭头是否成立",
        "The graph was learned once, so the resamples do not test its arrows",
    ),
    "identity-derived": Text("它的效应由恒等式推得", "Its effect follows from an arithmetic identity"),
    "in-top3-likely": Text("很可能位列前三", "It is likely to be among the best three"),
    "lags-too-short": Text(
        "它所跟随的因素要在本研究的滞后期数之后才起作用，这部分作用可能被误算在它身上；请增加滞后期数后再研究",
        "What it follows acts later than the lags of this study, which may be put down to it; study it again with more "
        "lags",
    ),
    "layer-contradiction": Text(
        "数据与字典中声明的层级相矛盾",
        "The data contradict the layer declared in the dictionary",
    ),
    "no-path": Text("没有找到从它通向目标指标的路径", "No path from it to the outcome was found"),
    "no-room": Text("没有可调整的空间", "There is no room to move it"),
    "not-controllable": Text("没有人能够直接调整它", "Nobody can move it directly"),
    "not-identified": Text(
        "数据不足以确定部分箭头的方向，因此效应不能唯一确定",
        "The data leave some arrows undirected, so the effect is not pinned down",
    ),
    "not-robust": Text(
        "一个不太强的未观测共同原因就足以推翻该结论",
        "A moderate hidden common cause would be enough to overturn it",
    ),
    "not-significant": Text("效应尚不能与随机波动区分", "The effect cannot be told from chance"),
    "opposite-in-segments": Text("它在不同组里作用相反", "It does opposite things in different segments"),
    "sign-uncertain": Text("效应的正负方向还不确定", "The direction of the effect is not certain"),
    "significant": Text("效应明显超出随机波动", "The effect stands clear of chance"),
    "step-harms": Text(
        "字典声明的这一步会使目标指标变差",
        "The step declared in the dictionary would make the outcome worse",
    ),
    "suspected-leak": Text(
        "它可能是目标指标的结果或另一种写法，而不是原因",
        "It may be a consequence or another form of the outcome rather than a cause",
    ),
    "too-few-entities": Text("实体太少，不足以支持行动", "There are too few entities to act on"),
    "too-few-rows": Text("有效数据行太少", "There are too few effective rows"),
    "uneven-average": Text(
        "变动大的实体与变动小的实体效应不同，这里的效应主要来自变动大的实体，并非各实体的平均",
        "Entities that move it far have another effect than those that do not: the effect stated is mostly that of the "
        "former, not of the average entity",
    ),
    "unclear-in-segment": Text(
        "在其中一组里，它的效应尚不能与无影响区分", "In one segment its effect cannot be told from none"
    ),
}
_DETAILS: dict[str, Text] = {
    "below-detectable": Text(
        "能看到的最小效应为{smallest_detectable}", "the smallest it could have shown is {smallest_detectable}"
    ),
    "bounds-cut": Text("边界为{bound}", "the bound is {bound}"),
    "carried-forward": Text("每 {periods} 期一个数值", "one figure for {periods} periods"),
    "direction-open": Text(
        "在{descendant_share}的重抽样中它位于目标之后", "in {descendant_share} of resamples it follows the outcome"
    ),
    "driver-strength-open": Text(
        "数据再多，小于{strength_open}的效应也看不清",
        "with any number of rows, effects below {strength_open} stay unseen",
    ),
    "effect-shifted": Text("前半段每单位{before}，后半段{after}", "per unit {before} in the first half, {after} since"),
    "equivalent-direction": Text(
        "在{descendant_share}的重抽样中它位于目标之后", "in {descendant_share} of resamples it follows the outcome"
    ),
    "failed-check": Text("检查项：{finding}", "check: {finding}"),
    "identity-derived": Text("恒等式：{identity}", "identity: {identity}"),
    "in-top3-likely": Text("概率{p_top3}", "probability {p_top3}"),
    "no-path": Text("占重抽样的{zero_share}", "in {zero_share} of resamples"),
    "no-room": Text("边界为{bound}", "the bound is {bound}"),
    "not-identified": Text("可确定的比例为{identified_share}", "{identified_share} of it is identified"),
    "not-robust": Text(
        "只需同时解释双方{robustness}的剩余波动", "explaining {robustness} of what is left in both would do"
    ),
    "not-significant": Text("q {q}", "q {q}"),
    "opposite-in-segments": Text(
        "每移动一步，目标指标在“{helped}”组变化{helped_by}，在“{harmed}”组变化{harmed_by}",
        "one step changes the outcome by {helped_by} in '{helped}' and by {harmed_by} in '{harmed}'",
    ),
    "sign-uncertain": Text("方向一致的重抽样占{p_sign}", "{p_sign} of resamples agree on it"),
    "significant": Text("q {q}", "q {q}"),
    "too-few-entities": Text("现有{entities}个，至少需要{floor}个", "{entities} present, {floor} needed"),
    "too-few-rows": Text("现有{rows}行，至少需要{floor}行", "{rows} present, {floor} needed"),
    "unclear-in-segment": Text(
        "“{segment}”组：每移动一步，目标指标的变化在{low}到{high}之间",
        "'{segment}': one step changes the outcome by {low} to {high}",
    ),
}
REASON_CODES: tuple[str, ...] = tuple(_STATEMENTS)


def reason_text(code: str, params: Mapping[str, ParamValue] | None = None) -> Text:
    """Return the reason ``code`` as a sentence in zh and en.

    Parameters
    ----------
    code : one of ``REASON_CODES``.
    params : numbers and names of the case; a detail may use ``q``, ``identified_share``, ``p_sign``, ``robustness``,
        ``smallest_detectable`` or ``strength_open`` (with ``unit``), ``entities`` or ``rows`` with ``floor``,
        ``periods``, ``p_top3``, ``descendant_share``, ``before`` and ``after``, ``bound`` (with ``unit``),
        ``identity``, ``finding``, ``zero_share``, ``helped``, ``helped_by``, ``harmed`` and ``harmed_by`` (with
        ``unit``), ``segment``, ``low`` and ``high`` (with ``unit``).
        A missing or unknown value drops the detail, never the reason. Shares are 0..1.

    Raises
    ------
    CallError : ``unknown-reason``.
    """
    if code not in _STATEMENTS:
        raise _unknown(code)
    statement, detail, given = _STATEMENTS[code], _DETAILS.get(code), params or {}
    needs = [key for _, key, _, _ in Formatter().parse(detail.en) if key] if detail is not None else []
    if detail is None or any(_is_unknown(given.get(key)) for key in needs):
        return Text(f"{statement.zh}。", f"{statement.en}.")
    words = {key: _param_words(key, given[key], str(given.get("unit") or "")) for key in needs}
    zh = detail.zh.format(**{key: text.zh for key, text in words.items()})
    en = detail.en.format(**{key: text.en for key, text in words.items()})
    return Text(f"{statement.zh}（{zh}）。", f"{statement.en} ({en}).")


def _param_words(key: str, value: ParamValue, unit: str) -> Text:
    if isinstance(value, str) or value is None:
        return _same(str(value))
    if key in _SHARES:
        return _same(format_share(float(value)))
    if key in _CHANCES:
        return _same(_chance(float(value)))
    if key == "bound":
        return Text(format_level(float(value), unit, "zh"), format_level(float(value), unit, "en"))
    if key in _CHANGES or key in ("smallest_detectable", "strength_open"):
        number = format_number(float(value), 2)
        return amount(f"+{number}" if key in _CHANGES and float(value) > 0 else number, unit)
    return _same(format_number(float(value)))


def _chance(value: float) -> str:
    return f"< {_SMALLEST_CHANCE}" if value < _SMALLEST_CHANCE else f"= {format_number(value, 2)}"


def _same(words: str) -> Text:
    return Text(words, words)


def _is_unknown(value: ParamValue) -> bool:
    return value is None or value == "" or (isinstance(value, float) and not math.isfinite(value))


def _unknown(code: str) -> CallError:
    near = ", ".join(nearest(code, REASON_CODES)) or ", ".join(REASON_CODES)
    return CallError(
        "unknown-reason",
        Text(f"没有名为“{code}”的判定理由。", f"There is no verdict reason called '{code}'."),
        Text(f"可用的代码：{near}。", f"Use one of: {near}."),
        {"code": code},
    )
