"""Requests to one service: the key in a header, repeated while the service is away, refusals as our errors.

Every request may be repeated: the same upload is the same panel, the same question the same study.
"""

from __future__ import annotations

import http.client
import json
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from causal_service import errors
from causal_service.client.form import Form
from causal_service.errors import CallError, CausalServiceError, Text, Unreachable

__all__ = ["Transport", "checked_url", "error_of"]

_AWAY = (429, 502, 503, 504)
"""Answers that mean: later."""
_FIRST_PAUSE, _LONGEST_PAUSE = 0.2, 5.0
"""Seconds between tries, doubling."""
_LOST = (OSError, http.client.HTTPException)
"""What a dropped, refused or silent connection raises."""


@dataclass(frozen=True, slots=True)
class Transport:
    """How to reach one service."""

    url: str
    """Address of the service, without a path of its API."""
    key: str | None
    """API key; ``None`` for a local service."""
    lang: str
    """Language of refusals, ``zh`` or ``en``."""
    patience: float
    """Seconds for which a service that does not answer is asked again."""
    timeout: float
    """Seconds that one answer may take."""

    def ask(self, method: str, path: str, body: Form | Mapping[str, Any] | None = None) -> bytes:
        """Return the body of the answer.

        Raises
        ------
        CausalServiceError : what the service refused, as the class it refused it with.
        Unreachable : no answer within ``patience``.
        """
        pause, started = _FIRST_PAUSE, time.monotonic()
        while True:
            try:
                with self.open(method, path, body) as response:
                    return bytes(response.read())
            except urllib.error.HTTPError as error:
                refusal, wait = _refusal(error), _seconds(error.headers.get("Retry-After"), pause)
                if error.code not in _AWAY:
                    raise refusal from None
            except _LOST as error:
                refusal, wait = _unreachable(self.url, error), pause
            if time.monotonic() - started + wait > self.patience:
                raise refusal from None
            time.sleep(wait)
            pause = min(2 * pause, _LONGEST_PAUSE)

    def json(self, method: str, path: str, body: Form | Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Return the answer as JSON; errors as ``ask``."""
        answer = self.ask(method, path, body)
        try:
            content = json.loads(answer)
        except ValueError:
            content = None
        if not isinstance(content, dict):
            raise _no_service(self.url)
        return content

    def open(
        self,
        method: str,
        path: str,
        body: Form | Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        """Return the open answer of one try; a context.

        Raises
        ------
        urllib.error.HTTPError : the service refused. OSError, http.client.HTTPException : the connection is lost.
        """
        sent = {"Accept-Language": self.lang, "Accept": "*/*", **(headers or {})}
        if self.key is not None:
            sent["Authorization"] = f"Bearer {self.key}"
        data: Any = None
        if isinstance(body, Form):
            data = body
            sent |= {"Content-Type": body.content_type, "Content-Length": str(len(body))}
        elif body is not None:
            data = json.dumps(body, ensure_ascii=False).encode()
            sent["Content-Type"] = "application/json"
        request = urllib.request.Request(self.url + path, data, sent, method=method)
        return _opener(_is_loopback(self.url)).open(request, timeout=self.timeout)


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A key is never sent on to where an answer points."""

    def redirect_request(self, *args: Any, **kwargs: Any) -> None:
        return None


def _opener(loopback: bool) -> urllib.request.OpenerDirector:
    """Return an opener; this machine is reached directly, others by the proxy of the environment."""
    return urllib.request.build_opener(_NoRedirect, *([urllib.request.ProxyHandler({})] if loopback else []))


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _seconds(text: str | None, default: float) -> float:
    return max(float(text), default) if text is not None and text.isdigit() else default


def _refusal(answer: urllib.error.HTTPError) -> CausalServiceError:
    try:
        problem = json.loads(answer.read())
    except (ValueError, *_LOST):
        problem = None
    if isinstance(problem, dict) and isinstance(problem.get("messages"), dict):
        return error_of(problem)
    return _no_service(f"{answer.url} (HTTP {answer.code})")


def error_of(problem: Mapping[str, Any]) -> CausalServiceError:
    """Return the error behind a problem document (RFC 9457), as the class that the service raised."""
    kind = getattr(errors, str(problem.get("kind")), None)
    if not (isinstance(kind, type) and issubclass(kind, CausalServiceError)):
        kind = CausalServiceError
    messages = problem["messages"]
    error: CausalServiceError = kind(
        problem["code"], Text(**messages["detail"]), Text(**messages["remedy"]), problem.get("params")
    )
    if problem.get("request_id"):
        error.add_note(f"request {problem['request_id']}")
    return error


def _unreachable(url: str, error: BaseException) -> Unreachable:
    reason = str(getattr(error, "reason", None) or error or type(error).__name__)
    return Unreachable(
        "service-unreachable",
        Text(f"服务 {url} 没有应答：{reason}。", f"The service at {url} does not answer: {reason}."),
        Text(
            "请检查地址、网络和服务是否在运行；已提交的研究会继续计算。",
            "Check the address, the network and that the service runs; studies already submitted go on.",
        ),
        {"url": url},
    )


def _no_service(where: str) -> Unreachable:
    return Unreachable(
        "no-service",
        Text(f"{where} 的应答不是本服务的格式。", f"What answers at {where} is not this service."),
        Text(
            "请给出服务的地址，例如 http://127.0.0.1:8000。",
            "Give the address of the service, as in http://127.0.0.1:8000.",
        ),
        {"where": where},
    )


def checked_url(url: str) -> str:
    """Return ``url`` without a trailing slash.

    Raises
    ------
    CallError : ``wrong-url``, not an ``http`` or ``https`` address, or one that carries credentials or a query.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.username:
        raise CallError(
            "wrong-url",
            Text("服务地址应形如 https://主机:端口。", "The address of a service looks like https://HOST:PORT."),
            Text("密钥请用参数 key 给出，不要写进地址。", "Give the key as the parameter key, never in the address."),
        )
    return url.rstrip("/")
