"""The API on real parts: a panel in, its findings, a question, progress, and the same study as every other face."""

from __future__ import annotations

import csv
import io
import json

import pytest

import causal_service as cs
from causal_service.cli import main

pytestmark = pytest.mark.slow


def test_every_face_gives_the_same_bytes(live, done, folder, capsys):
    result = live.ours("GET", f"/v1/studies/{done}/result").content
    panel, dictionary = folder / "plants.csv", folder / "d.yaml"
    python = cs.study(panel, dictionary=dictionary, outcome="satisfaction", resamples=20, threads=1)
    assert result == python.to_json().encode()
    words = ["study", str(panel), "--dictionary", str(dictionary), "--outcome", "satisfaction", "--resamples", "20"]
    capsys.readouterr()
    assert main([*words, "--json"]) == 0
    assert result == capsys.readouterr().out.encode()


def test_inline_dictionary_and_display_names_give_the_same_bytes(live, done, folder):
    import yaml

    plain = live.ours("POST", "/v1/panels", params={"name": "plants.csv"}, content=(folder / "plants.csv").read_bytes())
    assert plain.status_code == 201, plain.text
    dictionary = yaml.safe_load((folder / "d.yaml").read_text(encoding="utf-8"))
    study = live.ours.ask(plain.json()["id"], dictionary=dictionary, outcome=["满意度"])
    assert live.ours.ended(study)["state"] == "done"
    results = {live.ours("GET", f"/v1/studies/{name}/result").content for name in (done, study)}
    assert len(results) == 1


def test_parts_are_those_of_the_study(live, done):
    whole = live.ours("GET", f"/v1/studies/{done}/result").json()
    for part in ("graph", "effects", "levers", "chains", "contrast", "findings"):
        assert live.ours("GET", f"/v1/studies/{done}/{part}").json() == whole[part]
    table = live.ours("GET", f"/v1/studies/{done}/levers", params={"format": "csv"})
    rows = list(csv.DictReader(io.StringIO(table.text.lstrip("\ufeff"))))
    assert [row["lever"] for row in rows] == [lever["lever"] for lever in whole["levers"]]


def test_reports_in_both_languages_run_nothing(live, done):
    for lang, word in (("zh", "满意度"), ("en", "Satisfaction")):
        page = live.ours("GET", f"/v1/studies/{done}/report", headers={"Accept-Language": lang})
        assert page.headers["content-type"] == "text/html; charset=utf-8"
        assert word in page.text
        assert page.headers["content-security-policy"].startswith("default-src 'none'")
    assert live.ours("GET", f"/v1/studies/{done}/graph", params={"format": "svg"}).text.startswith("<svg")


def test_an_unchanged_result_is_not_sent_again(live, done):
    first = live.ours("GET", f"/v1/studies/{done}/result")
    again = live.ours("GET", f"/v1/studies/{done}/result", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    other = live.ours("GET", f"/v1/studies/{done}/result", headers={"If-None-Match": '"another"'})
    assert other.status_code == 200


def test_a_panel_tells_what_was_found(live, folder, capsys):
    panel = live.ours.upload()
    assert panel["state"] == "ready"
    assert panel["regime"] == "panel"
    assert panel["size"]["entities"] == 12
    assert {entry["key"] for entry in panel["indicators"]} == {"cycle", "training", "satisfaction"}
    capsys.readouterr()
    assert main(["check", str(folder / "plants.csv"), "--dictionary", str(folder / "d.yaml"), "--json"]) == 0
    assert live.ours("GET", f"/v1/panels/{panel['id']}/findings").json() == json.loads(capsys.readouterr().out)


def test_progress_is_told_as_it_happens_and_resumes(live):
    study = live.ours.ask(live.ours.upload()["id"], seed=11)
    told = events(live, study)
    assert [name for name, _, _ in told[:-1]] == ["progress"] * (len(told) - 1)
    assert told[-1][0] == "end"
    assert told[-1][2]["state"] == "done"
    numbers = [number for _, number, _ in told]
    assert numbers == sorted(set(numbers))
    assert events(live, study, told[-2][1]) == told[-1:]
    assert events(live, study, told[-1][1]) == []


def events(live, study, last=None):
    headers = {} if last is None else {"Last-Event-ID": str(last)}
    text = live.ours("GET", f"/v1/studies/{study}/events", headers=headers).text
    told = []
    for block in text.split("\n\n"):
        lines = dict(line.split(": ", 1) for line in block.splitlines() if line and not line.startswith(":"))
        if "data" in lines:
            told.append((lines["event"], int(lines["id"]), json.loads(lines["data"])))
    return told


def test_the_same_question_is_computed_once(live, done):
    again = live.ours.ask(live.ours.upload()["id"])
    assert again == done
    assert live.ours.ask(live.ours.upload()["id"], seed=1) != done
    theirs = live.theirs.ask(live.theirs.upload()["id"])
    assert theirs != done
    assert live.theirs.ended(theirs)["progress"]["stage"] == "done"


def test_a_question_that_cannot_be_answered_says_why(live):
    panel = live.ours.upload()["id"]
    study = live.ours.ask(panel, outcome="satisfaction", levers=["satisfaction"])
    seen = live.ours.ended(study)
    assert (seen["state"], seen["problem"]["code"]) == ("failed", "lever-is-outcome")
    refused = live.ours("GET", f"/v1/studies/{study}/result", headers={"Accept-Language": "zh"})
    assert (refused.status_code, refused.json()["code"]) == (409, "study-failed")
    assert "satisfaction" in refused.json()["detail"]
    assert refused.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("asked", "code", "near"),
    [
        ({"outcome": "satisfactoin"}, "unknown-indicator", "satisfaction"),
        ({"outcome": "满意"}, "unknown-indicator", ""),
        ({"levers": ["cycel"]}, "unknown-indicator", "cycle"),
        ({"outcome": []}, "no-outcome", "satisfaction"),
        ({"horizon": 999}, "option-out-of-range", "60"),
        ({"resamples": 0}, "option-out-of-range", ""),
        ({"method": "magic"}, "unknown-method", "boss"),
    ],
)
def test_a_hopeless_question_is_refused_at_once(live, asked, code, near):
    before = live.ours("GET", "/v1/studies").json()["items"]
    panel = live.ours.upload()["id"]
    answer = live.ours("POST", "/v1/studies", json={"panel": panel, "outcome": "satisfaction"} | asked)
    assert (answer.status_code, answer.json()["code"]) == (422, code), answer.text
    assert near in answer.json()["detail"] + answer.json()["remedy"]
    assert live.ours("GET", "/v1/studies").json()["items"] == before


def test_a_panel_that_failed_its_check_is_refused_until_its_columns_are_named(live):
    panel = live.ours.upload(dictionary="panel: {entity: plnt, period: month}")
    assert panel["state"] == "failed"
    asked = {"panel": panel["id"], "outcome": "satisfaction", "resamples": 20}
    assert live.ours("POST", "/v1/studies", json=asked).json()["code"] == "unknown-column"
    study = live.ours.ask(panel["id"], entity="plant", period="month")
    assert live.ours.ended(study)["state"] == "done"


def test_a_column_that_is_not_there_changes_nothing(live):
    panel = live.ours.upload()
    answer = live.ours("PATCH", f"/v1/panels/{panel['id']}", json={"entity": "plnat", "period": "month"})
    assert (answer.status_code, answer.json()["code"]) == (422, "unknown-column")
    assert "plant" in answer.json()["remedy"]
    assert live.ours("GET", f"/v1/panels/{panel['id']}").json() == panel


def test_a_text_column_that_was_set_aside_can_be_named_afterwards(live, panel_csv):
    header, *rows = panel_csv().decode().splitlines()
    lines = [f"{header},site", *(f"{row},site {row.split(',')[0]}" for row in rows if row)]
    made = live.ours.upload(chr(10).join(lines).encode())
    assert made["state"] == "ready"
    answer = live.ours("PATCH", f"/v1/panels/{made['id']}", json={"entity": "site", "period": "month"})
    assert answer.status_code == 200, answer.text
    assert live.ours.until(f"/v1/panels/{made['id']}", lambda body: body["state"] != "checking")["state"] == "ready"


def test_columns_can_be_named_after_the_upload(live):
    made = live.ours.upload(dictionary="layers: [a]")
    assert (made["state"], made["problem"]["status"]) == ("failed", 422)
    assert set(made["columns"]) == {"plant", "month", "cycle", "training", "satisfaction"}
    changed = live.ours("PATCH", f"/v1/panels/{made['id']}", json={"entity": "plant", "period": "month"}).json()
    assert (changed["state"], changed["regime"]) == ("ready", "panel")


def test_a_dictionary_can_be_put_later(live):
    made = live.ours.upload(dictionary="layers: [a]")
    dictionary = "panel: {entity: plant, period: month}"
    answer = live.ours("PUT", f"/v1/panels/{made['id']}/dictionary", content=dictionary.encode())
    assert answer.status_code == 200, answer.text
    assert answer.json()["state"] == "ready"
    wrong = live.ours("PUT", f"/v1/panels/{made['id']}/dictionary", content=b"panell: {}").json()
    assert (wrong["state"], wrong["problem"]["code"]) == ("failed", "unknown-key")


def test_a_file_that_is_no_table_leaves_nothing(live):
    before = live.ours("GET", "/v1/panels").json()["items"]
    for content, code in ((b"\x00\x01\x02" * 9, "not-text"), (b"a,b\n", "header-only"), (b"PAR1junk", "damaged-file")):
        answer = live.ours("POST", "/v1/panels", content=content)
        assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert live.ours("GET", "/v1/panels").json()["items"] == before
    assert not list(live.settings.spool.iterdir())


def test_deleting_deletes(live, panel_csv):
    panel = live.ours.upload(panel_csv(seed=9))["id"]
    study = live.ours.ask(panel)
    assert live.ours.ended(study)["state"] == "done"
    files = [path for path in (live.settings.folder / "files").rglob("*") if panel in str(path) or study in str(path)]
    assert files
    assert live.ours("DELETE", f"/v1/panels/{panel}").status_code == 204
    assert live.ours("GET", f"/v1/studies/{study}/result").status_code == 200
    assert live.ours("DELETE", f"/v1/studies/{study}").status_code == 204
    assert live.ours("GET", f"/v1/studies/{study}").status_code == 404
    assert not [path for path in files if path.exists()]


def test_a_bundle_reopens_with_the_same_bytes(live, done):
    bundle = live.ours("GET", f"/v1/studies/{done}/bundle")
    assert bundle.headers["content-type"] == "application/zip"
    assert bundle.content == live.ours("GET", f"/v1/studies/{done}/bundle").content
    opened = live.theirs("POST", "/v1/bundles", content=bundle.content)
    assert opened.status_code == 202, opened.text
    study = opened.json()["id"]
    assert live.theirs.ended(study)["state"] == "done"
    for path in ("result", "report", "levers?format=csv"):
        ours, theirs = (who("GET", f"/v1/studies/{s}/{path}") for who, s in ((live.ours, done), (live.theirs, study)))
        assert ours.content == theirs.content
    (panel,) = live.theirs("GET", f"/v1/studies/{study}").json()["panel"]
    assert live.theirs.until(f"/v1/panels/{panel}", lambda body: body["state"] != "checking")["state"] == "ready"
    assert live.theirs("POST", "/v1/bundles", content=bundle.content).json()["id"] == study
    again = live.theirs("GET", f"/v1/studies/{study}/bundle")
    assert again.content == bundle.content


def test_a_changed_bundle_is_refused(live, done):
    import zipfile

    bundle = live.ours("GET", f"/v1/studies/{done}/bundle").content
    changed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(bundle)) as old, zipfile.ZipFile(changed, "w") as new:
        for name in old.namelist():
            new.writestr(name, old.read(name).replace(b"satisfaction", b"satisfactioN"))
    for content in (changed.getvalue(), bundle[:-40], b"PK\x03\x04", b"x"):
        answer = live.ours("POST", "/v1/bundles", content=content)
        assert (answer.status_code, answer.json()["code"]) == (422, "not-a-bundle")


def test_the_parts_answer(live):
    assert live.nobody("GET", "/healthz").json() == {"status": "ok"}
    ready = live.nobody("GET", "/readyz")
    assert (ready.status_code, ready.json()["workers"]) == (200, 1)
    assert 'causal_studies{state="done"}' in live.nobody("GET", "/metrics").text
