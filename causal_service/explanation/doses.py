"""Which levers get a dose-response curve, and the curves in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from causal_service.discovery.discover import Discovery
from causal_service.effects.dose_line import apart, bends_that_count, straight_line
from causal_service.effects.dose_response import dose_response
from causal_service.effects.dose_results import DoseResponse, NoDoseResponse
from causal_service.explanation.dose_sentences import MOST_CURVES, worded_dose
from causal_service.inference import Inference
from causal_service.levers.results import Lever

__all__ = ["beside_ranked", "doses_of"]

BENT = 0.5
"""Share of draws in which a link of the lever bends from which its curve is drawn whatever its verdict."""


def doses_of(learned: Inference, levers: Sequence[Lever], seed: int) -> tuple[DoseResponse | NoDoseResponse, ...]:
    """Return curves, or reasons for none, of levers to act on or to test and of those whose links bend; by rank."""
    bent = _bending(learned.discovery)
    found: list[tuple[DoseResponse | NoDoseResponse, Lever]] = []
    for outcome in learned.ranked:
        own = sorted((row for row in levers if row.outcome == outcome), key=lambda row: (row.rank, row.lever))
        wanted = [row for row in own if row.verdict in ("act", "test") or row.lever in bent]
        wanted.sort(key=lambda row: row.verdict not in ("act", "test"))
        for row in wanted[:MOST_CURVES]:
            units = tuple(learned.indicators[key].unit for key in (row.lever, outcome))
            dose = dose_response(
                learned.within,
                learned.discovery,
                row.lever,
                outcome,
                horizon=row.horizon,
                seed=seed,
                units=(units[0], units[1]),
            )
            found.append((dose, row))
    return tuple(worded_dose(dose, learned.indicators, learned.panel.frequency) for dose in beside_ranked(found))


def beside_ranked(
    found: Sequence[tuple[DoseResponse | NoDoseResponse, Lever]],
) -> tuple[DoseResponse | NoDoseResponse, ...]:
    """Return the curves of one study beside their ranked levers: straight ones are lines with the ranked slope."""
    curves = [dose for dose, _ in found if isinstance(dose, DoseResponse)]
    bent = iter(bends_that_count(curves))
    told: list[DoseResponse | NoDoseResponse] = []
    for dose, row in found:
        if isinstance(dose, NoDoseResponse):
            told.append(dose)
            continue
        differs = apart(dose, row.step, row.value, row.low, row.high)
        shown = dose if next(bent) else straight_line(dose, row.value, row.low, row.high)
        told.append(replace(shown, apart=differs))
    return tuple(told)


def _bending(discovery: Discovery) -> set[str]:
    """Return the indicators one of whose links to another bends in at least ``BENT`` of the draws."""
    share = np.mean([draw.bent for draw in discovery.draws], axis=0)
    p = len(discovery.names)
    pairs = np.max([share[:, lag * p : (lag + 1) * p] for lag in range(discovery.lags + 1)], axis=0)
    np.fill_diagonal(pairs, 0.0)
    return {discovery.names[x] for x in np.flatnonzero(pairs.max(axis=0) >= BENT)}
