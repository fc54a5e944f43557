"""Documents that cannot drift: every public name explains itself, and what the README shows runs."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import causal_service

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PUBLIC = sorted(getattr(causal_service, "__all__", ()))


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", README, flags=re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("name", PUBLIC)
def test_every_public_name_has_a_docstring(name: str):
    value = getattr(causal_service, name)
    if callable(value):
        assert (value.__doc__ or "").strip(), name


def test_package_says_what_it_is():
    assert (causal_service.__doc__ or "").strip()
    assert PUBLIC


@pytest.mark.slow
@pytest.mark.parametrize("code", blocks("python"))
def test_readme_python_runs(code: str, tmp_path: Path):
    run = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr


@pytest.mark.slow
def test_readme_console_runs(tmp_path: Path):
    """Every `$ causal-service …` line runs, in the order shown, in one folder that holds a panel and its dictionary."""
    data = ROOT / "causal_service" / "data" / "manufacturing"
    shutil.copy(data / "panel.csv", tmp_path / "plants.csv")
    shutil.copy(data / "dictionary.yaml", tmp_path / "indicators.yaml")
    lines = [
        line[2:] for block in blocks("console") for line in block.splitlines() if line.startswith("$ causal-service")
    ]
    assert lines
    for line in lines:
        words = line.split()
        program = Path(sys.executable).with_name(words[0])
        run = subprocess.run([program, *words[1:]], cwd=tmp_path, capture_output=True, text=True, check=False)
        assert run.returncode == 0, f"{line}\n{run.stderr}"


def test_readme_links_point_to_files():
    for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", README):
        assert (ROOT / target).exists(), target
