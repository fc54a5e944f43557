"""Is anything accepted ever lost, done twice, or different? See question.md."""

from __future__ import annotations

import argparse
import json
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
sys.path.insert(0, str(HERE.parent))

from disk import full_disk  # noqa: E402
from kills import QUESTIONS, kill_round, references, summary  # noqa: E402
from running_service import postgres  # noqa: E402

RESULT = HERE / "result.json"
PER_ROUND = 10
ROUNDS = 10
"""Rounds per database: 2 databases x 10 rounds x 10 kills = 200 moments."""


def main() -> None:
    """Run what is not in the result file yet."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true", help="one round of two kills on each database, nothing kept")
    parser.add_argument("--only", choices=("sqlite", "postgres", "disk"), help="one part")
    parser.add_argument("--stored", action="store_true", help="write result.md from what is there")
    chosen = parser.parse_args()
    found: dict[str, Any] = {"rounds": [], "disk": []}
    if RESULT.exists() and not chosen.quick:
        found = json.loads(RESULT.read_text(encoding="utf-8"))
    if not chosen.stored:
        expected = references()
        for backend in ("sqlite", "postgres"):
            if chosen.only in (None, backend):
                _rounds(
                    backend,
                    found,
                    expected,
                    2 if chosen.quick else PER_ROUND,
                    1 if chosen.quick else ROUNDS,
                    chosen.quick,
                )
        if chosen.only in (None, "disk") and not found["disk"]:
            found["disk"] = full_disk(expected[2], QUESTIONS[2])
            print(json.dumps(found["disk"], indent=1), flush=True)
            if not chosen.quick:
                _keep(found, "disk")
    for backend in ("sqlite", "postgres"):
        rounds = [part for part in found["rounds"] if part["backend"] == backend]
        if rounds:
            print(backend, json.dumps(summary(rounds), indent=1, ensure_ascii=False))


def _rounds(backend: str, found: dict[str, Any], expected: list[str], kills: int, rounds: int, quick: bool) -> None:
    over = {part["round"] for part in found["rounds"] if part["backend"] == backend}
    for number in range(rounds):
        if number in over:
            continue
        with postgres() if backend == "postgres" else nullcontext() as database:
            if backend == "postgres" and database is None:
                print("postgres: its programs are not on this machine")
                return
            made = kill_round(backend, number, kills, expected, database)
        found["rounds"].append(made)
        print({name: value for name, value in made.items() if name not in ("moments", "extra")}, flush=True)
        if not quick:
            _keep(found, backend)


def _keep(found: dict[str, Any], part: str) -> None:
    """Write what was found; of the parts that another run may have added meanwhile, what stands in the file."""
    kept = json.loads(RESULT.read_text(encoding="utf-8")) if RESULT.exists() else {"rounds": [], "disk": []}
    if part == "disk":
        kept["disk"] = found["disk"]
    else:
        own = [made for made in found["rounds"] if made["backend"] == part]
        kept["rounds"] = [made for made in kept["rounds"] if made["backend"] != part] + own
    RESULT.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
