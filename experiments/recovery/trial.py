"""One study of one simulated panel, and what came out beside the truth."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
from case import Case
from numpy.typing import NDArray
from scenarios import Scenario, make_case
from scoring import graph_f1

import causal_service as cs

KINDS = ("impact", "sustained", "cumulative")


def trial(scenario: Scenario, seed: int, resamples: int = 200) -> dict[str, Any]:
    """Study panel ``seed`` of a scenario and return numbers and short words only, ready for JSON.

    Effects are standardised: within-SDs of the outcome per within-SD of the lever.
    """
    case = make_case(scenario, seed)
    start = time.perf_counter()
    study = cs.study(
        case.frame,
        dictionary=case.dictionary,
        outcome=case.names[case.outcome],
        lags=scenario.lags,
        resamples=resamples,
        rehearse=scenario.rehearse,
        threads=1,
    )
    seconds = time.perf_counter() - start
    return {
        "seed": seed,
        "seconds": round(seconds, 3),
        "lags": study.plan.lags,
        "f1": _f1(case, study),
        "levers": _levers(case, study),
        "findings": sorted({f"{f.code}:{f.severity}" for f in study.findings if f.severity != "pass"}),
        "removed": sorted(set(case.names) - {node.name for node in study.graph.nodes}),
        "planted": list(case.planted),
        "rehearsal": _rehearsal(study),
    }


def _f1(case: Case, study: cs.Study) -> float:
    at = {name: j for j, name in enumerate(case.names)}
    p, lags = len(at), max((edge.lag for edge in study.graph.edges), default=0)
    directed, open_pairs = np.zeros((p, p), bool), np.zeros((p, p), bool)
    later = np.zeros((max(lags, 1), p, p), bool)
    for edge in study.graph.edges:
        if edge.mark == "<->":
            continue
        into = later[edge.lag - 1] if edge.lag > 0 else directed if edge.mark == "-->" else open_pairs
        into[at[edge.target], at[edge.source]] = True
    return round(graph_f1((case.now, case.lagged), directed, later, open_pairs), 6)


def _rehearsal(study: cs.Study) -> dict[str, Any] | None:
    """What the twins said about panels like this one."""
    if study.rehearsal is None:
        return None
    said = study.rehearsal.calibrations
    return {
        "top3_hit": study.rehearsal.outcomes[0].top3_hit,
        "coverage": {row.kind: row.coverage for row in said},
        "factor": {row.kind: row.factor for row in said},
    }


def _levers(case: Case, study: cs.Study) -> list[dict[str, Any]]:
    """One row per indicator but the outcome; an indicator that the study dropped has effect 0 and no verdict.

    A survey knows the same-period response only: it stands for the kept change too, which is the same without lags.
    """
    truth: dict[str, NDArray[np.float64]] = {kind: getattr(case, kind) for kind in KINDS}
    average = case.average if case.average is not None else [truth[kind] for kind in KINDS]
    effects = {(e.lever, e.kind): e for e in study.effects}
    ranked = {lever.lever: lever for lever in study.levers}
    rehearsed = () if study.rehearsal is None else study.rehearsal.effects
    calibrated = {(e.lever, e.kind): (e.low_calibrated, e.high_calibrated) for e in rehearsed}
    rows = []
    for j, name in enumerate(case.names):
        if j == case.outcome:
            continue
        unit = case.within_sd[j] / case.within_sd[case.outcome]
        row: dict[str, Any] = {"lever": name, "kind": case.kinds[j], "through": bool(case.through[j])}
        for kind in KINDS:
            effect = effects.get((name, kind), effects.get((name, "impact")))
            said = (0.0, 0.0, 0.0) if effect is None else (effect.value, effect.low, effect.high)
            row[kind] = [round(float(x * unit), 5) for x in (truth[kind][j], *said)]
        row["average"] = {kind: round(float(average[k][j] * unit), 5) for k, kind in enumerate(KINDS)}
        if calibrated:
            ends = {kind: calibrated.get((name, kind), (0.0, 0.0)) for kind in KINDS}
            row["calibrated"] = {kind: [round(float(x * unit), 5) for x in ends[kind]] for kind in KINDS}
        lever = ranked.get(name)
        if lever is not None:
            headline = effects[name, lever.kind]
            row |= {"rank": lever.rank, "p_top3": round(lever.p_top3, 4), "verdict": lever.verdict}
            row |= {"q": round(headline.q, 5), "robustness": round(lever.robustness, 4)}
            row["zero_share"] = round(headline.zero_share, 4)
            row["reasons"] = [reason.code for reason in lever.reasons]
        rows.append(row)
    return rows
