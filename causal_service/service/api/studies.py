"""``/v1/studies``: ask, follow, cancel, delete."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response

from causal_service.service.api.access import Cursor, Lang, Limit, PartsOf, Reader, Submitter
from causal_service.service.api.shapes import Page, StudyView
from causal_service.service.api.views import study_view
from causal_service.service.caller import Caller
from causal_service.service.deletion import delete_study
from causal_service.service.jobs.question import Question
from causal_service.service.parts import Parts
from causal_service.service.refusals import not_found
from causal_service.service.state import studies
from causal_service.service.state.identifiers import page
from causal_service.service.state.models import Study
from causal_service.service.submission import STUDY, submit

__all__ = ["router", "study_row"]

router = APIRouter(prefix="/v1/studies", tags=["studies"])
State = Literal["queued", "running", "done", "failed", "cancelled"]


@router.post("", status_code=202, summary="Ask a question of a panel")
def ask(question: Question, response: Response, parts: PartsOf, caller: Submitter, lang: Lang) -> StudyView:
    """Queue a study. Once this is answered the study is never lost, and the same question is computed once."""
    row = submit(parts, caller, question)
    response.headers["Location"] = f"/v1/studies/{row.id}"
    return study_view(row, lang)


@router.get("", summary="The studies of the workspace, newest first")
def listed(
    parts: PartsOf,
    caller: Reader,
    lang: Lang,
    cursor: Cursor = None,
    limit: Limit = 50,
    state: Annotated[State | None, Query(description="Only those in this state.")] = None,
) -> Page[StudyView]:
    """List studies."""
    where = () if state is None else (Study.state == state,)
    with parts.database.workspace(caller.workspace) as session:
        rows, following = page(session, Study, cursor, limit, *where)
    return Page([study_view(row, lang) for row in rows], following)


@router.get("/{study}", summary="One study")
def one(study: str, parts: PartsOf, caller: Reader, lang: Lang) -> StudyView:
    """Return where a study stands."""
    return study_view(study_row(parts, caller, study), lang)


@router.delete("/{study}", summary="Cancel or delete a study", responses={204: {"description": "Deleted"}})
def stop(study: str, parts: PartsOf, caller: Submitter, lang: Lang) -> StudyView:
    """Cancel a study that waits or runs (200); delete one that has ended, with its files (204)."""
    row = study_row(parts, caller, study)
    with parts.database.workspace(caller.workspace) as session:
        cancelled = studies.cancel(session, study, row.attempt)
        caller.audit(session, "study.cancel" if cancelled else "study.delete", study)
    if cancelled:
        return study_view(study_row(parts, caller, study), lang)
    delete_study(parts.database, parts.store, caller.workspace, study)
    return Response(status_code=204)  # type: ignore[return-value]


def study_row(parts: Parts, caller: Caller, study: str) -> Study:
    """Return the study.

    Raises
    ------
    Refusal : ``not-found``.
    """
    with parts.database.workspace(caller.workspace) as session:
        row = studies.study_of(session, study)
    if row is None:
        raise not_found(STUDY)
    return row
