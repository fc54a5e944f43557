"""By holding what equal an effect is read off, and why that is enough, in one sentence per lever and outcome."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from causal_service.effects.identification import Identification, Unidentified
from causal_service.errors import Text
from causal_service.explanation.phrases import Names, horizon_words, listed_en, listed_zh, name_of, spaced
from causal_service.explanation.quantities import format_share

__all__ = ["identification_worded", "nodes_listed", "strategy_words"]

_LAGGED = re.compile(r"^(.*)\[t-(\d+)\]$")
_STRATEGIES = {
    "backdoor": Text("控制比较", "Adjustment"),
    "front-door": Text("前门", "Front-door"),
    "instrument": Text("工具变量", "Instrument"),
    "no-path": Text("无路径", "No path"),
    "none": Text("无法识别", "Not identified"),
}


def strategy_words(strategy: str) -> Text:
    """Return the strategy as a label."""
    return _STRATEGIES[strategy]


def identification_worded(row: Identification, indicators: Names, frequency: str) -> Identification:
    """Return the row with its sentence, and with reason and remedy where the effect is not identified."""
    if row.unidentified is not None:
        why = _unidentified(row, row.unidentified, indicators)
        said = spaced(f"{why.reason.zh}{why.what_would_help.zh}", f"{why.reason.en} {why.what_would_help.en}")
        return replace(row, unidentified=why, sentence=said)
    texts = {
        "backdoor": _backdoor,
        "front-door": _front_door,
        "instrument": _instrument,
        "no-path": _no_path,
    }
    text, share = texts[row.strategy](row, indicators, frequency), _share(row)
    return replace(row, sentence=spaced(text.zh + share.zh, f"{text.en}{share.en}"))


def nodes_listed(labels: Sequence[str], indicators: Names, frequency: str) -> Text:
    """Return ``name`` and ``name[t-1]`` as display names with their periods, in one list."""
    words = [_node(label, indicators, frequency) for label in labels]
    if not words:
        return Text("", "")
    return Text(listed_zh([word.zh for word in words]), listed_en([word.en for word in words]))


def _node(label: str, indicators: Names, frequency: str) -> Text:
    match = _LAGGED.match(label)
    if match is None:
        return name_of(label, indicators)
    name, ago = name_of(match[1], indicators), horizon_words(int(match[2]), frequency or "index")
    return Text(f"{ago.zh.removesuffix('后')}前的{name.zh}", f"{name.en} {ago.en.removeprefix('after ')} earlier")


def _pair(row: Identification, indicators: Names) -> tuple[Text, Text]:
    return name_of(row.lever, indicators), name_of(row.outcome, indicators)


def _when(row: Identification, frequency: str) -> Text:
    if row.delay is None or (row.delay == 0 and not frequency):
        return Text("", "")
    when = horizon_words(row.delay, frequency)
    return when if row.delay == 0 else Text(f"最早{when.zh}", f"{when.en} at the earliest")


def _backdoor(row: Identification, indicators: Names, frequency: str) -> Text:
    (lever, outcome), when = _pair(row, indicators), _when(row, frequency)
    held, late = nodes_listed(row.adjustment, indicators, frequency), f" {when.en}" if when.en else ""
    if not row.adjustment:
        return Text(
            f"{lever.zh}对{outcome.zh}{when.zh}的作用无需控制任何指标：图中没有别的途径使两者同升同降。",
            f"Nothing has to be held equal to read the effect of {lever.en} on {outcome.en}{late}: "
            "the graph has no other way by which the two move together.",
        )
    return Text(
        f"{lever.zh}对{outcome.zh}{when.zh}的作用，由{held.zh}相同而{lever.zh}不同的情形比较得出："
        "这已挡住图中使两者同升同降的其他途径。",
        f"The effect of {lever.en} on {outcome.en}{late} is read off cases that differ in {lever.en} and are alike in "
        f"{held.en}: in the graph this blocks every other way by which the two move together.",
    )


def _front_door(row: Identification, indicators: Names, frequency: str) -> Text:
    lever, outcome = _pair(row, indicators)
    through, held = (nodes_listed(labels, indicators, frequency) for labels in (row.through, row.adjustment))
    equal = Text(f"，并使{held.zh}相同", f", holding {held.en} equal") if row.adjustment else Text("", "")
    return Text(
        f"{lever.zh}与{outcome.zh}可能有未观测的共同原因，但全部作用都经过{through.zh}：分两步比较{equal.zh}，即可得出效应。",
        f"{lever.en} and {outcome.en} may have a hidden common cause, but all of the effect goes through "
        f"{through.en}: it is read off in two steps{equal.en}.",
    )


def _instrument(row: Identification, indicators: Names, frequency: str) -> Text:
    lever, outcome = _pair(row, indicators)
    through, held = (nodes_listed(labels, indicators, frequency) for labels in (row.through, row.adjustment))
    equal = Text(f"在{held.zh}相同时，", f", with {held.en} held equal,") if row.adjustment else Text("", "")
    return Text(
        f"{lever.zh}与{outcome.zh}可能有未观测的共同原因，但{equal.zh}{through.zh}只通过{lever.zh}影响{outcome.zh}，"
        "可以作为工具变量读出效应（假定作用是线性的）。",
        f"{lever.en} and {outcome.en} may have a hidden common cause, but {through.en}{equal.en} reaches {outcome.en} "
        f"through {lever.en} only and serves as an instrument (for straight-line effects).",
    )


def _no_path(row: Identification, indicators: Names, frequency: str) -> Text:
    lever, outcome = _pair(row, indicators)
    return Text(
        f"图中没有从{lever.zh}通向{outcome.zh}的路径：按此图效应为零，无需控制任何指标；数据不足时，没有找到不等于没有。",
        f"The graph has no path from {lever.en} to {outcome.en}: by this graph the effect is zero, and nothing has to "
        "be held equal. Where there is too little data, not found does not mean that there is none.",
    )


def _share(row: Identification) -> Text:
    if row.share >= 0.995:
        return Text("", "")
    share = format_share(row.share)
    return Text(f"重抽样所得的图中有{share}同样可以识别。", f" So it is in {share} of the resampled graphs.")


def _unidentified(row: Identification, why: Unidentified, indicators: Names) -> Unidentified:
    lever, outcome = _pair(row, indicators)
    others = nodes_listed(why.indicators, indicators, "")
    if why.code == "open-direction":
        reason = spaced(
            f"数据无法判断{lever.zh}与{others.zh}之间谁影响谁，因此{lever.zh}对{outcome.zh}的作用无法识别。",
            f"The data cannot tell which way {lever.en} and {others.en} act on each other, so the effect of "
            f"{lever.en} on {outcome.en} is not identified.",
        )
        remedy = spaced(
            f"如果知道其方向，请声明层级、必需或禁止的因果边；否则请小范围试点，主动改变{lever.zh}。",
            f"Declare layers, a required or a forbidden arrow if the direction is known; else change {lever.en} on "
            "purpose in a small trial.",
        )
        return replace(why, reason=reason, what_would_help=remedy)
    reason = spaced(
        f"一个未观测的原因可能同时推动{lever.zh}和{others.zh}，控制任何已测指标都去不掉它；"
        f"图中也没有中介或工具变量可用，因此{lever.zh}对{outcome.zh}的作用无法识别。",
        f"A hidden cause may move {lever.en} together with {others.en}; holding measured indicators equal does not "
        f"remove it and the graph offers neither mediator nor instrument, so the effect of {lever.en} on "
        f"{outcome.en} is not identified.",
    )
    remedy = spaced(
        f"请测量这个共同原因，找一个只推动{lever.zh}的因素（例如分批推行），或小范围随机试点。",
        f"Measure that cause, find something that moves {lever.en} alone (a staggered roll-out, for instance), or try "
        "it at random on a small scale.",
    )
    return replace(why, reason=reason, what_would_help=remedy)
