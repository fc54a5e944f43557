"""The life of a study row: every change is one conditional update, so that no two processes can both make it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from causal_service.service.state.models import Panel, Study, StudyPanel

__all__ = [
    "ACTIVE",
    "add_study",
    "again",
    "begin",
    "cancel",
    "count_queued",
    "fail",
    "finish",
    "is_running",
    "remove_study",
    "report_progress",
    "study_by_identity",
    "study_of",
]

ACTIVE = ("queued", "running")
"""States in which a study still needs its panels."""


def study_of(session: Session, study: str) -> Study | None:
    """Return the study, or ``None`` when this workspace has none of that id."""
    return session.scalars(select(Study).where(Study.id == study)).one_or_none()


def study_by_identity(session: Session, identity: str) -> Study | None:
    """Return the study that asks the same question of the same bytes."""
    return session.scalars(select(Study).where(Study.identity == identity)).one_or_none()


def add_study(session: Session, study: Study, panels: Sequence[Panel]) -> None:
    """Add a queued study of ``panels``."""
    session.add(study)
    session.flush()
    session.add_all(StudyPanel(study_id=study.id, position=k, panel_id=p.id) for k, p in enumerate(panels))
    session.flush()


def count_queued(session: Session) -> int:
    """Return how many studies of the workspace wait."""
    return session.scalar(select(func.count()).select_from(Study).where(Study.state == "queued")) or 0


def is_running(session: Session, study: str, attempt: int) -> bool:
    """Return whether an attempt is running: neither ended, cancelled nor replaced."""
    asked = select(Study.id).where(Study.id == study, Study.attempt == attempt, Study.state == "running")
    return session.scalars(asked).first() is not None


def begin(session: Session, study: str, attempt: int) -> bool:
    """Mark an attempt as running; ``False`` when it was cancelled or deleted. Repeating it changes nothing."""
    return _change(
        session,
        study,
        attempt,
        ACTIVE,
        state="running",
        stage="read",
        done=0,
        of=1,
        started=func.coalesce(Study.started, time.time()),
        stage_started=time.time(),
    )


def report_progress(session: Session, study: str, attempt: int, stage: str, done: int, of: int) -> bool:
    """Write how far an attempt is; ``False`` when it is no longer running."""
    now = time.time()
    same = session.execute(
        update(Study)
        .where(Study.id == study, Study.attempt == attempt, Study.state == "running", Study.stage == stage)
        .values(done=done, of=of, version=Study.version + 1)
    )
    if same.rowcount:  # type: ignore[attr-defined]
        return True
    return _change(session, study, attempt, ("running",), stage=stage, done=done, of=of, stage_started=now)


def finish(session: Session, study: str, attempt: int, files: dict[str, str]) -> bool:
    """Mark an attempt as done with its files; ``False`` when it is no longer running."""
    return _end(session, study, attempt, ("running",), state="done", stage="done", done=1, of=1, files=files)


def fail(session: Session, study: str, attempt: int, problem: dict[str, Any]) -> bool:
    """Mark an attempt as failed with its problem; ``False`` when it is no longer active."""
    return _end(session, study, attempt, ACTIVE, state="failed", problem=problem)


def cancel(session: Session, study: str, attempt: int) -> bool:
    """Mark an attempt as cancelled; ``False`` when it had ended."""
    return _end(session, study, attempt, ACTIVE, state="cancelled")


def again(session: Session, study: str, attempt: int) -> bool:
    """Queue a cancelled or failed study once more as the next attempt; ``False`` when somebody else did."""
    return _change(
        session,
        study,
        attempt,
        ("cancelled", "failed"),
        state="queued",
        attempt=attempt + 1,
        stage="queued",
        done=0,
        of=1,
        problem=None,
        started=None,
        finished=None,
        stage_started=None,
    )


def remove_study(session: Session, study: str) -> bool:
    """Delete a study that has ended; ``False`` when it is active or gone."""
    ended = select(Study.id).where(Study.id == study, Study.state.not_in(ACTIVE))
    session.execute(delete(StudyPanel).where(StudyPanel.study_id.in_(ended.scalar_subquery())))
    gone = session.execute(delete(Study).where(Study.id == study, Study.state.not_in(ACTIVE)))
    return bool(gone.rowcount)  # type: ignore[attr-defined]


def _end(session: Session, study: str, attempt: int, states: Sequence[str], **values: Any) -> bool:
    return _change(session, study, attempt, states, finished=time.time(), **values)


def _change(session: Session, study: str, number: int, states: Sequence[str], /, **values: Any) -> bool:
    changed = session.execute(
        update(Study)
        .where(Study.id == study, Study.attempt == number, Study.state.in_(states))
        .values(version=Study.version + 1, **values)
        .execution_options(synchronize_session=False)
    )
    return bool(changed.rowcount)  # type: ignore[attr-defined]
