"""Does any panel make the service fail? See question.md."""

from __future__ import annotations

import argparse
import json
import logging
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "tests" / "service"))

from fuzzed import fuzzed  # noqa: E402

RESULT = HERE / "result.json"
LIMIT = 60
"""CPU seconds that one panel may take."""
STUDY_EVERY = 5
"""Every how many panels that pass their check a small study is computed as well."""


class TooLong(BaseException):
    """A panel took longer than its limit."""


def outcome(number: int, folder: Path) -> tuple[str, float]:
    """Check panel ``number`` as a computing process does (and ask a study of it); return how it ended and seconds."""
    from causal_service.errors import CausalServiceError
    from causal_service.service.jobs.computing import TASKS
    from causal_service.service.uploads.guards import first_look

    panel = fuzzed(number)
    (folder / "panel").write_bytes(panel.content)
    known = None
    if panel.dictionary is not None:
        known = "dictionary.file"
        (folder / known).write_bytes(panel.dictionary)
    limits = {"unpacked": 2**26, "columns": 5000, "cells": 10**7}
    task: dict[str, Any] = {"panels": ["panel"], "dictionary": known, "limits": limits, "options": panel.options}
    began = time.monotonic()

    def late(*_: object) -> None:
        raise TooLong

    signal.signal(signal.SIGPROF, late)
    signal.setitimer(signal.ITIMER_PROF, LIMIT)
    try:
        from causal_service.service.uploads.guards import Limits

        first_look(folder / "panel", "panel", Limits(**limits))
        found = TASKS["check"](folder, task | {"kind": "check"}, lambda *_: None)
        json.dumps(found, allow_nan=False)
        if "refused" in found:
            return f"refused {found['refused']['code']}", time.monotonic() - began
        if number % STUDY_EVERY:
            return "ready", time.monotonic() - began
        names = [item["key"] for item in found["indicators"]]
        options = panel.options | {"outcome": names[-1] if names else "y", "resamples": 20, "lags": (0, 1)[number % 2]}
        TASKS["study"](
            folder, task | {"kind": "study", "knowledge": None, "threads": 1, "options": options}, lambda *_: None
        )
        TASKS["report"](folder, {"study": "out/study.json"}, lambda *_: None)
        return "study done", time.monotonic() - began
    except CausalServiceError as error:
        return f"refused {error.code}", time.monotonic() - began
    except TooLong:
        return f"HANG {traceback.format_exc()[-1500:]}", time.monotonic() - began
    except Exception:
        return f"BROKEN {traceback.format_exc()[-1500:]}", time.monotonic() - began
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def main() -> None:
    """Run the panels that are not in the result file yet."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true", help="100 panels, nothing kept")
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--count", type=int, default=10_000)
    chosen = parser.parse_args()
    logging.disable(logging.WARNING)
    count = 100 if chosen.quick else chosen.count
    endings: Counter[str] = Counter()
    wrong: list[dict[str, Any]] = []
    slowest = (0.0, -1)
    began = time.process_time()
    for number in range(chosen.first, chosen.first + count):
        with tempfile.TemporaryDirectory() as folder:
            ended, seconds = outcome(number, Path(folder))
        slowest = max(slowest, (round(seconds, 1), number))
        if ended.startswith(("BROKEN", "HANG")):
            wrong.append({"panel": number, "steps": fuzzed(number).steps, "trace": ended})
            print(number, fuzzed(number).steps, ended.strip().splitlines()[-1], flush=True)
            ended = ended.split()[0].lower()
        endings[ended] += 1
        if number % 500 == 499:
            print(number + 1, "panels", round(time.process_time() - began), "CPU s", "slowest", slowest, flush=True)
    made = {
        "first": chosen.first, "panels": count, "broken": endings["broken"], "hangs": endings["hang"],
        "slowest_seconds": slowest[0], "slowest_panel": slowest[1], "cpu_seconds": round(time.process_time() - began),
        "endings": dict(endings.most_common()), "wrong": wrong,
    }  # fmt: skip
    print(json.dumps({k: v for k, v in made.items() if k != "wrong"}, indent=1))
    if not chosen.quick:
        RESULT.write_text(json.dumps(made, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
