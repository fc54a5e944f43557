"""A server on loopback that answers as a script says, so that clients meet what networks do."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

Turn = Callable[[BaseHTTPRequestHandler], None]


@dataclass
class Scripted:
    """A real HTTP server; every request takes the next turn of the script, the last turn repeats."""

    url: str = ""
    script: list[Turn] = field(default_factory=list)
    seen: list[tuple[str, str, dict[str, str], bytes]] = field(default_factory=list)


def answer(status: int, content: object, **headers: str) -> Turn:
    """A turn that sends ``content`` (bytes as they are, all else as JSON)."""

    def turn(handler: BaseHTTPRequestHandler) -> None:
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return turn


def hang_up(handler: BaseHTTPRequestHandler) -> None:
    """A turn that closes the connection without an answer."""
    handler.close_connection = True


def cut(content: bytes) -> Turn:
    """A turn that promises more than it sends."""

    def turn(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(content) + 1000))
        handler.end_headers()
        handler.wfile.write(content)
        handler.close_connection = True

    return turn


@pytest.fixture
def scripted() -> Iterator[Scripted]:
    server = Scripted()

    class Handler(BaseHTTPRequestHandler):
        def _serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            turn = server.script[min(len(server.seen), len(server.script) - 1)]
            server.seen.append((self.command, self.path, dict(self.headers), body))
            turn(self)

        do_GET = do_POST = do_DELETE = _serve

        def log_message(self, *_: object) -> None:
            pass

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.url = f"http://127.0.0.1:{http.server_port}"
    thread = threading.Thread(target=http.serve_forever, daemon=True)
    thread.start()
    yield server
    http.shutdown()
    http.server_close()
    thread.join()


@pytest.fixture
def turns() -> dict[str, Callable[..., Turn]]:
    return {"answer": answer, "hang_up": hang_up, "cut": cut}
