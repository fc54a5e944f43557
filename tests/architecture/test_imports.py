"""The house rules hold: import direction, doors, and a light import."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LINT = Path(sys.executable).with_name("lint-imports")


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [str(LINT), "--no-cache", "--config", "pyproject.toml"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def modules_after(statement: str) -> set[str]:
    code = f"import sys; {statement}; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    return set(run.stdout.split())


def test_import_contract_is_kept():
    result = lint(ROOT)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    ("module", "line", "broken"),
    [
        ("numerics/__init__.py", "import pandas", "Numerics takes and gives arrays BROKEN"),
        ("panel/__init__.py", "import causal_service.graph", "A room imports the rooms below it only BROKEN"),
        ("effects/__init__.py", "import dowhy", "Heavy libraries enter through their via_ door only BROKEN"),
        ("report/__init__.py", "import fastapi", "Only service knows HTTP, databases and durable jobs BROKEN"),
        ("attic/__init__.py", '"""A room nobody declared."""', "A room imports the rooms below it only"),
    ],
)
def test_import_contract_can_break(tmp_path: Path, module: str, line: str, broken: str):
    shutil.copytree(ROOT / "causal_service", tmp_path / "causal_service", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    changed = tmp_path / "causal_service" / module
    changed.parent.mkdir(exist_ok=True)
    with changed.open("a", encoding="utf-8") as file:
        file.write(f"\n{line}\n")
    result = lint(tmp_path)
    assert result.returncode != 0
    assert broken in result.stdout + result.stderr


def test_import_is_light():
    """`import causal_service` adds fewer than 100 modules to a bare interpreter, and none of the heavy ones."""
    added = modules_after("import causal_service") - modules_after("pass")
    assert len(added) < 100, sorted(added)
    heavy = {"numpy", "pandas", "scipy", "numba", "sklearn", "networkx", "jinja2", "pydantic", "yaml"}
    assert not heavy & added
