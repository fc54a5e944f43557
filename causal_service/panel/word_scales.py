"""Words that stand for states: yes and no, low to high. Their order makes an indicator of a text column."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from causal_service.panel.labels import fold

__all__ = ["declared_scale", "known_scale"]

_LADDERS = (
    "no < yes",
    "n < y",
    "false < true",
    "f < t",
    "off < on",
    "absent < present",
    "negative < positive",
    "inactive < active",
    "fail < pass",
    "否 < 是",
    "无 < 有",
    "没有 < 有",
    "不 < 是",
    "关 < 开",
    "阴性 < 阳性",
    "不合格 < 合格",
    "未通过 < 通过",
    "zero = none < very low < low < below average < normal = average = avg = medium = moderate = mid = middle"
    " < above average < high < very high",
    "无 < 极低 < 很低 < 低 < 较低 = 偏低 < 中 = 中等 = 一般 = 正常 = 平均 < 较高 = 偏高 < 高 < 很高 < 极高",
    "never < rarely = seldom < sometimes < often < very often < always",
    "从不 < 很少 < 有时 = 偶尔 < 经常 < 总是",
    "strongly disagree < disagree < neutral < agree < strongly agree",
    "非常不同意 < 不同意 < 中立 = 一般 < 同意 < 非常同意",
    "very dissatisfied < dissatisfied < neutral < satisfied < very satisfied",
    "非常不满意 = 很不满意 < 不满意 < 一般 < 满意 < 非常满意 = 很满意",
    "very poor < poor = bad < fair < good < very good < excellent",
    "差 < 中 < 良 < 优",
    "none < mild < moderate < severe",
    "small < medium < large",
    "小 < 中 < 大",
)
"""Scales whose order everybody knows, lowest first; words after = mean the same step."""
_STEPS = tuple(
    {word.strip(): step for step, words in enumerate(ladder.split("<")) for word in words.split("=")}
    for ladder in _LADDERS
)


def known_scale(words: Iterable[str]) -> dict[str, float] | None:
    """Return the number of each word as it is written, 0 for the lowest state met; ``None`` for unknown words.

    At least two different states must be met; states that nobody has do not count as a step.
    """
    folded = {word: fold(word) for word in words}
    for steps in _STEPS:
        if set(folded.values()) <= set(steps):
            met = sorted({steps[word] for word in folded.values()})
            if len(met) < 2:
                continue
            return {word: float(met.index(steps[plain])) for word, plain in folded.items()}
    return None


def declared_scale(levels: Sequence[str]) -> dict[str, float]:
    """Return the number of each declared level, folded as cells are: 0, 1, 2 … in the order of the dictionary."""
    return {fold(level): float(step) for step, level in enumerate(levels)}
