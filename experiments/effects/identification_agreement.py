"""Our identification beside DoWhy's on random graphs: how often they agree, and what each costs. See robustness.md."""

from __future__ import annotations

import argparse
import json
import time
from collections import Counter
from importlib.metadata import version
from pathlib import Path

import numpy as np

from causal_service.effects.strategies import adjusted, front_door, instrument
from causal_service.effects.unrolled import CommonCause, Unrolled, unrolled
from causal_service.effects.via_dowhy import reading

HERE = Path(__file__).resolve().parent
RESULT = HERE / "identification_agreement.json"
KINDS = [(p, lags, hidden) for p in (5, 8) for lags in (0, 1) for hidden in (0, 1, 3)]


def random_graph(rng: np.random.Generator, p: int, lags: int, hidden: int) -> Unrolled:
    """About two causes within a period and one in the past; hidden causes move two or three indicators."""
    order, now = rng.permutation(p), np.zeros((p, p), bool)
    for i in range(p):
        for j in range(i):
            now[order[i], order[j]] = rng.random() < 4.0 / (p - 1) / 2
    past = rng.random((p, lags * p)) < 1.0 / p
    for lag in range(lags):
        past[np.arange(p), lag * p + np.arange(p)] = True
    causes = [
        CommonCause(tuple((int(c), 0) for c in rng.choice(p, rng.integers(2, 4), replace=False)), rng.random() < 0.5)
        for _ in range(hidden)
    ]
    return unrolled(np.concatenate([past, now], axis=1), [f"x{i}" for i in range(p)], 2 * lags + 1, causes)


def compared(kind: tuple[int, int, int], graphs: int, seed: int) -> dict[str, object]:
    """Two pairs in each of the graphs."""
    p, lags, hidden = kind
    rng = np.random.default_rng([seed, p, lags, hidden])
    count: Counter[str] = Counter()
    our_cpu = their_cpu = 0.0
    for _ in range(graphs):
        graph = random_graph(rng, p, lags, hidden)
        for _ in range(2):
            a, b = rng.choice(p, 2, replace=False)
            x, y = graph.at(int(a), 0), graph.at(int(b), 0)
            start = time.process_time()
            reaches = bool(graph.below(graph.only(x))[y])
            ours = adjusted(graph, graph.only(x), graph.only(y)) if reaches else None
            door = front_door(graph, x, y) if reaches and ours is None else None
            means = instrument(graph, x, y) if reaches and ours is None and door is None else None
            our_cpu += time.process_time() - start
            easy = reaches and not (hidden or lags)
            start = time.process_time()
            theirs = reading(graph, x, y, ours, efficient=easy)
            their_cpu += time.process_time() - start
            count["pairs"] += 1
            count["path_agrees"] += theirs.path == reaches
            if not reaches:
                continue
            count["with_path"] += 1
            count["existence_agrees"] += theirs.adjustable == (ours is not None)
            if ours is not None:
                count["sets"] += 1
                count["sets_valid"] += theirs.valid is True
            if easy:
                count["optimal_asked"] += 1
                count["optimal_failed"] += theirs.optimal is None
                count["optimal_same"] += theirs.optimal == tuple(np.flatnonzero(ours))
            if ours is None:
                count["without_set"] += 1
                count["front_door_ours"] += door is not None
                count["front_door_theirs"] += bool(theirs.front_door)
                count["instrument_ours"] += means is not None or instrument(graph, x, y) is not None
                count["instrument_theirs"] += bool(theirs.instruments)
                missed = (theirs.front_door and door is None) or (
                    theirs.instruments and instrument(graph, x, y) is None
                )
                count["missed_by_us"] += bool(missed)
    costs = {"our_cpu_ms_per_pair": 1e3 * our_cpu, "their_cpu_ms_per_pair": 1e3 * their_cpu}
    return {
        "indicators": p,
        "lags": lags,
        "hidden_causes": hidden,
        **count,
        **{name: round(value / count["pairs"], 3) for name, value in costs.items()},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="ten graphs of each kind, nothing written")
    options = parser.parse_args()
    compared(KINDS[0], 2, 0)
    results = [compared(kind, 10 if options.quick else 100, 20261128) for kind in KINDS]
    for row in results:
        print(json.dumps(row))
    total: Counter[str] = Counter()
    for row in results:
        total.update({k: v for k, v in row.items() if isinstance(v, int)})
    agreed = total["path_agrees"] == total["pairs"] and total["existence_agrees"] == total["with_path"]
    print("all agree:", agreed and total["sets_valid"] == total["sets"] and total["missed_by_us"] == 0)
    if options.quick:
        return
    content = {
        "question": "robustness.md",
        "versions": {name: version(name) for name in ("causal-service", "dowhy", "networkx")},
        "total": {k: v for k, v in total.items() if k not in ("indicators", "lags", "hidden_causes")},
        "results": results,
    }
    RESULT.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
