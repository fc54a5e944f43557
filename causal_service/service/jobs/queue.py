"""Putting work on the queue: in the transaction that accepts it, so that nothing accepted is ever lost."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from sqlalchemy.orm import Session

from causal_service.service.state.database import Database

if TYPE_CHECKING:
    from dbos import DBOSClient

__all__ = ["APPLICATION", "CHECKS", "STUDIES", "WORKFLOWS", "Queue"]

APPLICATION = "causal-service"
"""Name under which the job library keeps our work."""
WORKFLOWS = "1"
"""Version of the order of steps; work begun under one version is finished by workers of the same version."""
STUDIES, CHECKS = "studies", "checks"


class Queue:
    """The API's side of the queue."""

    def __init__(self, database: Database) -> None:
        from dbos import DBOSClient
        from dbos._serialization import DBOSPortableJSON

        self._client: DBOSClient = DBOSClient(
            system_database_engine=database.engine, serializer=DBOSPortableJSON, application_name=APPLICATION
        )

    def add_study(self, session: Session, workspace: str, study: str, attempt: int) -> None:
        """Put attempt number ``attempt`` of a study on the queue, when the session's transaction commits."""
        self._add(session, STUDIES, "study", f"{study}.{attempt}", workspace, study, attempt)

    def add_check(self, session: Session, workspace: str, panel: str, turn: int) -> None:
        """Put check number ``turn`` of a panel on the queue, when the session's transaction commits."""
        self._add(session, CHECKS, "check", f"{panel}.{turn}", workspace, panel, turn)

    def close(self) -> None:
        """Let go of the database."""
        self._client.destroy()

    def _add(
        self, session: Session, queue: str, workflow: str, name: str, workspace: str, target: str, number: int
    ) -> None:
        session.flush()
        enqueue: Callable[..., object] = self._client.enqueue_in_transaction
        enqueue(
            session.connection(),
            {
                "workflow_name": workflow,
                "queue_name": queue,
                "workflow_id": name,
                "queue_partition_key": workspace,
                "app_version": WORKFLOWS,
            },
            workspace,
            target,
            number,
        )
