"""The states of a study as the service tells them (server-sent events, WHATWG HTML section 9.2)."""

from __future__ import annotations

import http.client
import json
import urllib.error
from collections.abc import Iterator
from typing import Any

from causal_service.client.transport import Transport

__all__ = ["ENDED", "Statuses"]

_KINDS = ("progress", "end")
ENDED = ("done", "failed", "cancelled")
"""States after which nothing more happens."""


class Statuses:
    """The states of one study; iterating opens a stream and goes on after the last event seen."""

    def __init__(self, transport: Transport, study: str) -> None:
        self._transport = transport
        self._study = study
        self._last: str | None = None

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """Yield states until the study or the connection ends; a lost connection ends the iteration silently."""
        path = f"/v1/studies/{self._study}/events"
        headers = {"Accept": "text/event-stream"} | ({} if self._last is None else {"Last-Event-ID": self._last})
        try:
            with self._transport.open("GET", path, headers=headers) as response:
                yield from self._events(response)
        except (OSError, http.client.HTTPException, urllib.error.HTTPError):
            return

    def _events(self, lines: Iterator[bytes]) -> Iterator[dict[str, Any]]:
        event, data, number = "message", [], None
        for raw in lines:
            name, _, value = raw.decode().rstrip("\r\n").partition(":")
            value = value.removeprefix(" ")
            if name == "event":
                event = value
            elif name == "data":
                data.append(value)
            elif name == "id":
                number = value
            elif not raw.strip():
                if data and event in _KINDS:
                    self._last = number or self._last
                    yield json.loads("\n".join(data))
                event, data = "message", []
