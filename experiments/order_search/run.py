"""Time per start and best score of order searches on random Gaussian DAGs. See question.md."""

from __future__ import annotations

import argparse
import importlib.util
import json
import math
import multiprocessing
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from gaussian_dags import N, covariance
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from causal_service.numerics.keyed_random import key_of
from causal_service.numerics.order_search import random_order, search_orders

HERE = Path(__file__).resolve().parent
RESULT = HERE / "result.json"
STARTS, PENALTY, SEEDS = 10, 2.0, 10

Array = NDArray[np.float64]
Bool = NDArray[np.bool_]
Answer = tuple[Bool, float]
"""A DAG (p, p), [y, x] True for x -> y, and the seconds it took."""


def score(S: Array, dag: Bool) -> float:
    """Gaussian BIC, larger is better: sum of -n ln(residual variance) - c ln(n) parents."""
    total = 0.0
    for y in range(len(S)):
        P = np.flatnonzero(dag[y])
        explained = S[y, P] @ np.linalg.solve(S[np.ix_(P, P)], S[P, y]) if len(P) else 0.0
        total += -N * math.log(S[y, y] - explained) - PENALTY * math.log(N) * len(P)
    return total


def ours(S: Array, seed: int) -> Answer:
    """Best of ten random starts."""
    p = len(S)
    anything, nothing = ~np.eye(p, dtype=bool), np.zeros((p, p), bool)
    orders = np.array([random_order(nothing, np.uint64(key_of(seed, i, 0))) for i in range(STARTS)])
    start = time.process_time()
    _, _, parents = search_orders(S, float(N), PENALTY * math.log(N), anything, nothing, nothing, orders)
    return parents, time.process_time() - start


def causallearn(S: Array, seed: int) -> Answer:
    """causal-learn's BOSS, one start; a member of the class it returns."""
    from causal_service.discovery.raw_graph import extension
    from causal_service.discovery.via_causallearn import boss
    from causal_service.graph.arrays import pdag_of
    from causal_service.graph.knowledge import Knowledge

    names = [f"x{i:03d}" for i in range(len(S))]
    start = time.process_time()
    found = boss(S, N, names, 0, Knowledge({}), penalty_discount=PENALTY, seed=seed)
    seconds = time.process_time() - start
    member = extension(pdag_of(found.edges, names, 0), np.zeros((len(S), 0), bool))
    if member is None:
        raise ValueError("the returned class has no member")
    return member, seconds


def tetrad_jar() -> Path | None:
    """Return the jar inside the tetrad-plus wheel, if that and java are there; the wheel is not imported."""
    spec = importlib.util.find_spec("tetrad_plus")
    if spec is None or spec.origin is None or shutil.which("java") is None:
        return None
    return next(iter(sorted((Path(spec.origin).parent / "jars").glob("*.jar"))), None)


def tetrad(S: Array, seed: int) -> Answer:
    """Tetrad's BOSS, best of ten starts, one thread."""
    p = len(S)
    with tempfile.NamedTemporaryFile(suffix=".bin") as file:
        file.write(np.ascontiguousarray(S, "<f8").tobytes())
        file.flush()
        arguments = [file.name, str(p), str(N), str(PENALTY), str(STARTS), str(seed)]
        command = ["java", "-XX:+UseSerialGC", "-cp", str(tetrad_jar()), str(HERE / "TetradBoss.java"), *arguments]
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    dag, seconds = np.zeros((p, p), bool), math.nan
    for line in said:
        first, second = line.split()[:2]
        if first == "time":
            seconds = float(second)
        elif first.isdigit():
            dag[int(second), int(first)] = True
    return dag, seconds


METHODS: dict[str, Callable[[Array, int], Answer]] = {"ours": ours, "causal-learn": causallearn, "tetrad": tetrad}


def _answer(method: str, S: Array, seed: int, sender: Any) -> None:
    with threadpool_limits(1):
        METHODS[method](S[:5, :5], seed)  # imports and compilation
        dag, seconds = METHODS[method](S, seed)
    sender.send((score(S, dag), seconds, int(dag.sum()), peak_mb()))


def peak_mb() -> int | None:
    """Peak resident memory of this process where Linux says it."""
    try:
        lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) // 1024 for line in lines if line.startswith("VmHWM")), None)


def within(patience: float, method: str, S: Array, seed: int) -> dict[str, Any]:
    """Run a method in its own process, stopped after ``patience`` seconds."""
    receiver, sender = multiprocessing.Pipe(duplex=False)
    process = multiprocessing.get_context("spawn").Process(target=_answer, args=(method, S, seed, sender))
    process.start()
    sender.close()
    try:
        if not receiver.poll(patience):
            return {"reason": f"stopped after {patience:g} s"}
        best, seconds, edges, peak = receiver.recv()
        return {"score": round(best, 3), "seconds": round(seconds, 4), "edges": edges, "peak_mb": peak}
    except EOFError:
        return {"reason": "failed"}
    finally:
        process.kill()
        process.join()


def summary(runs: dict[str, Any]) -> list[dict[str, Any]]:
    """Per size and method: seconds per start, and how our best compares, seed by seed."""
    table = []
    for size in sorted({key.split(" | ")[0] for key in runs}):
        mine = runs.get(f"{size} | ours", {})
        for method in METHODS:
            kept = {seed: r for seed, r in runs.get(f"{size} | {method}", {}).items() if "score" in r}
            if not kept:
                continue
            seconds = np.array([r["seconds"] for r in kept.values()])
            row: dict[str, Any] = {"size": size, "method": method, "seeds": len(kept)}
            starts = 1 if method == "causal-learn" else STARTS
            row |= {"starts": starts, "seconds_per_start": round(float(seconds.mean()) / starts, 4)}
            peaks = [r["peak_mb"] for r in kept.values() if r.get("peak_mb") is not None and method != "tetrad"]
            row["peak_mb"] = max(peaks, default=None)
            row["stopped"] = len(runs[f"{size} | {method}"]) - len(kept)
            if method != "ours":
                gaps = [mine[s]["score"] - r["score"] for s, r in kept.items() if "score" in mine.get(s, {})]
                row["ours_minus_its_score"] = {
                    "mean": round(float(np.mean(gaps)), 2),
                    "lowest": round(min(gaps), 2),
                    "below": sum(gap < -1e-3 for gap in gaps),
                    "above": sum(gap > 1e-3 for gap in gaps),
                }
            table.append(row)
    return table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--large", action="store_true", help="add p = 500, deg 10 (ours and Tetrad)")
    parser.add_argument("--huge", action="store_true", help="add p = 1000, deg 4 (ours)")
    parser.add_argument("--huge-seeds", type=int, default=3)
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--large-seeds", type=int, default=3)
    parser.add_argument("--patience", type=float, default=900.0, help="seconds per search before a method is stopped")
    parser.add_argument("--methods", nargs="+", default=list(METHODS), choices=list(METHODS))
    parser.add_argument("--quick", action="store_true", help="ours on three seeds; writes nothing")
    options = parser.parse_args()
    if options.quick:
        quick = {str(seed): within(60.0, "ours", covariance(100, 4.0, seed), seed) for seed in range(3)}
        for row in summary({"p=100 deg=4 | ours": quick}):
            print(json.dumps(row))
        return
    methods = [m for m in options.methods if m != "tetrad" or tetrad_jar() is not None]
    if "tetrad" in options.methods and "tetrad" not in methods:
        print("Tetrad left out: java or the tetrad-plus wheel is not here", file=sys.stderr)
    plan = [(100, 4.0, options.seeds, methods)]
    if options.large:
        plan.append((500, 10.0, options.large_seeds, [m for m in methods if m != "causal-learn"]))
    if options.huge:
        plan.append((1000, 4.0, options.huge_seeds, [m for m in methods if m == "ours"]))
    runs: dict[str, Any] = json.loads(RESULT.read_text(encoding="utf-8"))["runs"] if RESULT.exists() else {}
    for p, degree, seeds, chosen in plan:
        for seed in range(seeds):
            S = covariance(p, degree, seed)
            for method in chosen:
                kept = runs.setdefault(f"p={p} deg={degree:g} | {method}", {})
                if str(seed) not in kept:
                    kept[str(seed)] = within(options.patience, method, S, seed)
                    print(p, seed, method, kept[str(seed)], file=sys.stderr, flush=True)
                    write(runs)
    for row in summary(runs):
        print(json.dumps(row))


def write(runs: dict[str, Any]) -> None:
    settings = {"n": N, "starts": STARTS, "penalty_discount": PENALTY}
    content = {"settings": settings, "summary": summary(runs), "runs": runs}
    RESULT.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
