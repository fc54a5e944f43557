"""What has to go and what has to be taken up again: once a minute in every worker; doing it twice is harmless."""

from __future__ import annotations

import shutil
import time
from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, select

from causal_service.service.deletion import delete_panel, delete_study, remove_files
from causal_service.service.documents import document_of
from causal_service.service.jobs.queue import CHECKS, STUDIES
from causal_service.service.jobs.runtime import Runtime
from causal_service.service.refusals import study_broke
from causal_service.service.state import removals, studies, workers
from causal_service.service.state.models import Idempotency, Panel, Study

__all__ = ["keep_house"]

_DAY = 86400.0
_BATCH = 500
_OVER = ("SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED")


def keep_house(runtime: Runtime) -> None:
    """Apply retention, remove what must be gone, and give the work of lost workers to others."""
    _take_over(runtime)
    _end_stranded(runtime)
    if runtime.settings.retention_days > 0:
        _retire(runtime, time.time() - runtime.settings.retention_days * _DAY)
    with runtime.database.system() as session:
        session.execute(delete(Idempotency).where(Idempotency.created < time.time() - _DAY))
        due = [(row.workspace_id, row.folder) for row in removals.due_removals(session)]
    for workspace, folder in due:
        remove_files(runtime.database, runtime.store, workspace, folder)
    _sweep_spool(runtime)
    _prune_queue()


def _take_over(runtime: Runtime) -> None:
    """Put the work of workers that fell silent back on its queue."""
    from dbos import DBOS

    with runtime.database.system() as session:
        silent = workers.lost(session)
    for worker in silent:
        for queue in (STUDIES, CHECKS):
            stuck = DBOS.list_workflows(status="PENDING", executor_id=worker, queue_name=queue, load_input=False)
            for work in stuck:
                DBOS.resume_workflow(work.workflow_id, queue_name=queue)
        with runtime.database.system() as session:
            workers.forget(session, worker)


def _end_stranded(runtime: Runtime) -> None:
    """Fail studies whose work ended without saying how (a worker that died on them again and again)."""
    from dbos import DBOS

    with runtime.database.system() as session:
        rows = session.scalars(select(Study).where(Study.state.in_(studies.ACTIVE)).limit(_BATCH)).all()
        active = {f"{row.id}.{row.attempt}": row for row in rows}
    if not active:
        return
    for work in DBOS.list_workflows(workflow_ids=list(active), status=list(_OVER), load_input=False, load_output=False):
        row = active[work.workflow_id]
        with runtime.database.workspace(row.workspace_id) as session:
            studies.fail(session, row.id, row.attempt, document_of(study_broke()))


def _retire(runtime: Runtime, before: float) -> None:
    with runtime.database.system() as session:
        ended = session.execute(
            select(Study.workspace_id, Study.id)
            .where(Study.finished < before, Study.state.not_in(studies.ACTIVE))
            .limit(_BATCH)
        ).all()
        old = session.execute(select(Panel.workspace_id, Panel.id).where(Panel.created < before).limit(_BATCH)).all()
    for workspace, study in ended:
        delete_study(runtime.database, runtime.store, workspace, study)
    for workspace, panel in old:
        delete_panel(runtime.database, runtime.store, workspace, panel)


def _sweep_spool(runtime: Runtime) -> None:
    """Remove what crashed processes left in the spool a day ago."""
    for path in runtime.settings.spool.iterdir():
        try:
            if path.stat().st_mtime < time.time() - _DAY:
                shutil.rmtree(path) if path.is_dir() else path.unlink()
        except FileNotFoundError:
            continue


def _prune_queue() -> None:
    """Forget finished work; what it made is in our own tables."""
    from dbos import DBOS

    before = (datetime.now(UTC) - timedelta(days=1)).isoformat()
    over = DBOS.list_workflows(
        status=list(_OVER), completed_before=before, load_input=False, load_output=False, limit=_BATCH
    )
    if over:
        DBOS.delete_workflows([work.workflow_id for work in over])
