"""The worker process: it takes work from the queue until it is told to stop, and says that it is alive."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from types import TracebackType

import structlog
from sqlalchemy.exc import SQLAlchemyError

from causal_service.errors import CausalServiceError
from causal_service.service.jobs import runtime as runtimes
from causal_service.service.jobs.children import Children
from causal_service.service.jobs.housekeeping import keep_house
from causal_service.service.jobs.queue import APPLICATION, CHECKS, STUDIES, WORKFLOWS
from causal_service.service.jobs.runtime import Runtime
from causal_service.service.settings import Settings
from causal_service.service.state import workers
from causal_service.service.state.database import Database
from causal_service.service.storage.store import open_store

__all__ = ["Worker"]

_BEAT = 5.0
"""Seconds between two signs of life."""
_HOUSEKEEPING = 60.0
"""Seconds between two rounds of housekeeping."""


class Worker:
    """A worker, as a context: launched on entry; on exit it hands interrupted work back.

    One per process, because the job library allows one. Work that was interrupted, by exit or by a crash, is taken up
    again by the next worker of the same ``worker_id``, or by any other once this one has been silent for a minute.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> Worker:
        from dbos import DBOS
        from dbos._serialization import DBOSPortableJSON

        import causal_service.service.jobs.workflows  # noqa: F401  (registers them)

        settings = self._settings
        self._database = Database(settings.database, settings.database_connections)
        self._database.migrate()
        self._studies = Children(settings, settings.worker_studies)
        self._checks = Children(settings, settings.worker_checks)
        self._runtime = Runtime(settings, self._database, open_store(settings), self._studies, self._checks)
        runtimes.install(self._runtime)
        self._checks.warm()
        self._studies.warm()
        DBOS(
            config={
                "name": APPLICATION,
                "system_database_engine": self._database.engine,
                "application_version": WORKFLOWS,
                "executor_id": settings.worker_id,
                "serializer": DBOSPortableJSON,
                "run_migrations": False,
                "console_log_level": "WARNING",
                "use_listen_notify": False,
            }
        )
        DBOS.launch()
        for name, own, each in (
            (STUDIES, settings.worker_studies, settings.workspace_studies),
            (CHECKS, settings.worker_checks, settings.workspace_studies),
        ):
            DBOS.register_queue(
                name,
                worker_concurrency=own,
                partition_concurrency=each,
                polling_interval_sec=settings.queue_seconds,
                on_conflict="always_update",
            )
        for task, pause in ((self._beat, _BEAT), (self._keep_house, _HOUSEKEEPING)):
            thread = threading.Thread(target=self._repeat, args=(task, pause), daemon=True)
            thread.start()
            self._threads.append(thread)
        structlog.get_logger("causal_service").info("worker ready", worker=settings.worker_id)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        from dbos import DBOS

        self._stop.set()
        self._studies.close()
        self._checks.close()
        DBOS.destroy()
        for thread in self._threads:
            thread.join(10)
        runtimes.install(None)
        self._database.close()

    def _beat(self) -> None:
        with self._database.system() as session:
            workers.seen(session, self._settings.worker_id)

    def _keep_house(self) -> None:
        keep_house(self._runtime)

    def _repeat(self, task: Callable[[], None], pause: float) -> None:
        while not self._stop.is_set():
            began = time.monotonic()
            try:
                task()
            except (SQLAlchemyError, CausalServiceError, OSError) as error:
                structlog.get_logger("causal_service").warning("will try again", exc_info=error)
            self._stop.wait(max(0.0, pause - (time.monotonic() - began)))
