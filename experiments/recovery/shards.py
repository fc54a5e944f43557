"""Finished trials, kept under ``out/`` and keyed by the code they tested."""

from __future__ import annotations

import ast
import hashlib
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from kept import OUT
from scenarios import Scenario
from shared_simulator import ROOT, shared_digest

ROOTS = ("inference", "panel", "study_choices", "rehearsal")
"""Modules and rooms of the package that can change a figure, with all they import: what reads, checks, learns, ranks.

What is said, drawn, served or stored is not among them, nor are effects in depth that only look at what was learned.
``pipeline`` puts these together; of it only the arguments of ``study`` count, with their defaults."""
DOORS = ("panel.parquet_table", "panel.large", "preparation.large")
"""Modules that a panel in memory never enters: they are imported where a Parquet file is read in pieces, only there.

What lies behind them alone cannot change a figure. ``tests/recovery`` looks at what a trial has imported."""
PACKAGE = ROOT / "causal_service"
DEFINITIONS = (
    *("case.py", "own_case.py", "scenarios.py", "settings.py", "world.py", "simulation.py", "twins.py", "truth.py"),
    *("scoring.py", "trial.py", "shared_simulator.py", "shared_average.py"),
)
"""What a record is made by."""


def code_digest() -> str:
    """Digest of the package's code, as far as it can change a figure."""
    pipeline = ast.parse((PACKAGE / "pipeline.py").read_text(encoding="utf-8"))
    study = next(node for node in pipeline.body if isinstance(node, ast.FunctionDef) and node.name == "study")
    files = [str(f.relative_to(ROOT)).encode() + f.read_bytes() for f in sorted(reached(ROOTS))]
    return _digest([ast.dump(study.args).encode(), *files])


def reached(roots: Sequence[str], doors: Sequence[str] = DOORS) -> set[Path]:
    """Files of the package that can be imported on the way from the roots, directly or not, without passing a door."""
    closed = {PACKAGE.joinpath(*door.split(".")).with_suffix(".py") for door in doors}
    if missing := [str(file) for file in sorted(closed) if not file.is_file()]:
        raise FileNotFoundError(f"no such door: {', '.join(missing)}")
    behind = _walked(closed, set())
    first = {file for root in roots for file in _files_of(root.split("."))}
    first |= {file for root in roots for file in (PACKAGE / root).rglob("*.py") if file not in behind}
    return _walked(first, closed)


def _walked(first: set[Path], closed: set[Path]) -> set[Path]:
    found: set[Path] = set()
    wanted = list(first)
    while wanted:
        file = wanted.pop()
        if file not in found and file not in closed:
            found.add(file)
            wanted += _imported(file)
    return found


def _imported(file: Path) -> list[Path]:
    names: list[str] = []
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names += [f"{node.module}.{alias.name}" for alias in node.names]
    return [file for name in names if name.startswith("causal_service.") for file in _files_of(name.split(".")[1:])]


def _files_of(parts: Sequence[str]) -> list[Path]:
    """Files behind a dotted name: the packages on the way, and the module; what a module defines has none."""
    found = [PACKAGE.joinpath(*parts[:k], "__init__.py") for k in range(1, len(parts) + 1)]
    found += [PACKAGE.joinpath(*parts[:k]).with_suffix(".py") for k in range(1, len(parts) + 1)]
    return [file for file in found if file.is_file()]


def definition_digest() -> str:
    """Digest of the simulators, the scenarios and the measures."""
    return _digest([*((OUT.parent / name).read_bytes() for name in DEFINITIONS), shared_digest().encode()])


def _digest(parts: list[bytes]) -> str:
    return hashlib.sha256(b"\0".join(parts)).hexdigest()[:16]


class Shards:
    """Records by scenario and seed."""

    def __init__(self, resamples: int, code: str | None = None) -> None:
        """``code``: digest of an earlier code; default that of the code as it stands."""
        self.code, self.definition, self.resamples = code or code_digest(), definition_digest(), resamples
        self._folder = OUT / "shards" / f"{self.code}-{self.definition}-{resamples}"

    def note(self, said: str) -> None:
        """Keep a sentence about the records."""
        (self._folder / "note.txt").write_text(said, encoding="utf-8")

    @property
    def noted(self) -> str | None:
        """The sentence kept with the records, if there is one."""
        file = self._folder / "note.txt"
        return file.read_text(encoding="utf-8") if file.exists() else None

    def load(self, scenario: Scenario, seed: int) -> dict[str, Any] | None:
        """The finished record, or ``None``."""
        try:
            record: dict[str, Any] = json.loads(self._file(scenario, seed).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        return record

    def store(self, scenario: Scenario, seed: int, record: dict[str, Any]) -> None:
        """Keep a record; nothing half-written can be read back."""
        file = self._file(scenario, seed)
        file.parent.mkdir(parents=True, exist_ok=True)
        part = file.with_suffix(f".{os.getpid()}")
        part.write_text(json.dumps(record), encoding="utf-8")
        part.replace(file)

    def _file(self, scenario: Scenario, seed: int) -> Path:
        return self._folder / scenario.name / f"{seed}.json"
