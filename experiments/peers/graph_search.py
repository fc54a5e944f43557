"""Graph search alone: causal-learn's PC, GES and BOSS beside our order search on random Gaussian DAGs."""

from __future__ import annotations

import hashlib
import inspect
import json
import math
import os
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import gaussian_dags
import numpy as np
from apart import apart
from gaussian_dags import Array, Bool, rows_and_dag
from summary import figure

from causal_service.graph.compare import cpdag, shd
from causal_service.numerics.keyed_random import key_of
from causal_service.numerics.order_search import random_order, search_orders

DEGREE = 4.0
ALPHA, PENALTY, STARTS = 0.01, 2.0, 10


def ours(X: Array) -> Bool:
    """Best of ten starts at penalty discount 2."""
    p = X.shape[1]
    anything, nothing = ~np.eye(p, dtype=bool), np.zeros((p, p), bool)
    orders = np.array([random_order(nothing, np.uint64(key_of(0, i, 0))) for i in range(STARTS)])
    penalty = PENALTY * math.log(len(X))
    _, _, parents = search_orders(np.corrcoef(X.T), float(len(X)), penalty, anything, nothing, nothing, orders)
    return cpdag(np.asarray(parents, bool))


def pc(X: Array) -> Bool:
    """Fisher's z at level .01, MaxP colliders."""
    from causallearn.search.ConstraintBased.PC import pc as search

    return _class_of(search(X, ALPHA, "fisherz", stable=True, uc_rule=1, show_progress=False).G.graph)


def ges(X: Array) -> Bool:
    """Gaussian BIC at penalty discount 2 (``lambda_value`` 1)."""
    from causallearn.search.ScoreBased.GES import ges as search

    found = search(X, "local_score_BIC_from_cov", parameters={"lambda_value": PENALTY / 2})
    return _class_of(found["G"].graph)


def boss(X: Array) -> Bool:
    """One start (it has no more), the same penalty."""
    from causallearn.search.PermutationBased.BOSS import boss as search

    random.seed(0)  # the library draws from the global generator; this is a process of its own
    return _class_of(search(X, "local_score_BIC_from_cov", {"lambda_value": PENALTY / 2}, verbose=False).graph)


def _class_of(marks: Array) -> Bool:
    """[y, x] True for x -> y, both for an open pair; a two-headed mark of PC counts as open."""
    arrow = (marks == 1) & (marks.T == -1)
    both = (marks != 0) & (marks == marks.T)
    return np.asarray(arrow | both, bool)


METHODS: dict[str, Callable[[Array], Bool]] = {
    "ours": ours,
    "causal-learn PC": pc,
    "causal-learn GES": ges,
    "causal-learn BOSS": boss,
}


@dataclass(frozen=True, slots=True)
class Plan:
    """What to search, and for how long."""

    folder: Path
    """Where finished searches are kept."""
    sizes: tuple[int, ...]
    """Numbers of variables, ascending."""
    seeds: int
    """Graphs per size."""
    cap: int
    """CPU seconds per search; a method that was stopped is not tried on larger graphs."""


def graph_search(plan: Plan) -> list[dict[str, Any]]:
    """Per size and method: SHD and F1 of the class, CPU seconds, how many searches were stopped."""
    for method in METHODS.values():
        method(rows_and_dag(5, 2.0, 0)[0])  # imports and compilation
    table = []
    for p in plan.sizes:
        for name in METHODS:
            records = [_kept(plan, name, p, seed) for seed in range(plan.seeds)]
            table.append({"p": p, "method": name} | _row([r["said"] for r in records if "said" in r], records))
    return table


def _row(said: Sequence[dict[str, float]], records: Sequence[dict[str, Any]]) -> dict[str, Any]:
    row: dict[str, Any] = {"finished": len(said), "reasons": sorted({r["reason"] for r in records if "reason" in r})}
    for name in ("shd", "f1", "seconds"):
        row[name] = figure([one[name] for one in said])
    return row


def _kept(plan: Plan, name: str, p: int, seed: int) -> dict[str, Any]:
    """The stored record of one search, else a new one."""
    file = plan.folder / f"{_digest(name)}-{plan.cap}" / f"{p}-{seed}.json"
    if not file.exists():
        smaller = [size for size in plan.sizes if size < p]
        hopeless = any("stopped" in _kept(plan, name, size, 0).get("reason", "") for size in smaller[-1:])
        record = (
            {"reason": "stopped already at a smaller size"}
            if hopeless
            else apart(lambda: _search(name, p, seed), plan.cap)
        )
        file.parent.mkdir(parents=True, exist_ok=True)
        part = file.with_suffix(f".{os.getpid()}")
        part.write_text(json.dumps(record), encoding="utf-8")
        part.replace(file)
    kept: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return kept


def _search(name: str, p: int, seed: int) -> dict[str, float]:
    X, dag = rows_and_dag(p, DEGREE, seed)
    start = time.process_time()
    found = METHODS[name](X)
    seconds = time.process_time() - start
    truth = cpdag(dag)
    f1 = 2 * (found & truth).sum() / max(found.sum() + truth.sum(), 1)  # an open pair counts as both directions
    return {"shd": shd(found, truth), "f1": float(f1), "seconds": seconds}


def _digest(name: str) -> str:
    parts = [
        inspect.getsource(METHODS[name]),
        inspect.getsource(_search),
        inspect.getsource(gaussian_dags),
        f"{ALPHA} {PENALTY} {STARTS} {DEGREE}",
    ]
    if name == "ours":
        parts += [inspect.getsource(inspect.getmodule(search_orders))]  # type: ignore[arg-type]
    else:
        parts += [version("causal-learn"), inspect.getsource(_class_of)]
    return name.replace(" ", "-") + "-" + hashlib.sha256("\0".join(parts).encode()).hexdigest()[:12]
