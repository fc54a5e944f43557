"""The steps of a check and of a study, each safe to repeat after a crash.

Files are named by their content and rows change by conditional updates. A refusal is a result; only what another try
may mend (database, store) is raised and tried again.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import structlog
from dbos import DBOS

from causal_service.errors import CausalServiceError, UnreadableFile
from causal_service.service.documents import document_of, refusal_in
from causal_service.service.jobs.children import Progress, Stopped
from causal_service.service.jobs.question import Question
from causal_service.service.jobs.runtime import Runtime, current
from causal_service.service.observing import metrics
from causal_service.service.observing.traces import span
from causal_service.service.refusals import Refusal, TooMuch, Unavailable, is_full, no_space, study_broke
from causal_service.service.state import panels, studies
from causal_service.service.storage.layout import study_file
from causal_service.service.storage.store import hash_of

__all__ = ["check_workflow", "study_workflow"]

Document = dict[str, Any]
_WRITE_EVERY = 0.5
"""Seconds between two writes of progress within a stage."""
_TRIES: dict[str, Any] = {"retries_allowed": True, "max_attempts": 8, "interval_seconds": 1.0, "backoff_rate": 2.0}
_LOG = structlog.get_logger("causal_service")


class Interrupted(BaseException):
    """The worker shuts down. No ``Exception``, so that the job library records nothing and the work is resumed."""


@DBOS.workflow(name="study")
def study_workflow(workspace: str, study: str, attempt: int) -> str:
    """Compute one attempt of a study; return how it ended."""
    known = {"workspace": workspace, "study": study, "attempt": attempt}
    with structlog.contextvars.bound_contextvars(**known), span("study", **known):
        began = time.monotonic()
        ended = _study(workspace, study, attempt)
        metrics.STUDIES_ENDED.labels(ended).inc()
        metrics.STUDY_SECONDS.observe(time.monotonic() - began)
        _LOG.info("study ended", state=ended, seconds=round(time.monotonic() - began, 3))
    return ended


def _study(workspace: str, study: str, attempt: int) -> str:
    try:
        if not _begin(workspace, study, attempt):
            return "stopped"
        computed = _compute(workspace, study, attempt)
        if "files" in computed:
            computed = _report(workspace, study, attempt, computed["files"])
        if "files" in computed:
            return _finish(workspace, study, attempt, computed["files"])
        return str(computed["ended"])
    except Exception as error:
        _LOG.error("study broke", exc_info=error)
        return _fail_for(workspace, study, attempt, document_of(_cause(error)))


@DBOS.step(name="begin", **_TRIES)
def _begin(workspace: str, study: str, attempt: int) -> bool:
    with current().database.workspace(workspace) as session:
        return studies.begin(session, study, attempt)


@DBOS.step(name="compute", **_TRIES)
def _compute(workspace: str, study: str, attempt: int) -> Document:
    """Compute ``study.json``, unless it came with a bundle; return its hash, or how the attempt ended."""
    runtime = current()
    with runtime.database.workspace(workspace) as session:
        row = studies.study_of(session, study)
    if row is None:
        return {"ended": "stopped"}
    if row.files is not None:
        return {"files": row.files}
    question = Question.model_validate(row.question)
    with runtime.folder() as folder:
        try:
            files = runtime.lay_out(
                folder,
                workspace,
                row.inputs,
                dictionary=question.dictionary,
                knowledge=None if question.knowledge is None else question.knowledge.model_dump(),
            )
        except Refusal as error:
            return {"ended": _fail(runtime, workspace, study, attempt, error)}
        task = {"kind": "study", "options": question.options()} | files
        return _run(runtime, workspace, study, attempt, folder, task, {})


@DBOS.step(name="report", **_TRIES)
def _report(workspace: str, study: str, attempt: int, files: dict[str, str]) -> Document:
    """Write parts, reports, pictures and tables of the stored ``study.json``; return the hashes of all files."""
    runtime = current()
    with runtime.folder() as folder:
        key = study_file(workspace, study, "study.json", files["study.json"])
        runtime.store.fetch(key, folder / "study.json", files["study.json"])
        task = {"kind": "report", "folder": str(folder), "study": "study.json"}
        return _run(runtime, workspace, study, attempt, folder, task, files)


@DBOS.step(name="finish", **_TRIES)
def _finish(workspace: str, study: str, attempt: int, files: dict[str, str]) -> str:
    with current().database.workspace(workspace) as session:
        return "done" if studies.finish(session, study, attempt, files) else "stopped"


@DBOS.step(name="fail", **_TRIES)
def _fail_for(workspace: str, study: str, attempt: int, problem: Document) -> str:
    return _fail(current(), workspace, study, attempt, refusal_in(problem))


def _cause(error: Exception) -> CausalServiceError:
    """Return what made a step fail in the end: a part that did not answer in all its tries, or a defect."""
    last = (getattr(error, "errors", None) or [error])[-1]
    if is_full(last):
        return no_space()
    return last if isinstance(last, Unavailable) else study_broke()


@DBOS.workflow(name="check")
def check_workflow(workspace: str, panel: str, turn: int) -> str:
    """Check one panel; return ``ready``, ``failed`` or ``stopped``."""
    known = {"workspace": workspace, "panel": panel, "turn": turn}
    with structlog.contextvars.bound_contextvars(**known), span("check", **known):
        try:
            ended = _check(workspace, panel, turn)
        except Exception as error:
            _LOG.error("check broke", exc_info=error)
            ended = _check_broke(workspace, panel, turn, document_of(_cause(error)))
        _LOG.info("check ended", state=ended)
    return ended


@DBOS.step(name="check", **_TRIES)
def _check(workspace: str, panel: str, turn: int) -> str:
    runtime = current()
    with runtime.database.workspace(workspace) as session:
        row = panels.panel_of(session, panel)
    if row is None or row.turn != turn:
        return "stopped"
    item = {"panel": panel, "name": row.name, "sha256": row.sha256, "dictionary": row.dictionary}
    with runtime.folder() as folder:
        task = {"kind": "check", "options": row.options} | runtime.lay_out(folder, workspace, [item])
        try:
            found = runtime.checks.run(task, runtime.settings.check_seconds, lambda *_: None, lambda: True)
        except Unavailable:
            raise
        except CausalServiceError as error:
            found = {"refused": document_of(error), "unreadable": isinstance(error, (UnreadableFile, TooMuch))}
        except Stopped:
            raise Interrupted from None
    return _store_check(runtime, workspace, panel, turn, found)


@DBOS.step(name="check-broke", **_TRIES)
def _check_broke(workspace: str, panel: str, turn: int, problem: Document) -> str:
    return _store_check(current(), workspace, panel, turn, {"refused": problem})


def _store_check(runtime: Runtime, workspace: str, panel: str, turn: int, found: Document) -> str:
    refused = found.get("refused")
    with runtime.database.workspace(workspace) as session:
        if not panels.set_checked(session, panel, turn, checked=found, problem=refused):
            return "stopped"
    return "ready" if refused is None else "failed"


def _fail(runtime: Runtime, workspace: str, study: str, attempt: int, error: CausalServiceError) -> str:
    with runtime.database.workspace(workspace) as session:
        return "failed" if studies.fail(session, study, attempt, document_of(error)) else "stopped"


def _run(
    runtime: Runtime,
    workspace: str,
    study: str,
    attempt: int,
    folder: Path,
    task: Document,
    files: dict[str, str],
) -> Document:
    """Run a task and store what it wrote beside ``files``."""
    tell, wanted = _watch(runtime, workspace, study, attempt)
    try:
        runtime.studies.run(task, runtime.settings.study_seconds, tell, wanted)
    except Unavailable:
        raise
    except CausalServiceError as error:
        return {"ended": _fail(runtime, workspace, study, attempt, error)}
    except Stopped:
        if wanted():
            raise Interrupted from None
        return {"ended": "stopped"}
    written = {}
    for path in sorted((folder / "out").iterdir()):
        written[path.name] = hash_of(path)
        runtime.store.adopt(path, study_file(workspace, study, path.name, written[path.name]))
    return {"files": {**files, **written}}


def _watch(runtime: Runtime, workspace: str, study: str, attempt: int) -> tuple[Progress, Callable[[], bool]]:
    """Return what writes the progress of an attempt, and what says whether it is still wanted."""
    last = ("", 0.0)

    def tell(stage: str, done: int, of: int) -> None:
        nonlocal last
        now = time.monotonic()
        if stage != last[0] or now - last[1] >= _WRITE_EVERY:
            last = (stage, now)
            with runtime.database.workspace(workspace) as session:
                studies.report_progress(session, study, attempt, stage, done, of)

    def wanted() -> bool:
        with runtime.database.workspace(workspace) as session:
            return studies.is_running(session, study, attempt)

    return tell, wanted
