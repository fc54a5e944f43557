"""What a child process computes: files of one folder in, files of its folder ``out`` out; no database here."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from causal_service.errors import CausalServiceError, Text, UnreadableFile
from causal_service.service.documents import document_of
from causal_service.service.uploads.guards import Limits, second_look

if TYPE_CHECKING:
    from causal_service.panel.findings import Finding
    from causal_service.panel.panel import Panel

__all__ = ["TASKS", "check_panel", "compute_study", "warm_up", "write_reports"]

Progress = Callable[[str, int, int], None]
PARTS = ("graph", "effects", "levers", "chains", "contrast", "findings")
"""Parts of ``study.json`` that are served on their own."""


def check_panel(folder: Path, task: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """Check the panel of a task; return what the check found.

    Returns
    -------
    ``{"document": findings document, "indicators", "layers", "goals", "columns": […]}``, or
    ``{"refused": …, "columns": […]}`` when the file can be read and only the question about its columns is wrong.

    Raises
    ------
    CausalServiceError : the file cannot be read.
    """
    from causal_service.panel.summary import summarise
    from causal_service.panel.tables import read_table
    from causal_service.pipeline import check
    from causal_service.study_record import findings_json, plain

    progress("read", 0, 1)
    (path,) = _guarded(folder, task)
    dictionary = None if task["dictionary"] is None else folder / task["dictionary"]
    options = {name: task["options"].get(name) for name in ("entity", "period", "weight")}
    try:
        panel, known, findings = check(path, dictionary=dictionary, **options)
    except CausalServiceError as error:
        columns = [str(name) for name in read_table(path).frame.columns]
        return {"refused": document_of(error), "columns": columns}
    summary, indicators = summarise(panel, known, {})
    return {
        "document": json.loads(findings_json(summary, panel.regime, findings)),
        "indicators": plain(indicators),
        "layers": list(known.layers),
        "goals": [goal.indicator for goal in known.goals],
        "columns": _columns(panel, findings),
    }


def _columns(panel: Panel, findings: Sequence[Finding]) -> list[str]:
    """Return what a panel's columns may be called: as read, those set aside, and headers that stand for a key."""
    found = [*filter(None, (panel.entity_column, panel.period_column)), *panel.indicators]
    for code, param in (("text-columns", "columns"), ("renamed-columns", "headers")):
        for finding in findings:
            names = finding.params[param] if finding.code == code else ()
            found += [str(name) for name in names] if isinstance(names, tuple) else []
    return list(dict.fromkeys(found))


def compute_study(folder: Path, task: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """Compute the study of a task and write ``study.json``; return nothing else."""
    from causal_service.pipeline import study

    paths = _guarded(folder, task)
    result = study(
        paths,
        dictionary=None if task["dictionary"] is None else folder / task["dictionary"],
        knowledge=None if task["knowledge"] is None else folder / task["knowledge"],
        threads=task["threads"],
        progress=progress,
        **task["options"],
    )
    _write(folder, {"study.json": result.to_json()})
    return {}


def write_reports(folder: Path, task: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """Write parts, reports, pictures and tables of the stored study in the folder; return nothing else.

    Raises
    ------
    UnreadableFile : it is no study, or not written as we write it (``not-a-study``).
    """
    from causal_service.report.composition import compose
    from causal_service.report.graph_picture import graph_svg
    from causal_service.report.tables import effects_csv, levers_csv
    from causal_service.study_record import BOM, load, plain

    progress("report", 0, 1)
    source = folder / task["study"]
    study = load(source)
    if study.to_json().encode() != source.read_bytes():
        raise _rewritten()
    content = study.to_dict()
    files = {f"{part}.json": json.dumps(content[part], ensure_ascii=False, allow_nan=False) for part in PARTS}
    files |= {"levers.csv": BOM + levers_csv(study), "effects.csv": BOM + effects_csv(study)}
    for lang in ("zh", "en"):
        files[f"report.{lang}.html"] = study.report(lang)
        files[f"report.{lang}.json"] = json.dumps(plain(compose(study, lang)), ensure_ascii=False, allow_nan=False)
        files[f"graph.{lang}.svg"] = graph_svg(study, lang)
    _write(folder, files)
    return {}


TASKS: dict[str, Callable[[Path, dict[str, Any], Progress], dict[str, Any]]] = {
    "check": check_panel,
    "study": compute_study,
    "report": write_reports,
}
"""What a child can be asked for."""


def warm_up() -> None:
    """Import what every task needs, while nobody waits."""
    import causal_service.pipeline
    import causal_service.report.html  # noqa: F401


def _guarded(folder: Path, task: dict[str, Any]) -> list[Path]:
    paths = [folder / name for name in task["panels"]]
    for path in paths:
        second_look(path, path.name, Limits(**task["limits"]))
    return paths


def _write(folder: Path, files: dict[str, str]) -> None:
    out = folder / "out"
    out.mkdir(exist_ok=True)
    for name, text in files.items():
        (out / name).write_text(text, encoding="utf-8", newline="")


def _rewritten() -> UnreadableFile:
    return UnreadableFile(
        "not-a-study",
        Text("study.json 被改动过，或出自其他版本。", "study.json was changed, or comes from another release."),
        Text("请使用未经改动的导出文件。", "Use the exported bundle as it is."),
    )
