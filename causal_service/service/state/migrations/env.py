"""Alembic runs this: the connection and its transaction belong to ``Database.migrate``."""

from __future__ import annotations

from alembic import context

from causal_service.service.state.models import Base

context.configure(
    connection=context.config.attributes["connection"], target_metadata=Base.metadata, transactional_ddl=True
)
with context.begin_transaction():
    context.run_migrations()
