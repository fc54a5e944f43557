"""From the records of a scenario to its figures: mean over panels and Monte-Carlo standard error over panels."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scoring import coverage, largest, median_width, rank_correlation, rmse, top_recall

Array = NDArray[np.float64]
Record = dict[str, Any]
Figure = dict[str, float | int]

KINDS = ("impact", "sustained", "cumulative")
VERDICTS = ("act", "test", "watch", "insufficient")
SIZES = (0.0, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5, math.inf)
"""Edges of the bins of the power curve, true sustained effect in within-SD per within-SD."""


def summarise(records: Sequence[Record]) -> dict[str, Any]:
    """Figures of one scenario: ``{name: {mean, se, panels}}``, verdict shares, power curve, findings."""
    figures = {name: figure([measure(record) for record in records]) for name, measure in MEASURES.items()}
    return {
        "panels": len(records),
        "seconds_median": round(float(np.median([r["seconds"] for r in records])), 2),
        "figures": figures,
        "verdicts": _verdicts(records),
        "power": power_curve(records),
        "lags": _shares([str(r["lags"]) for r in records], len(records)),
        "findings": _shares([finding for r in records for finding in r["findings"]], len(records)),
        "removed": _shares([finding for r in records for finding in r["removed"]], len(records)),
        "reasons": _reasons(records),
    }


def figure(values: Sequence[float]) -> Figure:
    """Mean, standard error over panels and number of panels that have a value."""
    known = np.array([v for v in values if not math.isnan(v)])
    if known.size == 0:
        return {"mean": 0.0, "se": 0.0, "panels": 0}
    se = float(known.std(ddof=1) / math.sqrt(known.size)) if known.size > 1 else 0.0
    return {"mean": round(float(known.mean()), 4), "se": round(se, 4), "panels": int(known.size)}


def columns(record: Record, kind: str) -> tuple[Array, Array, Array, Array]:
    """(true, value, low, high), each over the levers."""
    table = np.array([row[kind] for row in record["levers"]], float)
    return table[:, 0], table[:, 1], table[:, 2], table[:, 3]


def _covered(kind: str) -> Callable[[Record], float]:
    def measure(record: Record) -> float:
        true, _, low, high = columns(record, kind)
        return coverage(true, low, high, columns(record, "cumulative")[0])

    return measure


def _covered_average(kind: str) -> Callable[[Record], float]:
    """The same levers, against the truth averaged over the panel."""

    def measure(record: Record) -> float:
        _, _, low, high = columns(record, kind)
        average = np.array([row["average"][kind] for row in record["levers"]])
        return coverage(average, low, high, columns(record, "cumulative")[0])

    return measure


def _calibrated(record: Record, kind: str) -> tuple[Array, Array]:
    """(low, high) of the calibrated intervals; empty without a rehearsal."""
    table = np.array([row["calibrated"][kind] for row in record["levers"] if "calibrated" in row], float).reshape(-1, 2)
    return table[:, 0], table[:, 1]


def _covered_calibrated(kind: str) -> Callable[[Record], float]:
    def measure(record: Record) -> float:
        low, high = _calibrated(record, kind)
        cumulative = columns(record, "cumulative")[0]
        return coverage(columns(record, kind)[0], low, high, cumulative) if low.size else float("nan")

    return measure


def _width_calibrated(kind: str) -> Callable[[Record], float]:
    def measure(record: Record) -> float:
        low, high = _calibrated(record, kind)
        return median_width(low, high, columns(record, "cumulative")[0]) if low.size else float("nan")

    return measure


def _rehearsed(*keys: str) -> Callable[[Record], float]:
    """A figure that the twins gave; NaN without a rehearsal or where they gave none."""

    def measure(record: Record) -> float:
        found = record["rehearsal"]
        for key in keys:
            found = None if found is None else found[key]
        return float("nan") if found is None else float(found)

    return measure


def _width(kind: str) -> Callable[[Record], float]:
    def measure(record: Record) -> float:
        _, _, low, high = columns(record, kind)
        return median_width(low, high, columns(record, "cumulative")[0])

    return measure


def _compared(kind: str, measure: Callable[[Array, Array], float]) -> Callable[[Record], float]:
    def measured(record: Record) -> float:
        true, said, _, _ = columns(record, kind)
        return measure(true, said) if true.any() else float("nan")

    return measured


def verdict_share(verdict: str) -> Callable[[Record], float]:
    """Share of the listed levers with this verdict."""

    def measure(record: Record) -> float:
        listed = [row["verdict"] for row in record["levers"] if "verdict" in row]
        return listed.count(verdict) / len(listed) if listed else float("nan")

    return measure


def _top3_act(record: Record) -> float:
    true = columns(record, "sustained")[0]
    if not true.any():
        return float("nan")
    return float(np.mean([record["levers"][j].get("verdict") == "act" for j in largest(true)]))


def _stated_top3(record: Record) -> float:
    """Mean over the levers chosen; NaN where nothing can be chosen."""
    return float(np.mean([row["p_top3"] for row in _chosen(record)])) if _chosen(record) else float("nan")


def _hit_top3(record: Record) -> float:
    true = columns(record, "sustained")[0]
    best = {record["levers"][j]["lever"] for j in largest(true)} if true.any() else set()
    return float(np.mean([row["lever"] in best for row in _chosen(record)])) if _chosen(record) else float("nan")


def _chosen(record: Record) -> list[dict[str, Any]]:
    """The three levers ranked first."""
    ranked = [row for row in record["levers"] if "rank" in row]
    return sorted(ranked, key=lambda row: (row["rank"], row["lever"]))[:3]


def _any_act(record: Record) -> float:
    return float(any(row.get("verdict") == "act" for row in record["levers"]))


def _false_act(record: Record) -> float:
    """Share of the truly zero levers that are told to be acted on."""
    zero = [row for row in record["levers"] if row["sustained"][0] == 0 and row["impact"][0] == 0]
    return float(np.mean([row.get("verdict") == "act" for row in zero])) if zero else float("nan")


def _planted(wanted: tuple[str, ...]) -> Callable[[Record], float]:
    def measure(record: Record) -> float:
        planted = [row for row in record["levers"] if row["lever"] in record["planted"]]
        return float(np.mean([row.get("verdict") in wanted for row in planted])) if planted else float("nan")

    return measure


MEASURES: dict[str, Callable[[Record], float]] = {
    "graph_f1": lambda r: float(r["f1"]),
    "top3_recall": _compared("cumulative", top_recall),
    "top3_recall_sustained": _compared("sustained", top_recall),
    "rank_correlation": _compared("cumulative", rank_correlation),
    "rank_correlation_sustained": _compared("sustained", rank_correlation),
    "rmse_cumulative": _compared("cumulative", rmse),
    **{f"coverage_{kind}": _covered(kind) for kind in KINDS},
    **{f"coverage_average_{kind}": _covered_average(kind) for kind in KINDS},
    **{f"width_{kind}": _width(kind) for kind in KINDS},
    **{f"coverage_calibrated_{kind}": _covered_calibrated(kind) for kind in KINDS},
    **{f"width_calibrated_{kind}": _width_calibrated(kind) for kind in KINDS},
    **{f"twins_coverage_{kind}": _rehearsed("coverage", kind) for kind in KINDS},
    **{f"twins_factor_{kind}": _rehearsed("factor", kind) for kind in KINDS},
    "twins_top3_hit": _rehearsed("top3_hit"),
    "p_top3_stated": _stated_top3,
    "p_top3_hit": _hit_top3,
    "p_top3_gap": lambda r: _stated_top3(r) - _hit_top3(r),
    "power_top3_act": _top3_act,
    "insufficient": verdict_share("insufficient"),
    "any_act": _any_act,
    "false_act": _false_act,
    "leak_act": _planted(("act",)),
    "leak_test": _planted(("test",)),
}


def _verdicts(records: Sequence[Record]) -> dict[str, float]:
    return {verdict: float(figure([verdict_share(verdict)(r) for r in records])["mean"]) for verdict in VERDICTS}


def power_curve(records: Sequence[Record]) -> list[dict[str, float | int | None]]:
    """P(act) by size of the true sustained effect; the first bin holds the levers without any effect."""
    sizes, acts, panels = [], [], []
    for number, record in enumerate(records):
        for row in record["levers"]:
            sizes.append(abs(row["sustained"][0]))
            acts.append(row.get("verdict") == "act")
            panels.append(number)
    size, act, panel = np.array(sizes), np.array(acts, float), np.array(panels)
    bins = [(0.0, 0.0, size == 0)]
    bins += [(low, high, (size > low) & (size <= high)) for low, high in pairwise(SIZES)]
    return [
        {
            "above": low,
            "up_to": None if math.isinf(high) else high,
            "levers": int(chosen.sum()),
            "act": round(float(act[chosen].mean()), 4),
            "se": _clustered_error(act[chosen], panel[chosen]),
        }
        for low, high, chosen in bins
        if chosen.any()
    ]


def _clustered_error(values: Array, cluster: Array) -> float:
    """Standard error of a mean with panels as clusters."""
    off = values - values.mean()
    sums = np.bincount(cluster.astype(int), weights=off)
    return round(float(np.sqrt((sums**2).sum())) / values.size, 4)


def _shares(codes: Sequence[str], panels: int) -> dict[str, float]:
    return {code: round(count / panels, 3) for code, count in sorted(Counter(codes).items())}


def _reasons(records: Sequence[Record]) -> dict[str, float]:
    """How often each reason stands beside a true top-3 lever that is not ``act``, per panel."""
    codes: list[str] = []
    for record in records:
        true = columns(record, "sustained")[0]
        rows = [record["levers"][j] for j in largest(true)] if true.any() else []
        codes += [code for row in rows if row.get("verdict") != "act" for code in row.get("reasons", ["removed"])]
    return _shares(codes, len(records))
