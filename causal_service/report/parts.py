"""The parts of a study that a report needs; ``study.Study`` has exactly these attributes."""

from __future__ import annotations

from typing import Protocol

from causal_service.effects.average_effects import AverageEffect
from causal_service.effects.checks import Check
from causal_service.effects.crosscheck import Crosscheck
from causal_service.effects.dose_results import DoseResponse, NoDoseResponse
from causal_service.effects.entity_effects import ByEntity
from causal_service.effects.identification import Identification
from causal_service.effects.moderation_results import Moderation, NoModeration
from causal_service.effects.results import Effect
from causal_service.effects.robustness import Contour
from causal_service.effects.segments import BySegment
from causal_service.effects.system import System
from causal_service.errors import Text
from causal_service.explanation.results import Chain, Contrast, Mediation
from causal_service.graph.causal_graph import CausalGraph
from causal_service.levers.results import Lever
from causal_service.panel.findings import Finding
from causal_service.panel.summary import IndicatorSummary, PanelSummary
from causal_service.rehearsal.results import Rehearsal

__all__ = ["Answer", "StudyParts"]


class Answer(Protocol):
    """The one-paragraph answer for one outcome."""

    @property
    def outcome(self) -> str:
        """Indicator key."""

    @property
    def text(self) -> Text:
        """The paragraph."""


class StudyParts(Protocol):
    """Read-only view of a finished study."""

    @property
    def regime(self) -> str:
        """``panel`` | ``series`` | ``cross-section``."""

    @property
    def panel(self) -> PanelSummary:
        """Size and identity of the panel."""

    @property
    def plan(self) -> object:
        """Every option, resolved (a dataclass)."""

    @property
    def indicators(self) -> tuple[IndicatorSummary, ...]:
        """Indicators studied, with names and units."""

    @property
    def layers(self) -> tuple[str, ...]:
        """Declared layers, earliest cause first."""

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Checked statements about the data."""

    @property
    def graph(self) -> CausalGraph:
        """The causal graph, with edge frequencies."""

    @property
    def effects(self) -> tuple[Effect, ...]:
        """Every lever x outcome x kind."""

    @property
    def levers(self) -> tuple[Lever, ...]:
        """Ranked levers of all outcomes."""

    @property
    def chains(self) -> tuple[Chain, ...]:
        """Paths and their shares."""

    @property
    def contrast(self) -> tuple[Contrast, ...]:
        """The usual ranking beside ours."""

    @property
    def answers(self) -> tuple[Answer, ...]:
        """One paragraph per outcome."""

    @property
    def rehearsal(self) -> Rehearsal | None:
        """How the plan fared on simulated panels; ``None`` when it was not rehearsed."""

    @property
    def segments(self) -> BySegment | None:
        """Effects by segment; ``None`` when no segment column was given."""

    @property
    def entity_effects(self) -> ByEntity | None:
        """Effects by entity."""

    @property
    def identification(self) -> tuple[Identification, ...]:
        """How every effect is identified."""

    @property
    def moderation(self) -> tuple[Moderation | NoModeration, ...]:
        """Effects along a moderator, or why there are none; empty when none was named."""

    @property
    def doses(self) -> tuple[DoseResponse | NoDoseResponse, ...]:
        """Response by level of a lever, or why there is none."""

    @property
    def checks(self) -> tuple[Check, ...]:
        """Attempts to break the effects."""

    @property
    def contours(self) -> tuple[Contour, ...]:
        """What hidden causes of every strength would leave of them."""

    @property
    def average_effects(self) -> tuple[AverageEffect, ...]:
        """Average effects of levers with two states."""

    @property
    def crosscheck(self) -> tuple[Crosscheck, ...]:
        """What DoWhy says; empty when it was not asked."""

    @property
    def system(self) -> System | None:
        """The learned system; ``None`` in a study stored before it was kept."""

    @property
    def mediation(self) -> tuple[Mediation, ...]:
        """Direct and mediated part of every lever's effect."""

    @property
    def provenance(self) -> object:
        """Seed and versions (a dataclass)."""
