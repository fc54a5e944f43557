"""What a client does when the network or the service does not do what it should."""

from __future__ import annotations

import email.parser
import email.policy
import time
from pathlib import Path

import pytest

from causal_service.client.client import Client
from causal_service.client.form import File, Form
from causal_service.client.stream import Statuses
from causal_service.client.transport import Transport, checked_url, error_of
from causal_service.errors import (
    CallError,
    CausalServiceError,
    FailedCheck,
    Text,
    UnknownName,
    Unreachable,
)
from causal_service.service.problems import problem_of
from causal_service.service.refusals import no_key, rate_limited


def asking(url: str, patience: float = 5.0, key: str | None = "secret") -> Transport:
    return Transport(url, key, "zh", patience, 5.0)


def document(error: CausalServiceError) -> dict:
    from dataclasses import asdict

    return asdict(problem_of(error, "en", request_id="req-1"))


def test_a_request_is_repeated_until_the_service_is_back(scripted, turns):
    away = turns["answer"](503, b"proxy says no")
    scripted.script = [turns["hang_up"], away, turns["cut"](b'{"a'), turns["answer"](200, {"a": 1})]
    assert asking(scripted.url).json("POST", "/v1/x", {"q": "指标"}) == {"a": 1}
    assert [body for *_, body in scripted.seen] == ['{"q": "指标"}'.encode()] * 4


def test_retry_after_is_obeyed(scripted, turns):
    busy = turns["answer"](429, document(rate_limited(1)), Retry_After="1")
    scripted.script = [busy, turns["answer"](200, {})]
    started = time.monotonic()
    asking(scripted.url).json("GET", "/v1/x")
    assert time.monotonic() - started >= 1


def test_patience_ends_with_the_last_refusal(scripted, turns):
    scripted.script = [turns["answer"](429, document(rate_limited(7)), Retry_After="7")]
    with pytest.raises(CallError) as refused:
        asking(scripted.url, patience=1).ask("GET", "/v1/x")
    assert (refused.value.code, refused.value.params) == ("rate-limited", {"seconds": 7})


def test_nobody_there(scripted):
    free = "http://127.0.0.1:9"
    with pytest.raises(Unreachable, match=free) as refused:
        Client(free, patience=0.3).load("std_x")
    assert refused.value.code == "service-unreachable"


@pytest.mark.parametrize(
    "error",
    [
        FailedCheck("constant", Text("常数", "constant"), Text("删除", "delete"), {"indicator": "x"}),
        UnknownName("unknown-indicator", Text("无", "none"), Text("改", "change")),
        CausalServiceError("internal", Text("坏", "broken"), Text("报告", "report")),
    ],
)
def test_a_refusal_is_raised_as_what_it_was(scripted, turns, error):
    content = document(error)
    scripted.script = [turns["answer"](content["status"], content, Content_Type="application/problem+json")]
    with pytest.raises(type(error)) as refused:
        asking(scripted.url, patience=0).ask("GET", "/v1/x")
    again = refused.value
    assert (type(again), again.code, again.what, again.remedy) == (type(error), error.code, error.what, error.remedy)
    assert again.params == error.params
    assert again.__notes__ == ["request req-1"]


def test_refusals_only_the_service_knows_are_their_nearest_class():
    assert type(error_of(document(no_key()))) is CallError
    assert type(error_of(document(no_key()) | {"kind": "nearest"})) is CausalServiceError


def test_a_key_does_not_follow_a_redirect(scripted, turns):
    scripted.script = [turns["answer"](302, b"", Location=f"{scripted.url}/elsewhere")]
    with pytest.raises(Unreachable):
        asking(scripted.url).ask("GET", "/v1/x")
    assert [path for _, path, *_ in scripted.seen] == ["/v1/x"]


def test_the_key_travels_in_a_header_only(scripted, turns):
    scripted.script = [turns["answer"](200, {})]
    asking(scripted.url).ask("GET", "/v1/x")
    ((_, path, headers, _),) = scripted.seen
    assert headers["Authorization"] == "Bearer secret"
    assert headers["Accept-Language"] == "zh"
    assert "secret" not in path
    assert "secret" not in repr(Client(scripted.url, "secret"))


def test_another_server_is_not_taken_for_the_service(scripted, turns):
    scripted.script = [turns["answer"](200, b"<html>It works!</html>")]
    with pytest.raises(Unreachable) as refused:
        asking(scripted.url).json("GET", "/v1/x")
    assert refused.value.code == "no-service"


@pytest.mark.parametrize("url", ["ftp://host", "host:8000", "https://user:key@host", "https://host?key=1", ""])
def test_addresses_that_are_none(url):
    with pytest.raises(CallError) as refused:
        Client(url)
    assert refused.value.code == "wrong-url"


def test_a_trailing_slash_changes_nothing():
    assert checked_url("https://host/base/") == "https://host/base"


def test_a_form_is_what_it_says(tmp_path: Path):
    big = bytes(range(256)) * 3000
    (tmp_path / "a.csv").write_bytes(big)
    form = Form(
        {"entity": "工厂"}, {"dictionary": File("d.json", b"{}"), "file": File('a"\r\n.csv', tmp_path / "a.csv")}
    )
    body = b"".join(form)
    assert body == b"".join(form)
    assert len(form) == len(body)
    message = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(
        f"Content-Type: {form.content_type}\r\n\r\n".encode() + body
    )
    parts = {part.get_param("name", header="content-disposition"): part for part in message.iter_parts()}
    assert list(parts) == ["entity", "dictionary", "file"]
    assert parts["entity"].get_payload(decode=True).decode() == "工厂"
    assert parts["file"].get_payload(decode=True) == big


def test_a_stream_goes_on_after_the_last_event_seen(scripted, turns):
    first = b': hello\n\nid: 7\nevent: progress\ndata: {"state":\ndata: "running"}\n\nid: 8\nevent: prog'
    second = b'id: 8\r\nevent: end\r\ndata: {"state": "done"}\r\n\r\nevent: other\r\ndata: {}\r\n\r\n'
    scripted.script = [turns["cut"](first), turns["answer"](200, second), turns["hang_up"]]
    statuses = Statuses(asking(scripted.url), "std_1")
    assert list(statuses) == [{"state": "running"}]
    assert list(statuses) == [{"state": "done"}]
    assert list(statuses) == []
    assert [headers.get("Last-Event-Id") for _, _, headers, _ in scripted.seen] == [None, "7", "8"]
