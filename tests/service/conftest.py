"""A running service with two workspaces: API in process, worker with its computing processes, SQLite or PostgreSQL."""

from __future__ import annotations

import importlib.util
import logging
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from fastapi.testclient import TestClient

    from causal_service.service.settings import Settings


DICTIONARY = """\
panel: {entity: plant, period: month}
layers: [process, business]
indicators:
  cycle: {name: {zh: 交付周期, en: Delivery cycle}, layer: process, unit: days, better: lower, controllable: true}
  training: {name: {zh: 培训时长, en: Training hours}, layer: process, unit: hours, controllable: true}
  satisfaction: {name: {zh: 满意度, en: Satisfaction}, layer: business, unit: points, better: higher}
"""
LOCAL = "http://127.0.0.1"
FAST = {
    "queue_seconds": 0.05,
    "upload_wait": 120,
    "rate_reads": "100000/minute",
    "rate_writes": "100000/minute",
    "worker_niceness": 0,
}


def small_panel(plants: int = 12, months: int = 14, seed: int = 7) -> bytes:
    """Return a CSV in which cycle moves satisfaction; plant scale moves everything."""
    import numpy as np
    import pandas as pd

    rng = np.random.default_rng(seed)
    scale = rng.normal(size=(plants, 1))
    cycle, training, noise = (scale + rng.normal(size=(plants, months)) for _ in range(3))
    index = pd.MultiIndex.from_product(
        [[f"P{i:02d}" for i in range(plants)], pd.period_range("2022-01", periods=months, freq="M").astype(str)],
        names=["plant", "month"],
    )
    columns = {"cycle": 12 + cycle, "training": 6 + training, "satisfaction": 80 - 2 * cycle + noise}
    frame = pd.DataFrame({name: block.ravel().round(3) for name, block in columns.items()}, index)
    return frame.to_csv().encode()


class Caller:
    """One caller of an API: requests with its key, and the usual errands."""

    def __init__(self, client: TestClient, key: str | None = None) -> None:
        self.client, self.key = client, key

    def __call__(self, method: str, path: str, **options: Any) -> Any:
        headers = {"Authorization": f"Bearer {self.key}"} if self.key else {}
        return self.client.request(method, path, headers=headers | options.pop("headers", {}), **options)

    def upload(self, content: bytes | None = None, dictionary: str = DICTIONARY, **params: str) -> dict[str, Any]:
        files = {"file": ("plants.csv", content or small_panel()), "dictionary": ("d.yaml", dictionary.encode())}
        answer = self("POST", "/v1/panels", files=files, params=params)
        assert answer.status_code == 201, answer.text
        return self.until(f"/v1/panels/{answer.json()['id']}", lambda body: body["state"] != "checking")

    def ask(self, panel: str, **options: Any) -> str:
        body = {"panel": panel, "outcome": "satisfaction", "resamples": 20} | options
        answer = self("POST", "/v1/studies", json=body)
        assert answer.status_code == 202, answer.text
        return str(answer.json()["id"])

    def ended(self, study: str) -> dict[str, Any]:
        return self.until(f"/v1/studies/{study}", lambda body: body["state"] not in ("queued", "running"))

    def until(self, path: str, done: Callable[[dict[str, Any]], bool], seconds: float = 600) -> dict[str, Any]:
        end = time.monotonic() + seconds
        while True:
            answer = self("GET", path)
            assert answer.status_code == 200, answer.text
            body: dict[str, Any] = answer.json()
            if done(body):
                return body
            assert time.monotonic() < end, body
            time.sleep(0.1)


@dataclass
class Live:
    """A service with a worker and two workspaces."""

    settings: Settings
    client: TestClient
    ours: Caller
    theirs: Caller
    reader: Caller
    nobody: Caller


@contextmanager
def logs_on_stderr() -> Iterator[None]:
    import structlog

    from causal_service.service.observing.logs import set_up_logs

    root = logging.getLogger()
    before = list(root.handlers), root.level
    set_up_logs("warning")
    try:
        yield
    finally:
        root.handlers[:], root.level = before
        structlog.reset_defaults()


@contextmanager
def live_service(settings: Settings) -> Iterator[Live]:
    from fastapi.testclient import TestClient

    from causal_service.service.app import create_app
    from causal_service.service.jobs.worker import Worker
    from causal_service.service.keyring import create_key

    with (
        logs_on_stderr(),
        Worker(settings),
        TestClient(create_app(settings), base_url=LOCAL, raise_server_exceptions=False) as client,
    ):
        keys = {
            name: create_key(settings, workspace, name, scope, None)[1]
            for name, workspace, scope in (
                ("ours", "ours", "admin"),
                ("theirs", "theirs", "admin"),
                ("reader", "ours", "read"),
            )
        }
        callers = {name: Caller(client, key) for name, key in keys.items()}
        yield Live(settings, client, nobody=Caller(client), **callers)


@pytest.fixture(scope="session")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """A service on SQLite and a local folder."""
    from causal_service.service.settings import Settings

    with live_service(Settings(data=tmp_path_factory.mktemp("service"), mode="shared", **FAST)) as service:
        yield service


@pytest.fixture(scope="session")
def done(live: Live) -> str:
    """A finished study of our workspace."""
    study = live.ours.ask(live.ours.upload()["id"])
    assert live.ours.ended(study)["state"] == "done"
    return study


@pytest.fixture(scope="session")
def panel_csv() -> Callable[..., bytes]:
    """``small_panel``: other seeds give other panels of the same columns."""
    return small_panel


@pytest.fixture(scope="session")
def fuzzed() -> Callable[[int], Any]:
    """``fuzzed(number)``: a panel that nobody should send."""
    spec = importlib.util.spec_from_file_location("service_fuzzed", Path(__file__).with_name("fuzzed.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    made: Callable[[int], Any] = module.fuzzed
    return made


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the panel (plants.csv) and the dictionary (d.yaml) that ``upload`` sends."""
    (tmp_path / "plants.csv").write_bytes(small_panel())
    (tmp_path / "d.yaml").write_text(DICTIONARY, encoding="utf-8")
    return tmp_path


@pytest.fixture
def idle(tmp_path: Path) -> Iterator[Caller]:
    """An API in local mode without any worker: what is queued stays queued."""
    from fastapi.testclient import TestClient

    from causal_service.service.app import create_app
    from causal_service.service.settings import Settings

    settings = Settings(data=tmp_path, **FAST | {"upload_wait": 0})
    with TestClient(create_app(settings), base_url=LOCAL, raise_server_exceptions=False) as client:
        yield Caller(client)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for_port(port: int, process: subprocess.Popen[bytes], seconds: float = 300) -> None:
    end = time.monotonic() + seconds
    while True:
        assert process.poll() is None, "the server ended"
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            assert time.monotonic() < end
            time.sleep(0.1)


@pytest.fixture(scope="session")
def s3_server(needs: Callable[[str, str], str]) -> Iterator[str]:
    """Address of an S3-compatible server with the bucket ``studies``."""
    program = needs("s3-server", "files are kept in an S3-compatible store")
    port = free_port()
    process = subprocess.Popen([program, "-p", str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for_port(port, process)
        os.environ |= {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": secrets.token_hex(8)}
        from pyarrow.fs import S3FileSystem

        S3FileSystem(
            endpoint_override=f"127.0.0.1:{port}", scheme="http", region="us-east-1", allow_bucket_creation=True
        ).create_dir("studies")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


class Program:
    """``causal-service serve`` as a process of its own, with its worker; it can be killed and started again."""

    def __init__(self, folder: Path, **settings: str) -> None:
        import httpx2

        self.port = free_port()
        self.log = folder / "serve.log"
        self.environment = os.environ | {"CAUSAL_DATA": str(folder / "data"), "CAUSAL_PORT": str(self.port)}
        self.environment |= {"CAUSAL_QUEUE_SECONDS": "0.05", "CAUSAL_UPLOAD_WAIT": "120", "CAUSAL_WORKER_NICENESS": "0"}
        self.environment |= settings
        self.client = httpx2.Client(base_url=f"http://127.0.0.1:{self.port}", timeout=180)
        self.caller = Caller(self.client)

    def start(self) -> None:
        import httpx2

        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "causal_service", "serve"], env=self.environment, stderr=log, stdout=log
            )
        wait_for_port(self.port, self.process)
        end = time.monotonic() + 300
        while True:
            try:
                if self.client.get("/readyz").status_code == 200:
                    return
            except httpx2.TransportError:
                pass
            assert time.monotonic() < end, self.log.read_text()
            time.sleep(0.2)

    def processes(self, word: str) -> list[int]:
        """Ids of the running descendants whose command line holds ``word``."""
        found = []
        listed = subprocess.run(["ps", "-eo", "pid,ppid,args"], capture_output=True, text=True, check=True).stdout
        for line in listed.splitlines():
            pid, parent, command = line.split(None, 2)
            if word in command and parent.isdigit() and self._ours(int(parent)):
                found.append(int(pid))
        return found

    def _ours(self, pid: int) -> bool:
        while pid > 1:
            if pid == self.process.pid:
                return True
            status = Path(f"/proc/{pid}/stat")
            if not status.exists():
                return False
            pid = int(status.read_text().rpartition(")")[2].split()[1])
        return False

    def kill(self) -> None:
        """Kill the API at once; its workers notice that it is gone."""
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        """Ask it to end, and wait."""
        self.process.terminate()
        return self.process.wait(120)


@pytest.fixture
def program(tmp_path: Path) -> Iterator[Callable[..., Program]]:
    """Return ``program(**settings)``: a started ``causal-service serve``; ended after the test."""
    started: list[Program] = []

    def start(**settings: str) -> Program:
        made = Program(tmp_path, **settings)
        started.append(made)
        made.start()
        return made

    yield start
    for made in started:
        if made.process.poll() is None:
            made.stop()


@dataclass
class Postgres:
    """A PostgreSQL server of its own, that can be stopped and started."""

    folder: Path
    programs: Path
    port: int

    @property
    def url(self) -> str:
        return f"postgresql://postgres@127.0.0.1:{self.port}/postgres"

    def run(self, *words: str) -> None:
        as_root = hasattr(os, "geteuid") and os.geteuid() == 0
        user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] if as_root else []
        subprocess.run([*user, *words], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/")

    def start(self) -> None:
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off"
        self.run(str(self.programs / "pg_ctl"), "-D", str(self.folder), "-w", "-o", options, "start")

    def stop(self) -> None:
        self.run(str(self.programs / "pg_ctl"), "-D", str(self.folder), "-w", "-m", "immediate", "stop")


@pytest.fixture(scope="session")
def postgres(needs: Callable[[str, str], str]) -> Iterator[Postgres]:
    """A PostgreSQL server started for the tests."""
    programs = Path(needs("postgres", "state is kept in PostgreSQL"))
    base = Path("/tmp") / f"causal-postgres-{secrets.token_hex(6)}"
    base.mkdir(mode=0o755)
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        shutil.chown(base, "postgres", "postgres")
    server = Postgres(base / "data", programs, free_port())
    try:
        server.run(str(programs / "initdb"), "-D", str(server.folder), "-U", "postgres", "--auth=trust", "-E", "UTF8")
        server.start()
        yield server
    finally:
        if (server.folder / "postmaster.pid").exists():
            server.stop()
        shutil.rmtree(base, ignore_errors=True)
