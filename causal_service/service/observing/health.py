"""Whether the parts answer: database, store, disk, workers; the truth, asked afresh every time."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.exc import SQLAlchemyError

from causal_service.service.documented import documented
from causal_service.service.observing import metrics
from causal_service.service.parts import Parts
from causal_service.service.refusals import Unavailable
from causal_service.service.state import workers

__all__ = ["Readiness", "readiness", "refresh_gauges"]


@documented
@dataclass(frozen=True, slots=True)
class Readiness:
    """What answers and what does not."""

    ready: bool
    """Whether uploads and questions can be accepted."""
    database: bool
    """Whether the database answers."""
    store: bool
    """Whether a file can be written, read and deleted."""
    disk: bool
    """Whether the disk has more room than the setting ``free_bytes``."""
    workers: int
    """Workers seen in the last half minute; without one, accepted work waits."""


def readiness(parts: Parts) -> Readiness:
    """Return whether the parts answer."""
    disk = parts.free_bytes >= parts.settings.free_bytes
    try:
        parts.store.check()
        store = True
    except Unavailable:
        store = False
    try:
        with parts.database.system() as session:
            alive, database = workers.alive(session), True
    except SQLAlchemyError:
        alive, database = 0, False
    return Readiness(database and store and disk and alive > 0, database, store, disk, alive)


def refresh_gauges(parts: Parts) -> None:
    """Bring the gauges of the queue up to date."""
    with parts.database.system() as session:
        counts, alive = workers.count_by_state(session), workers.alive(session)
    for state in ("queued", "running", "done", "failed", "cancelled"):
        metrics.QUEUE.labels(state).set(counts.get(state, 0))
    metrics.WORKERS.set(alive)
