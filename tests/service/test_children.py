"""Computing processes: their time is bounded, they stop when asked, and one that dies is replaced once."""

from __future__ import annotations

import os
import signal
import threading

import pytest

from causal_service.errors import CausalServiceError
from causal_service.service.jobs.children import Children, Stopped
from causal_service.service.settings import Settings

pytestmark = pytest.mark.slow
LIMITS = {"unpacked": 10**9, "columns": 1000, "cells": 10**9}


@pytest.fixture(scope="module")
def children(tmp_path_factory):
    opened = Children(Settings(data=tmp_path_factory.mktemp("data"), worker_niceness=0), keep=1)
    yield opened
    opened.close()


@pytest.fixture
def task(folder):
    """A study that would take minutes."""
    options = {"outcome": "satisfaction", "resamples": 100_000}
    files = {"panels": ["plants.csv"], "dictionary": "d.yaml", "knowledge": None}
    return {"kind": "study", "folder": str(folder), "limits": LIMITS, "threads": 1, "options": options, **files}


def always() -> bool:
    return True


def ignore(stage: str, done: int, of: int) -> None:
    """Progress nobody looks at."""


def test_a_task_gives_its_files_and_its_progress(children, task, folder):
    heard = []
    task["options"]["resamples"] = 20
    assert children.run(task, 300, lambda *said: heard.append(said), always) == {}
    assert (folder / "out" / "study.json").read_text(encoding="utf-8").startswith("{")
    assert [stage for stage, _, _ in heard if stage in ("read", "prepare", "effects")] == ["read", "prepare", "effects"]
    assert ("discover", 20, 20) in heard


def test_a_refusal_keeps_its_words(children, task):
    task["options"]["outcome"] = "nothing"
    with pytest.raises(CausalServiceError) as refused:
        children.run(task, 300, ignore, always)
    assert refused.value.code == "unknown-indicator"
    assert "nothing" in refused.value.what.zh


def test_time_is_bounded_and_the_next_task_runs(children, task, folder):
    with pytest.raises(CausalServiceError) as refused:
        children.run(task, 2, ignore, always)
    assert refused.value.code == "took-too-long"
    task["options"]["resamples"] = 20
    assert children.run(task, 300, ignore, always) == {}


def test_it_stops_when_no_longer_wanted(children, task):
    begun = threading.Event()
    with pytest.raises(Stopped):
        children.run(task, 300, lambda stage, done, of: begun.set(), lambda: not begun.is_set())


def test_one_that_dies_is_replaced_once(children, task):
    killed = []

    def kill(stage: str, done: int, of: int) -> None:
        (child,) = children._busy
        if child._process.pid not in killed and stage == "discover":
            killed.append(child._process.pid)
            os.kill(child._process.pid, signal.SIGKILL)

    with pytest.raises(CausalServiceError) as refused:
        children.run(task, 300, kill, always)
    assert refused.value.code == "job-died"
    assert len(killed) == 2
