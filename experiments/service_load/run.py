"""Do reads stay fast while studies compute, is the queue fair, is memory bounded? See question.md."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from running_service import Service, panel_csv  # noqa: E402

RESULT = HERE / "result.json"
CLIENTS = 50
MIB = 2**20


class Client:
    """One HTTP/1.1 connection, as lean as it can be, so that what is measured is the service."""

    def __init__(self, port: int, key: str = "") -> None:
        self._port, self._key = port, f"Authorization: Bearer {key}\r\n" if key else ""
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def __call__(self, verb: str, path: str, body: dict[str, Any] | None = None) -> tuple[int, bytes]:
        """Send one request; return status and body."""
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self._port)
        reader, writer = self._streams
        content = b"" if body is None else json.dumps(body).encode()
        head = f"{verb} {path} HTTP/1.1\r\nHost: 127.0.0.1:{self._port}\r\n{self._key}"
        head += f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n"
        writer.write(head.encode() + content)
        lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        size = next(int(line[15:]) for line in lines if line.lower().startswith("content-length:"))
        return int(lines[0].split()[1]), await reader.readexactly(size)

    def close(self) -> None:
        """Close the connection."""
        if self._streams is not None:
            self._streams[1].close()


def cpu_seconds(pid: int) -> float:
    """CPU seconds of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory(pid: int, name: str) -> int:
    """Bytes of ``VmRSS`` (now) or ``VmHWM`` (at most so far) of a process."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(name))


def _quantiles(seconds: list[float]) -> dict[str, float]:
    ms = 1000 * np.array(seconds)
    names = {"p50": 50, "p95": 95, "p99": 99, "most": 100}
    return {"n": len(ms)} | {name: round(float(np.percentile(ms, q)), 1) for name, q in names.items()}


async def _reading(port: int, place: list[str], seconds: float, every: float) -> tuple[list[float], list[str]]:
    """Let every client read its study again and again; return latencies and errors."""
    taken: list[float] = []
    errors: list[str] = []

    async def one(number: int) -> None:
        client, draw = Client(port), random.Random(number)
        end = time.monotonic() + seconds
        await asyncio.sleep(draw.uniform(0, every))
        while time.monotonic() < end:
            began = time.perf_counter()
            status, body = await client("GET", place[number % len(place)])
            taken.append(time.perf_counter() - began)
            if status != 200:
                errors.append(f"{status} {body[:200]!r}")
            await asyncio.sleep(max(0.0, every * draw.uniform(0.5, 1.5) - taken[-1]))
        client.close()

    await asyncio.gather(*(one(number) for number in range(CLIENTS)))
    return taken, errors


async def _working(port: int, panel: str, seconds: float) -> dict[str, Any]:
    """Let 50 clients submit distinct studies and poll them once a second, each a new one every five seconds or so."""
    reads: list[float] = []
    writes: list[float] = []
    errors: list[str] = []
    accepted: list[str] = []
    done: set[str] = set()

    async def one(number: int) -> None:
        client, draw = Client(port), random.Random(number)
        end, turn, study, ask = time.monotonic() + seconds, 0, "", 0.0
        await asyncio.sleep(draw.uniform(0, 1))
        while time.monotonic() < end:
            began = time.perf_counter()
            if time.monotonic() >= ask:
                asked = {"panel": panel, "outcome": ["y"], "resamples": 60, "seed": 10_000 * number + turn}
                status, body = await client("POST", "/v1/studies", asked)
                writes.append(time.perf_counter() - began)
                turn, ask = turn + 1, time.monotonic() + draw.uniform(4, 6)
                if status == 202:
                    study = json.loads(body)["id"]
                    accepted.append(study)
            else:
                status, body = await client("GET", f"/v1/studies/{study}")
                reads.append(time.perf_counter() - began)
                if status == 200 and json.loads(body)["state"] == "done":
                    done.add(study)
            if status not in (200, 202):
                errors.append(f"{status} {body[:200]!r}")
            await asyncio.sleep(max(0.0, draw.uniform(0.8, 1.2) - (time.perf_counter() - began)))
        client.close()

    await asyncio.gather(*(one(number) for number in range(CLIENTS)))
    return {
        "reads_ms": _quantiles(reads), "submissions_ms": _quantiles(writes), "errors": errors[:10],
        "error_count": len(errors), "accepted": len(accepted), "distinct": len(set(accepted)), "seen_done": len(done),
    }  # fmt: skip


def latency(seconds: float) -> dict[str, Any]:
    """Measure reads of an idle service, then of one whose studies compute."""
    folder = Path(tempfile.mkdtemp(prefix="causal-load-"))
    service = Service(folder, queued_studies="100000", worker_niceness="10")
    try:
        for role in service.roles:
            service.start(role)
        service.ready()
        panel = service.upload(panel_csv())
        asked = {"panel": panel, "outcome": ["y"], "resamples": 20}
        names = [service.client.post("/v1/studies", json=asked | {"seed": seed}).json()["id"] for seed in range(5)]
        for name in names:
            while service.client.get(f"/v1/studies/{name}").json()["state"] != "done":
                time.sleep(0.2)
        time.sleep(10)  # the worker makes a computing process ready for the next study; then the service is idle
        pid = service.processes["api"].pid
        place = [f"/v1/studies/{name}{part}" for name in names for part in ("", "", "", "/levers", "/result")]
        before = cpu_seconds(pid)
        idle, wrong = asyncio.run(_reading(service.port, place, seconds / 2, 0.5))
        spent = cpu_seconds(pid) - before
        loaded = asyncio.run(_working(service.port, panel, seconds))
        metrics = service.client.get("/metrics").text.splitlines()
        loaded["states_at_the_end"] = [line for line in metrics if line.startswith("causal_studies{")]
        tracebacks = service.logs().count("Traceback")
    finally:
        service.stop()
        shutil.rmtree(folder, ignore_errors=True)
    return {
        "idle": {"reads_ms": _quantiles(idle), "errors": wrong[:10]},
        "cpu_ms_per_read": round(1000 * spent / len(idle), 2),
        "computing": loaded, "tracebacks": tracebacks, "load_average": [round(x, 1) for x in os.getloadavg()],
    }  # fmt: skip


def fairness(first: int, second: int) -> dict[str, Any]:
    """Queue ``first`` studies of one workspace, then ``second`` of another, and see in which order they end."""
    folder = Path(tempfile.mkdtemp(prefix="causal-fair-"))
    service = Service(folder, mode="shared")
    make = [sys.executable, "-m", "causal_service", "apikey", "create", "--workspace"]
    try:
        service.start("api")
        while service.client.get("/healthz").status_code != 200:
            time.sleep(0.2)
    except Exception:  # not listening yet
        time.sleep(15)
    try:
        keys = {}
        for name in ("many", "few"):
            made = subprocess.run(
                [*make, name, "--label", "load"], env=service.environment, capture_output=True, text=True, check=True
            )
            keys[name] = next(word for word in made.stdout.split() if word.startswith("cs."))
        headers = {name: {"Authorization": f"Bearer {key}"} for name, key in keys.items()}
        service.start(service.roles[1])
        service.ready()
        panels = {name: service.upload(panel_csv(), headers=headers[name]) for name in keys}
        began = time.time()
        owners = {}
        for name, count in (("many", first), ("few", second)):
            for seed in range(count):
                asked = {"panel": panels[name], "outcome": ["y"], "resamples": 20, "seed": seed, "lags": 0}
                answer = service.client.post("/v1/studies", json=asked, headers=headers[name])
                answer.raise_for_status()
                owners[answer.json()["id"]] = name
        queued = time.time() - began
        ended = _ended(service, headers, len(owners))
    finally:
        service.stop()
        shutil.rmtree(folder, ignore_errors=True)
    order = [owners[name] for _, name in sorted(ended)]
    last = max(place for place, name in enumerate(order) if name == "few")
    start = next(place for place, name in enumerate(order) if name == "few")
    both = order[start : last + 1]
    return {
        "queued": {"many": first, "few": second}, "seconds_to_queue": round(queued, 1), "done": len(order),
        "ended_before_the_first_of_few": start,
        "share_of_few_while_both_waited": round(both.count("few") / len(both), 3),
        "place_of_the_last_of_few": last + 1, "seconds": round(max(at for at, _ in ended) - began, 1),
    }  # fmt: skip


def _ended(service: Service, headers: dict[str, dict[str, str]], count: int) -> list[tuple[float, str]]:
    from datetime import datetime

    while True:
        ended = []
        for own in headers.values():
            cursor: str | None = ""
            while cursor is not None:
                params = {"state": "done", "limit": "200"} | ({"cursor": cursor} if cursor else {})
                page = service.client.get("/v1/studies", params=params, headers=own).json()
                ended += [(datetime.fromisoformat(s["finished"]).timestamp(), s["id"]) for s in page["items"]]
                cursor = page["next"]
        if len(ended) == count:
            return ended
        time.sleep(2)


def growth(size: int) -> dict[str, Any]:
    """Upload ``size`` bytes to an API without workers and see how much its memory grows."""
    folder = Path(tempfile.mkdtemp(prefix="causal-growth-"))
    service = Service(folder, (), upload_wait="0")
    try:
        service.start("api")
        for _ in range(600):
            try:
                service.client.get("/healthz")
                break
            except Exception:  # not listening yet
                time.sleep(0.2)
        small = service.client.post("/v1/panels", content=panel_csv())
        pid = service.processes["api"].pid
        before = memory(pid, "VmRSS")
        began = time.monotonic()
        answer = service.client.post("/v1/panels", content=_rows(size), timeout=900)
        return {
            "bytes": size, "answers": [small.status_code, answer.status_code],
            "seconds": round(time.monotonic() - began, 1),
            "rss_before_mib": round(before / MIB), "peak_rss_mib": round(memory(pid, "VmHWM") / MIB),
            "growth_mib": round((memory(pid, "VmHWM") - before) / MIB, 1),
        }  # fmt: skip
    finally:
        service.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _rows(size: int) -> Iterator[bytes]:
    yield b"plant,month,x,y\n"
    block = b"A,2024-01,1.000000,2.000000\n" * 37_000
    for _ in range(size // len(block)):
        yield block


def main() -> None:
    """Measure one part or all."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true", help="a few seconds of each, nothing kept")
    parser.add_argument("--only", choices=("latency", "fairness", "growth"))
    chosen = parser.parse_args()
    found: dict[str, Any] = json.loads(RESULT.read_text(encoding="utf-8")) if RESULT.exists() else {}
    parts = {
        "latency": lambda: latency(10 if chosen.quick else 60),
        "growth": lambda: growth(100 * MIB if chosen.quick else 1000 * MIB),
        "fairness": lambda: fairness(*((30, 10) if chosen.quick else (400, 100))),
    }
    for name, part in parts.items():
        if chosen.only in (None, name):
            found[name] = part()
            print(name, json.dumps(found[name], indent=1), flush=True)
            if not chosen.quick:
                RESULT.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
