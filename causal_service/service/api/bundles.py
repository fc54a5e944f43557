"""A study in one file: out of one service, into another."""

from __future__ import annotations

import secrets

from anyio import to_thread
from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse
from starlette.background import BackgroundTask

from causal_service.service.api.access import Lang, PartsOf, Reader, Submitter
from causal_service.service.api.results import finished
from causal_service.service.api.shapes import StudyView
from causal_service.service.api.views import study_view
from causal_service.service.bundle import open_bundle, write_bundle
from causal_service.service.intake import refuse_full_disk
from causal_service.service.uploads.receiving import receiving

__all__ = ["router"]

router = APIRouter(prefix="/v1", tags=["bundles"])
_ZIP = {"application/zip": {"schema": {"type": "string", "format": "binary"}}}


@router.get(
    "/studies/{study}/bundle",
    summary="The study with its panels in one file",
    response_class=FileResponse,
    responses={200: {"content": _ZIP}},
)
def export(study: str, parts: PartsOf, caller: Reader) -> Response:
    """Return ``study.json``, the question and the panels as a zip file that ``POST /v1/bundles`` reopens."""
    row = finished(parts, caller, study)
    refuse_full_disk(parts)
    target = parts.settings.spool / secrets.token_hex(16)
    try:
        write_bundle(parts, caller, row, target)
    except BaseException:
        target.unlink(missing_ok=True)
        raise
    done = BackgroundTask(target.unlink, missing_ok=True)
    return FileResponse(target, media_type="application/zip", filename=f"{study}.zip", background=done)


@router.post(
    "/bundles",
    status_code=202,
    summary="Reopen a study",
    openapi_extra={"requestBody": {"required": True, "content": _ZIP}},
)
async def reopen(request: Request, response: Response, parts: PartsOf, caller: Submitter, lang: Lang) -> StudyView:
    """Send an exported bundle; the study comes with the same ``study.json`` bytes, its reports are made afresh."""
    await to_thread.run_sync(refuse_full_disk, parts)
    async with receiving(request, parts.settings) as received:
        row = await to_thread.run_sync(open_bundle, parts, caller, received.files["file"])
    response.headers["Location"] = f"/v1/studies/{row.id}"
    return study_view(row, lang)
