"""The inverse question in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from causal_service.effects.reach import Alone, Together
from causal_service.errors import Text
from causal_service.explanation.phrases import (
    described,
    horizon_words,
    listed_en,
    listed_zh,
    name_of,
    spaced,
    verb_zh,
    verdict_words,
)
from causal_service.explanation.quantities import format_level, format_number, format_share
from causal_service.explanation.scene import Scene
from causal_service.explanation.what_if_sentences import moves_words
from causal_service.levers.results import Verdict
from causal_service.panel.units import amount

__all__ = ["needed_words", "reach_text"]


def reach_text(
    scene: Scene,
    outcome: str,
    state: str,
    target: float,
    horizon: int,
    singles: Sequence[Alone],
    verdicts: Mapping[str, Verdict],
    joint: Together | None,
) -> Text:
    """Return the answer in one paragraph: the gap, single levers, several together."""
    start = _start(scene, outcome, target, horizon, state)
    if state in {"met", "no-lever"}:
        return start
    parts = [start, _alone(scene, singles, verdicts), _together(scene, outcome, verdicts, joint)]
    return spaced("".join(part.zh for part in parts), " ".join(part.en for part in parts))


def needed_words(scene: Scene, lever: str, change: float) -> Text:
    """Return a move with its direction: ``缩短2天``, ``-2 days``."""
    unit = described(lever, scene.indicators).unit
    size = amount(format_number(abs(change)), unit)
    return Text(f"{verb_zh(change, unit)}{size.zh}", f"{'-' if change < 0 else '+'}{size.en}")


def _start(scene: Scene, outcome: str, target: float, horizon: int, state: str) -> Text:
    name, unit = name_of(outcome, scene.indicators), scene.units.get(outcome, "")
    at = next(entry for entry in scene.system.indicators if entry.indicator == outcome)
    wanted, now = (Text(*(format_level(x, unit, lang) for lang in ("zh", "en"))) for x in (target, at.latest))
    if state == "met":
        return spaced(
            f"{name.zh}最新为{now.zh}，已达到目标{wanted.zh}，无需移动任何杠杆。",
            f"{name.en} stands at {now.en} and meets the target of {wanted.en} already; nothing need move.",
        )
    if state == "no-lever":
        if outcome in scene.outcomes:
            return spaced(
                f"研究中没有可以推动{name.zh}的杠杆。请在字典中标出可控指标，或用 lever 指定。",
                f"The study has no lever for {name.en}. Declare controllable indicators, or name levers.",
            )
        return spaced(
            f"{name.zh}不是这项研究的目标，没有为它排过杠杆。请以它为目标重新研究。",
            f"{name.en} was not an outcome of this study, so no lever was ranked for it. Study it as an outcome.",
        )
    when, by = horizon_words(horizon, scene.frequency), amount(format_number(abs(target - at.latest)), unit)
    up = target > at.latest
    return spaced(
        f"要使{name.zh}{when.zh}从{now.zh}达到{wanted.zh}，需{'提高' if up else '降低'}{by.zh}。",
        f"For {name.en} to go from {now.en} to {wanted.en}{f' {when.en}' if when.en else ''}, it must "
        f"{'rise' if up else 'fall'} by {by.en}.",
    )


def _alone(scene: Scene, singles: Sequence[Alone], verdicts: Mapping[str, Verdict]) -> Text:
    """Return which single levers would do, best rank first; else why the first does not."""
    good = [row for row in singles if row.reason is None and verdicts[row.lever] in {"act", "test"}]
    if good:
        told = [_one(scene, row) for row in good[:3]]
        return Text(
            f"单独移动即可的有：{'；'.join(t.zh for t in told)}。",
            f"One lever alone would do: {'; '.join(t.en for t in told)}.",
        )
    first = next((row for row in singles if row.change is not None), None)
    if first is None:
        return Text("没有一个杠杆推得动它。", "No lever moves it.")
    name, size = name_of(first.lever, scene.indicators), needed_words(scene, first.lever, first.change or 0.0)
    if first.reason is None:
        verdict = verdict_words(verdicts[first.lever])
        return Text(
            f"没有证据充分的单个杠杆能做到：{name.zh}需{size.zh}，但判定为“{verdict.zh}”。",
            f"No single lever with enough evidence would do: {name.en} would need {size.en}, but its verdict is "
            f"'{verdict.en}'.",
        )
    why = (
        Text("超出允许的界限", "beyond its bounds")
        if first.reason == "against-bounds"
        else Text("超出数据中出现过的范围", "beyond what was measured")
    )
    return Text(
        f"没有单个杠杆能做到：排在最前的{name.zh}需{size.zh}，{why.zh}。",
        f"No single lever would do: the first, {name.en}, would need {size.en}, {why.en}.",
    )


def _one(scene: Scene, row: Alone) -> Text:
    name, size = name_of(row.lever, scene.indicators), needed_words(scene, row.lever, row.change or 0.0)
    chance = format_share(row.p_reach)
    more = Text("", "")
    if row.likely is not None:
        likely = needed_words(scene, row.lever, row.likely)
        more = Text(f"，{likely.zh}才有八成把握", f", {likely.en} for four chances in five")
    return Text(
        f"{name.zh}{size.zh}（达到的概率{chance}{more.zh}）",
        f"{name.en} {size.en} (reached with probability {chance}{more.en})",
    )


def _together(scene: Scene, outcome: str, verdicts: Mapping[str, Verdict], joint: Together | None) -> Text:
    if joint is None and {"act", "test"} & set(verdicts.values()):
        return Text(
            "在界限和数据范围内，判定为“行动”或“试点”的杠杆都不能使它明显接近目标。",
            "Within bounds and what was measured, no lever judged 'act' or 'test' brings it noticeably closer.",
        )
    if joint is None:
        return Text("没有判定为“行动”或“试点”的杠杆可供组合。", "There is no lever judged 'act' or 'test' to combine.")
    at = next(entry for entry in scene.system.indicators if entry.indicator == outcome)
    unit, chance = scene.units.get(outcome, ""), format_share(joint.p_reach)
    level = Text(*(format_level(at.latest + joint.value, unit, lang) for lang in ("zh", "en")))
    said = moves_words(scene, joint.moves)
    if not joint.reaches:
        names = [name_of(move.lever, scene.indicators) for move in joint.moves]
        zh, en = listed_zh([name.zh for name in names]), listed_en([name.en for name in names])
        return Text(
            f"即使把{zh}都移到允许且有数据支持的极限，预计也只到{level.zh}（达到目标的概率{chance}）。",
            f"Even with {en} moved as far as bounds and data allow, {level.en} is expected (target reached with "
            f"probability {chance}).",
        )
    if len(joint.moves) == 1:
        return Text("无需组合。", "No combination is needed.")
    return Text(
        f"组合起来可以达到：{said.zh}，预计到{level.zh}，达到的概率{chance}。",
        f"Together it can be reached: {said.en} is expected to bring it to {level.en}, with probability {chance}.",
    )
