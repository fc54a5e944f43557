"""For whom levers work and where they work best, as a report shows it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from causal_service.effects.entity_effects import ByEntity, EntityEffect, EntityRow
from causal_service.effects.segments import BySegment, SegmentEffect
from causal_service.explanation.phrases import Names, described, listed_en, listed_zh, name_of, step_words
from causal_service.explanation.quantities import decimals_of_interval, format_fixed, format_interval, format_share
from causal_service.explanation.segment_sentences import change_of, gain_sign, segments_text
from causal_service.levers.results import Lever
from causal_service.panel.units import amount
from causal_service.report.document import ForWhomPart, GroupRow, LeverGroups

__all__ = ["for_whom_part", "group_row"]

_SHOWN, _ENDS = 3, 5
"""Levers shown by entity, and entities at either end."""


def for_whom_part(
    segments: BySegment | None,
    entities: ByEntity | None,
    levers: Sequence[Lever],
    indicators: Names,
    lang: str,
    every: Sequence[Lever] = (),
) -> ForWhomPart | None:
    """Return the part of one outcome in ``lang``; ``None`` when there is nothing to say.

    ``levers`` are those of the outcome by rank; those with the verdict *act* or *test* are shown, by segment also those
    that do opposite things. ``every`` holds the levers of all outcomes.
    """
    worth = [lever for lever in levers if lever.verdict in ("act", "test")]
    text, by_segment = "", tuple[LeverGroups, ...]()
    if segments is not None:
        text = _text(segments, levers, every, indicators, lang)
        opposite = {(test.lever, test.outcome, test.kind) for test in segments.tests if test.opposite}
        told = [x for x in levers if x in worth or (x.lever, x.outcome, x.kind) in opposite]
        by_segment = tuple(_by_segment(segments, lever, indicators, lang) for lever in told)
    shown = [group for group in by_segment if group.rows]
    where, alike = _by_entity(entities, worth, indicators, lang)
    if not text and not where and not alike:
        return None
    return ForWhomPart(text, tuple(shown), where, alike)


def _text(segments: BySegment, levers: Sequence[Lever], every: Sequence[Lever], indicators: Names, lang: str) -> str:
    """Return what segments say about one outcome."""
    if segments.reason is not None or not levers:
        return segments.text.get(lang)
    first = levers[0]
    return segments_text(segments, every or levers, first.kind, indicators, first.outcome).get(lang)


def _by_segment(found: BySegment, lever: Lever, indicators: Names, lang: str) -> LeverGroups:
    own = [e for e in found.effects if (e.lever, e.outcome, e.kind) == (lever.lever, lever.outcome, lever.kind)]
    own.sort(key=lambda e: (-gain_sign(lever) * change_of(e, lever)[0], e.segment))
    test = next(
        (t for t in found.tests if (t.lever, t.outcome, t.kind) == (lever.lever, lever.outcome, lever.kind)), None
    )
    rows = tuple(_segment_row(effect, lever, indicators, lang) for effect in own)
    note = "" if test is None else test.sentence.get(lang)
    return LeverGroups(
        name_of(lever.lever, indicators).get(lang),
        step_words(lever, indicators).get(lang),
        test is not None and test.differs,
        note,
        rows,
    )


def _segment_row(effect: SegmentEffect, lever: Lever, indicators: Names, lang: str) -> GroupRow:
    value, low, high = change_of(effect, lever)
    return group_row(effect.segment, value, low, high, lever, indicators, lang)


def group_row(
    name: str, value: float, low: float, high: float, lever: Lever, indicators: Names, lang: str, p: float | None = None
) -> GroupRow:
    """Return one line: what one step of the lever changes in a group, an entity, or at a level; ``p`` of being best."""
    decimals = decimals_of_interval(value, low, high)
    number = format_fixed(value, decimals)
    size = amount(
        f"+{number}" if value > 0 and number.strip("0.") else number, described(lever.outcome, indicators).unit
    )
    helps = gain_sign(lever)
    return GroupRow(
        name,
        size.get(lang),
        format_interval(low, high, decimals).get(lang),
        "" if p is None else format_share(p),
        max(helps * low, helps * high) < 0,
    )


def _by_entity(
    found: ByEntity | None, levers: Sequence[Lever], indicators: Names, lang: str
) -> tuple[tuple[LeverGroups, ...], str]:
    """Return (levers whose effect differs by entity, one sentence about those where it is not known to)."""
    if found is None or not levers:
        return (), ""
    if found.reason is not None:
        return (), found.text.get(lang)
    effects = {(effect.lever, effect.outcome): effect for effect in found.effects}
    pairs = [
        (lever, effects[lever.lever, lever.outcome]) for lever in levers if (lever.lever, lever.outcome) in effects
    ]
    differ = [(lever, effect) for lever, effect in pairs if effect.differs][:_SHOWN]
    same = [name_of(lever.lever, indicators).get(lang) for lever, effect in pairs if not effect.differs]
    return tuple(_ends(lever, effect, indicators, lang) for lever, effect in differ), _alike(same, lang)


def _alike(names: Sequence[str], lang: str) -> str:
    if not names:
        return ""
    if lang == "zh":
        return f"{listed_zh(list(names))}的效应在各实体之间没有证实的差别。"
    verb = "is" if len(names) == 1 else "are"
    noun = "effect" if len(names) == 1 else "effects"
    return f"The {noun} of {listed_en(list(names))} {verb} not known to differ between entities."


def _ends(lever: Lever, effect: EntityEffect, indicators: Names, lang: str) -> LeverGroups:
    def row(one: EntityRow) -> GroupRow:
        low, high = sorted((one.low * lever.step, one.high * lever.step))
        return group_row(one.entity, one.value * lever.step, low, high, lever, indicators, lang, one.p_best_quarter)

    best = tuple(row(one) for one in effect.best[:_ENDS])
    worst = tuple(replace(row(one), last=True) for one in reversed(effect.worst[:_ENDS]))
    name, step = name_of(lever.lever, indicators).get(lang), step_words(lever, indicators).get(lang)
    return LeverGroups(name, step, True, effect.sentence.get(lang), (*best, *worst))
