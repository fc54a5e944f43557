"""Findings as sentences in Chinese and English.

A sentence contains no number that the code did not compute: every figure is a rounded field of the result it speaks
about. Names come from the dictionary; an indicator without an entry is called by its key.
"""

from __future__ import annotations

from causal_service.errors import Text
from causal_service.explanation.answers import answer_text
from causal_service.explanation.lever_sentences import lever_sentence
from causal_service.explanation.phrases import (
    Described,
    Names,
    described,
    gain_words,
    horizon_words,
    move_words,
    name_of,
    spaced,
    step_words,
    verdict_words,
)
from causal_service.explanation.quantities import (
    amount,
    decimals_of_interval,
    format_effect,
    format_fixed,
    format_interval,
    format_level,
    format_number,
    format_share,
    unit_words,
)
from causal_service.explanation.reason_texts import REASON_CODES, reason_text
from causal_service.explanation.results import Chain, Contrast

__all__ = [
    "REASON_CODES",
    "Described",
    "answer_text",
    "chain_sentence",
    "contrast_sentence",
    "format_effect",
    "format_level",
    "format_number",
    "format_share",
    "gain_words",
    "horizon_words",
    "lever_sentence",
    "move_words",
    "name_of",
    "reason_text",
    "step_words",
    "verdict_words",
]

_CONTRAST_REASONS: dict[str, Text] = {
    "confounded": Text(
        "它与{outcome}的相关系数（{pooled}）来自两者共同的背景原因，"
        "剔除实体差异和时期影响后为{within}，移动它不会带来相关性所许诺的变化",
        "its correlation with {outcome} ({pooled}) comes from causes the two share. Once differences between entities "
        "and periods are removed it is {within}, and moving it would not bring the change that correlation promises",
    ),
    "masked": Text(
        "实体差异和时期影响掩盖了它的作用：表面相关系数为{pooled}，剔除这些影响后为{within}",
        "differences between entities and periods hide what it does. The plain correlation is {pooled}; once they are "
        "removed it is {within}",
    ),
    "mediator": Text(
        "它处在其他杠杆通向{outcome}的路上（相关系数{pooled}），相关性把上游的功劳算在了它身上",
        "it lies on the way from other levers to {outcome} (correlation {pooled}), so correlation credits it with what "
        "its own causes do",
    ),
    "consequence": Text(
        "它随{outcome}而变（相关系数{pooled}），是结果而不是原因，移动它不会带动{outcome}",
        "it follows {outcome} (correlation {pooled}). It is a result, not a cause; moving it does not move {outcome}",
    ),
    "duplicate": Text(
        "它与另一个指标几乎是同一个量（相关系数{pooled}），同一份作用不能计两次",
        "it is nearly the same quantity as another indicator (correlation {pooled}), and one effect must not be "
        "counted twice",
    ),
    "no-within-variation": Text(
        "它在实体内部几乎不变，相关系数{pooled}只反映实体之间的差别，看不出移动它会怎样",
        "it hardly varies within an entity. The correlation of {pooled} only compares entities with each other and "
        "cannot show what moving it does",
    ),
    "season": Text(
        "它与{outcome}同受季节和大盘影响（相关系数{pooled}），剔除时期影响后为{within}",
        "it shares season and trend with {outcome} (correlation {pooled}). Once these are removed the correlation is "
        "{within}",
    ),
    "agrees": Text(
        "两种排序基本一致（相关系数{pooled}，剔除实体差异和时期影响后为{within}）",
        "the two rankings roughly agree (correlation {pooled}, and {within} once differences between entities and "
        "periods are removed)",
    ),
}


def chain_sentence(chain: Chain, indicators: Names) -> Text:
    """Say which part of the effect one chain carries (its own ``sentence`` is ignored)."""
    path, numbers = _path_words(chain, indicators), _chain_numbers(chain, indicators)
    if chain.share is None:
        return spaced(f"{path.zh}的作用：{numbers.zh}。", f"{path.en}: {numbers.en}.")
    share = format_share(abs(chain.share))
    several = chain.kind == "rest"
    if chain.share < 0:
        verbs = "work the other way and offset" if several else "works the other way and offsets"
        return spaced(
            f"{path.zh}起反向作用，抵消总效应的{share}（{numbers.zh}）。",
            f"{path.en} {verbs} {share} of the total effect ({numbers.en}).",
        )
    return spaced(
        f"{path.zh}承担总效应的{share}（{numbers.zh}）。",
        f"{path.en} {'carry' if several else 'carries'} {share} of the total effect ({numbers.en}).",
    )


def contrast_sentence(contrast: Contrast, indicators: Names) -> Text:
    """Say why the correlation rank of an indicator differs from ours (its own ``sentence`` is ignored)."""
    name, outcome = name_of(contrast.indicator, indicators), name_of(contrast.outcome, indicators)
    pooled, within = format_fixed(contrast.correlation, 2), format_fixed(contrast.within_correlation, 2)
    why = _CONTRAST_REASONS[contrast.reason]
    zh = why.zh.format(pooled=pooled, within=within, outcome=outcome.zh)
    en = why.en.format(pooled=pooled, within=within, outcome=outcome.en)
    return spaced(
        f"{name.zh}按相关性排第{contrast.correlation_rank}位，按因果作用排第{contrast.causal_rank}位：{zh}。",
        f"{name.en} ranks {contrast.correlation_rank} by correlation and {contrast.causal_rank} by effect: {en}.",
    )


def _path_words(chain: Chain, indicators: Names) -> Text:
    if chain.kind == "rest":
        lever, outcome = name_of(chain.lever, indicators), name_of(chain.outcome, indicators)
        return Text(
            f"从{lever.zh}到{outcome.zh}的其余路径合计", f"All other paths from {lever.en} to {outcome.en} together"
        )
    names = [name_of(key, indicators) for key in chain.path]
    return Text(" → ".join(name.zh for name in names), " → ".join(name.en for name in names))


def _chain_numbers(chain: Chain, indicators: Names) -> Text:
    decimals = decimals_of_interval(chain.value, chain.low, chain.high)
    part = amount(format_fixed(chain.value, decimals), described(chain.outcome, indicators).unit)
    interval = format_interval(chain.low, chain.high, decimals)
    per = _per_unit(described(chain.lever, indicators).unit)
    return Text(f"{per.zh}{part.zh}，95%区间{interval.zh}", f"{part.en} {per.en}, 95% interval {interval.en}")


def _per_unit(unit: str) -> Text:
    words = unit_words(unit)
    if not words.zh:
        return Text("每增加一个单位为", "per unit")
    return Text(
        f"每增加一{words.zh if words.zh.startswith('个') else _counted(words.zh)}为", f"per {words.one or 'unit'}"
    )


def _counted(zh: str) -> str:
    return f" {zh} " if zh.isascii() else zh
