"""One round: a fresh service, several studies in flight, kill -9 at random moments, every study followed to its end."""

from __future__ import annotations

import hashlib
import os
import random
import shutil
import signal
import sqlite3
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx2

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from running_service import Postgres, Service, panel_csv

__all__ = ["QUESTIONS", "kill_round", "references"]

IN_FLIGHT = 4
LONGEST = 4.0
"""Most seconds between the moment a study runs (or a process was started) and the next kill."""
QUESTIONS: list[dict[str, Any]] = [
    {"outcome": ["y"], "resamples": (20, 120, 300)[seed % 3], "seed": seed} for seed in range(12)
]
STEPS = ["begin", "compute", "finish", "report"]
_DOWN = (httpx2.TransportError,)


def references() -> list[str]:
    """Return the SHA-256 of the undisturbed ``study.json`` of every question, computed without any service."""
    import causal_service as cs

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "panel.csv"
        path.write_bytes(panel_csv())
        return [
            hashlib.sha256(cs.study(path, entity="plant", period="month", **asked).to_json().encode()).hexdigest()
            for asked in QUESTIONS
        ]


class Round:
    """The studies of one round and what became of them."""

    def __init__(self, service: Service, panel: str, expected: list[str]) -> None:
        self.service, self.panel, self.expected = service, panel, expected
        self.asked = 0
        self.open: dict[int, tuple[str, str, dict[str, Any]]] = {}
        """Question -> (idempotency key, id once accepted, last state seen)."""
        self.accepted: list[str] = []
        self.problems: list[str] = []
        self.done = 0
        self.striking = False
        self.restarts = 0

    def tend(self, *, more: bool) -> None:
        """Ask until enough studies are in flight (when ``more``), and look at each; be the supervisor between kills."""
        if not self.striking:
            self.restarts += self.service.supervise()
        try:
            while more and len(self.open) < IN_FLIGHT:
                free = [k for k in range(len(QUESTIONS)) if k not in self.open]
                question = free[self.asked % len(free)]
                self.asked += 1
                self.open[question] = (f"ask-{self.asked}", "", {})
            for question in list(self.open):
                self._look(question)
        except _DOWN:
            time.sleep(0.05)

    def _look(self, question: int) -> None:
        key, study, _ = self.open[question]
        if not study:
            body = {"panel": self.panel} | QUESTIONS[question]
            answer = self.service.client.post("/v1/studies", json=body, headers={"Idempotency-Key": key})
            if answer.status_code == 503:
                return
            if answer.status_code != 202:
                raise RuntimeError(answer.text)
            study = answer.json()["id"]
            self.accepted.append(study)
        else:
            answer = self.service.client.get(f"/v1/studies/{study}")
            if answer.status_code == 503:
                return
        body = answer.json()
        self.open[question] = (key, study, body)
        if body.get("state") == "done":
            self._verify(question, study)
        elif body.get("state") not in ("queued", "running"):
            self.problems.append(f"{study}: {body}")
            del self.open[question]

    def _verify(self, question: int, study: str) -> None:
        result = self.service.client.get(f"/v1/studies/{study}/result")
        if result.status_code == 503:
            return
        if hashlib.sha256(result.content).hexdigest() != self.expected[question]:
            self.problems.append(f"{study}: other bytes ({result.status_code})")
        gone = self.service.client.delete(f"/v1/studies/{study}")
        if gone.status_code not in (204, 404):
            return
        self.done += 1
        del self.open[question]

    def stages(self) -> list[str]:
        """The stages of the studies in flight, as last seen."""
        return sorted(body.get("progress", {}).get("stage", "unanswered") for _, _, body in self.open.values())


def kill_round(backend: str, number: int, kills: int, expected: list[str], database: Postgres | None) -> dict[str, Any]:
    """Run one round and return what was killed, when, and what became of the studies."""
    draw = random.Random(f"{backend}-{number}")
    folder = Path(tempfile.mkdtemp(prefix="causal-durability-"))
    settings = {} if database is None else {"database_url": database.url}
    service = Service(folder, **settings)
    began = time.monotonic()
    try:
        for role in service.roles:
            service.start(role)
        service.ready()
        round_ = Round(service, service.upload(panel_csv()), expected)
        moments = [_moment(draw, service, round_) for _ in range(kills)]
        extra = [_one_more(draw, round_, "computing processes", lambda: _kill_children(service))]
        if database is not None:
            extra.append(_one_more(draw, round_, "database", lambda: _restart(database)))
        end = time.monotonic() + 600
        while round_.open and time.monotonic() < end:
            round_.tend(more=False)
            time.sleep(0.1)
        round_.problems += [f"{study or 'never accepted'}: not ended" for _, study, _ in round_.open.values()]
        service.ready()
        round_.problems += _counted(service, round_)
        ours = service.client.get("/v1/studies").json()["items"]
        round_.problems += [f"{item['id']}: nobody asked for it" for item in ours]
        time.sleep(1)
        files = [path for path in service.data.rglob("*") if path.is_file() and "/studies/" in str(path)]
        left = [str(path.relative_to(service.data)) for path in files]
        if "Traceback" in service.logs():
            round_.problems.append("a traceback in the log")
    finally:
        service.stop()
    if not round_.problems:
        shutil.rmtree(folder, ignore_errors=True)
    return {
        "backend": backend, "round": number, "seed": f"{backend}-{number}", "moments": moments, "extra": extra,
        "accepted": len(round_.accepted), "done_same_bytes": round_.done, "problems": round_.problems,
        "files_left": left, "ended_by_themselves": round_.restarts, "seconds": round(time.monotonic() - began),
    }  # fmt: skip


def _moment(draw: random.Random, service: Service, round_: Round) -> dict[str, Any]:
    """Wait for a random moment, kill a process, start it again."""
    role = draw.choices(service.roles, weights=[3, 7])[0]
    running = draw.random() < 0.8
    wait = draw.uniform(0, LONGEST)
    stages = _until(round_, running, wait, lambda: _kill_and_start(service, role))
    return {"killed": role, "while_running": running, "wait": round(wait, 3), "stages": stages}


def _one_more(draw: random.Random, round_: Round, what: str, act: Callable[[], None]) -> dict[str, Any]:
    wait = draw.uniform(0, LONGEST)
    stages = _until(round_, True, wait, act)
    return {"killed": what, "while_running": True, "wait": round(wait, 3), "stages": stages}


def _until(round_: Round, running: bool, wait: float, act: Callable[[], None]) -> list[str]:
    """Go on until a study runs (when ``running``), then ``act`` after ``wait`` seconds, whatever request is under way.

    Returns
    -------
    the stages of the studies in flight, as last seen before.
    """
    end = time.monotonic() + 300
    while running and not any(body.get("state") == "running" for _, _, body in round_.open.values()):
        if time.monotonic() > end:
            raise RuntimeError(f"nothing runs: {round_.open}")
        round_.tend(more=True)
        time.sleep(0.05)
    stages: list[str] = []

    def strike() -> None:
        stages.extend(round_.stages())
        round_.striking = True
        act()

    timer = threading.Timer(wait, strike)
    timer.start()
    while timer.is_alive():
        round_.tend(more=True)
        time.sleep(0.02)
    timer.join()
    round_.striking = False
    return stages


def _kill_and_start(service: Service, role: str) -> None:
    service.kill(role)
    service.start(role)


def _kill_children(service: Service) -> None:
    for pid in service.children(service.roles[1]):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _restart(database: Postgres) -> None:
    database.stop()
    time.sleep(2)
    database.start()


def _counted(service: Service, round_: Round) -> list[str]:
    """Compare the job library's own record with what was accepted: each study once, each step once."""
    flows, steps = _record(service)
    found = []
    if sorted(flows) != sorted(f"{study}.1" for study in round_.accepted):
        found.append(f"jobs {sorted(flows)} for studies {sorted(round_.accepted)}")
    found += [f"{name}: {status}" for name, status in flows.items() if status != "SUCCESS"]
    found += [f"{name}: steps {steps[name]}" for name in flows if sorted(steps[name]) != STEPS]
    return found


def _record(service: Service) -> tuple[dict[str, str], dict[str, list[str]]]:
    url = service.environment.get("CAUSAL_DATABASE_URL", "")
    asked = (
        "SELECT workflow_uuid, status FROM {}workflow_status WHERE name = 'study'",
        "SELECT workflow_uuid, function_name FROM {}operation_outputs",
    )
    if url:
        import psycopg

        with psycopg.connect(url) as connection:
            flows, steps = (connection.execute(text.format("dbos.")).fetchall() for text in asked)
    else:
        with sqlite3.connect(service.data / "state.sqlite") as connection:
            flows, steps = (connection.execute(text.format("")).fetchall() for text in asked)
    listed: dict[str, list[str]] = {name: [] for name, _ in flows}
    for name, step in steps:
        if name in listed:
            listed[name].append(step)
    return dict(flows), listed


def summary(rounds: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the counts of all rounds of one backend."""
    moments = [moment for part in rounds for moment in part["moments"]]
    return {
        "kills": len(moments),
        "killed": dict(Counter(moment["killed"] for moment in moments)),
        "further": dict(Counter(moment["killed"] for part in rounds for moment in part["extra"])),
        "stages_in_flight": dict(Counter(stage for moment in moments for stage in moment["stages"]).most_common()),
        "accepted": sum(part["accepted"] for part in rounds),
        "done_same_bytes": sum(part["done_same_bytes"] for part in rounds),
        "ended_by_themselves": sum(part.get("ended_by_themselves", 0) for part in rounds),
        "problems": [problem for part in rounds for problem in part["problems"]],
        "files_left": sum(len(part["files_left"]) for part in rounds),
        "minutes": round(sum(part["seconds"] for part in rounds) / 60),
    }
