"""The keys of a workspace as people see them, on the command line and in the API."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from sqlalchemy.orm import Session

from causal_service.errors import CallError, Text
from causal_service.service.settings import Settings
from causal_service.service.state import keys
from causal_service.service.state.database import Database
from causal_service.service.state.models import ApiKey

__all__ = ["KeyView", "create_key", "key_view", "list_keys", "no_such_key", "revoke_key"]


@dataclass(frozen=True, slots=True)
class KeyView:
    """A key, without its secret."""

    id: str
    """Id, ``key_…``."""
    label: str
    """What it is for."""
    scopes: tuple[str, ...]
    """What it may do."""
    created: str
    """Day it was made (UTC)."""
    expires: str | None
    """Day it expires (UTC); ``null`` never."""
    state: Literal["valid", "expired", "revoked"]
    """Whether it still opens anything."""


def create_key(settings: Settings, workspace: str, label: str, scope: str, days: float | None) -> tuple[KeyView, str]:
    """Make a key for the workspace called ``workspace``, made when new; return it and the text its holder sends."""
    with _session(settings) as session:
        key, text = keys.make_key(session, keys.ensure_workspace(session, workspace).id, label, scope, days)
        return key_view(key), text


def list_keys(settings: Settings, workspace: str) -> list[KeyView]:
    """Return the keys of a workspace, oldest first.

    Raises
    ------
    CallError : ``no-such-workspace``.
    """
    with _session(settings) as session:
        return [key_view(key) for key in keys.keys_of(session, _workspace(session, workspace))]


def revoke_key(settings: Settings, workspace: str, key: str) -> None:
    """Revoke a key.

    Raises
    ------
    CallError : ``no-such-workspace`` or ``no-such-key``.
    """
    with _session(settings) as session:
        if not keys.revoke_key(session, _workspace(session, workspace), key):
            raise no_such_key(key)


def key_view(key: ApiKey) -> KeyView:
    """Return a key as people see it."""
    expired = key.expires is not None and key.expires <= time.time()
    return KeyView(
        key.id,
        key.label,
        tuple(key.scopes),
        _day(key.created),
        None if key.expires is None else _day(key.expires),
        "revoked" if key.revoked is not None else "expired" if expired else "valid",
    )


def no_such_key(key: str) -> CallError:
    """Return the refusal of a key that does not exist or is revoked already."""
    return CallError(
        "no-such-key",
        Text(f"没有有效的密钥“{key}”。", f"There is no valid key '{key}'."),
        Text("请用 apikey list 查看编号，并用 --key 给出。", "apikey list shows the ids; give one with --key."),
        {"key": key},
    )


@contextmanager
def _session(settings: Settings) -> Iterator[Session]:
    database = Database(settings.database)
    try:
        database.migrate()
        with database.system() as session:
            yield session
    finally:
        database.close()


def _workspace(session: Session, name: str) -> str:
    found = keys.workspace_named(session, name)
    if found is None:
        raise CallError(
            "no-such-workspace",
            Text(f"没有工作区“{name}”。", f"There is no workspace '{name}'."),
            Text("apikey create 会创建新的工作区。", "apikey create makes a new one."),
            {"workspace": name},
        )
    return found.id


def _day(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).date().isoformat()
