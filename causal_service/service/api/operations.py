"""What a supervisor asks: alive, ready, how busy; and what a caller may do."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from causal_service.service.api.access import PartsOf, Reader
from causal_service.service.documented import documented
from causal_service.service.observing.health import Readiness, readiness, refresh_gauges

__all__ = ["router"]

router = APIRouter(tags=["operations"])


@documented
@dataclass(frozen=True, slots=True)
class Me:
    """Who calls and what they may do."""

    workspace: str
    """Name of the workspace."""
    scopes: tuple[str, ...]
    """``read``, ``submit``, ``admin``."""
    mode: str
    """``local`` or ``shared``."""
    limits: dict[str, int]
    """Largest upload (``upload_bytes``, ``unpacked_bytes``) and table (``columns``, ``cells``)."""


@router.get("/healthz", summary="The process is alive")
async def healthz() -> dict[str, str]:
    """Answer as long as the process can answer at all."""
    return {"status": "ok"}


@router.get("/readyz", summary="The parts answer", responses={503: {"model": Readiness}})
def readyz(parts: PartsOf, response: Response) -> Readiness:
    """Answer 200 when work can be accepted and a worker is there to do it, else 503; either way say what answers."""
    found = readiness(parts)
    response.status_code = 200 if found.ready else 503
    return found


@router.get("/metrics", summary="Prometheus metrics", response_class=Response)
def metrics(request: Request, parts: PartsOf) -> Response:
    """Answer in the Prometheus text format."""
    if not parts.settings.metrics_public:
        parts.gate.admit(request, "admin")
    refresh_gauges(parts)
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


@router.get("/v1/me", summary="Who am I")
def me(parts: PartsOf, caller: Reader) -> Me:
    """Return the workspace and scopes of the caller, and the limits."""
    limits = {name: getattr(parts.settings, name) for name in ("upload_bytes", "unpacked_bytes", "columns", "cells")}
    return Me(caller.principal.name, caller.principal.scopes, parts.settings.mode, limits)
