"""Every refusal as ``application/problem+json`` (RFC 9457): one table from codes and kinds to statuses."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, cast

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from sqlalchemy.exc import InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException

from causal_service.errors import CallError, CausalServiceError, DataError, MissingPart, Text
from causal_service.service.refusals import Refusal, TooMuch, Unavailable, is_full, no_space, unavailable

__all__ = ["Pointer", "Problem", "answer", "install", "kind_of", "problem_of", "status_of"]

STATUS = {
    "no-key": 401, "wrong-key": 401, "missing-scope": 403, "cross-site": 403, "not-found": 404, "no-such-page": 404,
    "wrong-method": 405, "panel-in-use": 409, "panel-not-checked": 409, "study-not-done": 409, "study-failed": 409,
    "study-cancelled": 409, "key-reused": 409, "wrong-cursor": 422, "malformed-body": 400, "wrong-request": 422,
    "rate-limited": 429, "queue-full": 429, "no-space": 507, "internal": 500,
}  # fmt: skip
"""Status by code; what is not here goes by kind."""
KINDS: tuple[tuple[type[CausalServiceError], int], ...] = (
    (TooMuch, 413), (Refusal, 422), (Unavailable, 503), (MissingPart, 501), (DataError, 422), (CallError, 422),
)  # fmt: skip
MEDIA = "application/problem+json"
_PAGES = {
    404: ("no-such-page", Text("没有这个地址。", "There is no such address.")),
    405: ("wrong-method", Text("这个地址不支持该方法。", "This address does not take that method.")),
}


@dataclass(frozen=True, slots=True)
class Pointer:
    """One field of the request that is wrong."""

    pointer: str
    """JSON pointer into the body, or ``query/NAME`` and ``header/NAME``."""
    detail: str
    """What is wrong with it."""


@dataclass(frozen=True, slots=True)
class Problem:
    """A refusal as machines and people read it (RFC 9457)."""

    type: str
    """Address of the kind of problem, relative to the service."""
    title: str
    """The code in words."""
    status: int
    """HTTP status."""
    code: str
    """Kebab-case code, stable across versions."""
    kind: str
    """Class of the refusal in the error tree, for example ``FailedCheck``; a client raises it again."""
    detail: str
    """What is wrong, in the language asked for."""
    remedy: str
    """What to do about it, in the language asked for."""
    messages: dict[str, Text]
    """``detail`` and ``remedy`` in both languages."""
    params: dict[str, Any]
    """The values quoted in the texts."""
    errors: tuple[Pointer, ...] = ()
    """The fields concerned."""
    request_id: str | None = None
    """Id of the request, as in the logs and the header ``X-Request-ID``."""


def status_of(error: CausalServiceError) -> int:
    """Return the HTTP status of a refusal."""
    kind = next((status for kind, status in KINDS if isinstance(error, kind)), 500)
    return STATUS.get(error.code, kind)


def kind_of(error: CausalServiceError) -> str:
    """Return the nearest class of ``error`` that the error tree draws."""
    return next(kind.__name__ for kind in type(error).__mro__ if kind.__module__ == CausalServiceError.__module__)


def problem_of(
    error: CausalServiceError, lang: str, errors: tuple[Pointer, ...] = (), request_id: str | None = None
) -> Problem:
    """Return a refusal as a problem in ``lang`` (``zh`` or ``en``)."""
    return Problem(
        f"/problems/{error.code}",
        error.code.replace("-", " "),
        status_of(error),
        error.code,
        kind_of(error),
        error.what.get(lang),
        error.remedy.get(lang),
        {"detail": error.what, "remedy": error.remedy},
        error.params,
        errors,
        request_id,
    )


def answer(request: Request, error: CausalServiceError, errors: tuple[Pointer, ...] = ()) -> JSONResponse:
    """Return the HTTP answer of a refusal, in the language of the request."""
    lang = "zh" if request.headers.get("accept-language", "").lower().startswith("zh") else "en"
    problem = problem_of(error, lang, errors, getattr(request.state, "request_id", None))
    headers = {"Cache-Control": "no-store"}
    if problem.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    if isinstance(error, TooMuch) and error.retry_after is not None:
        headers["Retry-After"] = str(error.retry_after)
    return JSONResponse(asdict(problem), problem.status, headers, MEDIA)


def install(app: FastAPI) -> None:
    """Let every error of ``app`` leave as a problem."""
    app.add_exception_handler(CausalServiceError, _refused)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(SQLAlchemyError, _database)
    app.add_exception_handler(Exception, _internal)


def _refused(request: Request, error: Exception) -> JSONResponse:
    return answer(request, cast("CausalServiceError", error))


def _invalid(request: Request, error: Exception) -> JSONResponse:
    found = error.errors() if isinstance(error, RequestValidationError) else []
    malformed = any(item["type"] == "json_invalid" for item in found)
    pointers = tuple(Pointer(_pointer(item["loc"]), str(item["msg"])) for item in found)
    shown = "; ".join(f"{item.pointer}: {item.detail}" for item in pointers[:3])
    refusal = Refusal(
        "malformed-body" if malformed else "wrong-request",
        Text(f"请求不符合约定：{shown}。", f"The request is not as agreed: {shown}."),
        Text("请对照 /docs 中的说明更正。", "Compare it with /docs."),
    )
    return answer(request, refusal, pointers)


def _pointer(place: tuple[int | str, ...]) -> str:
    where, *rest = place
    return "/" + "/".join(map(str, rest)) if where == "body" else "/".join(map(str, place))


def _http(request: Request, error: Exception) -> JSONResponse:
    status = error.status_code if isinstance(error, HTTPException) else 500
    code, what = _PAGES.get(status, ("malformed-body", Text("无法读取请求。", "The request cannot be read.")))
    response = answer(request, Refusal(code, what, Text("请对照 /docs 中的说明。", "Compare it with /docs.")))
    for name, value in (getattr(error, "headers", None) or {}).items():
        response.headers[name] = value
    return response


def _database(request: Request, error: Exception) -> JSONResponse:
    """A database that does not answer, or has no room left, is no defect of ours."""
    if is_full(error):
        return answer(request, no_space())
    if isinstance(error, (OperationalError, InterfaceError, PoolTimeout)):
        structlog.get_logger("causal_service").warning("database does not answer", exc_info=error)
        return answer(request, unavailable(Text("数据库", "database")))
    return _internal(request, error)


def _internal(request: Request, error: Exception) -> JSONResponse:
    structlog.get_logger("causal_service").error("internal error", exc_info=error)
    return answer(
        request,
        CausalServiceError(
            "internal",
            Text("服务内部错误。", "The service failed."),
            Text("请把 request_id 告诉管理员。", "Give the request_id to the administrator."),
        ),
    )
