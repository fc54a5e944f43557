"""What a route depends on: the parts of the process, who calls, and in which language."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, Literal, cast

from anyio import to_thread
from fastapi import Depends, Header, Query, Request
from fastapi.security import HTTPBearer

from causal_service.service.access.principals import Scope, address_of
from causal_service.service.caller import Caller
from causal_service.service.parts import Parts

__all__ = ["NEEDS", "Admin", "Cursor", "Lang", "Limit", "PartsOf", "Reader", "Submitter", "language"]

Language = Literal["zh", "en"]
_BEARER = HTTPBearer(auto_error=False, description="An API key, or a token of the configured OIDC issuer.")

NEEDS: dict[Callable[..., object], Scope] = {}
"""What a caller needs who comes in by one of these dependencies."""


async def parts_of(request: Request) -> Parts:
    """Return the parts of this process (``async``, like ``language``: what waits for nothing needs no thread)."""
    return cast("Parts", request.app.state.parts)


async def language(
    request: Request,
    lang: Annotated[Language | None, Query(description="Language; default that of Accept-Language.")] = None,
) -> Language:
    """Return the language of the answer."""
    return lang or ("zh" if request.headers.get("accept-language", "").lower().startswith("zh") else "en")


def _caller(scope: Scope) -> Callable[..., Awaitable[Caller]]:
    async def admit(
        request: Request,
        parts: PartsOf,
        _credentials: Annotated[object, Depends(_BEARER)],
        idempotency_key: Annotated[
            str | None,
            Header(max_length=255, description="Sending the same request again under the same key does nothing new."),
        ] = None,
    ) -> Caller:
        if parts.gate.waits:
            principal = await to_thread.run_sync(parts.gate.admit, request, scope)
        else:
            principal = parts.gate.admit(request, scope)
        return Caller(principal, request.state.request_id, address_of(request), idempotency_key)

    NEEDS[admit] = scope
    return admit


PartsOf = Annotated[Parts, Depends(parts_of)]
Lang = Annotated[Language, Depends(language)]
Reader = Annotated[Caller, Depends(_caller("read"))]
Submitter = Annotated[Caller, Depends(_caller("submit"))]
Admin = Annotated[Caller, Depends(_caller("admin"))]
Cursor = Annotated[str | None, Query(max_length=200, description="``next`` of the page before.")]
Limit = Annotated[int, Query(ge=1, le=200, description="Most items on a page.")]
