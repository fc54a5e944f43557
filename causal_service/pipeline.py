"""The whole pipeline, top to bottom: a panel and a question in, a ``Study`` out."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from causal_service.discovery.discover import Method
from causal_service.discovery.resampling import settled_penalty
from causal_service.effects.moderation_results import Learner
from causal_service.effects.moderator import moderator_of, require_moderation
from causal_service.effects.results import EffectKind
from causal_service.explanation.both_orders import with_both_orders
from causal_service.explanation.chains import chains_of, coefficient_draws, fitted_draws, frequent_links
from causal_service.explanation.contrast import contrasts
from causal_service.explanation.for_whom import against_overall, by_segment
from causal_service.explanation.hidden_causes import hidden_cause_sentence
from causal_service.explanation.mediation import without_shares
from causal_service.explanation.rehearsal_sentences import rehearsal_sentence
from causal_service.explanation.results import Chain, Contrast
from causal_service.explanation.wording import answer_text, lever_sentence, reason_text
from causal_service.in_depth import Asked, in_depth
from causal_service.inference import Inference, calibrated, doubted_by_segments, infer
from causal_service.levers.ranking import RankedLever
from causal_service.levers.results import Lever, Reason
from causal_service.numerics.fan_out import cluster, one_thread_per_library
from causal_service.panel.checks import check as check_panel
from causal_service.panel.dictionary import Dictionary
from causal_service.panel.dictionary_reading import read_dictionary
from causal_service.panel.findings import Finding
from causal_service.panel.knowledge_reading import merge_knowledge, read_knowledge
from causal_service.panel.panel import Panel
from causal_service.panel.reading import read_panel
from causal_service.panel.summary import IndicatorSummary
from causal_service.rehearsal.rehearse import rehearse as rehearsed
from causal_service.rehearsal.results import Rehearsal
from causal_service.study_choices.design import design_findings
from causal_service.study_choices.findings import versions
from causal_service.study_choices.power_findings import Extent, power_findings
from causal_service.study_choices.question import check_options, question_of
from causal_service.study_choices.studied import (
    chosen_lag_order,
    lag_findings,
    refuse_if_stopped,
    refuse_removed_levers,
    studied_panel,
)
from causal_service.study_record import SCHEMA, Answer, Provenance, Study, StudyPlan

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["check", "study"]

Progress = Callable[[str, int, int], None]


def check(
    panel: str | Path | Sequence[str | Path] | pd.DataFrame,
    *,
    outcome: str | Sequence[str] = (),
    dictionary: str | Path | Dictionary | None = None,
    entity: str | None = None,
    period: str | None = None,
    weight: str | None = None,
    segment: str | None = None,
    knowledge: str | Path | None = None,
    stream: bool | None = None,
) -> tuple[Panel, Dictionary, tuple[Finding, ...]]:
    """Read a panel and check it; return (panel, dictionary, findings). Parameters and errors as ``study``."""
    known = read_dictionary(dictionary)
    if knowledge is not None:
        known = merge_knowledge(known, read_knowledge(knowledge))
    read = read_panel(
        panel, entity=entity, period=period, dictionary=known, weight=weight, segment=segment, stream=stream
    )
    outcomes = (outcome,) if isinstance(outcome, str) else tuple(outcome)
    return read.panel, known, (*read.findings, *check_panel(read.panel, known, outcomes))


@one_thread_per_library
def study(
    panel: str | Path | Sequence[str | Path] | pd.DataFrame,
    *,
    outcome: str | Sequence[str],
    dictionary: str | Path | Dictionary | None = None,
    entity: str | None = None,
    period: str | None = None,
    lever: str | Sequence[str] = (),
    lags: int | Literal["auto"] = 1,
    horizon: int = 3,
    resamples: int = 200,
    seed: int = 0,
    weight: str | None = None,
    segment: str | None = None,
    knowledge: str | Path | None = None,
    method: Method = "boss",
    rehearse: int = 0,
    crosscheck: bool = False,
    moderator: str | None = None,
    moderation_learner: Learner = "linear",
    threads: int | None = None,
    stream: bool | None = None,
    scheduler: str | None = None,
    progress: Progress | None = None,
) -> Study:
    """Go from a panel to ranked, explained levers.

    Parameters
    ----------
    panel : file, files (joined on entity and period) or data frame.
    outcome : key or display name of one or several outcomes.
    dictionary : file or ``Dictionary``; without one all indicators are untiered.
    entity, period : columns; default those the dictionary declares. No period = cross-section.
    lever : levers to rank; default the controllable ones, else every indicator that may precede the outcome.
    lags : number of lags in periods, or ``auto`` (BIC).
    horizon : periods ahead of the headline effect ``sustained(horizon)``.
    resamples : number of draws B, at least 20.
    seed : non-negative; same panel, plan and seed give the same bytes.
    weight : column with the observations behind a cell.
    segment : column with the group of each entity (region, customer group); effects are then told by segment as well.
    knowledge : file with further required and forbidden arrows.
    method : ``boss`` (ours) or ``pc``, ``ges``, ``fci`` through causal-learn.
    rehearse : number of simulated twins of the panel on which the whole plan is tried (20 or more; minutes). Their
        truth is known: they tell how far results can be trusted, and the levers' intervals are widened where needed.
    crosscheck : whether DoWhy is asked for a second opinion on how effects are identified and refuted (some 20 s).
    moderator : key or display name of an indicator along whose entity means the effects of levers to act on or to test
        are followed, through EconML (``pip install causal-service[heterogeneity]``).
    moderation_learner : ``linear`` (LinearDML: a straight line, quick) or ``forest`` (CausalForestDML: any shape, some
        seconds a lever).
    threads : worker threads; the result does not depend on it.
    stream : whether Parquet is read in pieces instead of into memory; default when it is large or a folder.
    scheduler : address of a Dask scheduler (``tcp://host:8786``) whose workers read large panels, learn from resamples
        and run rehearsals; they need this package and, for large panels, the file and the temporary folder at the same
        paths. The result does not depend on it.
    progress : called with (stage, done, of).

    Raises
    ------
    CallError : a wrong option or name; DataError : the data cannot carry the question (``FailedCheck`` names findings).
    MissingPart : a moderator is named and EconML is not installed.
    """
    check_options(lags, horizon, resamples, seed, method, threads, rehearse)
    require_moderation(moderator, moderation_learner)
    tell = progress or (lambda stage, done, of: None)
    tell("read", 0, 1)
    with cluster(scheduler):
        whole, known, findings = check(
            panel,
            outcome=outcome,
            dictionary=dictionary,
            entity=entity,
            period=period,
            weight=weight,
            segment=segment,
            knowledge=knowledge,
            stream=stream,
        )
    refuse_if_stopped(findings)
    question = question_of(whole, known, outcome, lever, horizon, resamples)
    along = None if moderator is None else moderator_of(moderator, whole, known, moderation_learner, findings)
    studied = studied_panel(whole, known, question, findings)
    refuse_removed_levers(lever, question, studied, (*findings, *studied.findings))
    order, chosen_by, late = chosen_lag_order(studied, known, lags)

    checked = (*findings, *studied.findings)
    workers = threads if threads is not None else (os.cpu_count() or 1)
    with cluster(scheduler):
        learned = infer(
            studied,
            known,
            question,
            checked,
            lags=order,
            method=method,
            seed=seed,
            threads=workers,
            late=late,
            progress=tell,
        )
        rehearsal, factors = None, dict[tuple[str, EffectKind], float]()
        if rehearse:
            tell("rehearse", 0, rehearse)
            rehearsal = rehearsed(
                learned,
                studied,
                known,
                question,
                checked,
                twins=rehearse,
                lags=order,
                method=method,
                seed=seed,
                threads=workers,
                progress=lambda done, of: tell("rehearse", done, of),
            )
            factors = dict(rehearsal.factors)
            learned = replace(learned, ranked=calibrated(learned, known, factors))

    designed = (
        *design_findings(studied.panel, learned.prepared, chosen_by),
        *lag_findings(late, known, order),
    )
    tell("explain", 0, 1)
    segments = by_segment(learned, question.outcomes, seed)
    if segments is not None and segments.reason is None:
        learned = doubted_by_segments(learned, known, factors, against_overall(segments, learned))
    described, frequency, prepared = learned.indicators, learned.panel.frequency, learned.prepared
    ranked: list[Lever] = []
    chains: list[Chain] = []
    contrast: list[Contrast] = []
    answers: list[Answer] = []
    for name, rows in learned.ranked.items():
        worded = tuple(_worded(row, described, frequency, len(rows)) for row in rows)
        paths = _chains(learned, worded)
        contrast += contrasts(whole, learned, known, checked, name, worded, paths)
        answers.append(Answer(name, answer_text(name, worded, described, frequency, studied.panel.regime)))
        ranked += worded
        chains += paths
    tell("explain", 1, 1)
    size = Extent(prepared.unit, prepared.entities, learned.panel.periods)
    small = power_findings(ranked, learned.usual_sd, size, known)
    asked = Asked(learned, studied, known, question, tuple(ranked), seed, workers, crosscheck, segments, along)
    depth = in_depth(asked, tell)
    if whole.behind is not None:
        whole.behind.close()
    return Study(
        schema=SCHEMA,
        regime=studied.panel.regime,
        panel=learned.panel,
        plan=StudyPlan(
            outcome=question.outcomes,
            levers=learned.levers,
            entity=studied.panel.entity_column,
            period=studied.panel.period_column,
            lags=order,
            lags_chosen=chosen_by,
            horizon=question.horizon,
            resamples=question.resamples,
            seed=seed,
            weight=weight,
            segment=studied.panel.segment_column,
            method=method,
            penalty=settled_penalty(prepared),
            headline=learned.headline,
            layers=known.layers,
            required=known.required,
            forbidden=known.forbidden,
            crosscheck=crosscheck,
            moderator=None if along is None else along.key,
            moderation_learner=None if along is None else along.learner,
        ),
        provenance=Provenance(seed, prepared.effective_n, prepared.steps, versions()),
        layers=known.layers,
        indicators=tuple(described.values()),
        answers=tuple(answers),
        findings=(*checked, *designed, *learned.findings, *small, *depth.findings),
        graph=learned.discovery.graph,
        effects=learned.effects,
        levers=tuple(ranked),
        chains=without_shares(chains, depth.mediation, learned),
        contrast=tuple(contrast),
        rehearsal=None if rehearsal is None else _with_sentences(rehearsal, learned),
        segments=depth.segments,
        entity_effects=depth.entity_effects,
        identification=depth.identification,
        checks=depth.checks,
        contours=depth.contours,
        crosscheck=depth.crosscheck,
        system=depth.system,
        mediation=with_both_orders(depth.mediation, chains, learned),
        doses=depth.doses,
        average_effects=depth.average_effects,
        moderation=depth.moderation,
    )


def _worded(row: RankedLever, described: Mapping[str, IndicatorSummary], frequency: str, listed: int) -> Lever:
    said = [(code, params) for code, params in row.reasons if listed > 3 or code != "in-top3-likely"]
    reasons = tuple(Reason(code, params, reason_text(code, params)) for code, params in said)
    lever = replace(row.lever, reasons=reasons)
    return replace(
        lever,
        sentence=lever_sentence(lever, described, frequency, listed),
        hidden_cause=hidden_cause_sentence(lever, described),
    )


def _with_sentences(rehearsal: Rehearsal, learned: Inference) -> Rehearsal:
    said = tuple(
        replace(
            row,
            sentence=rehearsal_sentence(
                row, rehearsal.calibrations, learned.headline, rehearsal.twins, learned.indicators
            ),
        )
        for row in rehearsal.outcomes
    )
    return replace(rehearsal, outcomes=said)


def _chains(learned: Inference, levers: Sequence[Lever]) -> tuple[Chain, ...]:
    coefficients = coefficient_draws(learned.discovery)
    links = frequent_links(fitted_draws(learned.discovery))
    return tuple(
        chain
        for row in levers
        for chain in chains_of(
            learned.prepared,
            learned.draws,
            coefficients,
            links,
            row.lever,
            row.outcome,
            row.kind,
            learned.indicators,
            learned.panel.frequency,
        )
    )
