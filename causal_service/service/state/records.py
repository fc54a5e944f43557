"""What was asked before and by whom: idempotency keys and the audit log."""

from __future__ import annotations

import hashlib
import json
import time

from sqlalchemy import select
from sqlalchemy.orm import Session

from causal_service.errors import Text
from causal_service.service.refusals import Refusal
from causal_service.service.state.models import AuditEntry, Idempotency

__all__ = ["audit", "fingerprint", "made_before", "remember"]


def fingerprint(*asked: object) -> str:
    """Return the hash of what a request asked for."""
    text = json.dumps(asked, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def made_before(session: Session, key: str | None, asked: str) -> str | None:
    """Return the id of what was made under an ``Idempotency-Key`` by the same request.

    Raises
    ------
    Refusal : ``key-reused``, the key was used for another request.
    """
    found = None if key is None else session.scalars(select(Idempotency).where(Idempotency.key == key)).one_or_none()
    if found is None:
        return None
    if found.request_hash != asked:
        raise Refusal(
            "key-reused",
            Text("这个 Idempotency-Key 已用于另一个请求。", "This Idempotency-Key was used for another request."),
            Text("请为每个新请求使用新的键。", "Use a new key for every new request."),
        )
    return found.resource_id


def remember(session: Session, key: str | None, request_hash: str, resource: str) -> None:
    """Keep that ``resource`` was made under an ``Idempotency-Key``, when one was sent."""
    if key is None:
        return
    session.add(Idempotency(key=key, request_hash=request_hash, resource_id=resource, created=time.time()))
    session.flush()


def audit(session: Session, actor: str, action: str, target: str, request_id: str, address: str) -> None:
    """Write one line of the audit log, in the transaction of what it tells about."""
    session.add(
        AuditEntry(
            created=time.time(), actor=actor, action=action, target=target, request_id=request_id, address=address
        )
    )
