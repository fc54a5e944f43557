"""The processes of one machine: the API, and the workers it starts and watches over."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from causal_service.errors import CallError, Text
from causal_service.service.jobs.parent import STARTER, end_with, locked
from causal_service.service.observing.logs import set_up_logs
from causal_service.service.observing.traces import set_up_traces
from causal_service.service.settings import Settings

__all__ = ["serve", "work"]

_GRACE = 15
"""Seconds that open requests, and workers, have to end."""
_PAUSE, _LONGEST = 1.0, 30.0
"""Seconds before a worker that ended is started again: first, and at most."""


def serve(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT; open requests end first, interrupted studies are resumed at the next start.

    Raises
    ------
    CallError : ``unsafe-bind``, or ``port-taken``.
    """
    import uvicorn

    from causal_service.service.app import create_app

    settings.refuse_open_door()
    set_up_logs(settings.log_level)
    set_up_traces(settings, "causal-service-api")
    config = uvicorn.Config(
        create_app(settings),
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=_GRACE,
        timeout_keep_alive=30,
    )
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)  # uvicorn raises it again once the last request has ended
    with _listening(settings) as sockets, _Supervisor(settings):
        uvicorn.Server(config).run(sockets)


def work(settings: Settings) -> None:
    """Work until SIGTERM or SIGINT.

    Raises
    ------
    CallError : ``worker-exists``, another process of this machine works under the same name.
    """
    from causal_service.service.jobs.worker import Worker

    set_up_logs(settings.log_level)
    starter = os.environ.get(STARTER)
    if starter is not None:
        end_with(int(starter))
    held = locked(str(settings.folder / f"{settings.worker_id}.lock"), _GRACE)
    if held is None:
        raise CallError(
            "worker-exists",
            Text(f"已有名为 {settings.worker_id} 的工作进程。", f"A worker named {settings.worker_id} runs already."),
            Text("请用 CAUSAL_WORKER_ID 另取名称。", "Give this one another name with CAUSAL_WORKER_ID."),
            {"worker": settings.worker_id},
        )
    told = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: told.set())
    with Worker(settings):
        set_up_logs(settings.log_level)  # the job library brings its own on launch
        set_up_traces(settings, "causal-service-worker")
        told.wait()
    os._exit(0)  # threads of interrupted work do not hold the process back


@contextmanager
def _listening(settings: Settings) -> Iterator[list[socket.socket]]:
    """Bind the port before anything is started, so that a taken one is refused at once."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as opened:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            opened.bind((settings.host, settings.port))
        except OSError as error:
            raise CallError(
                "port-taken",
                Text(
                    f"无法绑定 {settings.host}:{settings.port}：{error.strerror}。",
                    f"Cannot bind {settings.host}:{settings.port}: {error.strerror}.",
                ),
                Text("请用 --port 换一个端口。", "Choose another port with --port."),
                {"host": settings.host, "port": settings.port},
            ) from None
        place = f"[{settings.host}]" if ":" in settings.host else settings.host
        structlog.get_logger("causal_service").info("serving", url=f"http://{place}:{opened.getsockname()[1]}")
        yield [opened]


class _Supervisor:
    """Starts the workers of the settings, and starts again those that end."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=self._keep, args=(number,), daemon=True) for number in range(settings.workers)
        ]

    def __enter__(self) -> _Supervisor:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(_GRACE + 5)

    def _keep(self, number: int) -> None:
        pause = _PAUSE
        while not self._stop.is_set():
            began = time.monotonic()
            process = subprocess.Popen(
                [sys.executable, "-m", "causal_service", "worker"],
                env=self._settings.for_worker(number) | {STARTER: str(os.getpid())},
            )
            while process.poll() is None and not self._stop.wait(0.2):
                pass
            if self._stop.is_set():
                _end(process)
                return
            structlog.get_logger("causal_service").warning("worker ended", worker=number, code=process.returncode)
            pause = _PAUSE if time.monotonic() - began > _LONGEST else min(2 * pause, _LONGEST)
            self._stop.wait(pause)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_GRACE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
