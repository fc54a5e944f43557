"""The parts of a study that a report needs; ``study.Study`` has exactly these attributes."""

from __future__ import annotations

from typing import Protocol

from causal_service.effects.results import Effect
from causal_service.errors import Text
from causal_service.explanation.results import Chain, Contrast
from causal_service.graph.causal_graph import CausalGraph
from causal_service.levers.results import Lever
from causal_service.panel.findings import Finding
from causal_service.panel.summary import IndicatorSummary, PanelSummary

__all__ = ["Answer", "StudyParts"]


class Answer(Protocol):
    """The one-paragraph answer for one outcome."""

    @property
    def outcome(self) -> str: ...
    @property
    def text(self) -> Text: ...


class StudyParts(Protocol):
    """Read-only view of a finished study."""

    @property
    def regime(self) -> str: ...
    @property
    def panel(self) -> PanelSummary: ...
    @property
    def plan(self) -> object: ...
    @property
    def indicators(self) -> tuple[IndicatorSummary, ...]: ...
    @property
    def layers(self) -> tuple[str, ...]: ...
    @property
    def findings(self) -> tuple[Finding, ...]: ...
    @property
    def graph(self) -> CausalGraph: ...
    @property
    def effects(self) -> tuple[Effect, ...]: ...
    @property
    def levers(self) -> tuple[Lever, ...]: ...
    @property
    def chains(self) -> tuple[Chain, ...]: ...
    @property
    def contrast(self) -> tuple[Contrast, ...]: ...
    @property
    def answers(self) -> tuple[Answer, ...]: ...
    @property
    def provenance(self) -> object: ...
