"""The database: one engine, sessions that see one workspace only, migrations under a lock."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import ORMExecuteState, Session, with_loader_criteria

from causal_service.errors import Text
from causal_service.service.refusals import unavailable
from causal_service.service.state.models import Owned

__all__ = ["Database"]

_LOCK = 0x63617573
"""Key of the PostgreSQL advisory lock held during migrations."""
_WORKSPACE = "workspace"
_PATIENCE = 120.0
"""Seconds that a process waits for the database when it starts."""


class Database:
    """An engine and the two ways to open a session.

    Parameters
    ----------
    url : SQLAlchemy address, ``sqlite:///FILE`` or ``postgresql+psycopg://…``.
    connections : most connections opened.
    """

    def __init__(self, url: str, connections: int = 20) -> None:
        self.sqlite = url.startswith("sqlite")
        self.engine = _sqlite(url, connections) if self.sqlite else _postgres(url, connections)

    @contextmanager
    def workspace(self, workspace: str) -> Iterator[Session]:
        """Open a transaction that sees and writes the rows of ``workspace`` and no other, whatever is asked."""
        with Session(self.engine, info={_WORKSPACE: workspace}, expire_on_commit=False) as session, session.begin():
            yield session

    @contextmanager
    def system(self) -> Iterator[Session]:
        """Open a transaction over all workspaces: for keys, workers and housekeeping only."""
        with Session(self.engine, expire_on_commit=False) as session, session.begin():
            yield session

    def migrate(self) -> None:
        """Bring the schema, ours and that of the job queue, to this release; safe when several processes start.

        Waits up to two minutes for a database that does not answer yet, as when everything is started at once.

        Raises
        ------
        Unavailable : it does not answer.
        """
        self._await(_PATIENCE)
        from alembic import command
        from alembic.config import Config
        from dbos import DBOS

        config = Config()
        config.set_main_option("script_location", str(Path(__file__).with_name("migrations")))
        with self.engine.connect() as connection:
            self._lock(connection)
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            connection.commit()
        DBOS.migrate(self.engine.url.render_as_string(hide_password=False))

    def check(self) -> None:
        """Raise ``SQLAlchemyError`` when the database does not answer."""
        with self.engine.connect() as connection:
            connection.execute(text("SELECT 1"))

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()

    def _await(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while True:
            try:
                self.check()
                return
            except (OperationalError, PoolTimeout):
                if time.monotonic() > end:
                    raise unavailable(Text("数据库", "database")) from None
                time.sleep(0.5)

    def _lock(self, connection: Connection) -> None:
        if self.sqlite:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        else:
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})


def _sqlite(url: str, connections: int) -> Engine:
    engine = create_engine(
        url, pool_size=connections, max_overflow=0, pool_timeout=30, connect_args={"check_same_thread": False}
    )

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: Any) -> None:
        connection.isolation_level = "IMMEDIATE"
        for pragma in ("busy_timeout=30000", "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")

    return engine


def _postgres(url: str, connections: int) -> Engine:
    return create_engine(url, pool_size=connections, max_overflow=0, pool_pre_ping=True, pool_timeout=10)


@event.listens_for(Session, "do_orm_execute")
def _only_own_rows(state: ORMExecuteState) -> None:
    """Add ``workspace_id = …`` to every query, update and delete of a session opened for a workspace."""
    own = state.session.info.get(_WORKSPACE)
    if own is not None and state.is_orm_statement and not state.is_column_load:
        state.statement = state.statement.options(
            with_loader_criteria(Owned, lambda table: table.workspace_id == own, include_aliases=True)
        )


@event.listens_for(Session, "before_flush")
def _stamp_own_rows(session: Session, _context: Any, _instances: Any) -> None:
    """Write the workspace of the session into new rows, and refuse those of another."""
    own = session.info.get(_WORKSPACE)
    for row in session.new:
        if own is not None and isinstance(row, Owned):
            if row.workspace_id not in (None, own):
                raise ValueError("a row of another workspace")
            row.workspace_id = own
