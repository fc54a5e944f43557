"""Where a lever works best, in words."""

from __future__ import annotations

from causal_service.effects.entity_effects import EntityEffect, EntityRow
from causal_service.errors import Text
from causal_service.explanation.phrases import Names, described, move_words, name_of, spaced
from causal_service.explanation.quantities import decimals_of_interval, format_fixed, format_interval, format_share
from causal_service.levers.results import Lever
from causal_service.panel.units import amount

__all__ = ["entity_sentence", "no_entity_effects"]

_REASONS = {
    "no-panel": Text(
        "只有多个实体、多个时期的面板才能给出各实体的效应。",
        "Effects by entity need a panel of several entities over several periods.",
    ),
    "too-few-entities": Text(
        "实体不足15个，看不出效应在实体之间差多少，因此不给出各实体的效应。",
        "With fewer than 15 entities it cannot be told how much effects differ between them; none are given by entity.",
    ),
    "too-many-entities": Text(
        "实体超过5,000个，不逐个列出；请按分组列研究。",
        "More than 5,000 entities are not listed one by one; study them by a segment column.",
    ),
    "not-in-memory": Text("分块读取的大面板不给出各实体的效应。", "A panel read in pieces gives no effects by entity."),
}


def no_entity_effects(reason: str) -> Text:
    """Say why there are no effects by entity."""
    return _REASONS[reason]


def entity_sentence(effect: EntityEffect, lever: Lever, indicators: Names) -> Text:
    """Say where one step of a lever is expected to do most and least, or that no difference is established."""
    move, outcome = move_words(lever, indicators), name_of(effect.outcome, indicators)
    unit = described(effect.outcome, indicators).unit
    best, worst = effect.best[0], effect.worst[0]
    if not effect.differs:
        return spaced(
            f"把{move.zh}：{effect.entities}个实体之间的效果差别没有得到证实（不等于没有差别），目前以总体效应为最好的估计。",
            f"{move.en}: a difference between the {effect.entities} entities is not established, which does not mean "
            "that there is none; for now the overall effect is the best guide.",
        )
    first, last = _change(best, lever, unit), _change(worst, lever, unit)
    share = format_share(best.p_best_quarter)
    return spaced(
        f"把{move.zh}，在“{best.entity}”预计效果最好：{outcome.zh}变化{first.zh}，有{share}的把握属于最好的四分之一；"
        f"在“{worst.entity}”最差：变化{last.zh}。",
        f"{move.en} is expected to do most in '{best.entity}', where {outcome.en} changes by {first.en} and which is "
        f"among the best quarter with {share} probability; it does least in '{worst.entity}', {last.en}.",
    )


def _change(row: EntityRow, lever: Lever, unit: str) -> Text:
    value = row.value * lever.step
    low, high = sorted((row.low * lever.step, row.high * lever.step))
    decimals = decimals_of_interval(value, low, high)
    interval, number = format_interval(low, high, decimals), format_fixed(value, decimals)
    size = amount(f"+{number}" if value > 0 and number.strip("0.") else number, unit)
    return Text(f"{size.zh}（95%区间{interval.zh}）", f"{size.en} (95% interval {interval.en})")
