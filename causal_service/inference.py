"""The path from a studied panel to ranked levers: prepare, discover, doubt, estimate, rank."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from causal_service.discovery.discover import Discovery, Method, discover
from causal_service.discovery.late_links import late_doubts
from causal_service.discovery.layer_check import contradicted_layers
from causal_service.discovery.shared_traces import shared_traces
from causal_service.discovery.stability import EntitySlope, Shift, differing_slopes, shifted_effects
from causal_service.discovery.uneven_links import UnevenLink, uneven_links
from causal_service.effects.entity_effects import ways_over
from causal_service.effects.estimate import EffectDraws, effect_draws, effect_rows, widened
from causal_service.effects.observed_causes import strongest_causes
from causal_service.effects.results import Effect, EffectKind
from causal_service.graph.knowledge import Knowledge
from causal_service.levers.ranking import RankedLever, Suspicions, ranked_levers
from causal_service.levers.usual_spread import usual_sd
from causal_service.levers.verdicts import InSegments
from causal_service.panel.dictionary import Dictionary
from causal_service.panel.findings import Finding
from causal_service.panel.panel import Panel
from causal_service.panel.summary import IndicatorSummary, PanelSummary, summarise
from causal_service.preparation.halves import Halves, halves_of
from causal_service.preparation.lag_order import LateLink
from causal_service.preparation.prepared import Prepared, prepare, prepared_from
from causal_service.preparation.within_rows import WithinRows, within_rows
from causal_service.study_choices.findings import (
    bent_findings,
    driver_findings,
    layer_findings,
    library_findings,
    unapplied_knowledge,
)
from causal_service.study_choices.question import Question
from causal_service.study_choices.stability_findings import (
    drift_findings,
    kept_drift_findings,
    shift_findings,
    slope_findings,
    uneven_findings,
)
from causal_service.study_choices.studied import Studied
from causal_service.study_choices.suspicions import combined_suspicions
from causal_service.study_choices.trace_findings import trace_findings

__all__ = ["Inference", "calibrated", "doubted_by_segments", "infer"]

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True, eq=False)
class Inference:
    """What a panel says about a question, before it is put into words."""

    prepared: Prepared
    """Moments."""
    within: WithinRows | None
    """The rows behind the moments; ``None`` where they are on disk."""
    discovery: Discovery
    """The graph and the draws behind it."""
    draws: EffectDraws
    """Effects per draw."""
    effects: tuple[Effect, ...]
    """Every lever x outcome x kind."""
    headline: Literal["impact", "sustained"]
    """Kind of effect that is ranked."""
    levers: tuple[str, ...]
    """Keys of the levers that are in the study, sorted."""
    panel: PanelSummary
    """Size and identity of the panel."""
    indicators: Mapping[str, IndicatorSummary]
    """What a reader needs to know of each indicator, by key."""
    usual_sd: Mapping[str, float]
    """How far every outcome usually moves, its unit: its within-SD, less where that rests on the tails."""
    findings: tuple[Finding, ...]
    """What learning brought to light."""
    suspicions: Mapping[str, Suspicions]
    """What all checks together say about single indicators, by outcome."""
    ranked: Mapping[str, tuple[RankedLever, ...]]
    """Ranked levers by outcome, best first."""
    slopes: tuple[EntitySlope, ...] = ()
    """Relations known to differ by entity."""
    uneven: tuple[UnevenLink, ...] = ()
    """Links whose coefficient over all rows is not that of the average entity."""
    knowledge: Knowledge | None = None
    """What was known before learning."""


def infer(
    studied: Studied,
    dictionary: Dictionary,
    question: Question,
    checked: Sequence[Finding],
    *,
    lags: int,
    method: Method,
    seed: int,
    threads: int,
    late: Sequence[LateLink] = (),
    progress: Progress | None = None,
) -> Inference:
    """Learn from a panel and rank its levers.

    Parameters
    ----------
    studied : the panel without what the checks removed.
    dictionary : layers, knowledge, transforms, steps.
    question : outcomes, levers, horizon in periods, number of draws.
    checked : findings of the checks; suspected leaks and failed indicators bear on the verdicts.
    lags : number of lags L.
    method : search.
    seed : non-negative; same seed, same bytes.
    threads : worker threads; the result does not depend on it.
    late : what acts later than ``lags``; effects that this puts in doubt are at most *test*.
    progress : called with (stage, done, of).

    Raises
    ------
    DataError : ``too-few-rows``.
    """
    tell = progress or (lambda stage, done, of: None)
    tell("prepare", 0, 1)
    prepared, within, halves = _prepared(studied, dictionary, lags)
    headline: Literal["impact", "sustained"] = "sustained" if prepared.lags > 0 and question.horizon > 0 else "impact"
    layers = {name: entry.layer for name, entry in dictionary.indicators.items()}
    background = _background(prepared.names, dictionary, lags)

    tell("discover", 0, question.resamples)
    discovery = discover(
        prepared,
        background,
        layers=layers,
        outcomes=question.outcomes,
        horizon=question.horizon,
        method=method,
        resamples=question.resamples,
        seed=seed,
        threads=threads,
        progress=lambda done, of: tell("discover", done, of),
    )
    contradictions = contradicted_layers(prepared, background, discovery, seed=seed, threads=threads)
    plausible = tuple(driver for driver in discovery.drivers if driver.plausible)
    traces = shared_traces(discovery, question.outcomes)

    shifts: tuple[Shift, ...] = ()
    slopes: tuple[EntitySlope, ...] = ()
    levers = tuple(name for name in question.levers if name in prepared.names)
    if halves is not None:
        told = (prepared, halves, discovery, levers, question.outcomes)
        shifts = shifted_effects(*told, horizon=question.horizon, seed=seed)
        slopes = differing_slopes(prepared, halves, discovery)

    uneven = uneven_links(prepared, within, discovery, levers, question.outcomes) if within is not None else ()

    tell("effects", 0, 1)
    draws = effect_draws(prepared, discovery, question.horizon)
    units = {name: dictionary.indicators[name].unit for name in prepared.names if name in dictionary.indicators}
    effects = effect_rows(draws, discovery, levers, question.outcomes, units)
    summary, indicators = summarise(studied.panel, dictionary, prepared.within_sd, prepared.row_totals)
    described = {entry.key: entry for entry in indicators}
    findings = (
        *unapplied_knowledge(dictionary, prepared.names),
        *layer_findings(contradictions, dictionary),
        *driver_findings(plausible, discovery, dictionary, levers),
        *trace_findings(traces, plausible, dictionary, levers),
        *drift_findings(prepared),
        *kept_drift_findings(studied.panel, dictionary, studied.totals, lags),
        *shift_findings(shifts, dictionary),
        *slope_findings(slopes, dictionary),
        *uneven_findings(uneven, dictionary),
        *library_findings(discovery, prepared),
        *bent_findings(discovery, dictionary),
    )
    said = (*checked, *findings)
    opposite = [slope for slope in slopes if slope.sd > abs(slope.mean)]  # in many entities
    over_uneven, over_opposite = ways_over(discovery, uneven), ways_over(discovery, opposite)
    suspicions = {
        name: combined_suspicions(
            said, contradictions, plausible, traces, shifts, late_doubts(late, discovery, name),
            _sources(discovery, over_uneven, name), _sources(discovery, over_opposite, name), studied, name,
        )
        for name in question.outcomes
    }  # fmt: skip
    usual = {name: _usual_sd(studied.panel, prepared, name) for name in question.outcomes}
    unranked = Inference(
        prepared, within, discovery, draws, effects, headline, levers, summary, described, usual, findings, suspicions,
        {}, slopes, uneven, background,
    )  # fmt: skip
    return replace(unranked, ranked=_ranked(unranked, dictionary, {}))


def _sources(discovery: Discovery, over: NDArray[np.bool_], outcome: str) -> frozenset[str]:
    """Return the indicators from which ``over`` (p, p) [y, x] has a way to the outcome."""
    names = discovery.names
    return frozenset(names[int(x)] for x in np.flatnonzero(over[names.index(outcome)]))


def calibrated(
    learned: Inference, dictionary: Dictionary, factors: Mapping[tuple[str, EffectKind], float]
) -> Mapping[str, tuple[RankedLever, ...]]:
    """Return the ranked levers by outcome with every interval widened by the factor of its outcome and kind.

    Order, values and probabilities stay; intervals, q and hence verdicts get stricter.
    """
    wide = replace(learned, effects=widened(learned.effects, factors))
    return _ranked(wide, dictionary, factors)


def doubted_by_segments(
    learned: Inference,
    dictionary: Dictionary,
    factors: Mapping[tuple[str, EffectKind], float],
    said: Mapping[tuple[str, str], InSegments],
) -> Inference:
    """Return the inference judged again with what segments say, by lever and outcome; no number changes."""
    suspicions = {
        outcome: replace(known, segments={lever: words for (lever, y), words in said.items() if y == outcome})
        for outcome, known in learned.suspicions.items()
    }
    again = replace(learned, suspicions=suspicions)
    return replace(again, ranked=calibrated(again, dictionary, factors))


def _ranked(
    learned: Inference, dictionary: Dictionary, factors: Mapping[tuple[str, EffectKind], float]
) -> Mapping[str, tuple[RankedLever, ...]]:
    prepared = learned.prepared
    return {
        name: ranked_levers(
            learned.draws,
            learned.effects,
            learned.indicators,
            dictionary,
            name,
            levers=learned.levers,
            kind=learned.headline,
            suspicions=suspicions,
            effective_n=prepared.effective_n,
            entities=prepared.entities,
            unit=prepared.unit,
            widening=factors.get((name, learned.headline), 1.0),
            observed=strongest_causes(prepared, learned.discovery, learned.levers, name),
            usual_sd=learned.usual_sd[name],
        )
        for name, suspicions in learned.suspicions.items()
    }


def _usual_sd(panel: Panel, prepared: Prepared, name: str) -> float:
    return usual_sd(panel.values[:, :, panel.indicators.index(name)], prepared.within_sd[name])


def _prepared(studied: Studied, dictionary: Dictionary, lags: int) -> tuple[Prepared, WithinRows | None, Halves | None]:
    """Return the moments, and the rows and the moments of the two halves of the time where the rows are at hand."""
    if studied.panel.behind is not None:
        return prepare(studied.panel, dictionary, studied.totals, lags), None, None
    within = within_rows(studied.panel, dictionary, studied.totals, lags)
    prepared = prepared_from(within)
    return prepared, within, halves_of(within, prepared)


def _background(names: Sequence[str], dictionary: Dictionary, lags: int) -> Knowledge:
    """Return tiers, required and forbidden arrows among the indicators that are studied."""
    entries = dictionary.indicators
    return Knowledge.build(
        names,
        {name: entries[name].layer if name in entries else None for name in names},
        dictionary.layers,
        required=[a for a in dictionary.required if {a[0], a[1]} <= set(names)],
        forbidden=[a for a in dictionary.forbidden if {a[0], a[1]} <= set(names)],
        max_lag=lags,
    )
