"""The parts of one API process, made once from the settings and handed to whatever needs them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from causal_service.service.access.principals import Gate
from causal_service.service.jobs.queue import Queue
from causal_service.service.settings import Settings
from causal_service.service.state.database import Database
from causal_service.service.storage.store import Store, open_store

__all__ = ["Parts", "open_parts"]


@dataclass(frozen=True, slots=True)
class Parts:
    """What an API process works with."""

    settings: Settings
    """The settings."""
    database: Database
    """The rows."""
    store: Store
    """The files."""
    queue: Queue
    """The way to the workers."""
    gate: Gate
    """Who may come in."""

    @property
    def free_bytes(self) -> int:
        """Free bytes on the disk of the data folder."""
        return shutil.disk_usage(self.settings.folder).free


@contextmanager
def open_parts(settings: Settings) -> Iterator[Parts]:
    """Open database, store and queue; close them when the context ends."""
    database = Database(settings.database, settings.database_connections)
    try:
        database.migrate()
        queue = Queue(database)
        try:
            gate = Gate(settings, database)
            gate.open()
            yield Parts(settings, database, open_store(settings), queue, gate)
        finally:
            queue.close()
    finally:
        database.close()
