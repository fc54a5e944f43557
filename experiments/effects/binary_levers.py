"""IHDP, its surface drawn anew, a simulated design, LaLonde, placebo trainees: ours beside DoubleML and EconML.

``python experiments/effects/binary_levers.py [--quick] [--seeds N] [--parts lalonde,ihdp] [--who NAME]``
writes ``binary_levers.json`` and ``binary_levers.md``. Finished answers are kept in ``out/``; ``--finished`` makes the
tables of them; with ``--keep`` the last result's row of a peer stays where it had more seeds (peers do not change with
this code). See ``question.md``.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import numpy as np  # noqa: E402
from binary_contenders import CONTENDERS, LINEAR, answered  # noqa: E402
from binary_data import EXPERIMENTAL, Case, folder, hill, ihdp, lalonde, lalonde_table, placebo, simulated  # noqa: E402
from binary_tables import tables  # noqa: E402

KEPT = HERE / "out" / "binary_levers.jsonl"
PARTS = ("lalonde", "placebo", "ihdp", "hill", "simulated")
DRAWN = {"placebo": placebo, "hill": hill, "simulated": simulated}
FIRST = dict.fromkeys(DRAWN, 1000)
"""Seeds from here on are reported; earlier ones were used to choose settings."""
FEW = {"DoubleML IRM, forest": 3}
"""Slow contenders get fewer seeds."""


def cases(part: str, seed: int) -> dict[str, Callable[[], Case]]:
    """Return the data sets of a part at one seed, by name."""
    if part == "lalonde":
        return {"lalonde": lalonde}
    if part == "ihdp":
        return {f"ihdp {k}": lambda k=k: ihdp(k) for k in (1, 2, 3)}
    return {f"{part} {seed}": lambda: DRAWN[part](seed)}


def study_of_lalonde() -> dict[str, Any]:
    """Return what a whole study says of LaLonde's data, through the public face."""
    import time

    import causal_service as cs

    dictionary = HERE / "lalonde.yaml"
    start = time.process_time()
    study = cs.study(lalonde_table(), dictionary=dictionary, outcome="re78", resamples=50)
    seconds = time.process_time() - start
    rows = {row.target: row for row in study.average_effects}
    linear = next(row for row in study.effects if row.lever == "treat" and row.kind == "impact")
    return {
        "seconds": seconds,
        "treated": [rows["treated"].value, rows["treated"].low, rows["treated"].high],
        "comparable": rows["treated"].comparable_share,
        "held_equal": list(rows["treated"].adjustment),
        "everyone": None if rows["everyone"].value is None else [rows["everyone"].value],
        "everyone_sentence": rows["everyone"].sentence.en,
        "sentence": rows["treated"].sentence.en,
        "linear_system": [linear.value, linear.low, linear.high],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="one seed, ours and regression, nothing written")
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--parts", default=",".join(PARTS))
    parser.add_argument("--who", action="append", choices=sorted(CONTENDERS), help="one contender; repeatable")
    parser.add_argument("--finished", action="store_true", help="tables of what is finished")
    parser.add_argument("--keep", action="store_true", help="rows of peers of the last result that had more seeds stay")
    options = parser.parse_args()
    parts = options.parts.split(",")
    if not folder().exists():
        print("skipped: CAUSAL_SHARED_DATA (default ../shared/data) has no folder effects", file=sys.stderr)
        parts = [part for part in parts if part == "simulated"]
    kept = {} if options.quick else _kept()
    names = options.who or (LINEAR[:2] if options.quick else tuple(CONTENDERS))
    seeds = 0 if options.finished else 1 if options.quick else options.seeds
    for step in range(seeds):
        for part in parts:
            seed = FIRST.get(part, 0) + step
            for label, case in cases(part, seed).items():
                for name in names:
                    key = f"{label}|{seed}|{name}"
                    if key not in kept and step < FEW.get(name, seeds):
                        kept[key] = _tried(name, case(), seed)
                        print(key, json.dumps(kept[key]), flush=True)
                        if not options.quick:
                            _keep(key, kept[key])
    if "lalonde" in parts and "study" not in kept and not options.finished:
        kept["study"] = study_of_lalonde()
        print(json.dumps(kept["study"]), flush=True)
        if not options.quick:
            _keep("study", kept["study"])
    if not options.quick:
        order = list(CONTENDERS)
        named = sorted(kept, key=lambda key: order.index(key.split("|")[-1]) if "|" in key else -1)
        last = HERE / "binary_levers.json"
        earlier = json.loads(last.read_text(encoding="utf-8")) if options.keep else {}
        result, text = tables({key: kept[key] for key in named}, EXPERIMENTAL, earlier)
        (HERE / "binary_levers.json").write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
        (HERE / "binary_levers.md").write_text(text, encoding="utf-8")


def _tried(name: str, case: Case, seed: int) -> dict[str, Any]:
    try:
        return answered(name, case, seed)
    except ImportError as error:
        return {"missing": str(error)}
    except (ValueError, np.linalg.LinAlgError) as error:
        return {"failed": f"{type(error).__name__}: {error}"}


def _kept() -> dict[str, Any]:
    if not KEPT.exists():
        return {}
    lines = [json.loads(line) for line in KEPT.read_text(encoding="utf-8").splitlines()]
    return {line["key"]: line["answer"] for line in lines if "missing" not in line["answer"]}


def _keep(key: str, answer: dict[str, Any]) -> None:
    KEPT.parent.mkdir(exist_ok=True)
    with KEPT.open("a", encoding="utf-8") as file:
        file.write(json.dumps({"key": key, "answer": answer}) + "\n")


if __name__ == "__main__":
    main()
