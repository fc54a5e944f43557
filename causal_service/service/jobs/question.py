"""The options of a study, in one place: what the API takes, what makes identity, what the pipeline is called with."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from importlib.metadata import version
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["Arrows", "Question", "identity_of"]

Name = str


class Arrows(BaseModel):
    """Further arrows that must or must not be in the graph."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)
    required: list[tuple[Name, Name] | tuple[Name, Name, int]] = []
    """``[cause, effect]`` or ``[cause, effect, lag]``."""
    forbidden: list[tuple[Name, Name] | tuple[Name, Name, int]] = []
    """``[cause, effect]`` or ``[cause, effect, lag]``."""


class Question(BaseModel):
    """A question asked of a panel; names and defaults are those of ``causal_service.study``."""

    model_config = ConfigDict(
        extra="forbid",
        use_attribute_docstrings=True,
        json_schema_extra={
            "examples": [{"panel": "pnl_4x6v2ktqz3wq5m7ahbn2c5e6de", "outcome": ["satisfaction"], "horizon": 3}]
        },
    )
    panel: str | list[str] = Field(min_length=1)
    """Id of a panel, or of several that are joined on entity and period."""
    outcome: str | list[str]
    """Key or display name of one or several outcomes."""
    entity: str | None = None
    """Entity column; default the one given at the upload, else the dictionary's."""
    period: str | None = None
    """Period column; default the one given at the upload, else the dictionary's."""
    weight: str | None = None
    """Column with the observations behind a row; default the one given at the upload."""
    segment: str | None = None
    """Column with the group of each entity (region, customer group); effects are then told by segment as well."""
    dictionary: dict[str, Any] | None = None
    """What the indicators mean, shaped like the YAML file; default the panel's own."""
    levers: str | list[str] = []
    """Levers to rank; default the controllable indicators, else every one that may precede the outcome."""
    lags: int | Literal["auto"] = 1
    """Number of lags, in periods, or ``auto``."""
    horizon: int = 3
    """Periods ahead at which effects are read."""
    resamples: int = 200
    """Number of draws."""
    seed: int = 0
    """Seed of all random numbers."""
    rehearse: int = 0
    """Simulated twins of the panel on which the whole plan is tried; 0 for none, else 20 or more (minutes)."""
    crosscheck: bool = False
    """Whether DoWhy is asked for a second opinion on identification and refutations (some 20 s)."""
    moderator: str | None = None
    """Indicator along whose entity means the effects of levers to act on or to test are followed, through EconML."""
    moderation_learner: str = "linear"
    """How: ``linear`` (a straight line) or ``forest`` (any shape)."""
    knowledge: Arrows | None = None
    """Further required and forbidden arrows."""
    method: str = "boss"
    """Search method: ``boss``, ``pc``, ``ges`` or ``fci``."""

    @property
    def panels(self) -> list[str]:
        """The ids of the panels, in the order they are joined."""
        return [self.panel] if isinstance(self.panel, str) else list(dict.fromkeys(self.panel))

    def options(self) -> dict[str, Any]:
        """Return the arguments of ``causal_service.study`` that are neither data nor files."""
        kept = self.model_dump(exclude={"panel", "dictionary", "knowledge", "levers"})
        return {**kept, "lever": self.levers}


def identity_of(question: Question, inputs: Sequence[dict[str, Any]]) -> str:
    """Return the hash that says whether two questions are the same: bytes, dictionary, options and release."""
    content = {
        "panels": [[item["sha256"], item["dictionary"]] for item in inputs],
        "dictionary": question.dictionary,
        "knowledge": None if question.knowledge is None else question.knowledge.model_dump(),
        "options": question.options(),
        "release": version("causal-service"),
    }
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
