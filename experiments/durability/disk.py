"""A disk that fills up: during an upload, and while a result is written. Needs root (it mounts a tmpfs)."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from running_service import Service, panel_csv

__all__ = ["full_disk"]

MIB = 2**20
SIZE = 48 * MIB
HELD = 60
"""Seconds for which the disk stays full."""


def full_disk(expected: str, asked: dict[str, Any]) -> list[dict[str, Any]]:
    """Fill the disk of a service and return what happened; nothing where no disk of its own can be made.

    Parameters
    ----------
    expected : SHA-256 of the undisturbed ``study.json`` of ``asked``.
    asked : a question of ``panel_csv()``.
    """
    if os.geteuid() != 0:
        print("full disk: skipped, only root can mount a disk of its own")
        return []
    folder = Path(tempfile.mkdtemp(prefix="causal-disk-"))
    with _disk(folder / "data"):
        service = Service(folder, free_bytes="0")
        try:
            for role in service.roles:
                service.start(role)
            service.ready()
            return [_upload(service, raw=True), _upload(service, raw=False), _result(service, expected, asked)]
        finally:
            service.stop()


@contextmanager
def _disk(place: Path) -> Iterator[None]:
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "none", str(place)], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


def _files(service: Service) -> list[str]:
    kept = ("state.sqlite", "lock")
    paths = [path for path in service.data.rglob("*") if path.is_file() and not any(word in path.name for word in kept)]
    return sorted(str(path.relative_to(service.data)) for path in paths)


def _upload(service: Service, *, raw: bool) -> dict[str, Any]:
    """Send 64 MiB to a disk of 48."""
    before = _files(service)
    body = b"plant,month,x\n" + b"A,2024-01,1.0000\n" * (64 * MIB // 17)
    if raw:
        answer = service.client.post("/v1/panels", content=body, timeout=300)
    else:
        answer = service.client.post("/v1/panels", files={"file": ("panel.csv", body)}, timeout=300)
    time.sleep(1)
    listed = service.client.get("/v1/panels")
    return {
        "case": f"upload as {'body' if raw else 'form'}",
        "answer": [answer.status_code, answer.json().get("code")],
        "files_left": [name for name in _files(service) if name not in before],
        "panels_listed": len(listed.json()["items"]),
        "ready_afterwards": service.client.get("/readyz").status_code,
    }


def _result(service: Service, expected: str, asked: dict[str, Any]) -> dict[str, Any]:
    """Leave a few KiB while a study runs; see what is said; make room; see that it ends with the same bytes."""
    panel = service.upload(panel_csv())
    study = service.client.post("/v1/studies", json={"panel": panel} | asked).json()["id"]
    place, states, codes = f"/v1/studies/{study}", [], []
    while (state := service.client.get(place).json())["progress"]["stage"] in ("queued", "read"):
        time.sleep(0.02)
    ballast = service.data / "ballast"
    _fill(ballast)
    end = time.monotonic() + HELD
    while time.monotonic() < end:
        answer = service.client.get(place)
        states.append(answer.json().get("state") or answer.json().get("code"))
        result = service.client.get(f"{place}/result")
        codes.append(result.json().get("code") if result.status_code != 200 else "result")
        refused = service.client.post("/v1/panels", content=panel_csv(seed=3))
        codes.append(f"upload {refused.status_code}")
        if state["state"] in ("failed", "done"):
            break
        state = answer.json()
        time.sleep(0.3)
    during = {"states": sorted(set(states)), "answers": sorted(set(codes))}
    problem = service.client.get(place).json().get("problem")
    ballast.unlink()
    if (service.client.get(place).json()).get("state") == "failed":
        service.client.post("/v1/studies", json={"panel": panel} | asked)  # asking again tries again
    end = time.monotonic() + 300
    while service.client.get(place).json().get("state") in ("queued", "running") and time.monotonic() < end:
        time.sleep(0.2)
    result = service.client.get(f"{place}/result")
    return {
        "case": "result",
        "while_full": during,
        "problem": None if problem is None else problem["code"],
        "state_with_room_again": service.client.get(place).json()["state"],
        "same_bytes": hashlib.sha256(result.content).hexdigest() == expected,
        "parts_left": [name for name in _files(service) if ".part" in name or "spool" in name],
        "internal_errors": service.logs().count("internal error") + service.logs().count("task broke"),
        "said_in_the_log": sorted({line["event"] for line in map(json.loads, service.lines()) if "exception" in line}),
    }


def _fill(path: Path) -> None:
    """Take all room of a disk but 24 KiB."""
    with path.open("wb", buffering=0) as file:
        for size in (MIB, 4096):
            try:
                while file.write(b"\0" * size):
                    pass
            except OSError:
                continue
        file.truncate(file.tell() - 24 * 1024)
