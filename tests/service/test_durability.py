"""What was accepted ends, once, with the same bytes: over killed workers and APIs, and a database that restarts.

A sample; the full counts are an experiment.
"""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import time

import pytest

pytestmark = pytest.mark.slow


def workflows_of(folder, study):
    with sqlite3.connect(folder / "data" / "state.sqlite") as database:
        asked = "SELECT status FROM workflow_status WHERE workflow_uuid LIKE ?"
        return [row[0] for row in database.execute(asked, (f"{study}.%",))]


def test_killed_processes_lose_nothing_and_do_nothing_twice(program, tmp_path):
    service = program()
    panel = service.caller.upload()["id"]
    undisturbed = service.caller.ask(panel, resamples=60)
    assert service.caller.ended(undisturbed)["state"] == "done"
    expected = service.caller("GET", f"/v1/studies/{undisturbed}/result").content
    assert service.client.delete(f"/v1/studies/{undisturbed}").status_code == 204
    draw = random.Random(1)
    for victim in ("worker", "service.jobs.child", "serve"):
        study = service.caller.ask(panel, resamples=60)
        others = [service.caller.ask(panel, resamples=20, seed=draw.randrange(10**6)) for _ in range(2)]
        service.caller.until(f"/v1/studies/{study}", lambda body: body["state"] != "queued")
        time.sleep(draw.uniform(0, 1.0))
        if victim == "serve":
            service.kill()
            service.start()
        else:
            for pid in service.processes(victim):
                os.kill(pid, signal.SIGKILL)
        for name in (study, *others):
            ended = service.caller.ended(name)
            assert ended["state"] == "done", (victim, ended)
        assert service.caller("GET", f"/v1/studies/{study}/result").content == expected
        assert workflows_of(tmp_path, study)[-1] == "SUCCESS"
        assert service.client.delete(f"/v1/studies/{study}").status_code == 204


def test_a_stopped_service_takes_its_work_up_again(program):
    service = program()
    panel = service.caller.upload()["id"]
    study = service.caller.ask(panel, resamples=100)
    service.caller.until(f"/v1/studies/{study}", lambda body: body["state"] == "running")
    assert service.stop() == 0
    service.start()
    assert service.caller.ended(study)["state"] == "done"


def test_postgres_with_s3_over_a_restart_of_the_database(program, postgres, s3_server):
    service = program(
        CAUSAL_DATABASE_URL=postgres.url, CAUSAL_STORAGE_URL="s3://studies/one", CAUSAL_S3_ENDPOINT=s3_server
    )
    panel = service.caller.upload()["id"]
    first = service.caller.ask(panel)
    assert service.caller.ended(first)["state"] == "done"
    study = service.caller.ask(panel, resamples=60)
    service.caller.until(f"/v1/studies/{study}", lambda body: body["state"] == "running")
    postgres.stop()
    silent = service.client.get(f"/v1/studies/{study}")
    assert (silent.status_code, silent.json()["code"]) == (503, "unavailable")
    assert service.client.get("/readyz").json()["database"] is False
    postgres.start()
    assert service.caller.ended(study)["state"] == "done"
    bundle = service.caller("GET", f"/v1/studies/{first}/bundle")
    assert bundle.status_code == 200
    assert service.client.delete(f"/v1/studies/{first}").status_code == 204
    assert service.client.get(f"/v1/studies/{first}/result").status_code == 404


def test_cancelling_stops_the_computation(program):
    service = program()
    panel = service.caller.upload()["id"]
    study = service.caller.ask(panel, resamples=100_000)
    service.caller.until(f"/v1/studies/{study}", lambda body: body["progress"]["stage"] == "discover")
    stopped = service.client.delete(f"/v1/studies/{study}")
    assert (stopped.status_code, stopped.json()["state"]) == (200, "cancelled")
    quick = service.caller.ask(panel)
    assert service.caller.ended(quick)["state"] == "done"
    refused = service.client.get(f"/v1/studies/{study}/result")
    assert (refused.status_code, refused.json()["code"]) == (409, "study-cancelled")
