"""Panel rows of one workspace."""

from __future__ import annotations

from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from causal_service.service.state.models import Panel, Study, StudyPanel
from causal_service.service.state.studies import ACTIVE

__all__ = ["count_panels", "panel_of", "recheck", "remove_panel", "set_checked"]


def panel_of(session: Session, panel: str) -> Panel | None:
    """Return the panel, or ``None`` when this workspace has none of that id."""
    return session.scalars(select(Panel).where(Panel.id == panel)).one_or_none()


def count_panels(session: Session) -> int:
    """Return how many panels the workspace keeps."""
    return session.scalar(select(func.count()).select_from(Panel)) or 0


def set_checked(
    session: Session, panel: str, turn: int, *, checked: dict[str, Any] | None, problem: dict[str, Any] | None
) -> bool:
    """Store what check number ``turn`` found, or why it could not; ``False`` when a later check has begun."""
    state = "ready" if problem is None else "failed"
    changed = session.execute(
        update(Panel)
        .where(Panel.id == panel, Panel.turn == turn)
        .values(state=state, checked=checked, problem=problem)
        .execution_options(synchronize_session=False)
    )
    return bool(changed.rowcount)  # type: ignore[attr-defined]


def recheck(session: Session, panel: str, options: dict[str, Any] | None, dictionary: str | None) -> int | None:
    """Start another check of a panel, with other options or another dictionary (its SHA-256) where given.

    Returns
    -------
    the number of the check, or ``None`` when there is no such panel.
    """
    values: dict[str, Any] = {"state": "checking", "turn": Panel.turn + 1, "checked": None, "problem": None}
    values |= {} if options is None else {"options": options}
    values |= {} if dictionary is None else {"dictionary": dictionary}
    changed = session.execute(
        update(Panel)
        .where(Panel.id == panel)
        .values(**values)
        .returning(Panel.turn)
        .execution_options(synchronize_session=False)
    )
    return changed.scalar_one_or_none()


def remove_panel(session: Session, panel: str) -> bool:
    """Delete a panel that no queued or running study asks; ``False`` when it is in use or gone."""
    used = (
        select(StudyPanel.panel_id)
        .join(Study, Study.id == StudyPanel.study_id)
        .where(StudyPanel.panel_id == panel, Study.state.in_(ACTIVE))
    )
    gone = session.execute(
        delete(Panel).where(Panel.id == panel, ~used.exists()).execution_options(synchronize_session=False)
    )
    return bool(gone.rowcount)  # type: ignore[attr-defined]
