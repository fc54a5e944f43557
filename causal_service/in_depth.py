"""Effects in depth: what a study says beyond how much - for whom, up to where, through what, how fragile.

Every part is one call: numbers come from ``effects``, words from ``explanation``. Nothing here changes what ``infer``
found; levers, ranks and verdicts are settled before.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from causal_service.effects.dose_results import DoseResponse, NoDoseResponse
from causal_service.effects.identification import Identification, identify
from causal_service.effects.standing import standings_of
from causal_service.effects.system import System, system_of
from causal_service.explanation.doses import doses_of
from causal_service.explanation.identification_sentences import identification_worded
from causal_service.explanation.mediation import mediations
from causal_service.explanation.results import Mediation
from causal_service.inference import Inference
from causal_service.levers.results import Lever
from causal_service.panel.dictionary import Dictionary
from causal_service.study_choices.question import Question
from causal_service.study_choices.studied import Studied

__all__ = ["Asked", "InDepth", "in_depth"]

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """What the parts look at."""

    learned: Inference
    """What was learned."""
    studied: Studied
    """The panel without what the checks removed."""
    dictionary: Dictionary
    """Names, units, bounds, steps."""
    question: Question
    """Outcomes, levers, horizon."""
    levers: tuple[Lever, ...]
    """Ranked and worded levers of all outcomes."""
    seed: int
    """Seed of all random numbers."""
    threads: int
    """Worker threads; no result depends on it."""


@dataclass(frozen=True, slots=True)
class InDepth:
    """The parts, worded; each becomes a field of the same name of ``Study``."""

    identification: tuple[Identification, ...]
    """How every effect is identified."""
    system: System
    """The learned system, for what-if."""
    mediation: tuple[Mediation, ...]
    """Direct and mediated part of every lever's effect, and when it arrives."""
    doses: tuple[DoseResponse | NoDoseResponse, ...] = ()
    """Response by level of the lever, or why there is none."""


def in_depth(asked: Asked, progress: Progress) -> InDepth:
    """Return all parts of a study beyond its ranking.

    Parameters
    ----------
    progress : called with (stage, done, of).
    """
    return InDepth(
        identification=_identification(asked),
        system=_system(asked),
        mediation=mediations(asked.learned, asked.levers),
        doses=doses_of(asked.learned, asked.levers, asked.seed),
    )


def _identification(asked: Asked) -> tuple[Identification, ...]:
    learned, question = asked.learned, asked.question
    horizon = 0 if learned.headline == "impact" else question.horizon
    rows = identify(learned.discovery, learned.levers, question.outcomes, horizon)
    return tuple(identification_worded(row, learned.indicators, learned.panel.frequency) for row in rows)


def _system(asked: Asked) -> System:
    learned = asked.learned
    ordered = sorted(asked.levers, key=lambda row: (row.rank, row.lever))
    return system_of(
        learned.prepared,
        learned.discovery,
        standings_of(asked.studied.panel, asked.dictionary, dict(learned.indicators)),
        horizon=asked.question.horizon,
        levers=tuple(dict.fromkeys(row.lever for row in ordered)),
        outcomes=asked.question.outcomes,
    )
