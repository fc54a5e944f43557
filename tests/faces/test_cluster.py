"""The same bytes from a Dask cluster, also when a worker is killed midway."""

from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path

import pytest

import causal_service
from causal_service.errors import CallError
from causal_service.panel import large as large_panel

KEYS = {"entity": "plant", "period": "month"}

pytestmark = pytest.mark.slow


@pytest.fixture
def local_cluster():
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, host="127.0.0.1"
    ) as running:
        yield running


@pytest.fixture
def parquet(simulated, tmp_path, monkeypatch) -> Path:
    monkeypatch.setattr(large_panel, "PARTITION_BYTES", 20_000)
    monkeypatch.setattr(large_panel, "UNIT_ROWS", 800)
    path = tmp_path / "panel.parquet"
    frame = simulated.frame(0, entities=120, periods=24, gaps=0.02)
    frame.sample(frac=1, random_state=0).to_parquet(path, index=False, row_group_size=400)
    return path


def kill_first_worker(cluster, seen: list[str]):
    """A progress function that kills a worker once the tenth draw has come."""

    def show(stage: str, done: int, of: int) -> None:
        if stage == "discover" and done >= 10 and not seen:
            pid = next(iter(cluster.workers.values())).pid
            os.kill(pid, signal.SIGKILL)
            seen.append(stage)

    return show


def test_a_killed_worker_changes_no_byte(local_cluster, parquet):
    options = {"outcome": "rating", "stream": True, "resamples": 60, **KEYS}
    killed: list[str] = []
    away = causal_service.study(
        parquet, scheduler=local_cluster.scheduler_address, progress=kill_first_worker(local_cluster, killed), **options
    )
    home = causal_service.study(parquet, threads=1, **options)
    assert killed == ["discover"]
    assert away.to_json() == home.to_json()


def test_a_worker_killed_while_rows_are_read_changes_no_byte(local_cluster, parquet):
    options = {"outcome": "rating", "stream": True, "resamples": 20, **KEYS}
    pid = next(iter(local_cluster.workers.values())).pid
    hurt = threading.Timer(0.3, os.kill, (pid, signal.SIGKILL))
    hurt.start()
    away = causal_service.study(parquet, scheduler=local_cluster.scheduler_address, **options)
    hurt.join()
    assert away.to_json() == causal_service.study(parquet, threads=1, **options).to_json()


def test_a_rehearsal_on_the_cluster_gives_the_same_scores(local_cluster, simulated):
    frame = simulated.frame(1, entities=30)
    options = {"outcome": "rating", "resamples": 20, "rehearse": 20, **KEYS}
    away = causal_service.study(frame, scheduler=local_cluster.scheduler_address, **options)
    assert away.to_json() == causal_service.study(frame, **options).to_json()


def test_an_address_where_nothing_answers_is_refused(simulated, monkeypatch):
    pytest.importorskip("distributed")
    monkeypatch.setattr("causal_service.numerics.via_dask.PATIENCE", "1s")
    began = time.perf_counter()
    with pytest.raises(CallError) as caught:
        causal_service.study(simulated.frame(0), outcome="rating", scheduler="tcp://127.0.0.1:9", **KEYS)
    assert caught.value.code == "no-scheduler"
    assert time.perf_counter() - began < 30
