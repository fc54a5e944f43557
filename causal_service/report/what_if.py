"""What the first levers to move would bring, period by period, as a report shows it."""

from __future__ import annotations

from collections.abc import Mapping

from causal_service.effects.moves import SettledMove, supported
from causal_service.effects.what_if import Response, response_draws, responses_of
from causal_service.explanation.phrases import described, name_of, step_words
from causal_service.explanation.quantities import decimals_of_interval, format_fixed
from causal_service.explanation.scene import Scene
from causal_service.explanation.what_if_sentences import what_if_text
from causal_service.levers.results import Lever
from causal_service.panel.summary import IndicatorSummary
from causal_service.panel.units import amount, unit_words
from causal_service.report.document import WhatIfPart
from causal_service.report.parts import StudyParts

__all__ = ["what_if_parts"]

_SHOWN = 2
"""Levers shown per outcome."""
_OTHERS = 4
"""Other indicators told per lever."""


def what_if_parts(
    parts: StudyParts, outcome: str, indicators: Mapping[str, IndicatorSummary], lang: str
) -> tuple[WhatIfPart, ...]:
    """Return the path of an outcome after one step of each of its first levers judged *act*, else *test*.

    Empty where nothing is worth moving, where there is one period only, or in a study stored without its system.
    """
    if parts.system is None or parts.system.horizon == 0 or parts.system.lags == 0:
        return ()
    own = sorted((row for row in parts.levers if row.outcome == outcome), key=lambda row: (row.rank, row.lever))
    factors = {} if parts.rehearsal is None else parts.rehearsal.factors
    widening = {outcome: factors.get((outcome, own[0].kind), 1.0)} if own else {}
    scene = Scene(parts.system, indicators, (outcome,), parts.levers, parts.panel.frequency, widening)
    kept = [row for row in own if row.lever in parts.system.names and row.step != 0]
    acts, tests = ([row for row in kept if row.verdict == verdict] for verdict in ("act", "test"))
    return tuple(_part(scene, row, lang) for row in (acts or tests)[:_SHOWN])


def _part(scene: Scene, lever: Lever, lang: str) -> WhatIfPart:
    system, horizon = scene.system, scene.system.horizon
    at = next(entry for entry in system.indicators if entry.indicator == lever.lever)
    move = SettledMove(
        lever.lever, lever.step, at.latest, at.latest + lever.step, "by", 0, None, supported(lever.step, at)
    )
    draws = response_draws(system, [move], horizon)
    rows = responses_of(draws, system, [move], units=scene.units, first=scene.outcomes, widening=scene.widening)
    row, others = rows[0], [other for other in rows[1:] if other.low[-1] > 0 or other.high[-1] < 0]
    unit = unit_words(row.unit)
    return WhatIfPart(
        name=name_of(lever.lever, scene.indicators).get(lang),
        step=step_words(lever, scene.indicators).get(lang),
        text=what_if_text(scene, [move], rows[:1], horizon).get(lang),
        outcome=name_of(row.indicator, scene.indicators).get(lang),
        unit=unit.zh if lang == "zh" else unit.many,
        value=row.value,
        low=row.low,
        high=row.high,
        frequency=scene.frequency,
        others=_others(scene, others[:_OTHERS], lang),
    )


def _others(scene: Scene, rows: list[Response], lang: str) -> str:
    """Return what else is expected at the horizon, largest first: ``On-time rate +1.8 percentage points``."""
    told = []
    for row in rows:
        number = format_fixed(row.value[-1], decimals_of_interval(row.value[-1], row.low[-1], row.high[-1]))
        signed = f"+{number}" if row.value[-1] > 0 else number
        size = amount(signed, described(row.indicator, scene.indicators).unit).get(lang)
        told.append(f"{name_of(row.indicator, scene.indicators).get(lang)} {size}")
    return ("，" if lang == "zh" else ", ").join(told)
