"""Folders of files that must be gone, remembered until they are."""

from __future__ import annotations

import time
from collections.abc import Sequence

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from causal_service.service.state.models import Removal

__all__ = ["due_removals", "forget_removal", "remove_later"]

UNFINISHED = 86400.0
"""Seconds after which an upload that was never completed is removed."""


def remove_later(session: Session, folder: str, seconds: float = 0.0) -> None:
    """Remember that ``folder`` must be gone after ``seconds``."""
    session.add(Removal(folder=folder, due=time.time() + seconds))
    session.flush()


def forget_removal(session: Session, folder: str) -> None:
    """Forget a removal: the folder is gone, or what it belongs to is complete."""
    session.execute(delete(Removal).where(Removal.folder == folder))


def due_removals(session: Session, limit: int = 1000) -> Sequence[Removal]:
    """Return the removals that are due."""
    return session.scalars(select(Removal).where(Removal.due <= time.time()).limit(limit)).all()
