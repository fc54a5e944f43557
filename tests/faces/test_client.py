"""The client face: a running service, asked with the local verbs, gives the local bytes and the local errors."""

from __future__ import annotations

import inspect
import json
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

import causal_service as cs
from causal_service.errors import CausalServiceError

ASKED = {"outcome": "satisfaction", "resamples": 20}

pytestmark = pytest.mark.slow


@pytest.fixture
def client(service) -> cs.Client:
    return cs.Client(service.url)


def test_client_api_and_python_give_the_same_bytes(client, service, folder):
    steps: list[tuple[str, int, int]] = []

    def told(*step: object) -> None:
        steps.append(step)

    remote = client.study("plants.csv", dictionary="indicators.yaml", **ASKED, progress=told)
    local = cs.study("plants.csv", dictionary="indicators.yaml", **ASKED)
    assert remote.to_json() == local.to_json()
    assert remote == cs.Study.from_dict(local.to_dict())
    assert remote.report("zh") == local.report("zh")
    assert steps[-1] == ("done", 1, 1)
    known = client.submit("plants.csv", dictionary="indicators.yaml", **ASKED)
    with urllib.request.urlopen(f"{service.url}/v1/studies/{known}/result") as answer:
        assert answer.read() == local.to_json().encode()
    assert client.load(known) == remote


def test_frames_files_and_dictionaries_of_every_kind(client, folder, panel):
    knowledge = "required: [[cycle, on_time, 0]]\nforbidden: [[satisfaction, cycle]]\n"
    Path("known.yaml").write_text(knowledge, encoding="utf-8")
    options = {**ASKED, "lever": ["cycle", "training"], "horizon": 2, "seed": 5, "knowledge": "known.yaml"}
    local = cs.study("plants.csv", dictionary="indicators.yaml", **options).to_json()
    panel[["plant", "month", "cycle", "training"]].to_csv("one.csv", index=False)
    panel[["plant", "month", "on_time", "satisfaction"]].to_csv("two.csv", index=False)
    dictionary = cs.read_dictionary("indicators.yaml")
    for source in (panel, panel.set_index(["plant", "month"]), ["one.csv", "two.csv"]):
        assert client.study(source, dictionary=dictionary, **options).to_json() == local


def test_check_finds_what_the_local_check_finds(client, folder):
    panel, dictionary, findings = cs.check("plants.csv", dictionary="indicators.yaml")
    size, known, found = client.check("plants.csv", dictionary="indicators.yaml")
    assert (known, found) == (dictionary, findings)
    assert (size.entities, size.fingerprint) == (len(panel.entities), panel.fingerprint)


def refusal(verb, *arguments, **options) -> tuple[object, ...]:
    with pytest.raises(CausalServiceError) as refused:
        verb(*arguments, **options)
    error = refused.value
    return type(error), error.code, error.what, error.remedy, json.dumps(error.params, sort_keys=True, default=list)


def test_effects_along_a_moderator_are_the_same_there(client, folder):
    pytest.importorskip("econml")
    asked = {"dictionary": "indicators.yaml", **ASKED, "moderator": "Training hours"}
    remote, local = client.study("plants.csv", **asked), cs.study("plants.csv", **asked)
    assert remote.moderation
    assert remote.to_json() == local.to_json()


@pytest.mark.parametrize(
    "wrong",
    [
        {"outcome": "satisfction"},
        {"lever": "nothing"},
        {"horizon": -1},
        {"moderator": "nothing"},
        {"moderator": "training", "moderation_learner": "trees"},
        {"entity": "month", "period": "month"},
        {"dictionary": None, "entity": "plant"},
        {"dictionary": {"indicatorz": {}}},
    ],
    ids=",".join,
)
def test_what_is_refused_here_is_refused_there(client, folder, wrong):
    asked = {"dictionary": "indicators.yaml", **ASKED, **wrong}
    assert refusal(client.study, "plants.csv", **asked) == refusal(cs.study, "plants.csv", **asked)


def test_files_that_are_none(client, folder):
    Path("empty.csv").write_bytes(b"")
    assert refusal(client.check, "plant.csv") == refusal(cs.check, "plant.csv")
    assert refusal(client.check, "empty.csv")[:2] == refusal(cs.check, "empty.csv")[:2]


def test_a_failed_check_is_one(client, folder, panel):
    panel.assign(satisfaction=5.0).to_csv("flat.csv", index=False)
    asked = {"dictionary": "indicators.yaml", **ASKED}
    assert refusal(client.study, "flat.csv", **asked) == refusal(cs.study, "flat.csv", **asked)


def test_a_cancelled_study_says_so(client, folder):
    study = client.submit("plants.csv", dictionary="indicators.yaml", outcome="satisfaction", resamples=5000)
    client.cancel(study)
    assert refusal(client.wait, study)[1] == "study-cancelled"


def test_the_verbs_take_what_the_local_verbs_take():
    local, remote = (set(inspect.signature(verb).parameters) for verb in (cs.study, cs.Client.study))
    assert remote - {"self"} == local - {"threads", "stream", "scheduler"}


def test_a_service_that_dies_meanwhile(serving, tmp_path, folder):
    """Killed without warning in the middle of a study and started again: the client just takes longer."""
    asked = {**ASKED, "dictionary": "indicators.yaml", "resamples": 2000}
    with serving(tmp_path) as first:
        client = cs.Client(first.url, patience=300)
        study = client.submit("plants.csv", **asked)
        seen: list[str] = []
        again = []

        def told(stage: str, done: int, of: int) -> None:
            seen.append(stage)
            if stage in ("prepare", "discover") and not again:
                first.kill()
                again.append(serving(tmp_path, first.port))
                again[0].__enter__()

        try:
            remote = client.wait(study, told)
        finally:
            for context in again:
                context.__exit__(None, None, None)
    assert again, seen
    assert remote.to_json() == cs.study("plants.csv", **asked).to_json()


def test_a_key_is_asked_for_and_used(serving, tmp_path, folder):
    create = [sys.executable, "-m", "causal_service", "apikey", "create", "--workspace", "运营", "--data"]
    key = subprocess.run([*create, str(tmp_path / "data")], capture_output=True, text=True, check=True).stdout.strip()
    with serving(tmp_path, mode="shared") as running:
        assert refusal(cs.Client(running.url, lang="zh").check, "plants.csv")[1] == "no-key"
        assert refusal(cs.Client(running.url, "wrong").check, "plants.csv")[1] == "wrong-key"
        asked = {"dictionary": "indicators.yaml", **ASKED}
        assert cs.Client(running.url, key).study("plants.csv", **asked) == cs.Study.from_dict(
            cs.study("plants.csv", **asked).to_dict()
        )
    assert all(key.encode() not in log.read_bytes() for log in tmp_path.glob("*.log"))


def test_no_server_library_is_needed():
    code = "import sys, causal_service as cs; cs.Client('http://127.0.0.1:1'); print(*sys.modules)"
    loaded = set(
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    )
    assert not loaded & {"fastapi", "starlette", "uvicorn", "sqlalchemy", "dbos", "httpx", "numba", "pandas"}
