"""Do a panel's twins say how far its study can be trusted? See question.md."""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import sys
from pathlib import Path
from typing import Any

import joblib

HERE = Path(__file__).resolve().parent
RECOVERY = HERE.parent / "recovery"
sys.path.insert(0, str(RECOVERY))
os.environ["PYTHONPATH"] = os.pathsep.join([str(RECOVERY), str(HERE), os.environ.get("PYTHONPATH", "")])

from measures import record, summarised  # noqa: E402
from scenarios import SCENARIOS, make_case  # noqa: E402
from shards import code_digest, definition_digest  # noqa: E402
from shared_simulator import tools_folder  # noqa: E402
from table import render  # noqa: E402

RESULT = HERE / "result.json"
DEFAULT = ("base", "small", "linear_small", "nonlinear_heavy")
FIRST_SEED, TUNING_SEED = 1000, 100


def kept_record(
    name: str, seed: int, twins: int, resamples: int, folder: Path, finished: bool
) -> dict[str, Any] | None:
    """Return the record of a panel, making and storing it when it is not there, unless only finished ones count."""
    file = folder / name / f"{seed}.json"
    if file.exists():
        return json.loads(file.read_text(encoding="utf-8"))  # type: ignore[no-any-return]
    if finished:
        return None
    made = record(make_case(SCENARIOS[name], seed), twins=twins, resamples=resamples)
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_suffix(f".{os.getpid()}")
    part.write_text(json.dumps(made), encoding="utf-8")
    part.replace(file)
    return made


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="two tuning panels of base, four twins; writes nothing")
    parser.add_argument("--tune", action="store_true", help="seeds below 1000; writes nothing")
    parser.add_argument("--scenarios", default=",".join(DEFAULT), help="names separated by commas")
    parser.add_argument("--panels", type=int, default=40)
    parser.add_argument("--twins", type=int, default=20)
    parser.add_argument("--resamples", type=int, default=100)
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    parser.add_argument("--finished", action="store_true", help="table of the finished panels, nothing is run anew")
    parser.add_argument("--add", action="store_true", help="keep what result.json has of other scenarios")
    options = parser.parse_args()
    if options.quick:
        options.scenarios, options.panels, options.twins = "base", 2, 4
    if tools_folder() is None:
        sys.exit("The shared simulator is not here; this experiment needs it.")
    names = options.scenarios.split(",")
    first = TUNING_SEED if options.tune or options.quick else FIRST_SEED
    measured = hashlib.sha256((HERE / "measures.py").read_bytes()).hexdigest()[:8]
    code = f"{code_digest()}-{definition_digest()}-{measured}"
    folder = HERE / "out" / f"{code}-{options.twins}-{options.resamples}"
    tasks = [(name, first + k) for name in names for k in range(options.panels)]
    parallel = joblib.Parallel(n_jobs=options.jobs, return_as="generator")
    made = parallel(
        joblib.delayed(kept_record)(name, seed, options.twins, options.resamples, folder, options.finished)
        for name, seed in tasks
    )
    records: dict[str, list[dict[str, Any]]] = {name: [] for name in names}
    for done, ((name, seed), one) in enumerate(zip(tasks, made, strict=True), 1):
        if one is not None:
            records[name].append(one)
        print(f"\r{done}/{len(tasks)} {name} {seed}    ", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    known = json.loads(RESULT.read_text(encoding="utf-8"))["scenarios"] if options.add else {}
    asked = {"code": code, "twins": options.twins, "resamples": options.resamples}
    found = known | {name: {**asked, **summarised(rows)} for name, rows in records.items() if rows}
    result = {"scenarios": {name: found[name] for name in sorted(found, key=list(SCENARIOS).index)}}
    print(render(result))
    if not options.quick and not options.tune:
        RESULT.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
        (HERE / "result.md").write_text(render(result), encoding="utf-8")


if __name__ == "__main__":
    main()
