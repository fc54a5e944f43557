"""How levers work along a moderator, as a report shows it."""

from __future__ import annotations

from collections.abc import Sequence

from causal_service.effects.moderation_results import Moderation, NoModeration
from causal_service.explanation.moderation_sentences import level_words
from causal_service.explanation.phrases import Names, horizon_words, name_of, step_words
from causal_service.explanation.quantities import format_share
from causal_service.levers.results import Lever
from causal_service.report.document import AlongPart, GroupRow, LeverGroups
from causal_service.report.for_whom import group_row

__all__ = ["along_part"]


def along_part(
    found: Sequence[Moderation | NoModeration], levers: Sequence[Lever], indicators: Names, frequency: str, lang: str
) -> AlongPart | None:
    """Return the part of one outcome in ``lang``; ``None`` when nothing was followed.

    ``levers`` are those of the outcome; rows of other outcomes are left out.
    """
    ranked = {(lever.lever, lever.outcome): lever for lever in levers}
    own = [(row, ranked[row.lever, row.outcome]) for row in found if (row.lever, row.outcome) in ranked]
    if not own:
        return None
    told = [(row, lever) for row, lever in own if isinstance(row, Moderation)]
    gap = "" if lang == "zh" else " "
    refused = [
        gap.join((row.reason.get(lang), row.what_would_help.get(lang)))
        for row, _ in own
        if isinstance(row, NoModeration)
    ]
    first = own[0][0]
    return AlongPart(
        first.moderator_name.get(lang) or first.moderator,
        tuple(_levels(row, lever, indicators, frequency, lang) for row, lever in told),
        told[0][0].caveat.get(lang) if told else "",
        tuple(dict.fromkeys(refused)),
    )


def _levels(row: Moderation, lever: Lever, indicators: Names, frequency: str, lang: str) -> LeverGroups:
    when = horizon_words(row.delay, frequency).get(lang)
    step = step_words(lever, indicators).get(lang)
    comma = "，" if lang == "zh" else ", "
    return LeverGroups(
        name_of(row.lever, indicators).get(lang),
        f"{step}{comma}{when}" if when else step,
        row.differs,
        row.sentence.get(lang),
        tuple(_row(row, at, lever, indicators, lang) for at in range(len(row.effects))),
    )


def _row(row: Moderation, at: int, lever: Lever, indicators: Names, lang: str) -> GroupRow:
    one = row.effects[at]
    low, high = sorted((one.low * lever.step, one.high * lever.step))
    level, share = level_words(one, row).get(lang), format_share(one.quantile)
    name = f"{level}（{share}）" if lang == "zh" else f"{level} ({share})"
    return group_row(name, one.value * lever.step, low, high, lever, indicators, lang)
