"""What every request passes first: an id, the right host, a bounded body; and what every answer carries."""

from __future__ import annotations

import time

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from causal_service.errors import CausalServiceError
from causal_service.service import problems
from causal_service.service.observing import metrics
from causal_service.service.observing.traces import span
from causal_service.service.refusals import body_too_large, cross_site
from causal_service.service.settings import Settings, is_loopback
from causal_service.service.state.identifiers import new_id

__all__ = ["Doors"]

_SAFE = ("GET", "HEAD", "OPTIONS")
_PROBES = ("/healthz", "/readyz")
"""Asked by supervisors under whatever address a process has."""
_UPLOADS = ("/v1/panels", "/v1/bundles")
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class Doors:
    """ASGI middleware around the whole application; pure, so that uploads and event streams pass unbuffered."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app, self._settings = app, settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope, receive)
        request.state.request_id = new_id("req")
        began = time.perf_counter()
        status = 500

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers["X-Request-ID"] = request.state.request_id
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
                if scope["path"].startswith("/v1"):
                    headers.setdefault("Cache-Control", "private, no-cache")
                self._observe(scope, status, began)
            await send(message)

        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request=request.state.request_id)
        refusal = self._refusal(scope)
        if refusal is None:
            bounded = receive if scope["path"].startswith(_UPLOADS) else self._bounded(receive)
            with span(f"{scope['method']} {scope['path']}", request=request.state.request_id):
                await self._app(scope, bounded, answer)
        else:
            await problems.answer(request, refusal)(scope, receive, answer)
        structlog.get_logger("causal_service").info(
            "request", method=scope["method"], path=scope["path"], status=status,
            ms=round(1000 * (time.perf_counter() - began), 1),
        )  # fmt: skip

    def _bounded(self, receive: Receive) -> Receive:
        """Return ``receive`` for a body that must fit into memory, whatever length it declares."""
        size = 0

        async def next_message() -> Message:
            nonlocal size
            message = await receive()
            size += len(message.get("body", b""))
            if size > self._settings.body_bytes:
                raise body_too_large(self._settings.body_bytes)
            return message

        return next_message

    def _refusal(self, scope: Scope) -> CausalServiceError | None:
        headers = Headers(scope=scope)
        host = _name(headers.get("host", ""))
        known = self._settings.hosts
        strange = host not in known if known else self._settings.mode == "local" and not _own(host)
        if strange and scope["path"] not in _PROBES:
            return cross_site()
        origin = headers.get("origin")
        if origin is not None and scope["method"] not in _SAFE and origin.partition("://")[2] != headers.get("host"):
            return cross_site()
        size = headers.get("content-length", "0")
        if not scope["path"].startswith(_UPLOADS) and size.isdigit() and int(size) > self._settings.body_bytes:
            return body_too_large(self._settings.body_bytes)
        return None

    @staticmethod
    def _observe(scope: Scope, status: int, began: float) -> None:
        route = getattr(scope.get("route"), "path", "other")
        metrics.REQUESTS.labels(scope["method"], route, str(status)).inc()
        metrics.REQUEST_SECONDS.labels(scope["method"], route).observe(time.perf_counter() - began)


def _name(host: str) -> str:
    """Return the host name in a Host header, without its port."""
    return host.rpartition("]")[0] + "]" if host.startswith("[") else host.partition(":")[0]


def _own(host: str) -> bool:
    return is_loopback(host)
