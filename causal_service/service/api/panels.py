"""``/v1/panels``: upload, look at, change, delete."""

from __future__ import annotations

import time
from typing import Annotated, Any

from anyio import sleep, to_thread
from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict

from causal_service.service.api.access import Cursor, Lang, Limit, PartsOf, Reader, Submitter
from causal_service.service.api.shapes import Page, PanelView
from causal_service.service.api.views import panel_view
from causal_service.service.caller import Caller
from causal_service.service.deletion import delete_panel
from causal_service.service.documents import refusal_in
from causal_service.service.intake import PANEL, PanelOptions, accept_panel, change_panel, refuse_full_disk
from causal_service.service.parts import Parts
from causal_service.service.refusals import not_checked, not_found, panel_in_use
from causal_service.service.state import panels
from causal_service.service.state.identifiers import page
from causal_service.service.state.models import Panel
from causal_service.service.uploads.receiving import receiving

__all__ = ["router"]

router = APIRouter(prefix="/v1/panels", tags=["panels"])
_LOOK = 0.05
_FILE: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "text/csv": {"schema": {"type": "string", "format": "binary"}},
            "application/vnd.apache.parquet": {"schema": {"type": "string", "format": "binary"}},
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": {
                "schema": {"type": "string", "format": "binary"}
            },
            "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {
                        "file": {"type": "string", "format": "binary"},
                        "dictionary": {"type": "string", "format": "binary"},
                        **{name: {"type": "string"} for name in ("entity", "period", "weight")},
                    },
                }
            },
        },
    }
}
_DICTIONARY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            kind: {"schema": {"type": "string", "format": "binary"}}
            for kind in ("application/yaml", "text/csv", "application/json", "application/octet-stream")
        },
    }
}
Column = Annotated[str | None, Query(max_length=200)]


class Columns(BaseModel):
    """What the columns of a panel mean; what is left out becomes undeclared."""

    model_config = ConfigDict(
        extra="forbid",
        use_attribute_docstrings=True,
        json_schema_extra={"examples": [{"entity": "plant", "period": "month"}]},
    )
    entity: str | None = None
    """Entity column."""
    period: str | None = None
    """Period column; without it the data are a cross-section."""
    weight: str | None = None
    """Column with the observations behind a row."""


@router.post(
    "",
    status_code=201,
    summary="Upload a panel",
    openapi_extra=_FILE,
    responses={200: {"model": PanelView, "description": "Uploaded before under the same Idempotency-Key"}},
)
async def upload(
    request: Request,
    response: Response,
    parts: PartsOf,
    caller: Submitter,
    lang: Lang,
    entity: Column = None,
    period: Column = None,
    weight: Column = None,
    name: Annotated[str | None, Query(max_length=200, description="File name, for a raw body.")] = None,
) -> PanelView:
    """Send a file as the body or as the form field ``file`` (with ``dictionary`` beside it).

    The kind is recognised by content: CSV in UTF-8, GB18030 or UTF-16, Parquet, Excel, any of them in gzip. The answer
    carries the checksum and, when the check is done within a few seconds, what it found.
    """
    await to_thread.run_sync(refuse_full_disk, parts)
    async with receiving(request, parts.settings) as received:
        given = {"entity": entity, "period": period, "weight": weight}
        options = PanelOptions(**{key: value or received.fields.get(key) or None for key, value in given.items()})
        row, fresh = await to_thread.run_sync(accept_panel, parts, caller, received, options)
    row = await _checked(parts, caller, row)
    if row.state == "failed" and fresh and (row.checked or {}).get("unreadable"):
        await to_thread.run_sync(delete_panel, parts.database, parts.store, caller.workspace, row.id)
        raise refusal_in(row.problem or {})
    response.headers["Location"] = f"/v1/panels/{row.id}"
    response.status_code = 201 if fresh else 200
    return panel_view(row, lang)


@router.get("", summary="The panels of the workspace, newest first")
def listed(parts: PartsOf, caller: Reader, lang: Lang, cursor: Cursor = None, limit: Limit = 50) -> Page[PanelView]:
    """List panels without their columns, indicators and findings."""
    with parts.database.workspace(caller.workspace) as session:
        rows, following = page(session, Panel, cursor, limit)
    return Page([panel_view(row, lang, whole=False) for row in rows], following)


@router.get("/{panel}", summary="One panel")
def one(panel: str, parts: PartsOf, caller: Reader, lang: Lang) -> PanelView:
    """Return a panel and what its check found."""
    return panel_view(_row(parts, caller, panel), lang)


@router.patch("/{panel}", summary="Say what its columns mean")
async def change(panel: str, columns: Columns, parts: PartsOf, caller: Submitter, lang: Lang) -> PanelView:
    """Change entity, period and weight column; the panel is checked again."""
    options = PanelOptions(columns.entity, columns.period, columns.weight)
    row = await to_thread.run_sync(change_panel, parts, caller, panel, options, None)
    return panel_view(await _checked(parts, caller, row), lang)


@router.put("/{panel}/dictionary", summary="Give it a dictionary", openapi_extra=_DICTIONARY)
async def put_dictionary(panel: str, request: Request, parts: PartsOf, caller: Submitter, lang: Lang) -> PanelView:
    """Send a YAML, CSV, Excel or JSON dictionary as body or form field ``dictionary``; the panel is checked again."""
    await to_thread.run_sync(_row, parts, caller, panel)
    async with receiving(request, parts.settings, "dictionary") as received:
        file = received.files["dictionary"]
        row = await to_thread.run_sync(change_panel, parts, caller, panel, None, file)
    return panel_view(await _checked(parts, caller, row), lang)


@router.get("/{panel}/findings", summary="What the check found")
def findings(panel: str, parts: PartsOf, caller: Reader) -> dict[str, Any]:
    """Return the findings document, as ``causal-service check --json`` prints it."""
    row = _row(parts, caller, panel)
    if row.state == "checking":
        raise not_checked()
    if row.problem is not None:
        raise refusal_in(row.problem)
    document: dict[str, Any] = (row.checked or {})["document"]
    return document


@router.delete("/{panel}", status_code=204, summary="Delete a panel")
def remove(panel: str, parts: PartsOf, caller: Submitter) -> None:
    """Delete a panel and its files; studies that are done stay. Refused while a study of it waits or runs."""
    _row(parts, caller, panel)
    if not delete_panel(parts.database, parts.store, caller.workspace, panel):
        _row(parts, caller, panel)
        raise panel_in_use()
    with parts.database.workspace(caller.workspace) as session:
        caller.audit(session, "panel.delete", panel)


def _row(parts: Parts, caller: Caller, panel: str) -> Panel:
    with parts.database.workspace(caller.workspace) as session:
        row = panels.panel_of(session, panel)
    if row is None:
        raise not_found(PANEL)
    return row


async def _checked(parts: Parts, caller: Caller, row: Panel) -> Panel:
    """Return the panel once its check has ended, or as it is when that takes too long."""
    end = time.monotonic() + parts.settings.upload_wait
    pause = _LOOK
    while row.state == "checking" and time.monotonic() < end:
        await sleep(pause)
        pause = min(pause * 1.3, 0.5)
        row = await to_thread.run_sync(_row, parts, caller, row.id)
    return row
