"""A service in processes of its own, for experiments: one API, workers beside it, SQLite or PostgreSQL."""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import numpy as np
import pandas as pd

__all__ = ["Postgres", "Service", "panel_csv", "postgres"]

_PATIENCE = 300.0
"""Seconds a process may take to be ready: a busy machine that compiles kernels first."""


def panel_csv(plants: int = 12, months: int = 14, indicators: int = 5, seed: int = 7) -> bytes:
    """Return a CSV (plant, month, x0 … , y): the first two drive the outcome, plants differ in level."""
    rng = np.random.default_rng(seed)
    level = rng.normal(size=(plants, 1))
    blocks = {f"x{k}": level + rng.normal(size=(plants, months)) for k in range(indicators - 1)}
    blocks["y"] = level - 2 * blocks["x0"] + blocks["x1"] + rng.normal(size=(plants, months))
    index = pd.MultiIndex.from_product(
        [[f"P{i:02d}" for i in range(plants)], pd.period_range("2022-01", periods=months, freq="M").astype(str)],
        names=["plant", "month"],
    )
    return pd.DataFrame({k: v.ravel().round(3) for k, v in blocks.items()}, index).to_csv().encode()


def free_port() -> int:
    """Return a port of loopback that nobody uses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Service:
    """``serve`` without workers, and workers of their own; each can be killed and started again.

    Parameters
    ----------
    folder : data and logs lie here.
    workers : names of the workers.
    settings : further ``CAUSAL_…`` settings.
    """

    def __init__(self, folder: Path, workers: tuple[str, ...] = ("one",), **settings: str) -> None:
        self.folder, self.port = folder, free_port()
        self.data = folder / "data"
        self.environment = os.environ | {
            "CAUSAL_DATA": str(self.data),
            "CAUSAL_PORT": str(self.port),
            "CAUSAL_WORKERS": "0",
            "CAUSAL_QUEUE_SECONDS": "0.1",
            "CAUSAL_UPLOAD_WAIT": "120",
            "CAUSAL_RATE_READS": "10000000/minute",
            "CAUSAL_RATE_WRITES": "10000000/minute",
        }
        self.environment |= {f"CAUSAL_{name.upper()}": value for name, value in settings.items()}
        self.client = httpx2.Client(base_url=f"http://127.0.0.1:{self.port}", timeout=60)
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.roles = ("api", *workers)

    def start(self, role: str) -> None:
        """Start ``api`` or a worker, without waiting for it."""
        words = ["serve"] if role == "api" else ["worker"]
        environment = self.environment | ({} if role == "api" else {"CAUSAL_WORKER_ID": role})
        with (self.folder / f"{role}.log").open("ab") as log:
            self.processes[role] = subprocess.Popen(
                [sys.executable, "-m", "causal_service", *words], env=environment, stdout=log, stderr=log
            )

    def ready(self) -> None:
        """Wait until the API answers and says that a worker is there."""
        end = time.monotonic() + _PATIENCE
        while True:
            try:
                if self.client.get("/readyz").status_code == 200:
                    return
            except httpx2.TransportError:
                pass
            if time.monotonic() > end:
                raise RuntimeError(f"not ready: {self.logs()[-3000:]}")
            time.sleep(0.2)

    def supervise(self) -> int:
        """Start again what has ended by itself, as any supervisor does; return how many had."""
        over = [role for role, process in self.processes.items() if process.poll() is not None]
        for role in over:
            self.start(role)
        return len(over)

    def kill(self, role: str) -> None:
        """Kill a process at once (SIGKILL); its computing processes notice."""
        self.processes[role].kill()
        self.processes[role].wait()

    def children(self, role: str) -> list[int]:
        """Ids of the computing processes of a worker."""
        listed = subprocess.run(["ps", "-eo", "pid,ppid"], capture_output=True, text=True, check=True).stdout
        pairs = [tuple(map(int, line.split())) for line in listed.splitlines()[1:]]
        return [pid for pid, parent in pairs if parent == self.processes[role].pid]

    def stop(self) -> None:
        """Ask all to end, and wait."""
        for process in self.processes.values():
            process.terminate()
        for process in self.processes.values():
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.client.close()

    def logs(self) -> str:
        """Everything that the processes have logged."""
        return "\n".join(path.read_text(encoding="utf-8") for path in sorted(self.folder.glob("*.log")))

    def lines(self) -> list[str]:
        """The lines of the logs that are JSON."""
        return [line for line in self.logs().splitlines() if line.startswith("{")]

    def upload(self, content: bytes, **options: Any) -> str:
        """Upload a panel of ``panel_csv`` and return its id once it is checked."""
        params = {"entity": "plant", "period": "month", "name": "panel.csv"}
        answer = self.client.post("/v1/panels", content=content, params=params, timeout=300, **options)
        answer.raise_for_status()
        panel = str(answer.json()["id"])
        while answer.json()["state"] == "checking":
            time.sleep(0.2)
            answer = self.client.get(f"/v1/panels/{panel}", **options)
        return panel


class Postgres:
    """A PostgreSQL server of its own, that can be stopped and started."""

    def __init__(self, folder: Path, programs: Path) -> None:
        self.folder, self.programs, self.port = folder, programs, free_port()

    @property
    def url(self) -> str:
        """Its address."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/postgres"

    def run(self, *words: str) -> None:
        """Run one of its programs, as the user ``postgres`` when we are root."""
        user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] if os.geteuid() == 0 else []
        subprocess.run([*user, *words], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/")

    def start(self) -> None:
        """Start it and wait."""
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories="
        self.run(str(self.programs / "pg_ctl"), "-D", str(self.folder), "-w", "-o", options, "start")

    def stop(self) -> None:
        """Stop it at once, as a crash would: no clean shutdown, recovery at the next start."""
        self.run(str(self.programs / "pg_ctl"), "-D", str(self.folder), "-w", "-m", "immediate", "stop")


@contextmanager
def postgres() -> Iterator[Postgres | None]:
    """Start a PostgreSQL server; ``None`` where its programs are missing."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[4]))
    if not found:
        yield None
        return
    base = Path("/tmp") / f"causal-postgres-{secrets.token_hex(6)}"
    base.mkdir(mode=0o755)
    if os.geteuid() == 0:
        shutil.chown(base, "postgres", "postgres")
    server = Postgres(base / "data", found[-1].parent)
    try:
        server.run(str(found[-1]), "-D", str(server.folder), "-U", "postgres", "--auth=trust", "-E", "UTF8")
        server.start()
        yield server
    finally:
        if (server.folder / "postmaster.pid").exists():
            server.stop()
        shutil.rmtree(base, ignore_errors=True)
