"""For whom and where a lever works: effects by segment and by entity, worded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from causal_service.discovery.stability import EntitySlope
from causal_service.discovery.uneven_links import UnevenLink
from causal_service.effects.entity_effects import ByEntity, EntityEffect, entity_draws, entity_effects
from causal_service.effects.results import EffectKind
from causal_service.effects.segments import BySegment, NoSegments, segment_draws, segment_effects
from causal_service.explanation.entity_sentences import entity_sentence, no_entity_effects
from causal_service.explanation.segment_sentences import (
    change_of,
    gain_sign,
    no_segments,
    segment_sentence,
    segments_text,
)
from causal_service.inference import Inference
from causal_service.levers.results import Lever
from causal_service.levers.verdicts import InSegments

__all__ = ["against_overall", "by_entity", "by_segment", "helping_sign", "segments_worded"]


def by_segment(learned: Inference, outcomes: Sequence[str], seed: int) -> BySegment | None:
    """Return the effects by segment, without words on levers; ``None`` when no segment column was given.

    Parameters
    ----------
    seed : of the draws.
    """
    within = learned.within
    if within is None or within.panel.segments is None or within.panel.segment_column is None:
        return None
    column, labels = within.panel.segment_column, within.panel.segments
    horizon = learned.draws.horizon
    drawn = segment_draws(
        within, learned.prepared, learned.discovery, labels, horizon=horizon, seed=seed, knowledge=learned.knowledge
    )
    if len(drawn.names) < 2:
        reason: NoSegments = "one-segment" if len(drawn.sizes) < 2 else "too-few-segments"
        empty = BySegment(column, drawn.sizes, (), (), reason)
        return replace(empty, text=no_segments(empty, reason))
    kinds: tuple[EffectKind, ...] = ("impact", "sustained") if learned.headline == "sustained" else ("impact",)
    units = {key: entry.unit for key, entry in learned.indicators.items()}
    effects, tests = segment_effects(drawn, learned.draws, learned.levers, outcomes, units, kinds)
    return BySegment(column, drawn.sizes, effects, tests, None)


def against_overall(found: BySegment, learned: Inference) -> dict[tuple[str, str], InSegments]:
    """Return by lever and outcome what segments say against the overall effect of one step."""
    out = {}
    tests = {(t.lever, t.outcome): t for t in found.tests if t.kind == learned.headline}
    for row in (row for rows in learned.ranked.values() for row in rows):
        lever = row.lever
        own = [e for e in found.effects if (e.lever, e.outcome, e.kind) == (lever.lever, lever.outcome, lever.kind)]
        ranked = sorted(own, key=lambda e: (-gain_sign(lever) * change_of(e, lever)[0], e.segment))
        ends = [(e.segment, *change_of(e, lever)) for e in ranked]
        test = tests.get((lever.lever, lever.outcome))
        opposite = None
        if test is not None and test.opposite:
            opposite = (ends[0][:2], ends[-1][:2])
        unclear = tuple((name, low, high) for name, _, low, high in ends if low <= 0 <= high)
        out[lever.lever, lever.outcome] = InSegments(opposite, unclear)
    return out


def segments_worded(found: BySegment, learned: Inference, levers: Sequence[Lever]) -> BySegment:
    """Return the effects by segment with words; levers with the verdict *act* or *test* get a sentence.

    Parameters
    ----------
    levers : ranked levers of all outcomes.
    """
    if found.reason is not None:
        return found
    rows = {(lever.lever, lever.outcome): lever for lever in levers}
    worded = []
    for test in found.tests:
        lever = rows.get((test.lever, test.outcome))
        told = lever is not None and (test.opposite or lever.verdict in ("act", "test"))
        if lever is None or not told or test.kind != learned.headline:
            worded.append(test)
            continue
        own = [e for e in found.effects if (e.lever, e.outcome, e.kind) == (test.lever, test.outcome, test.kind)]
        worded.append(replace(test, sentence=segment_sentence(test, own, lever, learned.indicators)))
    again = replace(found, tests=tuple(worded))
    return replace(again, text=segments_text(again, levers, learned.headline, learned.indicators))


def by_entity(learned: Inference, levers: Sequence[Lever], outcomes: Sequence[str], seed: int) -> ByEntity:
    """Return the headline effects by entity, or why there are none.

    Parameters
    ----------
    levers : ranked levers of all outcomes; those with the verdict *act* or *test* get a sentence.
    seed : of draws and samples.
    """
    within = learned.within
    if within is None:
        return ByEntity((), "not-in-memory", no_entity_effects("not-in-memory"))
    horizon = learned.draws.horizon if learned.headline == "sustained" else 0
    drawn = entity_draws(
        within, learned.prepared, learned.discovery, learned.levers, outcomes, horizon=horizon, seed=seed
    )
    if isinstance(drawn, str):
        return ByEntity((), drawn, no_entity_effects(drawn))
    units = {key: entry.unit for key, entry in learned.indicators.items()}
    towards = {(lever.lever, lever.outcome): helping_sign(lever) for lever in levers}
    apart: list[EntitySlope | UnevenLink] = [*learned.slopes, *learned.uneven]
    found = entity_effects(drawn, learned.discovery, apart, towards, units, learned.headline, horizon)
    rows = {(lever.lever, lever.outcome): lever for lever in levers if lever.verdict in ("act", "test")}

    def worded(effect: EntityEffect) -> EntityEffect:
        lever = rows.get((effect.lever, effect.outcome))
        return effect if lever is None else replace(effect, sentence=entity_sentence(effect, lever, learned.indicators))

    return ByEntity(tuple(worded(effect) for effect in found), None)


def helping_sign(lever: Lever) -> float:
    """Return +1 or -1: the sign of an effect per unit for which one step of the lever helps."""
    signed = lever.gain_per_step * lever.value
    return float(np.sign(signed)) if signed != 0 else float(np.sign(lever.step)) or 1.0
