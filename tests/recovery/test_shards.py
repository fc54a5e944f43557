"""Figures are keyed by the code that can change them: what a trial imports, and no more than it can."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from shards import DOORS, PACKAGE, ROOTS, reached

ROOT = Path(__file__).resolve().parents[2]
TRIAL = """
import json, sys
from scenarios import SCENARIOS
from trial import trial
trial(SCENARIOS["own_linear"], 11, 40)
files = [getattr(module, "__file__", None) for name, module in sys.modules.items() if name.startswith("causal_service")]
print(json.dumps([file for file in files if file]))
"""


def imported(code: str) -> set[Path]:
    """Files of the package that are imported after ``code`` has run in a process of its own."""
    path = os.pathsep.join([str(ROOT / "experiments" / "recovery"), str(ROOT)])
    env = os.environ | {"PYTHONPATH": path}
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=env)
    return {Path(file) for file in json.loads(run.stdout.splitlines()[-1])}


def behind_doors() -> set[Path]:
    return reached(ROOTS, ()) - reached(ROOTS)


def in_rooms(files: set[Path]) -> set[Path]:
    rooms = {file for root in ROOTS for file in (PACKAGE / root).rglob("*.py")}
    return {file for file in files if file in rooms or file.name == "inference.py"}


@pytest.mark.slow
def test_a_trial_enters_no_door_and_imports_nothing_of_its_rooms_that_is_not_counted():
    files = imported(TRIAL)
    assert not files & behind_doors()
    assert in_rooms(files) <= reached(ROOTS)
    assert PACKAGE / "preparation" / "prepared.py" in files


def test_what_only_panels_on_disk_need_is_behind_the_doors():
    behind = {str(file.relative_to(PACKAGE)) for file in behind_doors()}
    assert {"panel/spilling.py", "preparation/partition_moments.py", "numerics/entity_rows.py"} <= behind
    assert not {"panel/reading.py", "panel/calendar.py", "preparation/rows.py", "numerics/gaussian_em.py"} & behind


def test_a_door_that_does_not_exist_is_refused():
    with pytest.raises(FileNotFoundError, match="no such door"):
        reached(ROOTS, (*DOORS, "panel.attic"))
