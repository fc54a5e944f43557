"""Study the training-grant panel beside the textbook's fixed-effect regression. See question.md."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml

import causal_service as cs

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
OUT = HERE / "out"


def data_file() -> Path:
    """Return the panel's path, or stop with the reason."""
    path = ROOT / os.environ.get("CAUSAL_SHARED_DATA", "../shared/data") / "panels" / "jtrain_firms.csv.gz"
    if not path.exists():
        sys.exit("skipped: jtrain_firms.csv.gz is not here; CAUSAL_SHARED_DATA names the folder that holds panels/")
    return path


def fixed_effects(panel: pd.DataFrame, outcome: str, causes: list[str]) -> dict[str, dict[str, float]]:
    """Least squares of ``outcome`` on ``causes`` with firm and year dummies.

    ``classical_se`` is the textbook's; ``clustered_se`` allows any dependence within a firm (CR1; firm dummies
    not counted, as they are nested in the clusters).
    """
    dummies = pd.get_dummies(panel[["fcode", "year"]].astype(str), drop_first=True, dtype=float)
    x = np.column_stack([panel[causes].to_numpy(float), np.ones(len(panel)), dummies.to_numpy()])
    y = panel[outcome].to_numpy(float)
    bread = np.linalg.inv(x.T @ x)
    coefficients = bread @ x.T @ y
    residual = y - x @ coefficients
    classical = np.sqrt(np.diag(bread) * (residual @ residual) / (len(y) - x.shape[1]))
    scores = pd.DataFrame(x * residual[:, None]).groupby(panel["fcode"].to_numpy()).sum().to_numpy()
    firms, years = panel["fcode"].nunique(), panel["year"].nunique()
    scale = firms / (firms - 1) * (len(y) - 1) / (len(y) - len(causes) - years)
    clustered = np.sqrt(np.diag(bread @ scores.T @ scores @ bread) * scale)
    return {
        cause: {
            "value": float(coefficients[j]),
            "classical_se": float(classical[j]),
            "clustered_se": float(clustered[j]),
        }
        for j, cause in enumerate(causes)
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--resamples", type=int, default=200)
    resamples = parser.parse_args().resamples
    firms = pd.read_csv(data_file())
    scrap = firms.dropna(subset=["lscrap"])
    indicators = list(yaml.safe_load((HERE / "dictionary.yaml").read_text(encoding="utf-8"))["indicators"])
    OUT.mkdir(exist_ok=True)
    path = OUT / "panel.csv"
    scrap[["fcode", "year", *indicators]].to_csv(path, index=False)
    known = OUT / "knowledge.yaml"
    known.write_text("required: [[grant, lscrap], [grant_1, lscrap]]\n", encoding="utf-8")
    options: dict[str, Any] = {"dictionary": HERE / "dictionary.yaml", "outcome": "lscrap", "lags": 0, "horizon": 0}
    study = cs.study(path, resamples=resamples, **options)
    study.save(OUT / "study")
    told = cs.study(path, resamples=resamples, knowledge=known, **options)
    told.save(OUT / "study_with_required_arrows")
    full: dict[str, Any] = study.to_dict()
    result = {
        "rows": len(scrap),
        "firms": int(scrap["fcode"].nunique()),
        "resamples": resamples,
        "fixed_effects": fixed_effects(scrap, "lscrap", ["grant", "grant_1"]),
        "effects": [e for e in full["effects"] if e["outcome"] == "lscrap"],
        "effects_with_required_arrows": [
            e for e in told.to_dict()["effects"] if e["outcome"] == "lscrap" and e["kind"] == "impact"
        ],
        "levers": full["levers"],
        "levers_with_required_arrows": told.to_dict()["levers"],
        "edges": full["graph"]["edges"],
        "findings": sorted({(f["code"], f["severity"], tuple(f["indicators"])) for f in full["findings"]}),
    }
    (HERE / "result.json").write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(study)


if __name__ == "__main__":
    main()
