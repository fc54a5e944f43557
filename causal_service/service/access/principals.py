"""From a request to who makes it: a key, an OIDC token, or the one person of local mode."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from fastapi import Request

from causal_service.service.access.oidc import Issuer
from causal_service.service.access.rates import Rates
from causal_service.service.refusals import missing_scope, no_key, wrong_key
from causal_service.service.settings import Settings
from causal_service.service.state.database import Database
from causal_service.service.state.keys import SCOPES, ensure_workspace, verified, workspace_named

__all__ = ["LOCAL", "Gate", "Principal", "Scope", "address_of"]

Scope = Literal["read", "submit", "admin"]
LOCAL = "local"
"""Name of the workspace of local mode."""


@dataclass(frozen=True, slots=True)
class Principal:
    """Who makes a request."""

    workspace: str
    """Id of the workspace."""
    name: str
    """Name of the workspace."""
    actor: str
    """Id of the key, subject of the token, or ``local``."""
    scopes: tuple[str, ...]
    """What they may do."""


class Gate:
    """Decides who a request comes from."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self._settings, self._database = settings, database
        self._rates = Rates(settings)
        self._issuer = Issuer(settings) if settings.oidc_issuer else None
        self._local: Principal | None = None

    @property
    def waits(self) -> bool:
        """Whether ``admit`` asks the database (or an issuer), as it does for every key."""
        return self._local is None

    def open(self) -> None:
        """Make the workspace of local mode; called once the database is migrated."""
        if self._settings.mode == "local":
            with self._database.system() as session:
                self._local = Principal(ensure_workspace(session, LOCAL).id, LOCAL, LOCAL, SCOPES)

    def admit(self, request: Request, scope: Scope) -> Principal:
        """Return who makes ``request`` when they may do what needs ``scope``.

        Raises
        ------
        Refusal : ``no-key``, ``wrong-key`` or ``missing-scope``.
        TooMuch : ``rate-limited``.
        """
        principal = self._local or self._identified(request)
        if scope not in principal.scopes:
            raise missing_scope(scope)
        self._rates.count("read" if scope == "read" else "write", principal.actor)
        return principal

    def _identified(self, request: Request) -> Principal:
        scheme, _, text = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not text.strip():
            raise no_key()
        address = address_of(request)
        self._rates.refuse_guessing(address)
        found = self._by_key(text.strip()) or self._by_token(text.strip())
        if found is None:
            self._rates.count("refusal", address)
            raise wrong_key()
        return found

    def _by_key(self, text: str) -> Principal | None:
        with self._database.system() as session:
            found = verified(session, text)
            if found is None:
                return None
            key, workspace = found
            return Principal(workspace.id, workspace.name, key.id, tuple(key.scopes))

    def _by_token(self, text: str) -> Principal | None:
        claims = None if self._issuer is None else self._issuer.claims(text)
        if claims is None:
            return None
        with self._database.system() as session:
            workspace = workspace_named(session, claims.workspace)
            if workspace is None:
                return None
            return Principal(workspace.id, workspace.name, claims.subject, claims.scopes)


def address_of(request: Request) -> str:
    """Return the address a request came from."""
    return request.client.host if request.client else "unknown"
