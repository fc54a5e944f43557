"""Time per start and best score of order searches on random Gaussian DAGs. See question.md."""

from __future__ import annotations

import argparse
import importlib.util
import json
import math
import multiprocessing
import os
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
from search_table import summary, write_table
from threadpoolctl import threadpool_limits

from causal_service.numerics.keyed_random import key_of
from causal_service.numerics.order_search import random_order, search_orders

HERE = Path(__file__).resolve().parent
RESULT = HERE / "result.json"
STARTS, PENALTY, SEEDS = 10, 2.0, 10
REPEATS, SHORT = 10, 2.0
"""A search of at most ``SHORT`` seconds is run so often; its time is the least of them."""

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


def causalget(S: Array, seed: int) -> Answer:
    """``causal-get``, the method's author's own C code, best of ten starts; it computes in single precision."""
    from causalget import boss  # type: ignore[import-not-found, unused-ignore]

    start = time.process_time()
    dag = boss(S, n=N, discount=PENALTY, restarts=STARTS, seed=seed + 1)  # seed 0 would be the clock
    return np.asarray(dag, bool), time.process_time() - start


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


METHODS: dict[str, Callable[[Array, int], Answer]] = {
    "ours": ours,
    "causal-get": causalget,
    "causal-learn": causallearn,
    "tetrad": tetrad,
}
NOT_LARGE = ("causal-learn",)


def absent() -> dict[str, str]:
    """Why a method cannot be run here, by method."""
    why = {}
    if importlib.util.find_spec("causalget") is None:
        why["causal-get"] = "not installed: it is on no package index, see question.md"
    if importlib.util.find_spec("causallearn") is None:
        why["causal-learn"] = "not installed"
    if tetrad_jar() is None:
        why["tetrad"] = "java or the tetrad-plus wheel is not here"
    return why


def _answer(method: str, S: Array, seed: int, sender: Any) -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # some searches print
    with threadpool_limits(1):
        METHODS[method](S[:5, :5], seed)  # imports and compilation
        dag, seconds = METHODS[method](S, seed)
        if seconds <= SHORT:
            seconds = min(seconds, *(METHODS[method](S, seed)[1] for _ in range(REPEATS - 1)))
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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--large", action="store_true", help="add p = 500, deg 10 (all but causal-learn)")
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
        for row in summary({"p=100 deg=4 | ours": quick}, STARTS):
            print(json.dumps(row))
        return
    why = absent()
    methods = [m for m in options.methods if m not in why]
    for method in sorted(set(options.methods) - set(methods)):
        print(f"{method} left out: {why[method]}", file=sys.stderr)
    plan = [(100, 4.0, options.seeds, methods)]
    if options.large:
        plan.append((500, 10.0, options.large_seeds, [m for m in methods if m not in NOT_LARGE]))
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
    for row in summary(runs, STARTS):
        print(json.dumps(row))


def write(runs: dict[str, Any]) -> None:
    settings = {"n": N, "starts": STARTS, "penalty_discount": PENALTY}
    table = summary(runs, STARTS)
    content = {"settings": settings, "summary": table, "runs": runs}
    RESULT.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    write_table(table, {method: reason for method, reason in absent().items() if method in METHODS}, HERE)


if __name__ == "__main__":
    main()
