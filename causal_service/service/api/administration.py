"""What an administrator of a workspace sees and does: its keys, and who did what."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from causal_service.errors import Text
from causal_service.service.api.access import Admin, Cursor, Limit, PartsOf
from causal_service.service.api.shapes import Page, rfc3339
from causal_service.service.documented import documented
from causal_service.service.keyring import KeyView, key_view
from causal_service.service.refusals import not_found
from causal_service.service.state import keys
from causal_service.service.state.identifiers import page
from causal_service.service.state.models import AuditEntry

__all__ = ["router"]

router = APIRouter(prefix="/v1", tags=["administration"])


class NewKey(BaseModel):
    """The key wanted."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)
    label: str = Field(default="", max_length=100)
    """What it is for."""
    scope: Literal["read", "submit", "admin"] = "submit"
    """What it may do; each includes those before it."""
    days: Annotated[float, Field(gt=0, le=36500)] | None = None
    """Days until it expires; ``null`` never."""


@documented
@dataclass(frozen=True, slots=True)
class MadeKey:
    """A new key; its text is shown this once."""

    key: str
    """What its holder sends after ``Bearer``."""
    made: KeyView
    """What it is."""


@documented
@dataclass(frozen=True, slots=True)
class Act:
    """One line of the audit log."""

    at: str
    """When (RFC 3339, UTC)."""
    actor: str
    """Id of the key, subject of the token, or ``local``."""
    action: str
    """``panel.upload``, ``panel.change``, ``panel.delete``, ``study.submit``, ``study.cancel``, …"""
    target: str
    """Id of what was acted on."""
    request: str
    """Id of the request."""
    address: str
    """Where it came from."""


@router.get("/keys", summary="The keys of the workspace")
def listed(parts: PartsOf, caller: Admin) -> list[KeyView]:
    """List keys without their secrets, oldest first."""
    with parts.database.workspace(caller.workspace) as session:
        return [key_view(key) for key in keys.keys_of(session, caller.workspace)]


@router.post("/keys", status_code=201, summary="Make a key")
def make(wanted: NewKey, parts: PartsOf, caller: Admin) -> MadeKey:
    """Make a key for this workspace."""
    with parts.database.workspace(caller.workspace) as session:
        key, text = keys.make_key(session, caller.workspace, wanted.label, wanted.scope, wanted.days)
        caller.audit(session, "key.make", key.id)
        return MadeKey(text, key_view(key))


@router.delete("/keys/{key}", status_code=204, summary="Revoke a key")
def revoke(key: str, parts: PartsOf, caller: Admin) -> None:
    """Revoke a key of this workspace, at once."""
    with parts.database.workspace(caller.workspace) as session:
        if not keys.revoke_key(session, caller.workspace, key):
            raise not_found(Text("密钥", "key"))
        caller.audit(session, "key.revoke", key)


@router.get("/audit", summary="Who did what")
def audit(parts: PartsOf, caller: Admin, cursor: Cursor = None, limit: Limit = 50) -> Page[Act]:
    """List what was done in this workspace, newest first; never content."""
    with parts.database.workspace(caller.workspace) as session:
        rows, following = page(session, AuditEntry, cursor, limit)
    acts = [Act(rfc3339(r.created), r.actor, r.action, r.target, r.request_id, r.address) for r in rows]
    return Page(acts, following)
