"""From answers and truths to figures: per panel, then mean and Monte-Carlo standard error over panels."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from answers import KINDS, Answer
from case import Case
from scoring import coverage, graph_f1, rank_correlation, rmse, top_recall
from summary import figure

Figures = dict[str, float]

LARGER_IS_BETTER = {
    "graph_f1": True,
    "top3_recall": True,
    "rank_correlation": True,
    "rmse_impact": False,
    "rmse_sustained": False,
    "rmse_cumulative": False,
}


def scores(case: Case, answer: Answer) -> Figures:
    """Figures of one answer; what the peer does not give is absent. Effects in within-SDs."""
    levers = np.arange(len(case.names)) != case.outcome
    unit = (case.within_sd / case.within_sd[case.outcome])[levers]
    true = {kind: getattr(case, kind)[levers] * unit for kind in KINDS}
    figures: Figures = {"seconds": sum(answer.seconds.values())}
    if answer.graph is not None:
        truth = case.now, case.lagged.any(axis=0)
        figures["graph_f1"] = graph_f1(truth, answer.graph.now, answer.graph.later, answer.graph.open)
    by = answer.effects["cumulative"][levers] * unit if answer.effects else _importance(answer)[levers]
    figures["top3_recall"] = top_recall(true["cumulative"], by)
    figures["rank_correlation"] = rank_correlation(true["cumulative"], by) if np.ptp(np.abs(by)) > 0 else 0.0
    for kind, values in answer.effects.items():
        figures[f"rmse_{kind}"] = rmse(true[kind], values[levers] * unit)
    for kind, (low, high) in answer.intervals.items():
        bounds = low[levers] * unit, high[levers] * unit
        figures[f"coverage_{kind}"] = coverage(true[kind], *bounds, true["cumulative"])
    return figures


def _importance(answer: Answer) -> np.ndarray[Any, np.dtype[np.float64]]:
    if answer.importance is None:
        raise ValueError("an answer needs effects or importances")
    return answer.importance


def table(panels: Mapping[str, Mapping[int, Figures]]) -> dict[str, Any]:
    """Per contender every figure's mean, standard error and panels, the CPU median and its ratio to ours."""
    ours = panels.get("ours", {})
    rows: dict[str, Any] = {}
    for key, by_seed in panels.items():
        if not by_seed:
            continue
        names = sorted({name for figures in by_seed.values() for name in figures} - {"seconds"})
        row: dict[str, Any] = {name: figure([f.get(name, math.nan) for f in by_seed.values()]) for name in names}
        row["panels"] = len(by_seed)
        row["seconds_median"] = round(float(np.median([f["seconds"] for f in by_seed.values()])), 4)
        ratios = [f["seconds"] / ours[s]["seconds"] for s, f in by_seed.items() if s in ours]
        row["times_ours"] = round(float(np.median(ratios)), 4) if ratios else None
        row["ours_better_by"] = {name: advantage(ours, by_seed, name) for name in LARGER_IS_BETTER if name in names}
        rows[key] = row
    return rows


def added(known: Mapping[str, Any], found: Mapping[str, Any], order: Sequence[str]) -> dict[str, Any]:
    """Both tables of a scenario, rows in order; ours, which ran beside whoever is added, stays as it was."""
    rows = {**found["contenders"], **known["contenders"]}
    rows |= {key: row for key, row in found["contenders"].items() if key != "ours"}
    return {
        "contenders": {key: rows[key] for key in order if key in rows},
        "without": known["without"] | found["without"],
    }


def advantage(ours: Mapping[int, Figures], theirs: Mapping[int, Figures], name: str) -> dict[str, Any]:
    """Paired difference on the same panels, positive where we are better.

    ``met`` by the bar-met rule (mean + 2 SE reaches 0, the wish to be at least as good); ``ahead`` and ``behind`` where
    the difference is beyond two standard errors.
    """
    sign = 1.0 if LARGER_IS_BETTER[name] else -1.0
    both = [sign * (ours[s][name] - f[name]) for s, f in theirs.items() if s in ours and name in f and name in ours[s]]
    gap = figure(both)
    mean, se = float(gap["mean"]), float(gap["se"])
    return {**gap, "met": mean + 2 * se >= 0, "ahead": mean - 2 * se > 0, "behind": mean + 2 * se < 0}


def best_setting(tried: Mapping[Any, Sequence[Figures]]) -> Any:
    """Setting with the largest mean graph F1 (top-3 recall is too coarse on a few panels); the first one of equals."""
    means = {value: np.mean([f["graph_f1"] for f in figures]) for value, figures in tried.items()}
    return max(means, key=lambda value: means[value])
