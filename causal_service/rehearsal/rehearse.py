"""The verb ``rehearse``: twins of the user's panel go through the user's plan, and the truth about them is known."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from threadpoolctl import threadpool_limits

from causal_service.discovery.discover import Method
from causal_service.discovery.resampling import block_weights
from causal_service.effects.estimate import widened
from causal_service.errors import DataError
from causal_service.inference import Inference, infer
from causal_service.numerics.fan_out import in_order
from causal_service.numerics.keyed_random import key_of
from causal_service.panel.dictionary import Dictionary
from causal_service.panel.findings import Finding
from causal_service.panel.panel import Panel
from causal_service.rehearsal.calibration import calibrated
from causal_service.rehearsal.levels import Levels, levels_of
from causal_service.rehearsal.marginals import Marginal
from causal_service.rehearsal.nulls import with_a_null
from causal_service.rehearsal.results import CalibratedEffect, Rehearsal
from causal_service.rehearsal.scales import Scale
from causal_service.rehearsal.scores import lever_scores, outcome_scores
from causal_service.rehearsal.trial import Trial, scored
from causal_service.rehearsal.truth import true_effects
from causal_service.rehearsal.twins import Twin, marginals_of, scales_of, system_of, twin_of
from causal_service.study_choices.question import Question
from causal_service.study_choices.studied import Studied

__all__ = ["rehearse"]

_PURPOSE = 11
"""Key of the rehearsal's random numbers."""
_TRIES = 5
"""Twins that are drawn before one in which every indicator varies is given up."""


@dataclass(frozen=True, slots=True, eq=False)
class _Plan:
    """What every twin needs."""

    learned: Inference
    studied: Studied
    dictionary: Dictionary
    question: Question
    checked: Sequence[Finding]
    lags: int
    method: Method
    seed: int
    twins: int
    levels: Levels
    scales: tuple[Scale, ...]
    marginals: tuple[Marginal, ...]


def rehearse(
    learned: Inference,
    studied: Studied,
    dictionary: Dictionary,
    question: Question,
    checked: Sequence[Finding],
    *,
    twins: int,
    lags: int,
    method: Method,
    seed: int,
    threads: int,
    progress: Callable[[int, int], None] | None = None,
) -> Rehearsal:
    """Run a plan on twins of its panel and return how far it can be trusted there.

    Every twin comes from another draw of the graph and its coefficients, so that the truth varies as far as it is
    uncertain.

    Parameters
    ----------
    learned : what ``infer`` said about the panel.
    studied, dictionary, question, checked, lags, method, seed : as it was given to ``infer``.
    twins : number of twins.
    threads : twins at a time; the result does not depend on it.
    progress : called with (done, of) after each twin.
    """
    studied = _with_panel(studied, replace(studied.panel, behind=None))
    levels = levels_of(studied.panel, dictionary, studied.totals, lags)
    scales, marginals = scales_of(studied.panel, levels), marginals_of(studied.panel, dictionary)
    plan = _Plan(learned, studied, dictionary, question, checked, lags, method, seed, twins, levels, scales, marginals)
    from sklearn.exceptions import ConvergenceWarning  # takes a second to import

    done: list[tuple[Trial, ...]] = []
    with threadpool_limits(1), warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # a link only has to be plausible
        for trials in in_order(_rehearsed, plan, range(twins), threads):
            done.append(trials)
            if progress is not None:
                progress(len(done), twins)
    by_outcome = [tuple(trials) for trials in zip(*(trials for trials in done if trials), strict=True)]
    return _summary(by_outcome, learned, twins)


def _rehearsed(plan: _Plan, k: int) -> tuple[Trial, ...]:
    """Return the trials of twin k, one per outcome; none when it cannot be studied or an indicator does not vary."""
    learned, levels, question = plan.learned, plan.levels, plan.question
    prepared, draws = learned.prepared, learned.discovery.draws
    key = np.uint64(key_of(plan.seed, k, _PURPOSE))
    rng = np.random.Generator(np.random.Philox(key=np.array([key, 1], np.uint64)))
    index = k * len(draws) // plan.twins
    blocks = block_weights(prepared, plan.seed, index)[0]
    weight = blocks[levels.rows.blocks.code % blocks.size] * levels.rows.rows.weight
    at = [prepared.names.index(name) for name in learned.levers]
    outcomes = [prepared.names.index(name) for name in question.outcomes]
    draw = draws[index]
    member, lines = draw.members[0], draw.fitted
    if k % 2:
        free = [j for j in at if prepared.names[j] not in _fixed(plan)]
        member, lines = with_a_null(member, lines, free, outcomes, k // 2)
    system = system_of(levels, plan.scales, plan.marginals, member, lines, weight, draw.loadings)
    for _ in range(_TRIES):
        twin = twin_of(system, plan.studied.panel, rng)
        if _varies(twin, levels):
            break
    else:
        return ()
    sd = np.array([prepared.within_sd[name] for name in prepared.names])
    truth = true_effects(system, twin, at, sd, question.horizon, rng)
    try:
        said = infer(
            _with_panel(plan.studied, twin.panel),
            plan.dictionary,
            question,
            plan.checked,
            lags=plan.lags,
            method=plan.method,
            seed=int(key >> np.uint64(2)),
            threads=1,
        )
    except DataError:
        return ()
    return tuple(scored(said, name, truth, plan.dictionary, learned.indicators) for name in question.outcomes)


def _fixed(plan: _Plan) -> frozenset[str]:
    """Return indicators whose arrows are not ours to cut: parts of totals and sources of required arrows."""
    parts = {part for total in plan.learned.prepared.totals for part in total.parts}
    return frozenset(parts | {cause for cause, _, _ in plan.dictionary.required})


def _with_panel(studied: Studied, panel: Panel) -> Studied:
    return Studied(panel, studied.totals, studied.findings, studied.equations)


def _varies(twin: Twin, levels: Levels) -> bool:
    """Whether every indicator of a twin is finite and varies once effects are removed."""
    at = levels.rows.rows
    now = twin.grid[at.entity, at.time]
    if not np.isfinite(now).all():
        return False
    spread = levels.rows.without_effects(now).std(axis=0)
    return bool((spread > 1e-6 * levels.sd).all())


def _summary(by_outcome: Sequence[tuple[Trial, ...]], learned: Inference, asked: int) -> Rehearsal:
    calibrations = tuple(c for trials in by_outcome for c in calibrated(trials))
    wide = widened(learned.effects, {(c.outcome, c.kind): c.factor for c in calibrations})
    stated = {
        outcome: {row.lever.lever: row.lever.smallest_detectable for row in rows}
        for outcome, rows in learned.ranked.items()
    }
    return Rehearsal(
        twins=len(by_outcome[0]) if by_outcome else 0,
        asked=asked,
        outcomes=tuple(outcome_scores(trials) for trials in by_outcome),
        calibrations=calibrations,
        effects=tuple(CalibratedEffect(e.lever, e.outcome, e.kind, e.low, e.high) for e in wide),
        levers=tuple(
            row for trials in by_outcome for row in lever_scores(trials, learned.headline, stated[trials[0].outcome])
        ),
    )
