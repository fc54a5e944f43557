"""Which workers are alive."""

from __future__ import annotations

import time
from collections.abc import Sequence

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from causal_service.service.state.models import Study, Worker

__all__ = ["alive", "count_by_state", "forget", "lost", "seen"]

_ALIVE, _LOST = 30.0, 60.0
"""Seconds of silence up to which a worker counts as alive, and from which its work is given to others."""


def seen(session: Session, worker: str) -> None:
    """Note a sign of life of a worker."""
    now = time.time()
    changed = session.execute(update(Worker).where(Worker.id == worker).values(seen=now))
    if not changed.rowcount:  # type: ignore[attr-defined]
        session.add(Worker(id=worker, seen=now, started=now))


def alive(session: Session) -> int:
    """Return how many workers are alive."""
    asked = select(func.count()).select_from(Worker).where(Worker.seen > time.time() - _ALIVE)
    return session.scalar(asked) or 0


def lost(session: Session) -> Sequence[str]:
    """Return the names of workers that have been silent for too long."""
    return session.scalars(select(Worker.id).where(Worker.seen < time.time() - _LOST)).all()


def forget(session: Session, worker: str) -> None:
    """Delete a lost worker, unless it has come back."""
    session.execute(delete(Worker).where(Worker.id == worker, Worker.seen < time.time() - _LOST))


def count_by_state(session: Session) -> dict[str, int]:
    """Return the number of studies by state, over all workspaces."""
    rows = session.execute(select(Study.state, func.count()).group_by(Study.state)).all()
    return {str(state): int(count) for state, count in rows}
