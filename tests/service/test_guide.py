"""The guide is true: its lines run in the order shown, in one shell, against a real service."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

import causal_service as cs
from causal_service.data import demo_dictionary_path, demo_panel_path

ROOT = Path(__file__).resolve().parents[2]
GUIDE = (ROOT / "docs" / "service.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("page", ["docs/service.md", "docs/deployment/README.md", "docs/settings.md"])
def test_links_point_to_files(page: str):
    place = ROOT / page
    for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", place.read_text(encoding="utf-8")):
        assert (place.parent / target).exists(), target


def script(port: int) -> str:
    """Every console line, and the Python block where it stands, as one script of a shell."""
    lines = ["set -eu", "trap 'kill $(jobs -p) 2>/dev/null || true' EXIT"]
    for language, block in re.findall(r"^```(console|python)\n(.*?)^```$", GUIDE, flags=re.MULTILINE | re.DOTALL):
        if language == "python":
            lines.append(f"python - <<'PYTHON'\n{block}PYTHON")
        else:
            assert all(line.startswith("$ ") for line in block.splitlines()), block
            lines += [line[2:] for line in block.splitlines()]
    text = "\n".join(lines).replace("127.0.0.1:8000", f"127.0.0.1:{port}").replace("kill %1", "kill $!")
    return f"export CAUSAL_PORT={port}\n{text}\n"


@pytest.mark.slow
def test_every_line_runs(tmp_path: Path, needs):
    needs("curl", "the lines of the guide are run")
    shutil.copy(demo_panel_path(), tmp_path / "plants.csv")
    shutil.copy(demo_dictionary_path(), tmp_path / "indicators.yaml")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    (tmp_path / "guide.sh").write_text(script(port), encoding="utf-8")
    run = subprocess.run(
        ["bash", "guide.sh"], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=540, check=False
    )
    assert run.returncode == 0, run.stdout[-1000:] + run.stderr[-3000:]
    told = {
        name: (tmp_path / name).read_text(encoding="utf-8-sig") for name in ("study.json", "levers.csv", "events.txt")
    }
    local = cs.study(
        tmp_path / "plants.csv", dictionary=tmp_path / "indicators.yaml", outcome="satisfaction", resamples=100
    )
    assert told["study.json"] == local.to_json()
    assert told["levers.csv"].count("\n") > len(local.levers)
    assert "event: end" in told["events.txt"]
    assert json.loads((tmp_path / "study-state.json").read_text())["state"] == "done"
    assert json.loads((tmp_path / "problem.json").read_text())["detail"] == "没有这个面板。"
    assert (tmp_path / "report.html").read_text(encoding="utf-8") == local.report("en")
    assert (tmp_path / "report-zh.html").read_text(encoding="utf-8") == local.report("zh")
    assert f"{local.levers[0].lever} {local.levers[0].verdict}" in run.stdout
