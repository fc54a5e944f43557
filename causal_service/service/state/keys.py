"""API keys: made once, kept as a hash, scoped, expiring, revocable."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from collections.abc import Sequence

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from causal_service.service.state.identifiers import new_id
from causal_service.service.state.models import ApiKey, Workspace

__all__ = ["SCOPES", "ensure_workspace", "keys_of", "make_key", "revoke_key", "verified", "workspace_named"]

SCOPES = ("read", "submit", "admin")
"""What a key may do; each includes those before it."""
_PREFIX = "cs"


def workspace_named(session: Session, name: str) -> Workspace | None:
    """Return the workspace called ``name``."""
    return session.scalars(select(Workspace).where(Workspace.name == name)).one_or_none()


def ensure_workspace(session: Session, name: str) -> Workspace:
    """Return the workspace called ``name``, made when there is none."""
    found = workspace_named(session, name)
    if found is None:
        found = Workspace(id=new_id("wsp"), name=name, created=time.time())
        session.add(found)
        session.flush()
    return found


def make_key(session: Session, workspace: str, label: str, scope: str, days: float | None) -> tuple[ApiKey, str]:
    """Make a key for a workspace (its id) and return it with the text its holder sends; the text is kept nowhere.

    The secret has 256 random bits, so one round of SHA-256 keeps it: there is nothing to guess.
    """
    secret = secrets.token_urlsafe(32)
    now = time.time()
    key = ApiKey(
        id=new_id("key"),
        workspace_id=workspace,
        label=label,
        secret_hash=_hash(secret),
        scopes=list(SCOPES[: SCOPES.index(scope) + 1]),
        created=now,
        expires=None if days is None else now + days * 86400,
        revoked=None,
    )
    session.add(key)
    session.flush()
    return key, f"{_PREFIX}.{key.id}.{secret}"


def verified(session: Session, text: str) -> tuple[ApiKey, Workspace] | None:
    """Return the key behind ``text`` and its workspace, or ``None`` when it is unknown, expired or revoked."""
    prefix, _, rest = text.partition(".")
    name, _, secret = rest.partition(".")
    asked = select(ApiKey, Workspace).join(Workspace, Workspace.id == ApiKey.workspace_id).where(ApiKey.id == name)
    found = session.execute(asked).one_or_none() if prefix == _PREFIX else None
    matches = hmac.compare_digest(_hash(secret), "" if found is None else found[0].secret_hash)
    if found is None or not matches or found[0].revoked is not None:
        return None
    key, workspace = found
    return (key, workspace) if key.expires is None or key.expires > time.time() else None


def keys_of(session: Session, workspace: str) -> Sequence[ApiKey]:
    """Return the keys of a workspace, oldest first."""
    return session.scalars(select(ApiKey).where(ApiKey.workspace_id == workspace).order_by(ApiKey.created)).all()


def revoke_key(session: Session, workspace: str, key: str) -> bool:
    """Revoke a key of a workspace; ``False`` when there is none of that id."""
    changed = session.execute(
        update(ApiKey)
        .where(ApiKey.id == key, ApiKey.workspace_id == workspace, ApiKey.revoked.is_(None))
        .values(revoked=time.time())
    )
    return bool(changed.rowcount)  # type: ignore[attr-defined]


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
