"""Findings as sentences in Chinese and English.

A sentence contains no number that the code did not compute: every figure is a rounded field of the result it speaks
about. Names come from the dictionary; an indicator without an entry is called by its key.
"""

from __future__ import annotations

from causal_service.errors import Text
from causal_service.explanation.answers import answer_text
from causal_service.explanation.arrival import arrival_words
from causal_service.explanation.contrast_sentences import contrast_sentence
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
    decimals_of_interval,
    format_effect,
    format_fixed,
    format_interval,
    format_level,
    format_number,
    format_share,
)
from causal_service.explanation.reason_texts import REASON_CODES, reason_text
from causal_service.explanation.results import Chain
from causal_service.panel.units import amount, unit_words

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


def chain_sentence(chain: Chain, indicators: Names, frequency: str = "") -> Text:
    """Say which part of the effect one chain carries, and when it arrives (its own ``sentence`` is ignored)."""
    said = _chain_share(chain, indicators)
    later = arrival_words(chain.half_by, len(chain.arrived) - 1, frequency)
    return said if not later.en else spaced(f"{said.zh[:-1]}，{later.zh}。", f"{said.en[:-1]}; {later.en}.")


def _chain_share(chain: Chain, indicators: Names) -> Text:
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
