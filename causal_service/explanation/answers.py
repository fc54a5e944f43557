"""The answer to "what should we move?" in one paragraph, also when the answer is "nothing stands out"."""

from __future__ import annotations

from collections.abc import Sequence

from causal_service.errors import Text
from causal_service.explanation.lever_sentences import acts_unseen, is_carried, lever_sentence
from causal_service.explanation.phrases import (
    Names,
    described,
    gain_words,
    horizon_words,
    listed_en,
    listed_zh,
    name_of,
    spaced,
    step_words,
)
from causal_service.explanation.quantities import format_number, is_known
from causal_service.explanation.reason_texts import reason_text
from causal_service.levers.results import Lever, Reason
from causal_service.panel.panel import Regime
from causal_service.panel.units import amount

__all__ = ["answer_text"]

_FOLLOWING, _CANDIDATES = 2, 3
_TRIAL: dict[Regime, Text] = {
    "panel": Text("建议先在少数实体中试点。", "Try it in a few entities first."),
    "series": Text("建议先限期试行，并与此前各期对比。", "Try it for a limited time first, and compare with before."),
    "cross-section": Text(
        "建议先在一部分对象上试行，并设对照组。", "Try it on part of the cases first, beside a comparison group."
    ),
}
_HELP: dict[Regime, Text] = {
    "panel": Text(
        "有帮助的做法：积累更多时期或更多实体的数据，在部分实体中有意加大某个杠杆的变动，或提高测量精度。",
        "What would help: more periods or entities, larger deliberate moves of one lever in some entities, "
        "or more precise measurement.",
    ),
    "series": Text(
        "有帮助的做法：积累更多时期，纳入同类实体组成面板，在部分时期有意加大某个杠杆的变动，或提高测量精度。",
        "What would help: more periods, similar entities to make a panel, larger deliberate moves of one lever in some "
        "periods, or more precise measurement.",
    ),
    "cross-section": Text(
        "有帮助的做法：补充更多数据行，对同样的对象在多个时期重复测量，有意加大某个杠杆的变动，或提高测量精度。",
        "What would help: more rows, the same cases measured over several periods, larger deliberate moves of one "
        "lever, or more precise measurement.",
    ),
}
_FAVOURABLE = frozenset({"significant", "in-top3-likely"})


def answer_text(
    outcome: str, levers: Sequence[Lever], indicators: Names, frequency: str = "", regime: Regime = "panel"
) -> Text:
    """Answer "what should we move for ``outcome``?" in one paragraph.

    When no lever stands out the paragraph says what was looked for, the smallest effect that could have been seen, and
    what would help. ``levers`` may hold other outcomes too; they are ignored. A trial looks different in every
    ``regime``.
    """
    ranked = sorted(
        (lever for lever in levers if lever.outcome == outcome), key=lambda lever: (lever.rank, lever.lever)
    )
    if not ranked:
        return _nothing_listed(outcome, indicators)
    if any(lever.verdict == "act" for lever in ranked):
        return _act(ranked, indicators, frequency)
    if _tests(ranked):
        return _test(ranked, indicators, frequency, regime)
    return _nothing_stands_out(ranked, indicators, frequency, regime)


def _tests(ranked: Sequence[Lever]) -> list[Lever]:
    """Return the levers that a trial could settle."""
    return [lever for lever in ranked if lever.verdict == "test" and not acts_unseen(lever)]


def _act(ranked: Sequence[Lever], indicators: Names, frequency: str) -> Text:
    first, *following = [lever for lever in ranked if lever.verdict == "act"]
    test = _tests(ranked)
    name, outcome = name_of(first.lever, indicators), name_of(first.outcome, indicators)
    sentence = lever_sentence(first, indicators, frequency, len(ranked))
    parts = [
        Text(
            f"要改善{outcome.zh}，先动{name.zh}。{sentence.zh}",
            f"To improve {outcome.en}, move {name.en} first. {sentence.en}",
        )
    ]
    same_sum = [lever for lever in following if _sum_of(first) and _sum_of(lever) == _sum_of(first)]
    others = [lever for lever in following if lever not in same_sum]
    if same_sum:
        parts.append(_same_sum(first, same_sum, indicators))
    if others:
        parts.append(_next(others[:_FOLLOWING], indicators))
    if test:
        parts.append(_worth_a_trial(test[:_CANDIDATES], indicators))
    parts += _elsewhere(ranked, first, indicators, frequency)
    parts += _unseen(ranked, indicators)
    idle = len(ranked) - 1 - len(following) - len(test) - sum(acts_unseen(x) or is_carried(x) for x in ranked)
    if idle:
        parts.append(_idle(idle))
    return _joined(parts)


def _sum_of(lever: Lever) -> str:
    """Return the exact sum a lever belongs to, as written in its reasons; empty when there is none."""
    sums = (reason.params.get("identity") for reason in lever.reasons if reason.code == "identity-derived")
    return str(next(sums, None) or "")


def _same_sum(first: Lever, levers: Sequence[Lever], indicators: Names) -> Text:
    names, head = [_name(lever, indicators) for lever in levers], _name(first, indicators)
    verb = "belongs" if len(names) == 1 else "belong"
    return Text(
        f"{listed_zh([name.zh for name in names])}与{head.zh}同属一个加总关系，改善不可相加。",
        f"{listed_en([name.en for name in names])} {verb} to the same sum as {head.en}; their gains must not be added.",
    )


def _next(levers: Sequence[Lever], indicators: Names) -> Text:
    zh, en = [], []
    for lever in levers:
        name, step, gain = (words(lever, indicators) for words in (_name, step_words, gain_words))
        zh.append(f"{name.zh}（{step.zh}，预计改善{gain.zh.lstrip('+')}）")
        en.append(f"{name.en} ({step.en}, expected gain {gain.en.lstrip('+')})")
    return Text(f"其次是{listed_zh(zh)}。", f"Next {'come' if len(en) > 1 else 'comes'} {listed_en(en)}.")


def _worth_a_trial(levers: Sequence[Lever], indicators: Names) -> Text:
    names = [_name(lever, indicators) for lever in levers]
    verb = "deserves" if len(names) == 1 else "deserve"
    return Text(
        f"{listed_zh([name.zh for name in names])}值得先试点再推广。",
        f"{listed_en([name.en for name in names])} {verb} a trial before any rollout.",
    )


def _idle(count: int) -> Text:
    others, them = ("lever", "it") if count == 1 else (f"{count} levers", "them")
    return Text(
        f"其余{count}个杠杆，目前的证据不支持为此投入。",
        f"For the other {others} the evidence does not support spending on {them} for this purpose.",
    )


def _test(ranked: Sequence[Lever], indicators: Names, frequency: str, regime: Regime) -> Text:
    first, *others = _tests(ranked)
    name, outcome = name_of(first.lever, indicators), name_of(first.outcome, indicators)
    sentence = lever_sentence(first, indicators, frequency, len(ranked))
    parts = [
        Text(
            f"目前还没有哪个杠杆确定到可以直接投入来改善{outcome.zh}。最有希望的是{name.zh}。{sentence.zh}",
            f"No lever is certain enough yet to act on for {outcome.en}. "
            f"The strongest candidate is {name.en}. {sentence.en}",
        )
    ]
    against = [_plainly(reason) for reason in first.reasons if reason.code not in _FAVOURABLE]
    if against:
        en = against[0].en[:1].lower() + against[0].en[1:]
        parts.append(Text(f"暂不行动的原因：{against[0].zh}", f"Why not act at once: {en}"))
    parts.append(_TRIAL[regime])
    if others:
        parts.append(_worth_a_trial(others[: _CANDIDATES - 1], indicators))
    parts += _elsewhere(ranked, first, indicators, frequency)
    parts += _unseen(ranked, indicators)
    return _joined(parts)


def _plainly(reason: Reason) -> Text:
    """Return a reason; without the numbers that the sentence of the lever has given already."""
    return reason_text(reason.code) if reason.code == "opposite-in-segments" else reason.text


def _elsewhere(ranked: Sequence[Lever], said: Lever | None, indicators: Names, frequency: str) -> list[Text]:
    """Return the sentences of levers with opposite effects by segment that the answer has not spoken of."""
    opposite = [x for x in ranked if x.has_reason("opposite-in-segments")]
    return [lever_sentence(x, indicators, frequency, len(ranked)) for x in opposite if x is not said]


def _nothing_stands_out(ranked: Sequence[Lever], indicators: Names, frequency: str, regime: Regime) -> Text:
    name, when = name_of(ranked[0].outcome, indicators), horizon_words(ranked[0].horizon, frequency)
    levers = "lever" if len(ranked) == 1 else "levers"
    short = [lever for lever in ranked if lever.verdict == "insufficient"]
    later = f" {when.en}" if when.en else ""
    parts = [
        Text(
            f"没有哪个杠杆对{name.zh}的作用足够突出。"
            f"我们检查了{len(ranked)}个杠杆各移动一步{'、' if when.zh else ''}{when.zh}的效应。",
            f"No lever stands out for {name.en}. "
            f"We looked for the effect of one step of each of {len(ranked)} {levers}{later}.",
        ),
        *_elsewhere(ranked, None, indicators, frequency),
        *_unseen(ranked, indicators),
        *_smallest_seen(ranked, indicators),
        *_direction(ranked, indicators),
        *([] if short and all(_open(lever) or is_carried(lever) for lever in short) else [_HELP[regime]]),
    ]
    return _joined(parts)


def _open(lever: Lever) -> bool:
    """Whether it is not told if the lever moves the outcome or follows it."""
    return lever.has_reason("direction-open")


def _unseen(ranked: Sequence[Lever], indicators: Names) -> list[Text]:
    """Return what to do about the levers whose effects the study cannot see, however many rows it has."""
    return [*_later(ranked, indicators), *_carried(ranked, indicators)]


def _carried(ranked: Sequence[Lever], indicators: Names) -> list[Text]:
    """Return what to do about the levers of which nothing is seen because figures stand for several periods."""
    names = [_name(lever, indicators) for lever in ranked if is_carried(lever) and not acts_unseen(lever)]
    if not names:
        return []
    few, outcome = names[:_CANDIDATES], name_of(ranked[0].outcome, indicators)
    more = len(names) - len(few)
    rest = Text(f"等{len(names)}个杠杆", f" and {more} more") if more else Text("", "")
    return [
        Text(
            f"看不出{listed_zh([name.zh for name in few])}{rest.zh}对{outcome.zh}的作用，因为有数值几期才更新一次："
            "请改用逐期数据，或汇总到该周期后再研究。",
            f"What {listed_en([name.en for name in few])}{rest.en} "
            f"{'does' if len(names) == 1 else 'do'} to {outcome.en} is not seen because figures stand for several "
            "periods: use figures of every period, or aggregate all to that calendar.",
        )
    ]


def _later(ranked: Sequence[Lever], indicators: Names) -> list[Text]:
    """Return what to do about the levers of which the study has nothing to say because they act later."""
    names = [_name(lever, indicators) for lever in ranked if acts_unseen(lever)][:_CANDIDATES]
    if not names:
        return []
    outcome, acts = name_of(ranked[0].outcome, indicators), "acts" if len(names) == 1 else "act"
    return [
        Text(
            f"{listed_zh([name.zh for name in names])}对{outcome.zh}的作用出现得比本研究的滞后期数更晚："
            "请增加滞后期数后再研究，再作决定。",
            f"{listed_en([name.en for name in names])} {acts} on {outcome.en} later than the lags of this study: "
            "study it again with more lags before deciding.",
        )
    ]


def _direction(ranked: Sequence[Lever], indicators: Names) -> list[Text]:
    """Return what is needed where it is not rows."""
    names = [_name(lever, indicators) for lever in ranked if _open(lever)]
    if not names:
        return []
    few, outcome = names[:_CANDIDATES], name_of(ranked[0].outcome, indicators)
    return [
        Text(
            f"数据分不清{listed_zh([name.zh for name in few])}是影响{outcome.zh}，还是跟随{outcome.zh}："
            "请在字典中声明层级，或做小范围试验。",
            f"The data do not tell whether {listed_en([name.en for name in few])} "
            f"{'moves' if len(few) == 1 else 'move'} {outcome.en} or {'follows' if len(few) == 1 else 'follow'} it: "
            "declare layers in the dictionary, or try on a small scale.",
        )
    ]


def _smallest_seen(ranked: Sequence[Lever], indicators: Names) -> list[Text]:
    seen = [lever for lever in ranked if not is_carried(lever)]
    known = [lever for lever in seen if is_known(lever.smallest_detectable) and lever.smallest_detectable > 0]
    if not known:
        return []
    unit = described(ranked[0].outcome, indicators).unit
    known.sort(key=lambda lever: lever.smallest_detectable)
    low, high = (amount(format_number(lever.smallest_detectable, 2), unit) for lever in (known[0], known[-1]))
    best, worst = _name(known[0], indicators), _name(known[-1], indicators)
    if low == high:
        return [
            Text(
                f"这份数据能看到的最小变化约为{low.zh}，更小的作用可能存在但看不到。",
                f"The smallest change this panel could have shown is about {low.en}; smaller effects may exist unseen.",
            )
        ]
    return [
        Text(
            f"这份数据能看到的最小变化，从{low.zh}（{best.zh}）到{high.zh}（{worst.zh}）不等，"
            "更小的作用可能存在但看不到。",
            f"The smallest change this panel could have shown runs from {low.en} ({best.en}) to {high.en} "
            f"({worst.en}); smaller effects may exist unseen.",
        )
    ]


def _nothing_listed(outcome: str, indicators: Names) -> Text:
    name = name_of(outcome, indicators)
    return spaced(
        f"没有可供排序的杠杆：没有既可控、又可能先于{name.zh}的指标。"
        "请在字典中把能够调整的指标标为可控，或直接指定杠杆。",
        f"There is no lever to rank: no indicator is both controllable and able to precede {name.en}. "
        "Mark indicators that somebody can move as controllable in the dictionary, or name the levers.",
    )


def _name(lever: Lever, indicators: Names) -> Text:
    return name_of(lever.lever, indicators)


def _joined(parts: Sequence[Text]) -> Text:
    return spaced("".join(part.zh for part in parts), " ".join(part.en for part in parts))
