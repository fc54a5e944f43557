"""``/v1/studies/{id}/events``: progress as server-sent events, resumable where it broke off."""

from __future__ import annotations

from collections.abc import AsyncIterable
from typing import Annotated

from anyio import sleep, to_thread
from fastapi import APIRouter, Depends, Header
from fastapi.sse import EventSourceResponse, ServerSentEvent

from causal_service.service.api.access import Lang, PartsOf, Reader
from causal_service.service.api.studies import study_row
from causal_service.service.api.views import study_view
from causal_service.service.refusals import Refusal
from causal_service.service.state.models import Study
from causal_service.service.state.studies import ACTIVE

__all__ = ["router"]

router = APIRouter(prefix="/v1/studies/{study}", tags=["studies"])
_LOOK = 0.5
"""Seconds between two looks at the study."""


def _found(study: str, parts: PartsOf, caller: Reader) -> Study:
    return study_row(parts, caller, study)


@router.get("/events", summary="Its progress, as it happens", response_class=EventSourceResponse)
async def events(
    study: str,
    row: Annotated[Study, Depends(_found)],
    parts: PartsOf,
    caller: Reader,
    lang: Lang,
    last_event_id: Annotated[str | None, Header(max_length=20)] = None,
) -> AsyncIterable[ServerSentEvent]:
    """Send ``progress`` whenever the study changed, and ``end`` once it has ended; the data are those of the study."""
    sent = int(last_event_id) if last_event_id is not None and last_event_id.isdigit() else -1
    while True:
        if row.version > sent:
            sent = row.version
            kind = "progress" if row.state in ACTIVE else "end"
            yield ServerSentEvent(data=study_view(row, lang), event=kind, id=str(row.version))
        if row.state not in ACTIVE:
            return
        await sleep(_LOOK)
        try:
            row = await to_thread.run_sync(study_row, parts, caller, study)
        except Refusal:  # deleted meanwhile
            return
