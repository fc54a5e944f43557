"""One lever in one sentence."""

from __future__ import annotations

from dataclasses import dataclass

from causal_service.errors import Text
from causal_service.explanation.phrases import (
    Names,
    described,
    horizon_words,
    move_words,
    name_of,
    spaced,
    verb_zh,
)
from causal_service.explanation.quantities import (
    decimals_of_interval,
    format_fixed,
    format_interval,
    format_number,
    format_share,
    is_known,
)
from causal_service.levers.results import Lever
from causal_service.panel.units import amount

__all__ = ["acts_unseen", "is_carried", "lever_sentence"]

_NOTHING = Text("", "")
_WORTH_SAYING = 0.05
"""Below this share of resamples the top-three clause is left out."""


@dataclass(frozen=True, slots=True)
class _Change:
    """What one step does to the outcome, in words."""

    size: Text
    interval: Text
    verb: Text
    clear: bool
    """Whether the interval excludes zero."""


def lever_sentence(lever: Lever, indicators: Names, frequency: str = "", listed: int | None = None) -> Text:
    """Say what one step of a lever does to the outcome, when, and how surely.

    Parameters
    ----------
    lever : the ranked lever; its own ``sentence`` is ignored.
    indicators : names, units and polarity by indicator key.
    frequency : ``PanelSummary.frequency``; empty in a cross-section.
    listed : number of levers ranked for this outcome; the top-three clause is left out when it says nothing (<= 3).
    """
    said = _overall(lever, indicators, frequency, listed)
    apart = _opposite(lever, indicators)
    return said if apart is None else spaced(f"{said.zh}{apart.zh}", f"{said.en} {apart.en}")


def _overall(lever: Lever, indicators: Names, frequency: str, listed: int | None) -> Text:
    """Say what one step does on average over all entities."""
    if acts_unseen(lever):
        return _later(lever, indicators)
    if is_carried(lever):
        return _carried(lever, indicators)
    if lever.value == lever.low == lever.high == 0:
        return _no_path(lever, indicators)
    move, outcome = move_words(lever, indicators), name_of(lever.outcome, indicators)
    kept = Text("并保持", " and keeping it there") if frequency and lever.kind == "sustained" else _NOTHING
    when = horizon_words(lever.horizon, frequency)
    change, top = _change(lever, indicators), _top_three(lever, listed)
    start = Text(f"把{move.zh}{kept.zh}，{when.zh}{outcome.zh}", f"{move.en}{kept.en}")
    later = f" {when.en}" if when.en else ""
    if change.clear:
        harm = _harm(lever, indicators)
        return spaced(
            f"{start.zh}预计{change.verb.zh}{change.size.zh}（95%区间{change.interval.zh}）{top.zh}。{harm.zh}",
            f"{start.en} {change.verb.en}s {outcome.en} by {change.size.en}{later} "
            f"(95% interval {change.interval.en}){top.en}.{harm.en}",
        )
    return spaced(
        f"{start.zh}预计{change.verb.zh}约{change.size.zh}，但95%区间{change.interval.zh}包含“无影响”{top.zh}。",
        f"{start.en} would {change.verb.en} {outcome.en} by about {change.size.en}{later}, "
        f"but the 95% interval {change.interval.en} includes no effect{top.en}.",
    )


def _opposite(lever: Lever, indicators: Names) -> Text | None:
    """Say for whom one step helps and for whom it harms, where segments are known to be opposite."""
    params = next((reason.params for reason in lever.reasons if reason.code == "opposite-in-segments"), None)
    if params is None:
        return None
    outcome, unit = name_of(lever.outcome, indicators), described(lever.outcome, indicators).unit
    zh, en = [], []
    for segment, change in ((params["helped"], params["helped_by"]), (params["harmed"], params["harmed_by"])):
        by = float(change or 0.0)
        size = amount(format_number(abs(by), 2), unit)
        zh.append(f"在“{segment}”组{verb_zh(by, unit)}{size.zh}")
        en.append(f"in '{segment}' it {'raises' if by > 0 else 'lowers'} {outcome.en} by {size.en}")
    return Text(f"这是相反作用的平均：{zh[0]}，{zh[1]}。", f"This is an average of opposites: {en[0]}; {en[1]}.")


def acts_unseen(lever: Lever) -> bool:
    """Whether the lever acts later than the lags of the study, which has nothing to say of it."""
    return lever.has_reason("acts-later") and lever.low <= 0 <= lever.high


def _later(lever: Lever, indicators: Names) -> Text:
    """Say that the study does not see the effect, whose direction and size are not those of its estimate."""
    name, outcome = name_of(lever.lever, indicators), name_of(lever.outcome, indicators)
    return spaced(
        f"{name.zh}对{outcome.zh}的作用出现得比本研究的滞后期数更晚，在这些期数之内看不出明确的影响。",
        f"{name.en} acts on {outcome.en} later than the lags of this study, within which it shows no clear effect.",
    )


def is_carried(lever: Lever) -> bool:
    """Whether nothing is seen of the lever because figures, its own or those of the outcome, stand for several
    periods."""
    return lever.has_reason("carried-forward")


def _carried(lever: Lever, indicators: Names) -> Text:
    """Say that no effect is seen, and why that does not mean that there is none."""
    name, outcome = name_of(lever.lever, indicators), name_of(lever.outcome, indicators)
    return spaced(
        f"看不出{name.zh}对{outcome.zh}有明确的影响，但{name.zh}或{outcome.zh}的数值几期才更新一次，这不等于没有影响。",
        f"No clear effect of {name.en} on {outcome.en} is seen, but figures of one of the two stand for several "
        "periods at a time, so there may be one.",
    )


def _no_path(lever: Lever, indicators: Names) -> Text:
    """Say that nothing leads to the outcome, and no more than that where it is known not to be all."""
    name, outcome = name_of(lever.lever, indicators), name_of(lever.outcome, indicators)
    if lever.has_reason("opposite-in-segments"):
        return spaced(
            f"把各组合并起来看，调整{name.zh}对{outcome.zh}没有影响。",
            f"Over all segments together, moving {name.en} does nothing to {outcome.en}.",
        )
    return spaced(
        f"在所有重抽样中都没有找到从{name.zh}通向{outcome.zh}的路径；调整它预计不会改变{outcome.zh}。",
        f"In no resample does a path lead from {name.en} to {outcome.en}; "
        f"moving it is not expected to change {outcome.en}.",
    )


def _change(lever: Lever, indicators: Names) -> _Change:
    unit = described(lever.outcome, indicators).unit
    sign = -1.0 if lever.value * lever.step < 0 else 1.0
    size, *ends = (sign * end * lever.step for end in (lever.value, lever.low, lever.high))
    decimals = decimals_of_interval(size, min(ends), max(ends))
    return _Change(
        amount(format_fixed(size, decimals), unit),
        format_interval(min(ends), max(ends), decimals),
        Text(verb_zh(sign, unit), "raise" if sign > 0 else "lower"),
        min(ends) > 0,
    )


def _top_three(lever: Lever, listed: int | None) -> Text:
    if not is_known(lever.p_top3) or lever.p_top3 < _WORTH_SAYING or (listed is not None and listed <= 3):
        return _NOTHING
    if lever.p_top3 == 1:
        return Text("；在全部重抽样中都位列前三", "; it is among the best three levers in every resample")
    share = format_share(lever.p_top3)
    return Text(f"；在{share}的重抽样中位列前三", f"; it is among the best three levers in {share} of resamples")


def _harm(lever: Lever, indicators: Names) -> Text:
    if described(lever.outcome, indicators).better in {"higher", "lower"} and lever.gain_per_step < 0:
        return Text("这是不利的方向。", " That is the wrong direction.")
    return _NOTHING
