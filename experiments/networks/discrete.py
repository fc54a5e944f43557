"""Distance between learned and true classes on published networks of states. See question.md."""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from run import Bool, correlation_of, data_folder, ours, standard_error, truth_of
from threadpoolctl import threadpool_limits

from causal_service.discovery.global_state import untouched_generator
from causal_service.graph.compare import shd

HERE = Path(__file__).resolve().parent
RESULT = HERE / "discrete.json"
NETWORKS = ("asia", "sachs", "alarm")
ROWS = 1000

Codes = NDArray[np.int64]


def coded(folder: Path, name: str) -> tuple[list[str], Codes, Bool]:
    """Return (names sorted, rows as whole numbers in the order in which the network lists its levels, true class).

    Words with a known order (low, normal, high) are put into it; the one nominal indicator of ALARM stays as listed.
    """
    from causal_service.panel.word_scales import known_scale

    rows = pd.read_csv(folder / f"{name}.csv.gz", dtype=str)
    rows = rows[sorted(rows.columns)]
    columns = []
    for column in rows.columns:
        words = sorted(rows[column].unique())
        scale = known_scale(words) or {word: float(i) for i, word in enumerate(words)}
        columns.append(rows[column].map(scale).to_numpy(np.int64))
    return list(rows.columns), np.stack(columns, axis=1), truth_of(folder, name, list(rows.columns))


def by_ges(rows: Codes) -> Bool:
    """causal-learn GES with the BDeu score made for states."""
    from causallearn.search.ScoreBased.GES import ges

    return _class_of(ges(rows, score_func="local_score_BDeu")["G"].graph)


def by_pc(rows: Codes) -> Bool:
    """causal-learn PC with the chi-square test made for states, alpha .01, unshielded colliders by the MaxP rule."""
    from causallearn.search.ConstraintBased.PC import pc

    return _class_of(pc(rows, alpha=0.01, indep_test="chisq", uc_rule=1, show_progress=False).G.graph)


def _class_of(marks: NDArray[np.int64]) -> Bool:
    """(p, p) [y, x]: x -> y or x - y, from causal-learn's end marks (-1 tail, 1 arrow)."""
    into = (marks == 1) & (marks.T == -1)
    between = (marks == -1) & (marks.T == -1)
    both = (marks == 1) & (marks.T == 1)
    found: Bool = into | between | both
    return found


def by_ours(rows: Codes, names: list[str], draw: int, c: float = 2.0) -> Bool:
    """The order search on the correlations of the codes: straight lines between states."""
    return ours(correlation_of(rows.astype(float)), len(rows), names, c, draw)


def run(draws: int) -> dict[str, Any]:
    """Fill in what is missing, one subsample at a time, and keep it."""
    runs: dict[str, Any] = json.loads(RESULT.read_text(encoding="utf-8"))["runs"] if RESULT.exists() else {}
    folder = data_folder()
    for network in NETWORKS:
        names, rows, truth = coded(folder, network)
        methods: dict[str, Callable[[Codes, int], Bool]] = {
            "ours": lambda chosen, draw, names=names: by_ours(chosen, names, draw),
            "ges bdeu": lambda chosen, draw: by_ges(chosen),
            "pc chi-square": lambda chosen, draw: by_pc(chosen),
        }
        for method, learn in methods.items():
            kept = runs.setdefault(f"{network} | {method}", {"shd": [], "adjacent_f1": [], "cpu": []})
            for draw in range(len(kept["shd"]), draws):
                rng = np.random.default_rng([NETWORKS.index(network), draw])
                chosen = rows[rng.choice(len(rows), ROWS, replace=False)]
                moving = chosen.std(axis=0) > 0
                start = time.process_time()
                with untouched_generator():
                    part = learn(chosen[:, moving], draw)
                kept["cpu"].append(round(time.process_time() - start, 3))
                found = np.zeros_like(truth)
                found[np.ix_(moving, moving)] = part
                kept["shd"].append(shd(found, truth))
                kept["adjacent_f1"].append(round(_adjacent_f1(found, truth), 4))
                write(runs)
            print(f"{network} {method}: {np.mean(kept['shd']):.1f}", file=sys.stderr, flush=True)
    return runs


def _adjacent_f1(found: Bool, truth: Bool) -> float:
    """F1 of connected pairs, directions aside."""
    a, b = np.triu(found | found.T), np.triu(truth | truth.T)
    return 2 * float((a & b).sum()) / max(float(a.sum() + b.sum()), 1.0)


def write(runs: dict[str, Any]) -> None:
    summary = [
        {
            "network": key.split(" | ")[0],
            "method": key.split(" | ")[1],
            "subsamples": len(kept["shd"]),
            "shd": round(float(np.mean(kept["shd"])), 2),
            "shd_se": standard_error(np.array(kept["shd"], float)) if len(kept["shd"]) > 1 else None,
            "adjacent_f1": round(float(np.mean(kept["adjacent_f1"])), 3),
            "cpu_seconds": round(float(np.median(kept["cpu"])), 3),
        }
        for key, kept in runs.items()
        if kept["shd"]
    ]
    RESULT.write_text(json.dumps({"rows": ROWS, "summary": summary, "runs": runs}, indent=1) + "\n", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=10)
    options = parser.parse_args()
    with threadpool_limits(1):
        runs = run(options.draws)
    write(runs)
    for row in json.loads(RESULT.read_text(encoding="utf-8"))["summary"]:
        se = math.nan if row["shd_se"] is None else row["shd_se"]
        print(
            f"{row['network']:6} {row['method']:14} SHD {row['shd']:6.2f} (SE {se:.2f})"
            f"  pairs F1 {row['adjacent_f1']:.3f}  {row['cpu_seconds']:.2f} s"
        )


if __name__ == "__main__":
    main()
