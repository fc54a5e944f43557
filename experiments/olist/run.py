"""Study the Olist panels: what would move the review score? See question.md."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

import causal_service as cs

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
OUT = HERE / "out"
PANELS = {"category": "panel_category_month.csv.gz", "state": "panel_state_month.csv.gz"}
STAGES = ["approval_days", "handling_days", "transit_days"]


def data_folder() -> Path:
    """Return the folder of the Olist files, or stop with the reason."""
    folder = ROOT / os.environ.get("CAUSAL_SHARED_DATA", "../shared/data") / "olist"
    if not folder.is_dir():
        sys.exit("skipped: the Olist files are not here; CAUSAL_SHARED_DATA names the folder that holds olist/")
    return folder


def known_sign(folder: Path) -> dict[str, float]:
    """Mean review of delivered orders, on time and late."""
    orders = pd.read_csv(folder / "orders.csv.gz", usecols=["order_status", "late", "review_score"])
    means = orders[orders["order_status"] == "delivered"].groupby("late")["review_score"].mean()
    return {"on_time": float(means[0.0]), "late": float(means[1.0])}


def prepare(folder: Path, name: str) -> tuple[Path, dict[str, float]]:
    """Keep the dictionary's indicators and the weight, drop cells without a delivered order; return file and facts."""
    panel = pd.read_csv(folder / PANELS[name])
    indicators = list(yaml.safe_load((HERE / "dictionary.yaml").read_text(encoding="utf-8"))["indicators"])
    kept = panel.loc[panel["delivered"] > 0, ["entity", "period", *indicators, "delivered"]]
    OUT.mkdir(exist_ok=True)
    path = OUT / f"{name}.csv"
    kept.to_csv(path, index=False)
    gap = (kept["delivery_days"] - kept[STAGES].sum(axis=1, min_count=3)).abs()
    return path, {
        "cells": len(panel),
        "cells_with_delivered_orders": len(kept),
        "median_delivered_orders": float(kept["delivered"].median()),
        "share_of_cells_where_stages_add_up": float((gap < 0.01).mean()),
    }


def summary(study: Any) -> dict[str, Any]:
    """Return what result.json keeps of a study."""
    full = study.to_dict()
    lever_fields = (
        "rank", "lever", "step", "value", "low", "high", "gain_per_step", "p_top3", "q", "expected_regret", "verdict",
    )  # fmt: skip
    effects = [
        e for e in full["effects"] if e["kind"] == "sustained" and e["lever"] in ("late_rate", "low_review_rate")
    ]
    return {
        "panel": {key: full["panel"][key] for key in ("entities", "periods", "rows", "fingerprint")},
        "levers": [
            {field: row[field] for field in lever_fields if field in row}
            | {"reasons": [r["code"] for r in row["reasons"]]}
            for row in full["levers"]
        ],
        "known_causes": effects,
        "contrast": [
            {key: row[key] for key in ("indicator", "correlation_rank", "causal_rank", "reason")}
            for row in full["contrast"]
        ],
        "findings": sorted({(f["code"], f["severity"], tuple(f["indicators"])) for f in full["findings"]}),
        "certificate": full["graph"]["certificate"],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--resamples", type=int, default=200)
    resamples = parser.parse_args().resamples
    folder = data_folder()
    result: dict[str, Any] = {"order_level_review": known_sign(folder), "resamples": resamples}
    for name in PANELS:
        path, facts = prepare(folder, name)
        study = cs.study(
            path, dictionary=HERE / "dictionary.yaml", outcome="review_score", weight="delivered", resamples=resamples
        )
        study.save(OUT / name)
        if name == "category":
            (HERE / "report.html").write_text(study.report("en"), encoding="utf-8")
        result[name] = facts | summary(study)
        print(name, study)
    (HERE / "result.json").write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
