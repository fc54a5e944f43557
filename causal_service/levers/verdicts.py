"""act | test | watch | insufficient: METHOD's table, first row that holds, with coded reasons."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from causal_service.effects.robustness import WEAK
from causal_service.levers.results import Verdict
from causal_service.preparation.rows import BlockUnit

__all__ = [
    "CLUSTER_FLOOR",
    "ENTITY_FLOOR",
    "FLOORS",
    "FOLLOWS",
    "ROW_FLOOR",
    "USEFUL",
    "Evidence",
    "Floors",
    "InSegments",
    "Later",
    "ReasonCode",
    "judged",
]

USEFUL = 0.2
"""A useful effect of one step, in within-SDs of the outcome (``usual_spread`` where its tails are heavy)."""
SIGNIFICANT = 0.05
"""Largest q for ``act``."""
IDENTIFIED = 0.9
"""Smallest identified share for ``act``."""
SIGN_CERTAIN = 0.975
"""Smallest share of draws that agree on the sign, for ``act``."""
SIGN_LIKELY = 0.8
"""The same for ``test``."""
TOP3_LIKELY = 0.3
"""Smallest P(top 3) for ``test``."""
FOLLOWS = 0.2
"""Share of draws in which the lever follows the outcome that makes it a suspected consequence."""
ENTITY_FLOOR = 5
"""Fewer entities than this: nothing is ``act``."""
CLUSTER_FLOOR = 8
"""The same for the clusters of a cross-section, which are resampled whole."""
ROW_FLOOR = 60
"""Fewer effective rows than this: nothing is ``act``."""
SERIES_FLOOR = 100
"""The same in a single series, where shocks in common stay in the data."""

_SAID_OF_LITTLE_DATA = (
    "opposite-in-segments",
    "uneven-average",
    "hidden-driver",
    "driver-possible",
    "acts-later",
    "lags-too-short",
)
"""Doubts that are said even where there is too little data."""

Later = Literal["none", "along", "against"]
ReasonCode = tuple[str, dict[str, float | int | str | bool | None]]


@dataclass(frozen=True, slots=True)
class InSegments:
    """What the segments of a panel say against the overall effect of one lever; changes are those of one step."""

    opposite: tuple[tuple[str, float], tuple[str, float]] | None = None
    """The segment that gains most and the one that loses most, each with its change, outcome unit."""
    unclear: tuple[tuple[str, float, float], ...] = ()
    """Segments whose interval holds zero, with its ends, outcome unit."""


@dataclass(frozen=True, slots=True)
class Floors:
    """What must be there for ``act``."""

    entities: int = ENTITY_FLOOR
    """Entities, clusters in a cross-section."""
    rows: int = ROW_FLOOR
    """Effective rows."""


FLOORS: Mapping[BlockUnit, Floors] = {
    "entity": Floors(),
    "stretch": Floors(),
    "cluster": Floors(entities=CLUSTER_FLOOR),
    "row": Floors(entities=0),
    "period": Floors(entities=0, rows=SERIES_FLOOR),
}
"""Floors by what is resampled."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that a verdict looks at, for one lever and one outcome."""

    controllable: bool
    """Somebody can move it."""
    q: float
    """Benjamini-Hochberg q of the headline effect."""
    gain: float
    """Expected gain of one step, outcome unit."""
    p_sign: float
    """Share of draws that agree with the sign of the expected gain."""
    p_top3: float
    """P(top 3)."""
    identified_share: float
    """Share of members with the majority sign."""
    zero_share: float
    """Share of draws whose effect is exactly zero."""
    smallest_detectable: float
    """Smallest effect of one step the panel would have shown, outcome unit."""
    outcome_sd: float
    """Within-SD of the outcome, less where it rests on the tails (``usual_spread``), its unit."""
    outcome_unit: str
    """Unit of the outcome."""
    robustness: float
    """Robustness value, 0..1."""
    follows: float
    """Share of draws in which the lever is a same-period descendant of the outcome."""
    suspected_leak: bool
    """A finding suspects a leak."""
    contradicted: bool
    """The data contradict the layer that makes it a cause."""
    failed: str | None
    """Code of an indicator-scoped ``fail`` that concerns it."""
    entities: int
    """Entities in the panel, clusters in a cross-section."""
    rows: float
    """Effective rows."""
    bound: float | None
    """Bound that cut the step, lever's unit."""
    lever_unit: str
    """Unit of the lever."""
    identity: str | None
    """The exact sum it belongs to, in words."""
    strength_open: float = 0.0
    """Smallest effect of one step that could be told from what a hidden driver is misjudged by, outcome unit: more rows
    do not make it smaller."""
    direction_open: bool = False
    """The panel would show a useful effect if it told whether the lever moves the outcome or follows it."""
    hidden_driver: bool = False
    """A hidden driver explains its link to the outcome better."""
    driver_possible: bool = False
    """A hidden driver of it and the outcome would leave the same traces."""
    graph_fixed: bool = False
    """The graph was learned once and held fixed."""
    floors: Floors = Floors()
    """What must be there for ``act``."""
    shifted: tuple[float, float] | None = None
    """Effect in the first and the second half of the time where it changed, outcome unit per lever unit."""
    segments: InSegments = InSegments()
    """What segments say against it."""
    standing_in: bool = False
    """It follows what acts on the outcome later than the lags of the study."""
    later: Later = "none"
    """What it does itself, later than that: nothing, the same way as at first, or not known to be the same way."""
    uneven: bool = False
    """Entities that move it far have another effect than those that do not, so that its effect is no plain average."""
    differs: bool = False
    """Its effect differs so much between entities that many have one of the other sign."""
    carried: int = 1
    """For how many periods a figure of it, or of the outcome, stands; 1 = each period has its own."""


def judged(e: Evidence) -> tuple[Verdict, tuple[ReasonCode, ...]]:
    """Return the verdict and its coded reasons, most important first."""
    blocking = _blocking(e)
    doubts = _doubts(e)
    notes = _notes(e)
    short = _insufficient(e)
    if short:
        driven = [reason for reason in doubts if reason[0] in _SAID_OF_LITTLE_DATA]
        return "insufficient", (*short, *driven, *notes)
    significance: ReasonCode = ("significant", {"q": e.q}) if e.q <= SIGNIFICANT else ("not-significant", {"q": e.q})
    if not blocking and not doubts:
        return "act", (significance, *_unclear(e), *notes)
    if not blocking:
        return "test", (*doubts, significance, *notes)
    if e.gain > 0 and e.p_sign >= SIGN_LIKELY and e.p_top3 >= TOP3_LIKELY and e.controllable:
        return "test", (*blocking, *doubts, ("in-top3-likely", {"p_top3": e.p_top3}), *notes)
    unseen = {code for code, _ in blocking} <= {"no-path", "not-significant", "sign-uncertain"}
    if unseen and (e.later != "none" or e.segments.opposite is not None or e.uneven or e.differs):
        # what was judged, its robustness included, is not all that the lever does
        differs: list[ReasonCode] = [("differs-by-entity", {})] if e.differs else []
        return "test", (*(doubt for doubt in doubts if doubt[0] != "not-robust"), *differs, *notes)
    return "watch", (*blocking, *doubts, *notes)


def _insufficient(e: Evidence) -> list[ReasonCode]:
    reasons: list[ReasonCode] = []
    if e.entities < e.floors.entities:
        reasons.append(("too-few-entities", {"entities": e.entities, "floor": e.floors.entities}))
    if e.rows < e.floors.rows:
        reasons.append(("too-few-rows", {"rows": round(e.rows), "floor": e.floors.rows}))
    if e.carried > 1 and e.q > SIGNIFICANT:
        reasons.append(("carried-forward", {"periods": e.carried}))
    elif e.smallest_detectable > USEFUL * e.outcome_sd and e.q > SIGNIFICANT:
        hangs = e.strength_open > USEFUL * e.outcome_sd
        smallest: ReasonCode = ("driver-strength-open", {"strength_open": e.strength_open, "unit": e.outcome_unit})
        if not hangs and e.direction_open:
            smallest = ("direction-open", {"descendant_share": e.follows})
        elif not hangs:
            smallest = ("below-detectable", {"smallest_detectable": e.smallest_detectable, "unit": e.outcome_unit})
        reasons.append(smallest)
    return reasons


def _blocking(e: Evidence) -> list[ReasonCode]:
    """Conditions of ``act`` whose absence cannot be made up for by a test alone."""
    reasons: list[ReasonCode] = []
    if not e.controllable:
        reasons.append(("not-controllable", {}))
    if e.failed is not None:
        reasons.append(("failed-check", {"finding": e.failed}))
    if e.zero_share > 0.5:
        reasons.append(("no-path", {"zero_share": e.zero_share}))
    elif e.q > SIGNIFICANT:
        reasons.append(("not-significant", {"q": e.q}))
    elif e.p_sign < SIGN_CERTAIN:
        reasons.append(("sign-uncertain", {"p_sign": e.p_sign}))
    if e.gain < 0 and e.q <= SIGNIFICANT:
        reasons.append(("step-harms", {}))
    if e.gain == 0 and e.q <= SIGNIFICANT:
        reasons.append(("no-room", {"bound": e.bound, "unit": e.lever_unit}))
    return reasons


def _doubts(e: Evidence) -> list[ReasonCode]:
    """Conditions of ``act`` that a test could settle: identification, leaks, robustness, segments, longer lags."""
    reasons: list[ReasonCode] = []
    if e.segments.opposite is not None:
        (helped, gain), (harmed, loss) = e.segments.opposite
        params: dict[str, float | int | str | bool | None] = {"helped": helped, "helped_by": gain, "harmed": harmed}
        reasons.append(("opposite-in-segments", params | {"harmed_by": loss, "unit": e.outcome_unit}))
    said = {
        "uneven-average": e.uneven,
        "suspected-leak": e.suspected_leak,
        "layer-contradiction": e.contradicted,
        "graph-held-fixed": e.graph_fixed,
        "hidden-driver": e.hidden_driver,
        "driver-possible": e.driver_possible and not e.hidden_driver,
        "acts-later": e.later == "against",
        "lags-too-short": e.standing_in,
    }
    reasons += [(code, {}) for code, holds in said.items() if holds]
    if e.shifted is not None:
        reasons.append(("effect-shifted", {"before": e.shifted[0], "after": e.shifted[1]}))
    if e.follows > FOLLOWS:
        reasons.append(("equivalent-direction", {"descendant_share": e.follows}))
    if e.identified_share < IDENTIFIED:
        reasons.append(("not-identified", {"identified_share": e.identified_share}))
    if e.robustness < WEAK:
        reasons.append(("not-robust", {"robustness": e.robustness}))
    return reasons


def _unclear(e: Evidence) -> list[ReasonCode]:
    """Segments in which what is done overall may do nothing."""
    return [
        ("unclear-in-segment", {"segment": name, "low": low, "high": high, "unit": e.outcome_unit})
        for name, low, high in e.segments.unclear
    ]


def _notes(e: Evidence) -> list[ReasonCode]:
    notes: list[ReasonCode] = [("acts-later", {})] if e.later == "along" else []
    if e.bound is not None and e.gain != 0:
        notes.append(("bounds-cut", {"bound": e.bound, "unit": e.lever_unit}))
    if e.identity is not None:
        notes.append(("identity-derived", {"identity": e.identity}))
    return notes
