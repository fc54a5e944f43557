"""What the API answers, documented from the classes themselves; results are the pipeline's own classes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Generic, Literal, TypeVar

from causal_service.panel.findings import Finding
from causal_service.panel.summary import IndicatorSummary, PanelSummary
from causal_service.service.documented import documented
from causal_service.service.problems import Problem

__all__ = ["Links", "Page", "PanelView", "Progress", "StudyView", "rfc3339"]

Item = TypeVar("Item")


@documented
@dataclass(frozen=True, slots=True)
class PanelView:
    """An uploaded panel and what its check found."""

    id: str
    """Id, ``pnl_…``."""
    state: Literal["checking", "ready", "failed"]
    """``failed``: it can be read, but the question about its columns is wrong; change them or the dictionary."""
    name: str
    """File name as uploaded."""
    kind: Literal["text", "parquet", "excel"]
    """What the content is."""
    bytes: int
    """Size as uploaded, bytes."""
    sha256: str
    """SHA-256 of the content as uploaded, hexadecimal."""
    created: str
    """When it was uploaded (RFC 3339, UTC)."""
    entity: str | None
    """Entity column as given."""
    period: str | None
    """Period column as given."""
    weight: str | None
    """Weight column as given."""
    dictionary: bool
    """Whether a dictionary came with it."""
    regime: Literal["panel", "series", "cross-section"] | None
    """What it is, once checked."""
    fingerprint: str | None
    """``sha256:…`` of the measured content, once checked."""
    size: PanelSummary | None
    """Its size, once checked."""
    columns: list[str] | None
    """Columns of the file, once it was opened; left out of lists."""
    indicators: list[IndicatorSummary] | None
    """Its indicators, once checked; left out of lists."""
    layers: list[str] | None
    """The dictionary's layers, earliest cause first, once checked; left out of lists."""
    goals: list[str] | None
    """Keys of the indicators that the dictionary has goals for, once checked; left out of lists."""
    findings: list[Finding] | None
    """What the check found; left out of lists."""
    problem: Problem | None
    """Why it could not be checked."""


@documented
@dataclass(frozen=True, slots=True)
class Progress:
    """How far a study is."""

    stage: str
    """``queued``, a stage of the pipeline (``read``, ``prepare``, ``discover``, ``effects``, ``explain``), ``report``
    or ``done``."""
    done: int
    """Steps of the stage done."""
    of: int
    """Steps of the stage."""
    eta_s: float | None
    """Seconds until the stage ends at its present pace; ``null`` when there is nothing to tell it from."""


@documented
@dataclass(frozen=True, slots=True)
class Links:
    """Where the rest is."""

    self: str
    """The study."""
    events: str
    """Its progress as server-sent events."""
    result: str
    """``study.json``, once done."""
    report: str
    """The report, once done."""
    bundle: str
    """The study with its panels in one file, once done."""


@documented
@dataclass(frozen=True, slots=True)
class StudyView:
    """A study: what was asked and how far it is."""

    id: str
    """Id, ``std_…``."""
    state: Literal["queued", "running", "done", "failed", "cancelled"]
    """Where it stands."""
    panel: list[str]
    """Ids of its panels."""
    question: dict[str, Any]
    """The question, defaults filled in."""
    created: str
    """When it was asked (RFC 3339, UTC)."""
    started: str | None
    """When it began."""
    finished: str | None
    """When it ended."""
    progress: Progress
    """How far it is."""
    problem: Problem | None
    """Why it failed."""
    links: Links
    """Where the rest is."""


@documented
@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """One page of a list, newest first."""

    items: list[Item]
    """What is on it."""
    next: str | None
    """Cursor of the next page; ``null`` on the last."""


def rfc3339(seconds: float) -> str:
    """Return a time as text: 2026-11-24T08:15:30.250Z."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
