"""Two workspaces: whatever a route is asked, never a byte of the other's data; what is theirs does not exist (404)."""

from __future__ import annotations

import re

import pytest

pytestmark = pytest.mark.slow

BODIES = {
    ("POST", "/v1/studies"): {"json": {"panel": "{panel}", "outcome": "satisfaction"}},
    ("PATCH", "/v1/panels/{panel}"): {"json": {"entity": "plant"}},
    ("PUT", "/v1/panels/{panel}/dictionary"): {"content": b"layers: [a]"},
}


def operations(live):
    paths = live.nobody("GET", "/openapi.json").json()["paths"]
    return [(verb.upper(), path) for path, verbs in sorted(paths.items()) for verb in sorted(verbs)]


def test_no_route_shows_or_touches_what_is_theirs(live, done):
    panel = live.ours("GET", f"/v1/studies/{done}").json()["panel"][0]
    key = live.ours("GET", "/v1/keys").json()[-1]["id"]
    ours = {"panel": panel, "study": done, "key": key}
    before = {path: live.ours("GET", path.format(**ours)).content for path in reads(live)}
    asked = 0
    for verb, path in operations(live):
        names = set(re.findall(r"{(\w+)}", path))
        assert names <= set(ours), f"this test does not know {path}"
        body = BODIES.get((verb, path), {})
        if names or (verb, path) in BODIES:
            asked += 1
            options = {k: filled(v, ours) for k, v in body.items()}
            answer = live.theirs(verb, path.format(**ours), **options)
            assert (answer.status_code, answer.json()["code"]) == (404, "not-found"), (verb, path)
        elif verb == "GET" and path.startswith("/v1"):
            asked += 1
            assert not any(name in live.theirs(verb, path).text for name in ours.values()), path
    assert asked >= 20
    assert {path: live.ours("GET", path.format(**ours)).content for path in before} == before


def filled(value, names):
    return (
        {k: v.format(**names) if isinstance(v, str) else v for k, v in value.items()}
        if isinstance(value, dict)
        else value
    )


def reads(live):
    return [
        path
        for verb, path in operations(live)
        if verb == "GET" and "{" in path and not path.endswith(("bundle", "events"))
    ]


def test_every_route_needs_a_key_and_its_scope(live, done):
    panel = live.ours("GET", f"/v1/studies/{done}").json()["panel"][0]
    names = {"panel": panel, "study": done, "key": "key_x"}
    for verb, path in operations(live):
        if not path.startswith("/v1"):
            continue
        place = path.format(**names)
        options = {k: filled(v, names) for k, v in BODIES.get((verb, path), {}).items()}
        nobody = live.nobody(verb, place, **options)
        assert (nobody.status_code, nobody.json()["code"]) == (401, "no-key"), (verb, path)
        assert nobody.headers["www-authenticate"] == "Bearer"
        if verb != "GET" or path in ("/v1/keys", "/v1/audit"):
            reader = live.reader(verb, place, **options)
            assert (reader.status_code, reader.json()["code"]) == (403, "missing-scope"), (verb, path)


def test_a_revoked_key_opens_nothing(live):
    made = live.ours("POST", "/v1/keys", json={"label": "for a while", "scope": "read", "days": 1}).json()
    headers = {"Authorization": f"Bearer {made['key']}"}
    assert live.nobody("GET", "/v1/me", headers=headers).json()["scopes"] == ["read"]
    assert live.ours("DELETE", f"/v1/keys/{made['made']['id']}").status_code == 204
    refused = live.nobody("GET", "/v1/me", headers=headers)
    assert (refused.status_code, refused.json()["code"]) == (401, "wrong-key")
    assert made["key"] not in live.ours("GET", "/v1/keys").text


def test_the_audit_log_tells_who_did_what(live, done):
    acts = live.ours("GET", "/v1/audit", params={"limit": 200}).json()["items"]
    asked = [act for act in acts if act["action"] == "study.submit" and act["target"] == done][-1]
    assert asked["actor"].startswith("key_")
    assert asked["request"].startswith("req_")
