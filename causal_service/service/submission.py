"""Accepting a question: the study is in the database and on the queue in one transaction, or it was not accepted."""

from __future__ import annotations

import time
from typing import Any

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from causal_service.errors import Text
from causal_service.service.asked import refuse_hopeless
from causal_service.service.caller import Caller
from causal_service.service.intake import PANEL
from causal_service.service.jobs.question import Question, identity_of
from causal_service.service.parts import Parts
from causal_service.service.refusals import TooMuch, not_found
from causal_service.service.state import panels, records, studies
from causal_service.service.state.identifiers import new_id
from causal_service.service.state.models import Panel, Study

__all__ = ["STUDY", "new_study", "submit"]

STUDY = Text("研究", "study")
_PASSING = ("internal", "job-died", "took-too-long", "not-enough-memory", "unavailable", "no-space")
"""Problems that may not come again: asking the same question tries once more."""


def submit(parts: Parts, caller: Caller, question: Question) -> Study:
    """Queue a study of ``question``; the same question again in this workspace is the same study.

    Raises
    ------
    Refusal : a panel is ``not-found``, or ``key-reused``. TooMuch : ``queue-full``.
    CausalServiceError : the check of the panel shows already that no study can come of it.
    """
    try:
        return _submit(parts, caller, question)
    except IntegrityError:  # the same question, or the deletion of its panel, came in at the same moment
        return _submit(parts, caller, question)


def _submit(parts: Parts, caller: Caller, question: Question) -> Study:
    with parts.database.workspace(caller.workspace) as session:
        asked = records.fingerprint(question.model_dump())
        known = records.made_before(session, caller.key, asked)
        if known is not None:
            study = studies.study_of(session, known)
            if study is None:
                raise not_found(STUDY)
            return study
        rows = [_panel(session, name) for name in question.panels]
        whole = _with_defaults(question, rows)
        inputs = [_input(row) for row in rows]
        identity = identity_of(whole, inputs)
        study = studies.study_by_identity(session, identity)
        if study is None:
            refuse_hopeless(whole, rows)
            if studies.count_queued(session) >= parts.settings.queued_studies:
                raise _queue_full(parts.settings.queued_studies)
            study = new_study(identity, whole.model_dump(), inputs)
            studies.add_study(session, study, rows)
            parts.queue.add_study(session, caller.workspace, study.id, study.attempt)
        elif _worth_trying(study) and studies.again(session, study.id, study.attempt):
            parts.queue.add_study(session, caller.workspace, study.id, study.attempt + 1)
            session.refresh(study)
        records.remember(session, caller.key, asked, study.id)
        caller.audit(session, "study.submit", study.id)
        return study


def new_study(identity: str, question: dict[str, Any], inputs: list[dict[str, Any]]) -> Study:
    """Return the row of a study that waits."""
    return Study(
        id=new_id("std"),
        identity=identity,
        question=question,
        inputs=inputs,
        state="queued",
        attempt=1,
        stage="queued",
        done=0,
        of=1,
        stage_started=None,
        version=0,
        files=None,
        problem=None,
        created=time.time(),
        started=None,
        finished=None,
    )


def _panel(session: Session, name: str) -> Panel:
    panel = panels.panel_of(session, name)
    if panel is None:
        raise not_found(PANEL)
    return panel


def _with_defaults(question: Question, rows: list[Panel]) -> Question:
    """Return the question with the columns that were named at the upload where it names none."""
    given = {
        name: next((row.options[name] for row in rows if row.options.get(name)), None)
        for name in ("entity", "period", "weight")
    }
    return question.model_copy(update={k: v for k, v in given.items() if getattr(question, k) is None})


def _input(row: Panel) -> dict[str, Any]:
    return {"panel": row.id, "name": row.name, "sha256": row.sha256, "dictionary": row.dictionary}


def _worth_trying(study: Study) -> bool:
    problem = study.problem or {}
    return study.state == "cancelled" or (study.state == "failed" and problem.get("code") in _PASSING)


def _queue_full(limit: int) -> TooMuch:
    return TooMuch(
        "queue-full",
        Text(f"工作区已有 {limit} 个研究在排队。", f"{limit} studies of this workspace wait already."),
        Text("请等待一些研究完成后再提交。", "Submit again when some of them are done."),
        {"limit": limit},
    )
