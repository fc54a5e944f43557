"""Ranking, verdicts and detectable effects on the twins, beside the truth (METHOD, Definitions)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from causal_service.effects.estimate import KINDS
from causal_service.effects.results import EffectKind
from causal_service.levers.ranking import POWER_FACTOR
from causal_service.rehearsal.results import RehearsedLever, RehearsedOutcome
from causal_service.rehearsal.trial import Trial

__all__ = ["lever_scores", "outcome_scores"]

Array = NDArray[np.float64]

POWER = 0.8
"""Share of cases in which an effect must be found to count as detectable."""
_BEST = 3


def outcome_scores(trials: Sequence[Trial]) -> RehearsedOutcome:
    """Return how ranking and verdicts for one outcome fared."""
    with_best = [trial for trial in trials if (trial.gain > 0).any()]
    acts = [np.array([v == "act" for v in trial.verdicts], bool) for trial in trials]
    false = [told & (trial.gain <= 0) for told, trial in zip(acts, trials, strict=True)]
    told, wrong = int(sum(a.sum() for a in acts)), int(sum(f.sum() for f in false))
    top1 = [_chosen(trial, 1) for trial in with_best]
    top3 = [_chosen(trial, _BEST) for trial in with_best]
    hits = int(sum(hit for hit, _ in top1))
    detectable = _detectable(trials)
    missing = {
        "nothing-helps": not with_best,
        "nothing-found": detectable is None,
        "no-act": told == 0,
    }
    return RehearsedOutcome(
        outcome=trials[0].outcome,
        ranked=len(with_best),
        top1_hits=hits,
        top1_hit=hits / len(with_best) if with_best else None,
        top1_stated=_mean([stated for _, stated in top1]),
        top3_hit=_mean([hit for hit, _ in top3]),
        top3_stated=_mean([stated for _, stated in top3]),
        acts=told,
        false_acts=wrong,
        false_act_rate=wrong / told if told else None,
        false_act_twins=float(np.mean([f.any() for f in false])),
        nulls=int(sum((trial.gain == 0).sum() for trial in trials)),
        smallest_detectable=detectable,
        reason=" ".join(code for code, holds in missing.items() if holds) or None,
    )


def _chosen(trial: Trial, k: int) -> tuple[float, float]:
    """Return (share of the k levers ranked first that are among the true best k, what was stated)."""
    k = min(k, len(trial.levers))
    chosen = np.argsort(trial.rank, kind="stable")[:k]
    threshold = np.sort(trial.gain)[::-1][k - 1]
    good = (trial.gain > 0) & (trial.gain >= threshold * (1 - 1e-9))
    stated = trial.p_top1 if k == 1 else trial.p_top3
    return float(good[chosen].mean()), float(stated[chosen].mean())


def _mean(values: Sequence[float]) -> float | None:
    return float(np.mean(values)) if values else None


def _detectable(trials: Sequence[Trial]) -> float | None:
    """Smallest size of a true effect of one step from which on ``POWER`` of them are found, by isotonic regression."""
    from sklearn.isotonic import IsotonicRegression

    size = np.concatenate([np.abs(trial.gain) for trial in trials])
    found = np.concatenate([trial.found for trial in trials])[size > 0]
    size = size[size > 0]
    if size.size == 0:
        return None
    power = IsotonicRegression(out_of_bounds="clip").fit_transform(size, found.astype(np.float64))
    seen = size[np.asarray(power) >= POWER]
    return float(seen.min()) if seen.size else None


def lever_scores(trials: Sequence[Trial], headline: EffectKind, stated: dict[str, float]) -> tuple[RehearsedLever, ...]:
    """Return what the trials of one outcome say about each lever.

    Parameters
    ----------
    headline : kind that is ranked.
    stated : smallest detectable effect by lever, from the study's own draws; the rehearsal never goes below it.
    """
    kind = KINDS.index(headline)
    first = trials[0]
    off = np.stack([trial.value[kind] - trial.truth[kind] for trial in trials])
    error = np.sqrt((off**2).mean(0))
    step = np.mean([trial.step for trial in trials], axis=0)
    nulls = np.sum([trial.truth[kind] == 0 for trial in trials], axis=0)
    return tuple(
        RehearsedLever(
            lever=name,
            outcome=first.outcome,
            nulls=int(nulls[i]),
            error=float(error[i]),
            smallest_detectable=max(POWER_FACTOR * float(error[i] * step[i]), stated[name]),
        )
        for i, name in enumerate(first.levers)
    )
