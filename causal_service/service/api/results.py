"""What a finished study gives: ``study.json``, its parts, tables, pictures, the report; immutable, so with ETags."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Header, Query, Response

from causal_service.effects.results import Effect
from causal_service.explanation.results import Chain, Contrast
from causal_service.graph.causal_graph import CausalGraph
from causal_service.levers.results import Lever
from causal_service.panel.findings import Finding
from causal_service.service.api.access import Lang, PartsOf, Reader
from causal_service.service.api.studies import study_row
from causal_service.service.caller import Caller
from causal_service.service.documented import documented
from causal_service.service.documents import refusal_in
from causal_service.service.parts import Parts
from causal_service.service.refusals import study_cancelled, study_failed, study_not_done
from causal_service.service.state.models import Study as Row
from causal_service.service.storage.layout import study_file
from causal_service.study_record import Study

__all__ = ["finished", "router"]

router = APIRouter(
    prefix="/v1/studies/{study}", tags=["results"], responses={304: {"description": "Unchanged since the ETag sent"}}
)
_JSON, _HTML, _SVG, _CSV = "application/json", "text/html; charset=utf-8", "image/svg+xml", "text/csv; charset=utf-8"
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
Known = Annotated[str | None, Header(alias="If-None-Match", max_length=200)]
_TABLE: dict[int | str, dict[str, Any]] = {200: {"content": {"text/csv": {"schema": {"type": "string"}}}}}
_PICTURE: dict[int | str, dict[str, Any]] = {200: {"content": {_SVG: {"schema": {"type": "string"}}}}}
Table = Annotated[Literal["json", "csv"], Query(alias="format")]


@router.get("/result", summary="The whole study", response_model=documented(Study))
def result(study: str, parts: PartsOf, caller: Reader, known: Known = None) -> Response:
    """Return ``study.json``: the same bytes as every other face gives."""
    return _file(parts, caller, study, "study.json", _JSON, known)


@router.get("/graph", summary="The causal graph", responses=_PICTURE, response_model=documented(CausalGraph))
def graph(
    study: str,
    parts: PartsOf,
    caller: Reader,
    lang: Lang,
    form: Annotated[Literal["json", "svg"], Query(alias="format")] = "json",
    known: Known = None,
) -> Response:
    """Return nodes, edges and certificate, or the picture."""
    if form == "svg":
        return _file(parts, caller, study, f"graph.{lang}.svg", _SVG, known)
    return _file(parts, caller, study, "graph.json", _JSON, known)


@router.get("/effects", summary="Every effect", responses=_TABLE, response_model=list[documented(Effect)])  # type: ignore[misc]
def effects(study: str, parts: PartsOf, caller: Reader, form: Table = "json", known: Known = None) -> Response:
    """Return one row for every lever, outcome and kind; null effects included."""
    return _file(parts, caller, study, f"effects.{form}", _CSV if form == "csv" else _JSON, known)


@router.get("/levers", summary="The ranked levers", responses=_TABLE, response_model=list[documented(Lever)])  # type: ignore[misc]
def levers(study: str, parts: PartsOf, caller: Reader, form: Table = "json", known: Known = None) -> Response:
    """Return the levers with rank, gain, verdict and reasons."""
    return _file(parts, caller, study, f"levers.{form}", _CSV if form == "csv" else _JSON, known)


@router.get("/chains", summary="Paths that carry the effects", response_model=list[documented(Chain)])  # type: ignore[misc]
def chains(study: str, parts: PartsOf, caller: Reader, known: Known = None) -> Response:
    """Return the paths from levers to outcomes with their shares."""
    return _file(parts, caller, study, "chains.json", _JSON, known)


@router.get("/contrast", summary="Beside SHAP and correlation", response_model=list[documented(Contrast)])  # type: ignore[misc]
def contrast(study: str, parts: PartsOf, caller: Reader, known: Known = None) -> Response:
    """Return the ranks by SHAP and correlation beside ours for every indicator, with the reason and its proof."""
    return _file(parts, caller, study, "contrast.json", _JSON, known)


@router.get("/findings", summary="What the checks found", response_model=list[documented(Finding)])  # type: ignore[misc]
def findings(study: str, parts: PartsOf, caller: Reader, known: Known = None) -> Response:
    """Return the findings of the study."""
    return _file(parts, caller, study, "findings.json", _JSON, known)


@router.get(
    "/report", summary="The report", response_class=Response, responses={200: {"content": {"text/html": {}, _JSON: {}}}}
)
def report(
    study: str,
    parts: PartsOf,
    caller: Reader,
    lang: Lang,
    form: Annotated[Literal["html", "json"], Query(alias="format")] = "html",
    known: Known = None,
) -> Response:
    """Return the report as one self-contained page, or its words and numbers as JSON."""
    return _file(parts, caller, study, f"report.{lang}.{form}", _HTML if form == "html" else _JSON, known)


def finished(parts: Parts, caller: Caller, study: str) -> Row:
    """Return a study that is done.

    Raises
    ------
    Refusal : ``not-found``, ``study-failed``, ``study-cancelled`` or ``study-not-done``.
    """
    row = study_row(parts, caller, study)
    if row.state == "failed":
        raise study_failed(refusal_in(row.problem or {}))
    if row.state == "cancelled":
        raise study_cancelled()
    if row.state != "done":
        raise study_not_done(row.state)
    return row


def _file(parts: Parts, caller: Caller, study: str, name: str, media: str, known: str | None) -> Response:
    sha256 = (finished(parts, caller, study).files or {})[name]
    headers = {"ETag": f'"{sha256}"', "Vary": "Accept-Language, Authorization"}
    if known is not None and (known.strip() == "*" or sha256 in known):
        return Response(status_code=304, headers=headers)
    content = parts.store.read(study_file(caller.workspace, study, name, sha256))
    if media in (_HTML, _SVG):
        headers |= {"Content-Security-Policy": _POLICY, "X-Frame-Options": "SAMEORIGIN"}
    if media == _CSV:
        headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return Response(content, media_type=media, headers=headers)
