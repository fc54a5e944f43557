"""Distance between learned and true classes on published Gaussian networks. See question.md."""

from __future__ import annotations

import argparse
import json
import math
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from causal_service.discovery.via_causallearn import alpha_of, boss, ges, pc
from causal_service.graph.arrays import pdag_of
from causal_service.graph.compare import cpdag, shd
from causal_service.graph.knowledge import Knowledge
from causal_service.numerics.keyed_random import key_of
from causal_service.numerics.order_search import random_order, search_orders

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
RESULT = HERE / "result.json"
NETWORKS = ("ecoli70", "magic_niab")
ROWS = 1000
STARTS = 10
FREE = Knowledge({})

Array = NDArray[np.float64]
Bool = NDArray[np.bool_]


def data_folder() -> Path:
    """Return the folder of the networks, or stop with the reason."""
    folder = ROOT / os.environ.get("CAUSAL_SHARED_DATA", "../shared/data") / "networks"
    if not folder.is_dir():
        print("skipped: the networks are not here; CAUSAL_SHARED_DATA names the folder that holds networks/")
        sys.exit(0)
    return folder


def ours(S: Array, n: int, names: list[str], c: float, seed: int) -> Bool:
    """Our order search, best of ten random starts, as a class (p, p)."""
    p = len(S)
    anything, nothing = ~np.eye(p, dtype=bool), np.zeros((p, p), bool)
    orders = np.array([random_order(nothing, np.uint64(key_of(seed, i, 0))) for i in range(STARTS)])
    _, _, parents = search_orders(S, float(n), c * math.log(n), anything, nothing, nothing, orders)
    return cpdag(parents)


METHODS: dict[str, Callable[[Array, int, list[str], float, int], Bool]] = {
    "ours": ours,
    "boss": lambda S, n, names, c, seed: pdag_of(
        boss(S, n, names, 0, FREE, penalty_discount=c, seed=seed).edges, names, 0
    ),
    "ges": lambda S, n, names, c, seed: pdag_of(ges(S, n, names, 0, FREE, penalty_discount=c).edges, names, 0),
    "pc": lambda S, n, names, c, seed: pdag_of(pc(S, n, names, 0, FREE, alpha=alpha_of(c, n)).edges, names, 0),
    "pc alpha .01": lambda S, n, names, c, seed: pdag_of(pc(S, n, names, 0, FREE, alpha=0.01).edges, names, 0),
    "pc alpha .05": lambda S, n, names, c, seed: pdag_of(pc(S, n, names, 0, FREE, alpha=0.05).edges, names, 0),
}
PEERS = ("boss", "ges", "pc")


def network(folder: Path, name: str) -> tuple[pd.DataFrame, Bool]:
    """Return the rows (names sorted) and the class of the true graph."""
    rows = pd.read_csv(folder / f"{name}.csv.gz")
    rows = rows[sorted(rows.columns)]
    return rows, truth_of(folder, name, list(rows.columns))


def truth_of(folder: Path, name: str, names: list[str]) -> Bool:
    """Return the class (p, p) of the true graph."""
    spec = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))["spec"]
    at = {column: i for i, column in enumerate(names)}
    dag = np.zeros((len(at), len(at)), bool)
    for child, node in spec.items():
        for parent in node["parents"]:
            dag[at[child], at[parent]] = True
    return cpdag(dag)


def correlation(rows: pd.DataFrame, name: str, draw: int) -> Array:
    """Correlations of 1,000 rows drawn without replacement; keyed by network and draw."""
    rng = np.random.default_rng([NETWORKS.index(name), draw])
    chosen = rng.choice(len(rows), ROWS, replace=False)
    return correlation_of(rows.to_numpy(float)[chosen])


def correlation_of(rows: Array) -> Array:
    """Correlations of the columns."""
    return np.asarray(np.corrcoef(rows.T))


def run(folder: Path, draws: int, penalties: list[float], skipped: list[str], kept_runs: bool = True) -> dict[str, Any]:
    """Fill in what is missing, one subsample at a time, and keep it; else nothing is read or written."""
    stored = kept_runs and RESULT.exists()
    runs: dict[str, Any] = json.loads(RESULT.read_text(encoding="utf-8"))["runs"] if stored else {}
    for name in NETWORKS:
        rows, truth = network(folder, name)
        names = list(rows.columns)
        for c in penalties:
            for method in [m for m in METHODS if m not in skipped]:
                kept = runs.setdefault(f"{name} | c={c:g} | {method}", {"shd": [], "cpu": []})
                for draw in range(len(kept["shd"]), draws):
                    S = correlation(rows, name, draw)
                    if draw == 0:
                        METHODS[method](S[:4, :4], ROWS, names[:4], c, 0)  # imports and compilation
                    start = time.process_time()
                    found = METHODS[method](S, ROWS, names, c, draw)
                    kept["cpu"].append(round(time.process_time() - start, 4))
                    kept["shd"].append(shd(found, truth))
                    if kept_runs:
                        write(runs)
                print(f"{name} c={c:g} {method}: {np.mean(kept['shd']):.2f}", file=sys.stderr, flush=True)
    return runs


def summary(runs: dict[str, Any]) -> list[dict[str, Any]]:
    """Mean distance, standard error, difference to the best peer (paired), CPU seconds."""
    table = []
    for key, kept in runs.items():
        name, c, method = key.split(" | ")
        distance = np.array(kept["shd"], float)
        if len(distance) < 2:
            continue
        row: dict[str, Any] = {"network": name, "penalty_discount": float(c[2:]), "method": method}
        row |= {
            "subsamples": len(distance),
            "shd": round(float(distance.mean()), 2),
            "shd_se": standard_error(distance),
        }
        row["cpu_seconds"] = round(float(np.mean(kept["cpu"])), 3)
        peers = {m: np.array(runs[f"{name} | {c} | {m}"]["shd"], float) for m in PEERS if f"{name} | {c} | {m}" in runs}
        peers = {m: values for m, values in peers.items() if len(values) == len(distance)}
        if method == "ours" and peers:
            best = min(peers, key=lambda m: peers[m].mean())
            difference = distance - peers[best]
            row["minus_best_peer"] = round(float(difference.mean()), 2)
            row["minus_best_peer_se"] = standard_error(difference)
            row["best_peer"] = best
            row["peers"] = sorted(peers)
        table.append(row)
    return table


def standard_error(values: Array) -> float:
    return round(float(values.std(ddof=1) / math.sqrt(len(values))), 2)


def write(runs: dict[str, Any]) -> None:
    content = {"rows": ROWS, "starts": STARTS, "summary": summary(runs), "runs": runs}
    RESULT.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=20)
    parser.add_argument("--penalties", type=float, nargs="+", default=[2.0, 1.0])
    parser.add_argument("--skip", nargs="*", default=[], choices=list(METHODS))
    parser.add_argument("--quick", action="store_true", help="ours and BOSS on three subsamples; writes nothing")
    options = parser.parse_args()
    with threadpool_limits(1):
        if options.quick:
            runs = run(data_folder(), 3, [2.0], [m for m in METHODS if m not in ("ours", "boss")], False)
        else:
            runs = run(data_folder(), options.draws, options.penalties, options.skip)
            write(runs)
    for row in summary(runs):
        line = f"{row['network']:11} c={row['penalty_discount']:g} {row['method']:13}"
        line += f" SHD {row['shd']:6.2f} (SE {row['shd_se']:.2f})  {row['cpu_seconds']:8.3f} s"
        if "best_peer" in row:
            line += f"  {row['minus_best_peer']:+.2f} (SE {row['minus_best_peer_se']:.2f}) against {row['best_peer']}"
        print(line)


if __name__ == "__main__":
    main()
