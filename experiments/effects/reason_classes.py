"""Does the ledger give the right reason why a chart and the causal ranking differ? See question.md."""

from __future__ import annotations

import argparse
import json
import os
import platform
import time
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
from planted import planted

import causal_service as cs

HERE = Path(__file__).resolve().parent
FIRST, TUNING = 1000, 100
RESAMPLES = 100
BAR = 0.90


def judged(seed: int, resamples: int) -> dict[str, Any]:
    """Return what was planted and what was said of one panel; every second one comes with layers."""
    case = planted(seed, layers=seed % 2 == 0)
    start = time.process_time()
    found = cs.study(
        case.frame,
        dictionary=case.dictionary,
        entity="entity",
        period="period",
        outcome=case.outcome,
        lever=case.levers,
        resamples=resamples,
        threads=1,
    )
    rows = {row.indicator: row for row in found.contrast}
    said = [
        {"role": case.roles[name], "planted": kind, "said": rows[name].reason if name in rows else "absent"}
        for name, kind in sorted(case.truth.items())
    ]
    first = {row.reason for row in found.contrast if row.shap_rank is not None and row.shap_rank <= 3}
    return {
        "seed": seed,
        "layers": seed % 2 == 0,
        "cases": said,
        "front": sorted(first),
        "seconds": time.process_time() - start,
    }


def summary(records: list[dict[str, Any]]) -> dict[str, Any]:
    """Return share right with its error over panels, and what was said, by planted kind."""
    kinds = sorted({case["planted"] for record in records for case in record["cases"]})
    return {kind: _figures(records, lambda case, k=kind: case["planted"] == k) for kind in kinds}


def _figures(records: list[dict[str, Any]], wanted: Any) -> dict[str, Any]:
    shares, said = [], Counter[str]()
    for record in records:
        own = [case for case in record["cases"] if wanted(case)]
        if own:
            shares.append(np.mean([case["planted"] == case["said"] for case in own]))
            said.update(case["said"] for case in own)
    error = float(np.std(shares, ddof=1) / np.sqrt(len(shares))) if len(shares) > 1 else 0.0
    right = float(np.mean(shares))
    return {
        "panels": len(shares),
        "cases": sum(said.values()),
        "right": round(right, 4),
        "error": round(error, 4),
        "met": right + 2 * error >= BAR,
        "said": dict(said.most_common()),
    }


def table(figures: dict[str, Any]) -> str:
    """Return the confusion table as Markdown."""
    classes = sorted({said for row in figures.values() for said in row["said"]})
    head = ["planted", "cases", "right", "error", *classes]
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    for kind, row in figures.items():
        cells = [str(row["said"].get(name, "")) for name in classes]
        lines.append(f"| {kind} | {row['cases']} | {row['right']:.3f} | {row['error']:.3f} | {' | '.join(cells)} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="four tuning panels; writes nothing")
    parser.add_argument("--tune", action="store_true", help="seeds below 1000; writes nothing")
    parser.add_argument("--panels", type=int, default=110)
    options = parser.parse_args()
    count = 4 if options.quick else options.panels
    first = TUNING if options.quick or options.tune else FIRST
    records = []
    for seed in range(first, first + count):
        records.append(judged(seed, RESAMPLES))
        print(f"{seed} {records[-1]['seconds']:.1f} s", flush=True)
    figures = summary(records)
    parts = {
        "with layers": summary([record for record in records if record["layers"]]),
        "without layers": summary([record for record in records if not record["layers"]]),
    }
    roles = sorted({case["role"] for record in records for case in record["cases"]})
    by_role = {role: _figures(records, lambda case, r=role: case["role"] == r) for role in roles}
    print(table(figures))
    print(table(by_role))
    if options.quick or options.tune:
        return
    result = {
        "seeds": [first, first + count - 1],
        "resamples": RESAMPLES,
        "bar": BAR,
        "by_kind": figures,
        "by_role": by_role,
        **parts,
        "seconds_per_panel": round(float(np.mean([record["seconds"] for record in records])), 2),
        "machine": {"cpus": os.cpu_count(), "python": platform.python_version()},
    }
    (HERE / "reason_classes.json").write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    lines = [
        "# Reason classes",
        "",
        f"{count} panels (seeds {first} to {first + count - 1}), {RESAMPLES} resamples; the error is over panels. "
        "Columns: what was said.",
        "",
        table(figures),
        "",
        *(line for name, part in parts.items() for line in (f"{name.capitalize()}:", "", table(part), "")),
        "By role (`planted.py`):",
        "",
        table(by_role),
    ]
    (HERE / "reason_classes.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
