"""Two workspaces: whatever a route is asked, never a byte of the other's data; what is theirs does not exist (404)."""

from __future__ import annotations

import re

import pytest

pytestmark = pytest.mark.slow

READING = ("/whatif", "/reach", "/plan", "/questions")
"""Routes that compute an answer from what is there and keep nothing."""
MARK = "zq7"
"""Stands in the file name, the entities and the question of our panel and nowhere else."""
UPLOADED = {"/v1/panels": b"plant,month,x\nA,2024-01,1\n", "/v1/bundles": b"PK\x03\x04"}


@pytest.fixture(scope="module")
def ours(live, panel_csv):
    """Ids of what is ours, by the names that paths and bodies give them."""
    content = panel_csv(seed=5).replace(b"P0", MARK.encode())
    answer = live.ours(
        "POST", "/v1/panels", content=content, params={"name": f"{MARK}.csv", "entity": "plant", "period": "month"}
    )
    assert answer.status_code == 201, answer.text
    study = live.ours.ask(answer.json()["id"])
    assert live.ours.ended(study)["state"] == "done"
    made = live.ours("POST", "/v1/keys", json={"label": MARK, "scope": "read"}).json()["made"]["id"]
    return {"panel": answer.json()["id"], "study": study, "key": made}


def operations(live):
    """Every route of the description, with its operation."""
    paths = live.nobody("GET", "/openapi.json").json()["paths"]
    return [(verb.upper(), path, verbs[verb]) for path, verbs in sorted(paths.items()) for verb in sorted(verbs)]


def filled(live, path, operation, ours):
    """Return a request as its description wants it: ids of ours wherever an id is asked for, and whether any is."""
    schemas = live.nobody("GET", "/openapi.json").json()["components"]["schemas"]
    names = set(re.findall(r"{(\w+)}", path))
    assert names <= set(ours), f"this test does not know what {path} names: say it in `ours`"
    content = operation.get("requestBody", {}).get("content", {})
    options = {}
    named = bool(names)
    if "application/json" in content and "$ref" in content["application/json"]["schema"]:
        body = example(content["application/json"]["schema"], schemas)
        named |= any(name in ours for name in body)
        options = {"json": {name: ours.get(name, value) for name, value in body.items()}}
    elif content:
        options = {"content": UPLOADED.get(path, b"layers: [a]")}
    return path.format(**ours), options, named


def example(schema, schemas):
    """Return a value that a JSON schema allows: its own example, else the least that is required."""
    if "$ref" in schema:
        return example(schemas[schema["$ref"].rpartition("/")[2]], schemas)
    if "examples" in schema or "default" in schema:
        return schema.get("examples", [schema.get("default")])[0]
    several = next((schema[name] for name in ("anyOf", "oneOf", "allOf") if name in schema), None)
    if several:
        return example(several[0], schemas)
    least = {"string": "satisfaction", "integer": 1, "number": 1.0, "boolean": True}.get(schema.get("type"), "x")
    if schema.get("type") == "object":
        wanted = schema.get("required", [])
        least = {name: example(part, schemas) for name, part in schema.get("properties", {}).items() if name in wanted}
    elif schema.get("type") == "array":
        least = [example(schema.get("items", {}), schemas)] * max(1, schema.get("minItems", 1))
    return schema.get("enum", [least])[0]


def test_no_route_shows_or_touches_what_is_theirs(live, ours):
    before = {path: live.ours("GET", path.format(**ours)).content for path in reads(live)}
    assert any(MARK.encode() in content for content in before.values())
    named = 0
    for verb, path, operation in operations(live):
        place, options, names_ours = filled(live, path, operation, ours)
        answer = live.theirs(verb, place, **options)
        assert MARK not in answer.text, (verb, path)
        if names_ours:
            named += 1
            assert (answer.status_code, answer.json().get("code")) == (404, "not-found"), (verb, path, answer.text)
        else:
            assert not any(name in answer.text for name in ours.values()), (verb, path)
    assert named >= 19
    assert {path: live.ours("GET", path.format(**ours)).content for path in before} == before


def reads(live):
    return [
        path
        for verb, path, _ in operations(live)
        if verb == "GET" and "{" in path and not path.endswith(("bundle", "events"))
    ]


def test_every_route_needs_a_key_and_its_scope(live, ours):
    for verb, path, operation in operations(live):
        if not path.startswith("/v1"):
            continue
        place, options, _ = filled(live, path, operation, ours)
        nobody = live.nobody(verb, place, **options)
        assert (nobody.status_code, nobody.json()["code"]) == (401, "no-key"), (verb, path)
        assert nobody.headers["www-authenticate"] == "Bearer"
        reader = live.reader(verb, place, **options)
        asked = operation.get("x-scope")
        if asked in ("submit", "admin"):
            assert (reader.status_code, reader.json()["code"]) == (403, "missing-scope"), (verb, path)
        else:
            assert (asked, reader.status_code) != ("read", 403), (verb, path)
            assert verb == "GET" or path.endswith(READING), f"{verb} {path} changes something with a key that reads"


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
