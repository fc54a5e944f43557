"""Bearer tokens of one OpenID Connect issuer: signature, issuer, audience and time are checked."""

from __future__ import annotations

import json
import threading
import time
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import structlog
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from causal_service.service.settings import Settings
from causal_service.service.state.keys import SCOPES

__all__ = ["Claims", "Issuer"]

_ALGORITHMS = ["RS256", "RS384", "RS512", "ES256", "ES384", "ES512", "PS256", "EdDSA"]
_AGE, _PAUSE = 3600.0, 60.0
"""Seconds for which keys are kept, and between two fetches for a key that was not among them."""
_MOST_BYTES = 2**20


@dataclass(frozen=True, slots=True)
class Claims:
    """What a valid token says."""

    subject: str
    """Who it was issued to."""
    workspace: str
    """Name of the workspace."""
    scopes: tuple[str, ...]
    """Those of our scopes that it grants."""


class Issuer:
    """The one issuer that the settings name; its keys are fetched from its own address only."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._keys: KeySet | None = None
        self._fetched = 0.0
        self._lock = threading.Lock()

    def claims(self, token: str) -> Claims | None:
        """Return what ``token`` says, or ``None`` when it is not valid here."""
        for fresh in (False, True):
            keys = self._key_set(fresh=fresh)
            if keys is None:
                return None
            try:
                content = jwt.decode(token, keys, algorithms=_ALGORITHMS).claims
                self._registry().validate(content)
                return self._read(content)
            except (JoseError, ValueError):
                continue
        return None

    def _registry(self) -> jwt.JWTClaimsRegistry:
        return jwt.JWTClaimsRegistry(
            leeway=30,
            iss={"essential": True, "value": self._settings.oidc_issuer},
            aud={"essential": True, "value": self._settings.oidc_audience},
            exp={"essential": True},
            sub={"essential": True},
        )

    def _read(self, content: Mapping[str, Any]) -> Claims | None:
        granted = content.get(self._settings.oidc_scope_claim, "")
        words = set(granted.split() if isinstance(granted, str) else map(str, granted))
        highest = max((SCOPES.index(word) for word in words if word in SCOPES), default=-1)
        workspace = content.get(self._settings.oidc_workspace_claim)
        if highest < 0 or not isinstance(workspace, str):
            return None
        return Claims(f"oidc:{content['sub']}", workspace, SCOPES[: highest + 1])

    def _key_set(self, *, fresh: bool) -> KeySet | None:
        """Return the issuer's keys; fetch them when old, or when ``fresh`` and not fetched a moment ago."""
        with self._lock:
            age = time.monotonic() - self._fetched if self._keys else float("inf")
            if age > _AGE or (fresh and age > _PAUSE):
                try:
                    place = _get(f"{self._settings.oidc_issuer.rstrip('/')}/.well-known/openid-configuration")
                    self._keys = KeySet.import_key_set(_get(str(place["jwks_uri"])))  # type: ignore[arg-type]
                    self._fetched = time.monotonic()
                except (OSError, ValueError, KeyError, JoseError) as error:
                    structlog.get_logger("causal_service").warning("issuer does not answer", exc_info=error)
            return self._keys


def _get(address: str) -> dict[str, Any]:
    if not address.startswith("https://"):
        raise ValueError(f"not https: {address}")
    with urllib.request.urlopen(address, timeout=5) as answer:  # nosec B310
        content: dict[str, Any] = json.loads(answer.read(_MOST_BYTES))
    return content
