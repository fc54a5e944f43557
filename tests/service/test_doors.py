"""What is refused before anything is computed: other sites, wrong bodies, too much, too often; always as a problem."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

pytestmark = pytest.mark.slow

NO_FILE = b'--b\r\nContent-Disposition: form-data; name="x"\r\n\r\n1\r\n--b--\r\n'
CSV = b"plant,month,x,y\nA,2024-01,1,2\nB,2024-01,2,3\n"


def refused(answer, status, code):
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["request_id"] == answer.headers["x-request-id"]
    assert answer.json()["remedy"]


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "10.0.0.1:8000", ""])
def test_local_mode_answers_to_its_own_name_only(idle, host):
    refused(idle("GET", "/v1/me", headers={"Host": host}), 403, "cross-site")
    assert idle("GET", "/v1/me", headers={"Host": "localhost:8000"}).status_code == 200


def test_another_sites_page_cannot_write(idle):
    body = {"content": CSV, "headers": {"Origin": "https://evil.example"}}
    refused(idle("POST", "/v1/panels", **body), 403, "cross-site")
    assert idle("GET", "/v1/panels").json()["items"] == []
    assert idle("POST", "/v1/panels", content=CSV, headers={"Origin": "http://127.0.0.1"}).status_code == 201


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"{", 400, "malformed-body"),
        (b"[]", 422, "wrong-request"),
        (b'{"panel": "x"}', 422, "wrong-request"),
        (b'{"panel": "x", "outcome": "y", "surprise": 1}', 422, "wrong-request"),
        (b'{"panel": [], "outcome": "y"}', 422, "wrong-request"),
        (b'{"panel": "x", "outcome": "y"}', 404, "not-found"),
        (b'{"panel": "\\u0000", "outcome": "y"}', 404, "not-found"),
        (b'{"panel": "' + b"x" * 2_000_000 + b'"}', 413, "too-large"),
    ],
)
def test_wrong_questions(idle, body, status, code):
    answer = idle("POST", "/v1/studies", content=body, headers={"Content-Type": "application/json"})
    refused(answer, status, code)


def test_a_wrong_field_is_pointed_at_in_the_language_asked_for(idle):
    answer = idle("POST", "/v1/studies", json={"panel": "x"}, headers={"Accept-Language": "zh-CN"})
    assert answer.json()["errors"] == [{"pointer": "/outcome", "detail": "Field required"}]
    assert "约定" in answer.json()["detail"]
    assert idle("GET", "/nowhere").json()["code"] == "no-such-page"
    assert idle("PUT", "/v1/studies").json()["code"] == "wrong-method"


@pytest.mark.parametrize(
    ("content", "kind", "status", "code"),
    [
        (b"", "text/csv", 422, "empty-file"),
        (b"--b\r\n", "multipart/form-data; boundary=b", 400, "malformed-body"),
        (b"--b\r\n\r\nx\r\n--b--\r\n", "multipart/form-data; boundary=b", 400, "malformed-body"),
        (b"x", "multipart/form-data", 400, "malformed-body"),
        (NO_FILE, "multipart/form-data; boundary=b", 422, "no-file"),
    ],
)
def test_broken_uploads(idle, content, kind, status, code):
    refused(idle("POST", "/v1/panels", content=content, headers={"Content-Type": kind}), status, code)


def test_a_form_brings_file_dictionary_and_columns(idle):
    files = {"file": ("../../etc/plänts.csv", CSV), "dictionary": ("d.yaml", b"layers: [a]")}
    made = idle("POST", "/v1/panels", files=files, data={"entity": "plant", "period": "month"}).json()
    assert (made["name"], made["entity"], made["period"], made["dictionary"]) == ("plänts.csv", "plant", "month", True)
    assert made["bytes"] == len(CSV)


def test_the_same_request_again_under_its_key_does_nothing_new(idle):
    headers = {"Idempotency-Key": "k1"}
    first = idle("POST", "/v1/panels", content=CSV, headers=headers)
    again = idle("POST", "/v1/panels", content=CSV, headers=headers)
    assert (first.status_code, again.status_code, again.json()["id"]) == (201, 200, first.json()["id"])
    refused(idle("POST", "/v1/panels", content=CSV + b"C,2024-01,1,1\n", headers=headers), 409, "key-reused")
    body = {"panel": first.json()["id"], "outcome": "y"}
    study = idle("POST", "/v1/studies", json=body, headers={"Idempotency-Key": "k2"}).json()["id"]
    assert idle("POST", "/v1/studies", json=body, headers={"Idempotency-Key": "k2"}).json()["id"] == study
    other = idle("POST", "/v1/studies", json=body | {"seed": 1}, headers={"Idempotency-Key": "k2"})
    refused(other, 409, "key-reused")


def test_lists_are_paged_without_gaps(idle):
    ids = [idle("POST", "/v1/panels", content=CSV).json()["id"] for _ in range(7)]
    found, cursor = [], None
    while True:
        answer = idle("GET", "/v1/panels", params={"limit": 3} | ({} if cursor is None else {"cursor": cursor})).json()
        found += [item["id"] for item in answer["items"]]
        cursor = answer["next"]
        if cursor is None:
            break
    assert found == ids[::-1]
    refused(idle("GET", "/v1/panels", params={"cursor": "nonsense"}), 422, "wrong-cursor")


def test_what_waits_can_be_cancelled_and_keeps_its_panel(idle):
    panel = idle("POST", "/v1/panels", content=CSV).json()["id"]
    study = idle("POST", "/v1/studies", json={"panel": panel, "outcome": "y"}).json()["id"]
    refused(idle("GET", f"/v1/studies/{study}/result"), 409, "study-not-done")
    refused(idle("GET", f"/v1/panels/{panel}/findings"), 409, "panel-not-checked")
    refused(idle("DELETE", f"/v1/panels/{panel}"), 409, "panel-in-use")
    assert idle("DELETE", f"/v1/studies/{study}").json()["state"] == "cancelled"
    assert idle("POST", "/v1/studies", json={"panel": panel, "outcome": "y"}).json()["state"] == "queued"
    assert idle("DELETE", f"/v1/studies/{study}").json()["state"] == "cancelled"
    assert idle("DELETE", f"/v1/studies/{study}").status_code == 204
    assert idle("DELETE", f"/v1/panels/{panel}").status_code == 204


def test_without_a_worker_it_is_not_ready(idle):
    answer = idle("GET", "/readyz")
    assert (answer.status_code, answer.json()["workers"], answer.json()["database"]) == (503, 0, True)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_body_breaks_it(idle, data):
    verb, path = data.draw(
        st.sampled_from(
            [("POST", "/v1/panels"), ("POST", "/v1/studies"), ("POST", "/v1/bundles"), ("POST", "/v1/keys"),
             ("PATCH", "/v1/panels/pnl_x"), ("PUT", "/v1/panels/pnl_x/dictionary")]
        )
    )  # fmt: skip
    kinds = ["application/json", "text/csv", "multipart/form-data; boundary=x", "application/zip", ""]
    head = data.draw(
        st.sampled_from([b"", b"PK\x03\x04", b"PAR1", b"\x1f\x8b\x08", b"--x\r\n", b'{"panel":', b"a,b\n"])
    )
    body = head + data.draw(st.binary(max_size=300))
    answer = idle(verb, path, content=body, headers={"Content-Type": data.draw(st.sampled_from(kinds))})
    assert answer.status_code < 500, answer.text
    assert "Traceback" not in answer.text
