"""One rehearsed study beside the truth, and what many of them say together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from case import Case
from numpy.typing import NDArray
from scoring import NONZERO, largest

import causal_service as cs
from causal_service.rehearsal.results import Rehearsal

Array = NDArray[np.float64]

JUDGED = ("impact", "sustained")


def record(case: Case, *, twins: int, resamples: int) -> dict[str, Any]:
    """Study a panel with a rehearsal and return plain numbers."""
    study = cs.study(
        case.frame,
        dictionary=case.dictionary,
        outcome=case.names[case.outcome],
        resamples=resamples,
        rehearse=twins,
        threads=1,
    )
    found = study.rehearsal
    if found is None:
        raise ValueError("the study was not rehearsed")
    truth = case.average if case.average is not None else np.stack([case.impact, case.sustained, case.cumulative])
    unit = case.within_sd / case.within_sd[case.outcome]
    counted = {n for j, n in enumerate(case.names) if j != case.outcome and abs(truth[2, j] * unit[j]) > NONZERO}
    true = {kind: dict(zip(case.names, truth[i], strict=True)) for i, kind in enumerate(JUDGED)}
    return {
        "intervals": {kind: _intervals(study, found, kind, true[kind], counted) for kind in JUDGED},
        "ranking": _ranking(study, found, case, truth[1] * unit),
        "claims": _claims(study, found, true["sustained"]),
    }


def _intervals(
    study: cs.Study, found: Rehearsal, kind: str, true: dict[str, float], counted: set[str]
) -> dict[str, float | None]:
    own = next(c for c in found.calibrations if c.kind == kind)
    raw = {e.lever: (e.low, e.high) for e in study.effects if e.kind == kind and e.lever in counted}
    wide = {e.lever: (e.low_calibrated, e.high_calibrated) for e in found.effects if e.kind == kind}
    if not raw:
        return {"raw": None, "calibrated": None, "predicted": own.coverage, "factor": own.factor}
    held = [low <= true[lever] <= high for lever, (low, high) in raw.items()]
    held_wide = [wide[lever][0] <= true[lever] <= wide[lever][1] for lever in raw]
    return {
        "raw": float(np.mean(held)),
        "calibrated": float(np.mean(held_wide)),
        "predicted": own.coverage,
        "factor": own.factor,
    }


def _ranking(study: cs.Study, found: Rehearsal, case: Case, standardised: Array) -> dict[str, float | None]:
    said = sorted(study.levers, key=lambda lever: (lever.rank, lever.lever))
    others = np.where(np.arange(len(case.names)) == case.outcome, 0.0, standardised)
    best = {case.names[j] for j in largest(others)}
    first = case.names[int(np.argmax(np.abs(others)))]
    row = found.outcomes[0]
    return {
        "top1": float(said[0].lever == first),
        "top3": len(best & {lever.lever for lever in said[:3]}) / 3,
        "top1_predicted": row.top1_hit,
        "top3_predicted": row.top3_hit,
        "top3_stated": float(np.mean([lever.p_top3 for lever in said[:3]])),
    }


def _claims(study: cs.Study, found: Rehearsal, true: dict[str, float]) -> dict[str, float | None]:
    """Wrong calls to act, and how often effects on either side of the smallest detectable one were found."""
    row = found.outcomes[0]
    acts = [lever for lever in study.levers if lever.verdict == "act"]
    q = {e.lever: e.q for e in study.effects if e.kind == "sustained"}
    size = {lever.lever: abs(true[lever.lever] * lever.step) for lever in study.levers}
    found_at = {lever: q[lever] <= 0.05 for lever in size if size[lever] > 0}
    limit = np.inf if row.smallest_detectable is None else row.smallest_detectable
    above = [seen for lever, seen in found_at.items() if size[lever] >= limit]
    below = [seen for lever, seen in found_at.items() if size[lever] < limit]
    return {
        "acts": float(len(acts)),
        "wrong": float(sum(size[lever.lever] == 0 for lever in acts)),
        "wrong_predicted": row.false_act_rate,
        "found_above": _mean(above),
        "found_below": _mean(below),
    }


def _mean(values: Sequence[Any]) -> float | None:
    return float(np.mean(values)) if len(values) else None


def summarised(records: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Means over panels with their standard errors."""
    parts: dict[str, Any] = {"panels": len(records)}
    for kind in JUDGED:
        rows = [r["intervals"][kind] for r in records]
        parts[kind] = {
            key: _average([row[key] for row in rows]) for key in ("raw", "predicted", "calibrated", "factor")
        }
        parts[kind]["largest_factor"] = max(row["factor"] for row in rows)
    parts["ranking"] = {key: _average([r["ranking"][key] for r in records]) for key in records[0]["ranking"]}
    claims = [r["claims"] for r in records]
    acts = sum(c["acts"] for c in claims)
    parts["wrong_acts"] = {"acts": acts, "share": sum(c["wrong"] for c in claims) / acts if acts else None}
    parts["claims"] = {
        key: _average([c[key] for c in claims]) for key in ("wrong_predicted", "found_above", "found_below")
    }
    return parts


def _average(values: Sequence[float | None]) -> dict[str, float | None]:
    known = [float(v) for v in values if v is not None]
    error = float(np.std(known, ddof=1) / np.sqrt(len(known))) if len(known) > 1 else None
    return {"mean": _mean(known), "error": error}
