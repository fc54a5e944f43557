"""A report without a format: what stands in it, in one language, ready to be set as HTML, PDF or slides."""

from __future__ import annotations

from dataclasses import dataclass

from causal_service.levers.results import Verdict
from causal_service.panel.findings import Severity

__all__ = [
    "Assumption",
    "AverageRow",
    "ChainGroup",
    "ChainRow",
    "CheckRow",
    "CheckedLever",
    "ContourTable",
    "ContrastRow",
    "Document",
    "DosePart",
    "DosePicture",
    "Fact",
    "FindingCard",
    "ForWhomPart",
    "GroupRow",
    "Headline",
    "IdentificationRow",
    "IndicatorRow",
    "LeverGroups",
    "LeverRow",
    "OutcomeSection",
    "RehearsalPart",
    "WhatIfPart",
]


@dataclass(frozen=True, slots=True)
class Fact:
    """A label and a value."""

    label: str
    """What it is."""
    value: str
    """The value, formatted."""
    note: str = ""
    """A qualification in smaller type."""


@dataclass(frozen=True, slots=True)
class Headline:
    """The finding a manager must know within a minute."""

    verdict: Verdict
    """Verdict of the lever shown."""
    facts: tuple[Fact, ...]
    """What to move, by how much, what it brings, how sure, and what the usual ranking says."""


@dataclass(frozen=True, slots=True)
class LeverRow:
    """One line of the lever table."""

    rank: int
    """Rank by expected gain."""
    name: str
    """Display name."""
    detail: str
    """Layer and owner."""
    step: str
    """Signed step with unit; a note when it is one typical fluctuation."""
    gain: str
    """Expected improvement of the outcome with unit."""
    interval: str
    """Its 95 % interval, without unit."""
    gain_value: float
    """Expected improvement, outcome unit."""
    gain_low: float
    """Lower end of its interval."""
    gain_high: float
    """Upper end of its interval."""
    p_top3: str
    """Share of resamples in which it is among the best three; first, where there are no more than three."""
    correlation_rank: int | None
    """Rank by correlation; ``None`` when not contrasted."""
    misleading: bool
    """Whether correlation puts it clearly too high (three places or more above its causal rank)."""
    verdict: Verdict
    """Coded verdict."""
    verdict_label: str
    """Verdict in words."""
    reasons: tuple[str, ...]
    """Why this verdict."""


@dataclass(frozen=True, slots=True)
class ContrastRow:
    """One indicator as the usual charts have it, and as we do."""

    name: str
    """Display name."""
    shap_rank: int | None
    """Rank by SHAP; ``None`` without such a chart."""
    shap_share: float | None
    """Length of its bar there: share of the sum (0..1)."""
    correlation_rank: int
    """Rank by absolute pooled correlation."""
    causal_rank: int | None
    """Rank by expected gain; ``None`` for what is no lever."""
    barred: str
    """Why it is no lever; empty for a lever."""
    label: str
    """The reason in a word or two."""
    agrees: bool
    """Whether charts and we agree in substance."""
    misleading: bool
    """Whether charts put it among the first although moving it would not bring what they promise."""
    best: bool
    """Whether it is among the best three levers."""
    why: str
    """The reason in words, with its numbers."""

    @property
    def important(self) -> bool:
        """Whether a reader must see it at once."""
        return self.misleading or self.best


@dataclass(frozen=True, slots=True)
class ChainRow:
    """One path and its part of the effect."""

    path: tuple[str, ...]
    """Display names from lever to outcome; one entry for all remaining paths together."""
    share_value: float | None
    """Part of the total effect (1 = all of it); ``None`` when the total is too small to divide."""
    share: str
    """The same as a percentage."""
    part: str
    """Change of the outcome through this path for one step of the lever."""
    sentence: str
    """The chain in words."""
    arrived: tuple[float, ...] = ()
    """Share of it that has arrived, per period (1 = all of it); empty where there is one period only."""
    arrival: str = ""
    """When half of it has arrived."""


@dataclass(frozen=True, slots=True)
class ChainGroup:
    """All paths of one lever."""

    name: str
    """Display name of the lever."""
    step: str
    """Signed step with unit."""
    rows: tuple[ChainRow, ...]
    """Paths by size, remaining paths last."""
    summary: str = ""
    """Direct or through other indicators, and when, in words."""


@dataclass(frozen=True, slots=True)
class WhatIfPart:
    """The path of an outcome after one step of a lever, kept."""

    name: str
    """Display name of the lever."""
    step: str
    """Signed step with unit."""
    text: str
    """What follows, in words."""
    outcome: str
    """Display name of the outcome."""
    unit: str
    """Unit of the changes, in words."""
    value: tuple[float, ...]
    """Expected change of the outcome in periods 0, 1, ... up to the horizon."""
    low: tuple[float, ...]
    """Lower ends of the 95 % intervals."""
    high: tuple[float, ...]
    """Upper ends."""
    frequency: str
    """What a period is."""
    others: str
    """What else is expected to change at the horizon; empty where nothing clearly does."""


@dataclass(frozen=True, slots=True)
class DosePicture:
    """The response to one lever by its level, ready to be drawn."""

    name: str
    """Display name of the lever."""
    shape: str
    """Shape in words."""
    when: str
    """When the response is read, for example ``kept, after 3 months``."""
    lever_axis: str
    """Caption of the horizontal axis: lever and unit."""
    outcome_axis: str
    """Caption of the vertical axis: change of the outcome and unit."""
    levels: tuple[float, ...]
    """Levels, ascending, lever unit."""
    values: tuple[float, ...]
    """Change of the outcome at each level."""
    low: tuple[float, ...]
    """Lower end of the band."""
    high: tuple[float, ...]
    """Upper end of the band."""
    reference: float
    """Level compared with."""
    reference_label: str
    """That level with its unit."""
    lowest: float
    """Lowest level in the data."""
    highest: float
    """Highest level in the data."""
    mark: float | None
    """Level of saturation or turning; ``None`` where there is none."""
    mark_label: str
    """That level with its unit and what it is."""
    mark_low: float | None
    """Lower end of its interval; ``None`` when outside the levels."""
    mark_high: float | None
    """Upper end of its interval; ``None`` when outside the levels."""
    sentence: str
    """The curve in words."""


@dataclass(frozen=True, slots=True)
class DosePart:
    """Up to which point the levers of one outcome work."""

    pictures: tuple[DosePicture, ...]
    """Curves by rank of the lever."""
    refusals: tuple[str, ...]
    """Why other levers have none, with what would help."""


@dataclass(frozen=True, slots=True)
class RehearsalPart:
    """How the plan fared on simulated panels like this one."""

    text: str
    """In one paragraph."""
    facts: tuple[Fact, ...]
    """Hits, coverage, widening, smallest detectable change, wrong calls."""


@dataclass(frozen=True, slots=True)
class IdentificationRow:
    """How the effect of one lever is identified."""

    name: str
    """Display name of the lever."""
    label: str
    """Strategy in words."""
    strategy: str
    """Coded strategy."""
    adjusted: str
    """What is held equal."""
    share: str
    """Share of resampled graphs in which the effect is identified."""
    important: bool
    """Whether the lever is among the first to move, or its effect is not identified."""
    sentence: str
    """Why that is enough, or what would help."""


@dataclass(frozen=True, slots=True)
class CheckRow:
    """One attempt to break an effect."""

    label: str
    """What was tried, in a few words."""
    passed: bool | None
    """Whether the effect stood; ``None`` where the check does not apply."""
    result: str
    """The same in words."""
    sentence: str
    """What was tried, what it would have shown, what it did show."""


@dataclass(frozen=True, slots=True)
class CheckedLever:
    """All attempts to break the effect of one lever."""

    name: str
    """Display name of the lever."""
    step: str
    """Signed step with unit."""
    summary: str
    """How many it stood."""
    rows: tuple[CheckRow, ...]
    """One per check."""


@dataclass(frozen=True, slots=True)
class ContourTable:
    """What hidden common causes of every strength would leave of the first lever's gain, at worst."""

    name: str
    """Display name of the lever."""
    unit: str
    """Unit of the gain."""
    shares: tuple[str, ...]
    """Strengths: share of what is left of lever (rows) and outcome (columns)."""
    cells: tuple[tuple[tuple[str, bool], ...], ...]
    """[lever][outcome] (gain left for one step, whether it is lost)."""


@dataclass(frozen=True, slots=True)
class AverageRow:
    """What having a lever did."""

    name: str
    """Display name of the lever."""
    target: str
    """Whose average it is, in words."""
    change: str
    """Signed change of the outcome with its unit; a dash where there is none."""
    interval: str
    """95 % interval; empty where there is none."""
    comparable: str
    """Share of rows that have comparable ones."""
    sentence: str
    """The finding in words."""
    remedy: str
    """What would help; empty where there is a number."""


@dataclass(frozen=True, slots=True)
class GroupRow:
    """What one step of a lever does in one segment or entity."""

    name: str
    """Segment or entity."""
    change: str
    """Change of the outcome, signed, with unit."""
    interval: str
    """Its 95 % interval, without unit."""
    best_quarter: str
    """Probability of being among the best quarter of entities; empty for segments."""
    harms: bool
    """Whether the whole interval lies on the wrong side of zero."""
    last: bool = False
    """Whether it is listed among those where the lever does least."""


@dataclass(frozen=True, slots=True)
class LeverGroups:
    """One lever in all segments, or in the entities at both ends; best first."""

    name: str
    """Display name of the lever."""
    step: str
    """Signed step with unit."""
    differs: bool
    """Whether a difference is established."""
    note: str
    """The same in a sentence."""
    rows: tuple[GroupRow, ...]
    """Segments or entities."""


@dataclass(frozen=True, slots=True)
class ForWhomPart:
    """For whom the levers of one outcome work."""

    text: str
    """Over all segments, in one paragraph; empty without a segment column."""
    segments: tuple[LeverGroups, ...]
    """Levers worth moving, by segment."""
    entities: tuple[LeverGroups, ...]
    """Levers whose effect differs by entity, in the entities at both ends."""
    alike: str
    """Levers whose effect is not known to differ by entity, or why none is told."""


@dataclass(frozen=True, slots=True)
class AlongPart:
    """How the levers of one outcome work along a moderator."""

    name: str
    """Display name of the moderator."""
    levers: tuple[LeverGroups, ...]
    """Levers worth moving; a row per level, from low to high."""
    caveat: str
    """What the intervals leave out; empty where there are none."""
    refusals: tuple[str, ...]
    """Why nothing is said of a lever, and what would help."""


@dataclass(frozen=True, slots=True)
class OutcomeSection:
    """Everything about one outcome."""

    key: str
    """Indicator key."""
    name: str
    """Display name."""
    unit: str
    """Unit of the gain, in words."""
    when: str
    """When the effect is read, for example ``after 3 months``."""
    answer: str
    """The answer in one paragraph."""
    headline: Headline | None
    """The first lever to move; ``None`` when none stands out."""
    levers: tuple[LeverRow, ...]
    """Lever table, by rank."""
    verdict_labels: tuple[tuple[Verdict, str], ...]
    """Verdicts that occur in the table, in words, strongest first."""
    contrast_lead: str
    """What ranking by correlation would have chosen; empty when there is no contrast."""
    contrast: tuple[ContrastRow, ...]
    """Both rankings, by correlation rank."""
    chains: tuple[ChainGroup, ...]
    """Paths by lever, in order of lever rank."""
    top_label: str
    """What the probability column of the lever table says."""
    rehearsal: RehearsalPart | None = None
    """How far this can be trusted; ``None`` when it was not rehearsed."""
    what_if: tuple[WhatIfPart, ...] = ()
    """The path of the outcome after one step of its first levers."""
    identification: tuple[IdentificationRow, ...] = ()
    """What is adjusted for, in order of lever rank."""
    for_whom: ForWhomPart | None = None
    """For whom the levers work; ``None`` when there is nothing to say."""
    along: AlongPart | None = None
    """How its levers work along the moderator; ``None`` when none was named."""
    doses: DosePart | None = None
    """Up to which point its levers work; ``None`` when none was looked at."""
    checks: tuple[CheckedLever, ...] = ()
    """Attempts to break the effects of the levers worth moving, by rank."""
    crosscheck: tuple[str, ...] = ()
    """What DoWhy says about each lever, by rank."""
    contour: ContourTable | None = None
    """How strong a hidden cause must be, for the first of them."""
    averages: tuple[AverageRow, ...] = ()
    """Average effects of levers with two states."""


@dataclass(frozen=True, slots=True)
class FindingCard:
    """One statement about the data."""

    severity: Severity
    """Coded severity."""
    severity_label: str
    """Severity in words."""
    message: str
    """What was found."""
    remedy: str
    """What to do about it."""


@dataclass(frozen=True, slots=True)
class Assumption:
    """Something the numbers rest on."""

    title: str
    """The assumption in a few words."""
    text: str
    """What it means and what would make the numbers wrong."""


@dataclass(frozen=True, slots=True)
class IndicatorRow:
    """One line of the appendix of indicators."""

    name: str
    """Display name."""
    layer: str
    """Layer in words."""
    mean: str
    """Mean with unit."""
    fluctuation: str
    """Standard deviation within an entity, with unit."""
    missing: str
    """Share of empty cells."""
    note: str
    """Polarity and owner."""


@dataclass(frozen=True, slots=True)
class Document:
    """A whole report in one language."""

    lang: str
    """``zh`` or ``en``."""
    title: str
    """Title of the report."""
    facts: tuple[Fact, ...]
    """Size of the panel."""
    sections: tuple[OutcomeSection, ...]
    """One per outcome."""
    open_findings: tuple[FindingCard, ...]
    """Findings a person must look at, failed first."""
    passed_findings: tuple[FindingCard, ...]
    """Checks that found nothing."""
    assumptions: tuple[Assumption, ...]
    """What the numbers rest on."""
    method: tuple[str, ...]
    """How the numbers came about, in paragraphs."""
    provenance: tuple[Fact, ...]
    """Plan, seed, versions, fingerprint."""
    indicators: tuple[IndicatorRow, ...]
    """Appendix."""
