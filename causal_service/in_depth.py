"""Effects in depth: what a study says beyond how much - for whom, up to where, through what, how fragile.

Every part is one call: numbers come from ``effects``, words from ``explanation``. Nothing here changes what ``infer``
found; levers, ranks and verdicts are settled before.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from causal_service.effects.average_effects import FOLLOWS, AverageEffect, average_effects
from causal_service.effects.checks import Check, Checked, robustness_checks
from causal_service.effects.crosscheck import Crosscheck, crosschecked
from causal_service.effects.dose_results import DoseResponse, NoDoseResponse
from causal_service.effects.entity_effects import ByEntity
from causal_service.effects.estimate import Z95
from causal_service.effects.identification import Identification, identify
from causal_service.effects.moderation_results import Moderation, NoModeration
from causal_service.effects.moderator import Moderator
from causal_service.effects.open_directions import settled_now
from causal_service.effects.robustness import Contour, contour
from causal_service.effects.segments import BySegment
from causal_service.effects.standing import standings_of
from causal_service.effects.system import System, system_of
from causal_service.explanation.average_sentences import average_worded
from causal_service.explanation.check_findings import check_findings
from causal_service.explanation.check_sentences import check_worded
from causal_service.explanation.crosscheck_sentences import crosscheck_findings, crosscheck_worded
from causal_service.explanation.doses import doses_of
from causal_service.explanation.for_whom import by_entity, segments_worded
from causal_service.explanation.identification_sentences import identification_worded
from causal_service.explanation.mediation import mediations
from causal_service.explanation.moderations import moderations
from causal_service.explanation.results import Mediation
from causal_service.explanation.segment_sentences import segment_findings
from causal_service.inference import Inference
from causal_service.levers.results import Lever
from causal_service.panel.dictionary import Dictionary
from causal_service.panel.findings import Finding
from causal_service.study_choices.question import Question
from causal_service.study_choices.studied import Studied

__all__ = ["Asked", "InDepth", "in_depth"]

Progress = Callable[[str, int, int], None]
_REFUTED = 3
"""Ranks whose effects DoWhy refutes, too."""


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
    crosscheck: bool = False
    """Whether DoWhy is asked for a second opinion."""
    segments: BySegment | None = None
    """Effects by segment without words; ``None`` when no segment column was given."""
    moderator: Moderator | None = None
    """What effects are followed along; ``None`` when none was named."""


@dataclass(frozen=True, slots=True)
class InDepth:
    """The parts, worded; each becomes a field of the same name of ``Study``."""

    identification: tuple[Identification, ...]
    """How every effect is identified."""
    checks: tuple[Check, ...]
    """Attempts to break the effects."""
    contours: tuple[Contour, ...]
    """What hidden causes would leave of the effects worth moving."""
    crosscheck: tuple[Crosscheck, ...]
    """What DoWhy says; empty when it was not asked."""
    findings: tuple[Finding, ...]
    """What the parts brought to light."""
    system: System
    """The learned system, for what-if."""
    mediation: tuple[Mediation, ...]
    """Direct and mediated part of every lever's effect, and when it arrives."""
    segments: BySegment | None = None
    """For whom: effects by segment; ``None`` when no segment column was given."""
    entity_effects: ByEntity | None = None
    """Where each lever works best."""
    doses: tuple[DoseResponse | NoDoseResponse, ...] = ()
    """Response by level of the lever, or why there is none."""
    average_effects: tuple[AverageEffect, ...] = ()
    """Cross-section: average effects of levers with two states."""
    moderation: tuple[Moderation | NoModeration, ...] = ()
    """Effects along the moderator, or why there are none; empty when none was named."""


def in_depth(asked: Asked, progress: Progress) -> InDepth:
    """Return all parts of a study beyond its ranking.

    Parameters
    ----------
    progress : called with (stage, done, of).
    """
    progress("checks", 0, 1)
    identification = _identification(asked)
    checks = _checks(asked, identification)
    progress("depth", 0, 1)
    segments = None if asked.segments is None else segments_worded(asked.segments, asked.learned, asked.levers)
    second = _crosscheck(asked, identification, progress)
    along = moderations(asked.learned, asked.levers, identification, asked.moderator, asked.seed)
    return InDepth(
        identification=identification,
        checks=checks,
        contours=_contours(asked),
        crosscheck=second,
        findings=(
            *check_findings(checks, asked.levers, asked.dictionary),
            *segment_findings(segments, asked.dictionary),
            *crosscheck_findings(second, asked.dictionary),
        ),
        system=_system(asked),
        mediation=mediations(asked.learned, asked.levers, identification),
        segments=segments,
        entity_effects=by_entity(asked.learned, asked.levers, asked.question.outcomes, asked.seed),
        doses=doses_of(asked.learned, asked.levers, asked.seed),
        average_effects=_average_effects(asked, identification),
        moderation=along,
    )


def _identification(asked: Asked) -> tuple[Identification, ...]:
    learned, question = asked.learned, asked.question
    horizon = 0 if learned.headline == "impact" else question.horizon
    rows = identify(learned.discovery, learned.levers, question.outcomes, horizon)
    return tuple(identification_worded(row, learned.indicators, learned.panel.frequency) for row in rows)


def _checks(asked: Asked, identification: Sequence[Identification]) -> tuple[Check, ...]:
    learned = asked.learned
    levers = {(row.lever, row.outcome): row for row in asked.levers}
    effects = {(row.lever, row.outcome): row for row in learned.effects if row.kind == learned.headline}
    steps = {pair: row.step for pair, row in levers.items()}
    case = Checked(learned.prepared, learned.within, learned.discovery, effects, steps, asked.seed)
    checks = robustness_checks(case, [row for row in identification if (row.lever, row.outcome) in levers])
    return tuple(
        check_worded(check, levers[check.lever, check.outcome], learned.indicators, learned.panel.frequency)
        for check in checks
    )


def _crosscheck(asked: Asked, identification: Sequence[Identification], progress: Progress) -> tuple[Crosscheck, ...]:
    if not asked.crosscheck:
        return ()
    progress("crosscheck", 0, 1)
    learned = asked.learned
    worth = {
        (row.lever, row.outcome) for row in asked.levers if row.verdict in ("act", "test") and row.rank <= _REFUTED
    }
    rows = crosschecked(learned.prepared, learned.within, learned.discovery, identification, worth, asked.seed)
    return tuple(crosscheck_worded(row, learned.indicators) for row in rows)


def _contours(asked: Asked) -> tuple[Contour, ...]:
    n = asked.learned.prepared.effective_n
    return tuple(
        contour(row.lever, row.outcome, row.value, row.value * 2 * Z95 / (row.high - row.low), n)
        for row in asked.levers
        if row.verdict in ("act", "test") and row.value != 0.0 and row.high > row.low
    )


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


def _average_effects(asked: Asked, identification: Sequence[Identification]) -> tuple[AverageEffect, ...]:
    learned = asked.learned
    if learned.within is None:
        return ()
    units = {key: entry.unit for key, entry in learned.indicators.items()}
    rows = average_effects(
        learned.within,
        learned.draws,
        learned.levers,
        asked.question.outcomes,
        units,
        asked.seed,
        _open_pairs(asked, identification),
    )
    return tuple(average_worded(row, learned.indicators) for row in rows)


def _open_pairs(asked: Asked, identification: Sequence[Identification]) -> frozenset[tuple[str, str]]:
    """Return pairs (lever, outcome) that are not identified for want of a direction, or whose order draws guess."""
    draws, settled = asked.learned.draws, settled_now(asked.learned.discovery).mean(axis=0)
    at = {name: i for i, name in enumerate(draws.names)}
    guessed = (draws.follows >= FOLLOWS) & (settled < FOLLOWS)
    return frozenset(
        (row.lever, row.outcome)
        for row in identification
        if (row.unidentified is not None and row.unidentified.code == "open-direction")
        or guessed[at[row.outcome], at[row.lever]]
    )
