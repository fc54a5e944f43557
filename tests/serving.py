"""The service as its users start it: ``causal-service serve`` in a process of its own, on loopback."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_PATIENCE = 240
"""Seconds a service may take to be ready: a busy machine that compiles kernels first."""


@dataclass(frozen=True)
class Served:
    """A running service."""

    url: str
    folder: Path
    pid: int

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    def kill(self) -> None:
        """End it as a power cut would."""
        os.kill(self.pid, signal.SIGKILL)


@contextmanager
def serving(folder: Path, port: int = 0, **settings: str) -> Iterator[Served]:
    """Serve ``folder`` with further settings (``mode="shared"``), yield the running service, and stop it."""
    log = folder / f"service-{time.monotonic_ns()}.log"
    command = [sys.executable, "-m", "causal_service", "serve", "--port", str(port), "--data", str(folder / "data")]
    environment = os.environ | {f"CAUSAL_{name.upper()}": value for name, value in settings.items()}
    with log.open("wb") as stream:
        process = subprocess.Popen(command, env=environment, stdout=stream, stderr=stream)
    try:
        url = _ready(process, log)
        yield Served(url, folder, process.pid)
    finally:
        process.terminate()
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()


def _ready(process: subprocess.Popen[bytes], log: Path) -> str:
    url, until = "", time.monotonic() + _PATIENCE
    while time.monotonic() < until and process.poll() is None:
        lines = [line for line in log.read_text(encoding="utf-8").splitlines() if '"serving"' in line]
        url = json.loads(lines[0])["url"] if lines else ""
        try:
            if url and urllib.request.urlopen(f"{url}/readyz", timeout=30).status == 200:
                return url
        except OSError:
            pass
        time.sleep(0.3)
    raise RuntimeError(f"the service did not start: {log.read_text(encoding='utf-8')[-2000:]}")
