"""Run the scripts of this folder one after another and put their tables into ``result.md``. See question.md.

``python experiments/effects/run.py [--quick] [--only NAME ...] [--tables]``
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
SCRIPTS = {
    "binary_levers": "Levers with two states",
    "entity_effects": "Effects of single entities",
    "dose_response": "Dose-response",
    "reason_classes": "Why charts and causes differ",
    "robustness_cost": "Robustness checks and their cost",
}
PAGES = {"robustness_cost": "robustness"}
"""Pages that are not called as their script."""


def main() -> int:
    """Return the exit code: 1 when a script failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="every script small, nothing written")
    parser.add_argument("--only", action="append", choices=sorted(SCRIPTS), help="one script; repeatable")
    parser.add_argument("--tables", action="store_true", help="only result.md, from the results that are here")
    options = parser.parse_args()
    failed = 0
    for name in [] if options.tables else options.only or SCRIPTS:
        script = HERE / f"{name}.py"
        if not script.exists():
            continue
        print(f"== {name}", flush=True)
        command = [sys.executable, str(script), *(["--quick"] if options.quick else [])]
        failed += subprocess.run(command, check=False).returncode != 0
    if not options.quick:
        (HERE / "result.md").write_text(assembled(), encoding="utf-8")
    return int(failed > 0)


def assembled() -> str:
    """Return the page of all results that are here."""
    parts = ["# Effects in depth: results\n\nQuestions, settings and bars: [question.md](question.md).\n"]
    for name, title in SCRIPTS.items():
        page, result = HERE / f"{PAGES.get(name, name)}.md", HERE / f"{name}.json"
        said = _lowered(page.read_text(encoding="utf-8")) if page.exists() else ""
        if result.exists() and "|---" not in said:
            said += ("\n" if said else "") + _tabled(json.loads(result.read_text(encoding="utf-8")))
        if said:
            parts.append(f"## {title}\n\n{said}")
    return "\n".join(parts).rstrip() + "\n"


def _lowered(page: str) -> str:
    """Return a page without its own title and with headings below the second level."""
    lines = page.strip().splitlines()
    if lines and lines[0].startswith("# "):
        lines = lines[1:]
    return "\n".join("#" + line if line.startswith("## ") else line for line in lines).strip() + "\n"


def _tabled(result: Mapping[str, Any]) -> str:
    """Return a result as lists and tables: single figures, rows of figures, named rows of figures."""
    single = {key: value for key, value in result.items() if not isinstance(value, (dict, list))}
    out = ["; ".join(f"{key} {_cell(value)}" for key, value in single.items()) + "\n"] if single else []
    for key, value in result.items():
        rows = value if isinstance(value, list) else None
        if isinstance(value, dict):
            nested = all(isinstance(row, dict) for row in value.values())
            rows = [{"": name, **row} for name, row in value.items()] if nested else [value]
        if rows and all(isinstance(row, dict) for row in rows):
            columns = list(dict.fromkeys(column for row in rows for column in row))
            lines = [f"**{key}**\n", f"| {' | '.join(columns)} |", "|" + "---|" * len(columns)]
            lines += [f"| {' | '.join(_cell(row.get(column)) for column in columns)} |" for row in rows]
            out.append("\n".join(lines) + "\n")
    return "\n".join(out)


def _cell(value: Any) -> str:
    if value is None:
        return "—"
    if isinstance(value, float):
        return f"{value:.3g}"
    if isinstance(value, (list, tuple)):
        return " ± ".join(_cell(item) for item in value) if len(value) == 2 else ", ".join(map(_cell, value))
    return json.dumps(value) if isinstance(value, dict) else str(value)


if __name__ == "__main__":
    sys.exit(main())
