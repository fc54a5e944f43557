"""What housekeeping takes up again, ends and removes; and what the logs must not hold."""

from __future__ import annotations

import io
import json
import logging
import time

import pytest
from sqlalchemy import text

from causal_service.service.jobs.housekeeping import keep_house
from causal_service.service.jobs.runtime import current
from causal_service.service.observing.logs import set_up_logs
from causal_service.service.state.models import Idempotency, Removal, Study, Worker

pytestmark = pytest.mark.slow


def workspace_of(live, study):
    with current().database.system() as session:
        return session.get(Study, study).workspace_id


def test_the_work_of_a_lost_worker_is_taken_up(live, done):
    """As a worker leaves it that died on another machine: running, and belonging to a name that does not come back."""
    runtime = current()
    with runtime.database.system() as session:
        session.execute(
            text(
                "UPDATE workflow_status SET status='PENDING', executor_id='dead', output=NULL WHERE workflow_uuid=:name"
            ),
            {"name": f"{done}.1"},
        )
        session.execute(text("DELETE FROM operation_outputs WHERE workflow_uuid=:name"), {"name": f"{done}.1"})
        session.execute(text("UPDATE studies SET state='running' WHERE id=:id"), {"id": done})
        session.merge(Worker(id="dead", seen=time.time() - 61, started=0.0))
    before = live.ours("GET", f"/v1/studies/{done}").json()
    assert before["state"] == "running"
    keep_house(runtime)
    assert live.ours.ended(done)["state"] == "done"
    with runtime.database.system() as session:
        assert session.get(Worker, "dead") is None


def test_a_study_whose_work_ended_without_a_word_fails(live, panel_csv):
    runtime = current()
    study = live.ours.ask(live.ours.upload(panel_csv(seed=3))["id"])
    assert live.ours.ended(study)["state"] == "done"
    with runtime.database.system() as session:
        session.execute(text("UPDATE studies SET state='running' WHERE id=:id"), {"id": study})
        session.execute(
            text("UPDATE workflow_status SET status='ERROR' WHERE workflow_uuid=:name"), {"name": f"{study}.1"}
        )
    keep_house(runtime)
    seen = live.ours("GET", f"/v1/studies/{study}").json()
    assert (seen["state"], seen["problem"]["code"]) == ("failed", "internal")


def test_what_was_promised_is_removed_and_old_keys_are_forgotten(live, done):
    runtime = current()
    workspace = workspace_of(live, done)
    (runtime.settings.spool / "left").write_bytes(b"x")
    runtime.store.write(b"half", f"{workspace}/panels/pnl_never/abc", runtime.settings.spool)
    runtime.store.write(b"half", f"{workspace}/panels/pnl_later/abc", runtime.settings.spool)
    with runtime.database.workspace(workspace) as session:
        session.add(Removal(folder=f"{workspace}/panels/pnl_never", due=time.time() - 1))
        session.add(Removal(folder=f"{workspace}/panels/pnl_later", due=time.time() + 1000))
        session.add(Idempotency(key="old", request_hash="", resource_id="", created=time.time() - 90_000))
        session.add(Idempotency(key="new", request_hash="", resource_id="", created=time.time()))
    keep_house(runtime)
    assert runtime.store.folders(f"{workspace}/panels").count("pnl_never") == 0
    assert runtime.store.folders(f"{workspace}/panels").count("pnl_later") == 1
    assert (runtime.settings.spool / "left").exists()  # younger than a day
    with runtime.database.workspace(workspace) as session:
        assert [row.key for row in session.query(Idempotency).filter(Idempotency.key.in_(("old", "new")))] == ["new"]
    (runtime.settings.spool / "left").unlink()


def test_retention_deletes_what_is_old(live, panel_csv):
    from dataclasses import replace

    runtime = current()
    panel = live.theirs.upload(panel_csv(seed=4))["id"]
    study = live.theirs.ask(panel)
    kept = live.theirs.ask(panel, seed=5)
    for name in (study, kept):
        assert live.theirs.ended(name)["state"] == "done"
    with runtime.database.system() as session:
        session.execute(text("UPDATE studies SET finished=1 WHERE id=:id"), {"id": study})
        session.execute(text("UPDATE panels SET created=1 WHERE id=:id"), {"id": panel})
    keep_house(replace(runtime, settings=runtime.settings.model_copy(update={"retention_days": 1.0})))
    assert live.theirs("GET", f"/v1/studies/{study}").status_code == 404
    assert live.theirs("GET", f"/v1/panels/{panel}").status_code == 404
    assert live.theirs("GET", f"/v1/studies/{kept}/result").status_code == 200


def test_secrets_are_in_no_log_and_no_stored_byte(live, done):
    heard = io.StringIO()
    set_up_logs("debug")
    logging.getLogger().handlers[0].setStream(heard)
    try:
        made = live.ours("POST", "/v1/keys", json={"label": "x"}).json()["key"]
        secret = made.rpartition(".")[2]
        live.nobody("GET", f"/v1/studies/{done}", headers={"Authorization": f"Bearer {made}"})
        live.nobody("GET", f"/v1/studies/{made}", headers={"Authorization": f"Bearer {made}x"})
        logging.getLogger("any").warning("sent Authorization: Bearer %s", made)
        logging.getLogger("any").warning("cannot reach postgresql://me:hunter2@db/x")
    finally:
        set_up_logs("warning")
    lines = [json.loads(line) for line in heard.getvalue().splitlines()]
    assert any(line["event"] == "request" and line["status"] == 200 and line["request"] for line in lines)
    assert secret not in heard.getvalue()
    assert "hunter2" not in heard.getvalue()
    for path in live.settings.folder.rglob("*"):
        if path.is_file():
            assert secret.encode() not in path.read_bytes(), path
