"""For whom a lever works, in words."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from causal_service.effects.results import EffectKind
from causal_service.effects.segments import BySegment, Interaction, SegmentEffect
from causal_service.errors import Text
from causal_service.explanation.phrases import Names, described, listed_en, listed_zh, move_words, name_of, spaced
from causal_service.explanation.quantities import decimals_of_interval, format_fixed, format_interval, format_number
from causal_service.levers.results import Lever
from causal_service.panel.dictionary import Dictionary
from causal_service.panel.findings import Finding
from causal_service.panel.statements import about_indicators
from causal_service.panel.units import amount

__all__ = ["change_of", "gain_sign", "no_segments", "segment_findings", "segment_sentence", "segments_text"]

_REASONS = {
    "one-entity": Text("只有一个实体", "a single entity"),
    "too-few-entities": Text("实体太少", "too few entities"),
    "too-few-rows": Text("数据行太少", "too few rows"),
    "no-variation": Text("有指标没有变化", "an indicator that does not vary"),
}


def gain_sign(lever: Lever) -> float:
    """Return +1 or -1: turns the change of the outcome for one step into a gain."""
    return 1.0 if lever.gain_per_step * lever.value * lever.step >= 0 else -1.0


def change_of(effect: SegmentEffect, lever: Lever) -> tuple[float, float, float]:
    """Return (change of the outcome for one step, lower end, upper end), outcome unit."""
    ends = sorted((effect.low * lever.step, effect.high * lever.step))
    return effect.value * lever.step, ends[0], ends[1]


def segment_sentence(test: Interaction, effects: Sequence[SegmentEffect], lever: Lever, indicators: Names) -> Text:
    """Say in which segments one step of a lever does what, and whether the segments are known to differ.

    Parameters
    ----------
    effects : of this lever, outcome and kind, one per segment.
    """
    outcome, unit = name_of(test.outcome, indicators), described(test.outcome, indicators).unit
    move = move_words(lever, indicators)
    ranked = sorted(effects, key=lambda e: (-gain_sign(lever) * change_of(e, lever)[0], e.segment))
    best, least = ranked[0], ranked[-1]
    if not test.differs:
        size = _range(change_of(best, lever)[0], change_of(least, lever)[0], unit)
        return spaced(
            f"把{move.zh}：各组的{outcome.zh}变化相近（{size.zh}），组间差别没有得到证实。",
            f"{move.en}: the change of {outcome.en} is similar in all segments ({size.en}); a difference between them "
            "is not established.",
        )
    first, last = _change(best, lever, unit), _change(least, lever, unit)
    if test.opposite:
        return spaced(
            f"把{move.zh}，在不同组里作用相反：在“{best.segment}”组，{outcome.zh}变化{first.zh}；"
            f"在“{least.segment}”组，变化{last.zh}。总体平均会误导，请分组决定。",
            f"{move.en} does opposite things: in '{best.segment}' it changes {outcome.en} by {first.en}, in "
            f"'{least.segment}' by {last.en}. The overall average misleads; decide by segment.",
        )
    return spaced(
        f"把{move.zh}，效果因组而异：在“{best.segment}”组最好，{outcome.zh}变化{first.zh}；"
        f"在“{least.segment}”组最差，变化{last.zh}。",
        f"{move.en} works differently by segment: best in '{best.segment}', where {outcome.en} "
        f"changes by {first.en}, least in '{least.segment}', by {last.en}.",
    )


def _change(effect: SegmentEffect, lever: Lever, unit: str) -> Text:
    value, low, high = change_of(effect, lever)
    decimals = decimals_of_interval(value, low, high)
    interval = format_interval(low, high, decimals)
    size = amount(_plus(format_fixed(value, decimals), value), unit)
    return Text(f"{size.zh}（95%区间{interval.zh}）", f"{size.en} (95% interval {interval.en})")


def _range(one: float, two: float, unit: str) -> Text:
    """Return ``+0.31 to +0.35 points``; one number where both round to the same."""
    larger = max(abs(one), abs(two))
    decimals = min(max(1 - math.floor(math.log10(larger)), 0), 12) if larger > 0 else 0
    first, last = (_plus(format_fixed(x, decimals), x) for x in sorted((one, two)))
    size = amount(last, unit)
    return size if first == last else Text(f"{first}至{size.zh}", f"{first} to {size.en}")


def _plus(number: str, value: float) -> str:
    return f"+{number}" if value > 0 and number.strip("0.") else number


def segments_text(
    found: BySegment, levers: Sequence[Lever], headline: EffectKind, indicators: Names, outcome: str | None = None
) -> Text:
    """Say which levers work differently by segment, which work in opposite directions, and what was left out.

    Parameters
    ----------
    levers : of all outcomes.
    outcome : what concerns this outcome only; ``None`` = all.
    """
    rows = {(lever.lever, lever.outcome): lever for lever in levers if outcome in (None, lever.outcome)}
    tests = [t for t in found.tests if t.kind == headline and (t.lever, t.outcome) in rows]
    differing = [t for t in tests if t.differs and not t.opposite]
    opposite = [t for t in tests if t.opposite]
    said = [] if differing or opposite else [_alike(found, tests, rows, indicators)]
    for group, zh, one, many in (
        (opposite, "在不同组里方向相反", "goes in opposite directions", "go in opposite directions"),
        (differing, "大小因组而异", "differs in size", "differ in size"),
    ):
        if group:
            pairs = [_pair(test, indicators) for test in group]
            noun, verb = ("effect", one) if len(pairs) == 1 else ("effects", many)
            said.append(
                Text(
                    f"{listed_zh([pair.zh for pair in pairs])}的作用{zh}。",
                    f"The {noun} of {listed_en([pair.en for pair in pairs])} {verb} by segment.",
                )
            )
    said += _split(found, levers, headline, indicators, outcome)
    left = _left_out(found)
    if left is not None:
        said.append(left)
    return spaced("".join(text.zh for text in said), " ".join(text.en for text in said))


def _alike(
    found: BySegment, tests: Sequence[Interaction], rows: Mapping[tuple[str, str], Lever], indicators: Names
) -> Text:
    """Say that no difference is known, and where a segment shows an effect that the whole panel does not."""
    hidden = [
        test
        for test in tests
        if rows[test.lever, test.outcome].low <= 0 <= rows[test.lever, test.outcome].high
        and any(
            (e.low > 0 or e.high < 0)
            for e in found.effects
            if (e.lever, e.outcome, e.kind) == (test.lever, test.outcome, test.kind)
        )
    ]
    if not hidden:
        return Text(
            "没有证据表明杠杆的效应因组而异；各组可先按总体效应决策。",
            "No lever is known to work differently by segment; the overall effects are the best guide for each.",
        )
    pairs = [_pair(test, indicators) for test in hidden]
    noun = "an effect" if len(pairs) == 1 else "effects"
    return Text(
        "没有证据表明杠杆的效应因组而异；"
        f"但有的组单独显示出{listed_zh([pair.zh for pair in pairs])}的作用，总体中却看不到。",
        f"No lever is known to work differently by segment, but a segment by itself shows {noun} of "
        f"{listed_en([pair.en for pair in pairs])} that all together do not show.",
    )


def _pair(test: Interaction, indicators: Names) -> Text:
    lever, outcome = name_of(test.lever, indicators), name_of(test.outcome, indicators)
    return Text(f"{lever.zh}对{outcome.zh}", f"{lever.en} on {outcome.en}")


def _split(
    found: BySegment, levers: Sequence[Lever], headline: EffectKind, indicators: Names, outcome: str | None
) -> list[Text]:
    """One lever that helps different outcomes, ``outcome`` among them, in different segments."""
    best: dict[str, dict[str, str]] = {}
    differing = {(t.lever, t.outcome) for t in found.tests if t.kind == headline and t.differs}
    for lever in levers:
        if (lever.lever, lever.outcome) not in differing:
            continue
        sign = gain_sign(lever)
        own = [e for e in found.effects if (e.lever, e.outcome, e.kind) == (lever.lever, lever.outcome, headline)]
        gains = {e.segment: sign * change_of(e, lever)[0] for e in own}
        sure = [e.segment for e in own if min(sign * x for x in change_of(e, lever)[1:]) > 0]
        if sure:
            best.setdefault(lever.lever, {})[lever.outcome] = max(sure, key=lambda name: (gains[name], name))
    said = []
    for name, places in sorted(best.items()):
        if len(set(places.values())) < 2 or (outcome is not None and outcome not in places):
            continue
        zh = "，".join(f"对{name_of(y, indicators).zh}在“{s}”组最有效" for y, s in sorted(places.items()))
        en = ", ".join(f"{name_of(y, indicators).en} most in '{s}'" for y, s in sorted(places.items()))
        label = name_of(name, indicators)
        said.append(Text(f"{label.zh}：{zh}。", f"{label.en} helps {en}."))
    return said


def _left_out(found: BySegment) -> Text | None:
    rows = [(size.name, _REASONS[size.reason]) for size in found.sizes if size.reason is not None]
    if not rows:
        return None
    zh = "、".join(f"“{name}”（{why.zh}）" for name, why in rows)
    en = ", ".join(f"'{name}' ({why.en})" for name, why in rows)
    return Text(f"未能单独估计的组：{zh}。", f"Not told apart: {en}.")


def no_segments(found: BySegment, reason: str) -> Text:
    """Say why there are no effects by segment."""
    names = [size.name for size in found.sizes]
    if reason == "one-segment":
        shown = Text(f"只有“{names[0]}”一个取值", f"holds the single value '{names[0]}'") if names else None
        shown = shown or Text("全部为空", "is empty throughout")
        return spaced(
            f"分组列“{found.column}”{shown.zh}，无法分组比较；请换一个在实体之间有差别的列。",
            f"Segment column '{found.column}' {shown.en}, so there is nothing to compare; name a column that differs "
            "between entities.",
        )
    left = _left_out(found) or Text("", "")
    return spaced(
        f"“{found.column}”中能够单独估计的组不足两个，无法分组比较。{left.zh}请合并小组，或增加实体和时期。",
        f"Fewer than two segments of '{found.column}' can be told apart, so nothing is compared. {left.en} Merge small "
        "segments, or add entities and periods.",
    )


def segment_findings(found: BySegment | None, dictionary: Dictionary) -> tuple[Finding, ...]:
    """Return one finding per lever whose effect has opposite signs in different segments."""
    if found is None:
        return ()
    out = []
    headline = "sustained" if any(t.kind == "sustained" for t in found.tests) else "impact"
    for test in found.tests:
        if not test.opposite or test.kind != headline:
            continue
        own = [e for e in found.effects if (e.lever, e.outcome, e.kind) == (test.lever, test.outcome, test.kind)]
        up = max(own, key=lambda e: e.low)
        down = min(own, key=lambda e: e.high)
        lever, outcome = dictionary.name(test.lever), dictionary.name(test.outcome)
        rise, fall = _plus(format_number(up.value), up.value), format_number(down.value)
        out.append(
            about_indicators(
                "segments-opposite",
                "review",
                (test.lever, test.outcome),
                dictionary,
                message=Text(
                    f"“{lever.zh}”对“{outcome.zh}”的作用在不同组里方向相反：每单位在“{up.segment}”组"
                    f" {rise}，在“{down.segment}”组 {fall}。",
                    f"'{lever.en}' moves '{outcome.en}' in opposite directions: {rise} per unit in '{up.segment}', "
                    f"{fall} in '{down.segment}'.",
                ),
                remedy=Text(
                    "总体平均效应会误导；请按组分别决定是否移动该杠杆。",
                    "The overall effect misleads; decide segment by segment whether to move this lever.",
                ),
                params={
                    "lever": test.lever,
                    "outcome": test.outcome,
                    "segments": (up.segment, down.segment),
                    "values": (up.value, down.value),
                },
            )
        )
    return tuple(sorted(out, key=lambda f: f.indicators))
