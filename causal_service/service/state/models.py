"""The tables. What belongs to somebody is ``Owned`` and carries its workspace; times are UTC epoch seconds."""

from __future__ import annotations

from typing import Any, ClassVar

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

__all__ = [
    "ApiKey",
    "AuditEntry",
    "Base",
    "Idempotency",
    "Owned",
    "Panel",
    "Removal",
    "Study",
    "StudyPanel",
    "Worker",
    "Workspace",
]

Document = dict[str, Any]
_JSON = JSON(none_as_null=True)


class Base(DeclarativeBase):
    """All tables."""

    type_annotation_map: ClassVar[dict[Any, Any]] = {Document: _JSON, list[str]: _JSON, list[Document]: _JSON}


class Owned:
    """A row of one workspace; a session opened for a workspace sees and writes no other."""

    workspace_id: Mapped[str] = mapped_column(ForeignKey("workspaces.id", ondelete="CASCADE"), index=True)


class Workspace(Base):
    """A team whose data no other team sees."""

    __tablename__ = "workspaces"
    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(100), unique=True)
    created: Mapped[float]


class ApiKey(Owned, Base):
    """A key; of its secret only the SHA-256 is kept."""

    __tablename__ = "api_keys"
    id: Mapped[str] = mapped_column(primary_key=True)
    label: Mapped[str] = mapped_column(String(100))
    secret_hash: Mapped[str]
    scopes: Mapped[list[str]]
    created: Mapped[float]
    expires: Mapped[float | None]
    revoked: Mapped[float | None]


class Panel(Owned, Base):
    """An uploaded file with what its check found."""

    __tablename__ = "panels"
    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    kind: Mapped[str]
    bytes: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str]
    options: Mapped[Document]
    """``entity``, ``period``, ``weight`` as given."""
    dictionary: Mapped[str | None]
    """SHA-256 of the dictionary file."""
    state: Mapped[str]
    """``checking`` | ``ready`` | ``failed``."""
    turn: Mapped[int] = mapped_column(default=1)
    """Number of the check; a new dictionary starts another."""
    checked: Mapped[Document | None]
    """What the check found."""
    problem: Mapped[Document | None]
    created: Mapped[float] = mapped_column(index=True)


class Study(Owned, Base):
    """A question with its state, and in the end the names of its files."""

    __tablename__ = "studies"
    __table_args__ = (UniqueConstraint("workspace_id", "identity"), Index("ix_studies_state", "workspace_id", "state"))
    id: Mapped[str] = mapped_column(primary_key=True)
    identity: Mapped[str]
    """Hash of panels, dictionary, options and release: the same question again is the same study."""
    question: Mapped[Document]
    """The question as asked, defaults filled in."""
    inputs: Mapped[list[Document]]
    """``panel``, ``name``, ``sha256`` and ``dictionary`` (its SHA-256) of every panel, as they were when asked."""
    state: Mapped[str]
    """``queued`` | ``running`` | ``done`` | ``failed`` | ``cancelled``."""
    attempt: Mapped[int] = mapped_column(default=1)
    stage: Mapped[str] = mapped_column(default="queued")
    done: Mapped[int] = mapped_column(default=0)
    of: Mapped[int] = mapped_column(default=1)
    stage_started: Mapped[float | None]
    version: Mapped[int] = mapped_column(default=0)
    """Grows with every change; the id of a progress event."""
    files: Mapped[Document | None]
    """SHA-256 by file name, once done; ``study.json`` alone when it came with a bundle and waits for its reports."""
    problem: Mapped[Document | None]
    created: Mapped[float] = mapped_column(index=True)
    started: Mapped[float | None]
    finished: Mapped[float | None]


class StudyPanel(Owned, Base):
    """Which panels a study asks, in order."""

    __tablename__ = "study_panels"
    study_id: Mapped[str] = mapped_column(ForeignKey("studies.id", ondelete="CASCADE"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    panel_id: Mapped[str] = mapped_column(ForeignKey("panels.id", ondelete="CASCADE"), index=True)


class Idempotency(Owned, Base):
    """An ``Idempotency-Key`` that was used, with what it made."""

    __tablename__ = "idempotency_keys"
    workspace_id: Mapped[str] = mapped_column(ForeignKey("workspaces.id", ondelete="CASCADE"), primary_key=True)
    key: Mapped[str] = mapped_column(String(255), primary_key=True)
    request_hash: Mapped[str]
    resource_id: Mapped[str]
    created: Mapped[float] = mapped_column(index=True)


class AuditEntry(Owned, Base):
    """Who did what to which resource, from where; nothing of the content."""

    __tablename__ = "audit"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    created: Mapped[float] = mapped_column(index=True)
    actor: Mapped[str]
    action: Mapped[str]
    target: Mapped[str]
    request_id: Mapped[str]
    address: Mapped[str]


class Removal(Owned, Base):
    """A folder of files that must be gone: what it belonged to was deleted, or was never completed."""

    __tablename__ = "removals"
    folder: Mapped[str] = mapped_column(primary_key=True)
    due: Mapped[float] = mapped_column(index=True)


class Worker(Base):
    """A worker process that was alive at ``seen``."""

    __tablename__ = "workers"
    id: Mapped[str] = mapped_column(primary_key=True)
    seen: Mapped[float]
    started: Mapped[float]
