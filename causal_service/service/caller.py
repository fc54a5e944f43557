"""Who asks and under which id, for the audit log and idempotency."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from causal_service.service.access.principals import Principal
from causal_service.service.state import records

__all__ = ["Caller"]


@dataclass(frozen=True, slots=True)
class Caller:
    """One authenticated request."""

    principal: Principal
    """Who makes it."""
    request_id: str
    """Its id."""
    address: str
    """Where it came from."""
    key: str | None = None
    """Its ``Idempotency-Key``."""

    @property
    def workspace(self) -> str:
        """Id of the workspace."""
        return self.principal.workspace

    def audit(self, session: Session, action: str, target: str) -> None:
        """Write a line of the audit log, in the transaction of what it tells about."""
        records.audit(session, self.principal.actor, action, target, self.request_id, self.address)
