"""A missing part of the machine skips with its reason, and fails where `.ci/run` should have installed it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

CONFTEST = Path(__file__).resolve().parents[1] / "conftest.py"
TEST = """
def test_part(needs):
    assert needs("chromium", "the report is photographed")

def test_data(shared_data):
    assert shared_data("no/such/file.csv")
"""


@pytest.mark.slow
@pytest.mark.parametrize(("ci", "outcome"), [("", "2 skipped"), ("true", "1 failed, 1 skipped")])
def test_missing_part(tmp_path: Path, ci: str, outcome: str):
    shutil.copy(CONFTEST, tmp_path)
    (tmp_path / "test_it.py").write_text(TEST, encoding="utf-8")
    environment = os.environ | {"CI": ci, "PATH": str(tmp_path), "PYTHONPATH": ""}
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-rsf",
        "-p",
        "no:cacheprovider",
        "-c",
        os.devnull,
        "--rootdir",
        str(tmp_path),
        str(tmp_path),
    ]
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert outcome in run.stdout
    assert "chromium is missing on this machine: the report is photographed" in run.stdout
