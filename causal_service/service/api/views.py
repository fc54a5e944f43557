"""From rows to what the API answers."""

from __future__ import annotations

import time
from typing import Any, cast

from pydantic import TypeAdapter

from causal_service.panel.findings import Finding
from causal_service.panel.summary import IndicatorSummary, PanelSummary
from causal_service.service.api.shapes import Links, PanelView, Progress, StudyView, rfc3339
from causal_service.service.documents import refusal_in
from causal_service.service.problems import Problem, problem_of
from causal_service.service.state.models import Panel, Study

__all__ = ["panel_view", "study_view"]

_SIZE = TypeAdapter(PanelSummary)
_INDICATORS = TypeAdapter(list[IndicatorSummary] | None)
_FINDINGS = TypeAdapter(list[Finding] | None)


def panel_view(row: Panel, lang: str, *, whole: bool = True) -> PanelView:
    """Return a panel; without its columns, indicators and findings when not ``whole``."""
    checked = row.checked or {}
    document = checked.get("document") or {}
    size = document.get("panel")
    return PanelView(
        id=row.id,
        state=cast("Any", row.state),
        name=row.name,
        kind=cast("Any", row.kind),
        bytes=row.bytes,
        sha256=row.sha256,
        created=rfc3339(row.created),
        entity=row.options.get("entity"),
        period=row.options.get("period"),
        weight=row.options.get("weight"),
        dictionary=row.dictionary is not None,
        regime=document.get("regime"),
        fingerprint=None if size is None else size["fingerprint"],
        size=None if size is None else _SIZE.validate_python(size),
        columns=checked.get("columns") if whole else None,
        indicators=_INDICATORS.validate_python(checked.get("indicators")) if whole else None,
        layers=checked.get("layers") if whole else None,
        goals=checked.get("goals") if whole else None,
        findings=_FINDINGS.validate_python(document.get("findings")) if whole else None,
        problem=_problem(row.problem, lang),
    )


def study_view(row: Study, lang: str) -> StudyView:
    """Return a study."""
    place = f"/v1/studies/{row.id}"
    return StudyView(
        id=row.id,
        state=cast("Any", row.state),
        panel=[item["panel"] for item in row.inputs],
        question=row.question,
        created=rfc3339(row.created),
        started=None if row.started is None else rfc3339(row.started),
        finished=None if row.finished is None else rfc3339(row.finished),
        progress=Progress(row.stage, row.done, row.of, _eta(row)),
        problem=_problem(row.problem, lang),
        links=Links(place, f"{place}/events", f"{place}/result", f"{place}/report", f"{place}/bundle"),
    )


def _eta(row: Study) -> float | None:
    if row.state != "running" or row.stage_started is None or not 0 < row.done < row.of:
        return None
    return round((time.time() - row.stage_started) * (row.of - row.done) / row.done, 1)


def _problem(document: dict[str, Any] | None, lang: str) -> Problem | None:
    return None if document is None else problem_of(refusal_in(document), lang)
