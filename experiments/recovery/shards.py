"""Finished trials, kept under ``out/`` and keyed by the code they tested."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

from kept import OUT
from scenarios import Scenario
from shared_simulator import ROOT, shared_digest

UNREAD = ("report", "explanation", "data", "cli", "service", "client", "monitoring", "__main__")
"""Rooms and modules of the package that cannot change a figure of this study: what is said, drawn, served or stored."""
DEFINITIONS = (
    *("case.py", "own_case.py", "scenarios.py", "settings.py", "world.py", "simulation.py", "twins.py", "truth.py"),
    *("scoring.py", "trial.py", "shared_simulator.py", "shared_average.py"),
)
"""What a record is made by."""


def code_digest() -> str:
    """Digest of the package's code, as far as it can change a figure."""
    package = ROOT / "causal_service"
    files = sorted(
        f for f in package.rglob("*.py") if f.relative_to(package).parts[0].removesuffix(".py") not in UNREAD
    )
    return _digest([str(f.relative_to(ROOT)).encode() + f.read_bytes() for f in files])


def definition_digest() -> str:
    """Digest of the simulators, the scenarios and the measures."""
    return _digest([*((OUT.parent / name).read_bytes() for name in DEFINITIONS), shared_digest().encode()])


def _digest(parts: list[bytes]) -> str:
    return hashlib.sha256(b"\0".join(parts)).hexdigest()[:16]


class Shards:
    """Records by scenario and seed."""

    def __init__(self, resamples: int) -> None:
        self.code, self.definition = code_digest(), definition_digest()
        self._folder = OUT / "shards" / f"{self.code}-{self.definition}-{resamples}"

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
