"""What a finished study answers on demand: what-if, and what must move for a target."""

from __future__ import annotations

import json

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field

from causal_service.effects.moves import Move
from causal_service.explanation.reach import Reach
from causal_service.explanation.what_if import WhatIf
from causal_service.service.api.access import PartsOf, Reader
from causal_service.service.api.results import finished
from causal_service.service.caller import Caller
from causal_service.service.documented import documented
from causal_service.service.parts import Parts
from causal_service.service.storage.layout import study_file
from causal_service.study_record import Study, json_text

__all__ = ["router"]

router = APIRouter(prefix="/v1/studies/{study}", tags=["questions"])


class MoveQuestion(BaseModel):
    """One lever moved: exactly one of ``by``, ``percent`` and ``to`` says how far."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)
    lever: str = Field(min_length=1)
    """Key or display name."""
    by: float | None = None
    """Change against its own path, in its unit."""
    percent: float | None = None
    """The same in percent of its latest level."""
    to: float | None = None
    """New level, in its unit; the change is the distance from its latest level."""
    start: int = 0
    """First period in which it is moved; 0 = at once."""
    last: int | None = None
    """Last period in which it is moved, after which it is back on its own path; ``null`` = kept."""


class WhatIfQuestion(BaseModel):
    """Levers moved at once."""

    model_config = ConfigDict(
        extra="forbid",
        use_attribute_docstrings=True,
        json_schema_extra={
            "examples": [
                {
                    "moves": [
                        {"lever": "delivery_cycle", "percent": -10},
                        {"lever": "on_time_rate", "by": 2, "start": 1},
                    ],
                    "horizon": 6,
                }
            ]
        },
    )
    moves: list[MoveQuestion] = Field(min_length=1, max_length=1000)
    """The moves, every lever once."""
    horizon: int | None = None
    """Last period looked at; default the study's."""


class ReachQuestion(BaseModel):
    """A target for an outcome."""

    model_config = ConfigDict(
        extra="forbid",
        use_attribute_docstrings=True,
        json_schema_extra={"examples": [{"outcome": "satisfaction", "target": 85, "horizon": 3}]},
    )
    outcome: str = Field(min_length=1)
    """Key or display name of an outcome of the study."""
    target: float
    """Level wanted, in its unit."""
    horizon: int | None = None
    """Period in which it is wanted, moves starting in period 0; default the study's."""


@router.post("/whatif", summary="What follows when levers are moved", response_model=documented(WhatIf))
def whatif(study: str, question: WhatIfQuestion, parts: PartsOf, caller: Reader) -> Response:
    """Move several levers and return the path of everything downstream, period by period, with 95 % intervals."""
    moves = [Move(**move.model_dump()) for move in question.moves]
    return _answer(_stored(parts, caller, study).whatif(moves, question.horizon))


@router.post("/reach", summary="What must move for a target", response_model=documented(Reach))
def reach(study: str, question: ReachQuestion, parts: PartsOf, caller: Reader) -> Response:
    """Return the move that every lever alone, and several together, would need for an outcome to reach a target."""
    return _answer(_stored(parts, caller, study).reach(question.outcome, question.target, question.horizon))


def _stored(parts: Parts, caller: Caller, study: str) -> Study:
    sha256 = (finished(parts, caller, study).files or {})["study.json"]
    return Study.from_dict(json.loads(parts.store.read(study_file(caller.workspace, study, "study.json", sha256))))


def _answer(found: WhatIf | Reach) -> Response:
    return Response(json_text(found.to_dict()), media_type="application/json")
