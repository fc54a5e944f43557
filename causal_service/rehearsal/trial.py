"""One rehearsal: a twin, its truth, and what the pipeline says about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from causal_service.effects.estimate import KINDS
from causal_service.inference import Inference
from causal_service.levers.results import Verdict
from causal_service.levers.steps import feasible_move, gains
from causal_service.levers.verdicts import SIGNIFICANT
from causal_service.panel.dictionary import Dictionary
from causal_service.panel.summary import IndicatorSummary

__all__ = ["NONZERO", "Trial", "scored"]

Array = NDArray[np.float64]

NONZERO = 0.05
"""Standardised cumulative effect above which a lever counts as truly non-zero."""


@dataclass(frozen=True, slots=True, eq=False)
class Trial:
    """Truth and statements about the k levers of one outcome on one twin; kinds in the order of ``KINDS``."""

    outcome: str
    """Indicator key."""
    levers: tuple[str, ...]
    """Indicator keys, sorted."""
    truth: Array
    """(3, k) true effects, outcome unit per lever unit."""
    value: Array
    """(3, k) stated effects, same unit."""
    half_width: Array
    """(3, k) of the stated 95 % interval, same unit."""
    counted: NDArray[np.bool_]
    """(k,) truly non-zero."""
    gain: Array
    """(k,) true gain of one feasible step at the headline kind, outcome unit."""
    step: Array
    """(k,) size of that step, lever unit."""
    rank: NDArray[np.int64]
    """(k,) stated rank."""
    p_top1: Array
    """(k,) stated probability of being the best."""
    p_top3: Array
    """(k,) stated probability of being among the best three."""
    found: NDArray[np.bool_]
    """(k,) stated to be different from zero."""
    verdicts: tuple[Verdict, ...]
    """Stated verdicts."""


def scored(
    said: Inference,
    outcome: str,
    truth: Array,
    dictionary: Dictionary,
    indicators: Mapping[str, IndicatorSummary],
) -> Trial:
    """Return truth and statements about one outcome.

    Parameters
    ----------
    truth : (3, p, p) true effects of all indicators, as ``true_effects`` returns them.
    indicators : the user's; their SDs and means size the feasible steps and say what is truly non-zero.
    """
    names = said.prepared.names
    rows = sorted((ranked.lever for ranked in said.ranked[outcome]), key=lambda row: row.lever)
    levers = tuple(row.lever for row in rows)
    at = [names.index(name) for name in levers]
    true = truth[:, names.index(outcome), :][:, at]
    effects = {(e.lever, e.kind): e for e in said.effects if e.outcome == outcome}
    stated = np.array([[effects[name, kind].value for name in levers] for kind in KINDS])
    high = np.array([[effects[name, kind].high for name in levers] for kind in KINDS])
    sd = np.array([indicators[name].within_sd for name in levers]) / indicators[outcome].within_sd
    headline = KINDS.index(said.headline)
    entry, level = dictionary.indicators.get(outcome), indicators[outcome].mean
    gain, steps = np.empty(len(levers)), np.empty(len(levers))
    for i, name in enumerate(levers):
        own = indicators[name]
        move = feasible_move(
            dictionary.indicators.get(name), own.mean, own.within_sd, float(true[headline, i]), entry, level
        )
        gain[i] = gains(true[headline, i : i + 1], move, entry, level)[0]
        steps[i] = abs(move.change)
    return Trial(
        outcome=outcome,
        levers=levers,
        truth=true,
        value=stated,
        half_width=high - stated,
        counted=np.abs(true[KINDS.index("cumulative")] * sd) > NONZERO,
        gain=gain,
        step=steps,
        rank=np.array([row.rank for row in rows], np.int64),
        p_top1=np.array([row.p_top1 for row in rows]),
        p_top3=np.array([row.p_top3 for row in rows]),
        found=np.array([effects[name, said.headline].q <= SIGNIFICANT for name in levers], bool),
        verdicts=tuple(row.verdict for row in rows),
    )
