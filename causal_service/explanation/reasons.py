"""Why a chart and the causal ranking differ: one reason per indicator, and the numbers that prove it.

An indicator that is no cause of the outcome but looks like one is a false lead: a consequence, a twin of another
indicator, tied to the outcome through entities, periods, other indicators or a common effect. Causes are compared with
each other, false leads left out: one that charts put too low is hidden by entities or credited to what carries its
effect; one that they put too high is credited with what its own causes or the entities do.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise

from causal_service.explanation.evidence import CARRIES, Evidence
from causal_service.explanation.results import ContrastReason
from causal_service.panel.repetition_checks import NEARLY

__all__ = ["Reasoned", "reasoned"]

CLOSE = 2
"""Places up to which two rankings agree ..."""
FAR = 3.0
"""... unless the shares differ by this factor."""
FAINT = 0.05
"""Below this no correlation is there to be explained, however long the bar."""
UNTOUCHED = 0.1
"""A step that takes less than this share of a correlation away does not explain it."""
SHORT = 0.5
"""A bar is short where its share is less than this part of the share of the effects."""
FADES = 0.5
"""A correlation has faded when less than this share of it is left."""
MOSTLY_FOLLOWS = 0.5
"""Share of draws in which an indicator follows the outcome that makes it a consequence."""
MOSTLY_CARRIED = 0.5
"""Share of an indicator's own effect that must travel through another for charts to credit that one."""
BURIED = 0.25
"""Entities that leave less than this share of a correlation hide it before any go-between does."""
FIXED = 0.95
"""Share of the variance between entities from which an indicator hardly varies within one."""
VISIBLE_SHARE = 0.5
"""Part of its fair share of SHAP from which an indicator is seen in a chart ..."""
VISIBLE_CORRELATION = 0.15
"""... or so large a correlation, on plain rows or within entities and periods."""


@dataclass(frozen=True, slots=True)
class Reasoned:
    """A reason and its proof."""

    reason: ContrastReason
    """The class."""
    by: tuple[str, ...] = ()
    """Indicators it speaks of."""
    params: dict[str, float | str] = field(default_factory=dict)
    """Its numbers and codes."""


def reasoned(
    found: Mapping[str, Evidence], levers: frozenset[str], sums: Mapping[str, tuple[str, ...]]
) -> dict[str, Reasoned]:
    """Return the reason for every indicator of a study.

    Parameters
    ----------
    found : evidence by indicator.
    levers : indicators that are ranked.
    sums : exact sums by member: all its other members.
    """
    out = {name: said for name, e in found.items() if (said := _false_lead(e, sums.get(name, ()))) is not None}
    causes = {name: e for name, e in found.items() if name not in out}
    by_effect = _places({name: abs(e.effect) for name, e in causes.items()})
    by_correlation = _places({name: abs(e.seen.pooled) for name, e in causes.items()})
    charted = all(e.shap_share is not None for e in causes.values())
    by_chart = _places({name: e.shap_share or 0.0 for name, e in causes.items()}) if charted else by_correlation
    effects = sum(abs(e.effect) for e in causes.values())
    charts = sum(_bar(e, charted) for e in causes.values())
    for name, e in causes.items():
        factor = (_bar(e, charted) / max(charts, 1e-300)) / max(abs(e.effect) / max(effects, 1e-300), 1e-300)
        ahead = sum(_bar(found[lead], charted) > _bar(e, charted) for lead in found if lead not in causes)
        place = Places(by_effect[name], by_chart[name], by_correlation[name], factor, ahead)
        out[name] = _cause(e, place, name in levers, sums.get(name, ()))
    return {name: out[name] for name in found}


@dataclass(frozen=True, slots=True)
class Places:
    """Where a cause stands among causes."""

    effect: int
    chart: int
    correlation: int
    factor: float
    """Share of the chart over share of the effects."""
    ahead: int
    """False leads that the chart puts before it."""

    @property
    def too_low(self) -> bool:
        """Whether charts put it too low."""
        return self.chart - self.effect > CLOSE or (self.chart > self.effect and self.factor < 1 / FAR)

    @property
    def too_high(self) -> bool:
        """Whether charts put it too high."""
        return self.effect - self.chart > CLOSE or (self.chart < self.effect and self.factor > FAR)


def _false_lead(e: Evidence, sums: tuple[str, ...]) -> Reasoned | None:
    """Return why an indicator that is no cause looks like one; ``None`` for a cause."""
    if e.follows > MOSTLY_FOLLOWS:
        return Reasoned("consequence", params={"share": e.follows, "correlation": e.seen.pooled})
    if e.twin is not None and e.twin not in sums and abs(e.twin_correlation) >= NEARLY:
        return Reasoned("duplicate", (e.twin,), {"correlation": e.twin_correlation, "how": "twin"})
    if e.between >= FIXED and (not e.cause):
        return Reasoned("no-within-variation", params={"between": e.between, "correlation": e.seen.pooled})
    if not e.cause and e.follows + e.open > MOSTLY_FOLLOWS:
        return Reasoned("open-direction", params={"share": e.open, "correlation": e.seen.pooled})
    return None if e.cause else _without_effect(e)


def _without_effect(e: Evidence) -> Reasoned:
    share = e.shap_share
    visible = max(abs(e.seen.pooled), abs(e.beside)) >= VISIBLE_CORRELATION or (
        share is not None and share >= VISIBLE_SHARE * e.fair_share
    )
    if not visible:
        return Reasoned("agrees", params={"how": "nothing", "no_path": e.no_path})
    if e.common_effect is not None and max(abs(e.beside), abs(e.seen.pooled)) < FADES * abs(e.given):
        return Reasoned("collider", (e.common_effect,), {"alone": e.beside, "given": e.given})
    return _tied(e)


def _tied(e: Evidence) -> Reasoned:
    """Return where the correlation of what is no cause comes from: the step that takes most of it away."""
    steps = [abs(e.seen.pooled), abs(e.seen.between_removed), abs(e.beside), abs(e.adjusted)]
    drops = [before - after for before, after in pairwise(steps)]
    if max(steps) < FAINT:
        return Reasoned("agrees", params={"how": "nothing", "no_path": e.no_path})
    largest = max(range(3), key=lambda k: (drops[k], -k))
    if drops[largest] < UNTOUCHED * max(steps):
        return Reasoned("confounded", params={"how": "unknown", "before": e.beside})
    if largest == 0:
        params: dict[str, float | str] = {"before": e.seen.pooled, "after": e.seen.between_removed}
        if e.confounders and abs(e.beside) >= VISIBLE_CORRELATION and _fades(e.beside, e.adjusted):
            return Reasoned("confounded", e.confounders, {"how": "entities-and", "adjusted": e.adjusted, **params})
        return Reasoned("confounded", params={"how": "entities", **params})
    if largest == 1:
        return Reasoned("season", params={"before": e.seen.between_removed, "after": e.beside})
    return Reasoned("confounded", e.confounders, {"how": "indicators", "before": e.beside, "after": e.adjusted})


def _cause(e: Evidence, place: Places, is_lever: bool, parts: tuple[str, ...]) -> Reasoned:
    said: Reasoned | None = None
    lower = place.chart > place.effect or place.factor < SHORT
    credited = e.shap_share is None or e.carrier_share > e.shap_share
    carried = e.carried >= MOSTLY_CARRIED and _fades(e.beside, e.beside_carrier) and credited
    if not is_lever and e.carries_for is not None and e.carries >= MOSTLY_CARRIED:
        said = Reasoned("mediator", (e.carries_for,), {"how": "carries", "share": e.carries})
    elif lower and e.carried_by is not None and carried and not _hidden(e, BURIED):
        said = Reasoned("mediator", (e.carried_by,), {"how": "carried", "share": e.carried})
    elif (lower and _hidden(e, BURIED)) or (place.too_low and _hidden(e, FADES)):
        said = _masked(e)
    elif place.too_high and (_fades(e.seen.pooled, e.seen.within) or _fades(e.beside, e.adjusted)):
        tied = _tied(e)
        said = replace(tied, params=tied.params | {"effect": e.effect})
    elif place.too_high and parts:
        said = Reasoned("duplicate", parts, {"how": "sum"})
    elif e.carries_for is not None and e.carries >= CARRIES and (place.too_high or not is_lever):
        said = Reasoned("mediator", (e.carries_for,), {"how": "carries", "share": e.carries})
    if said is not None:
        return said
    params: dict[str, float | str] = {"how": "cause", "effect": e.effect, "correlation": e.seen.pooled}
    if place.ahead:
        params |= {"how": "crowded", "ahead": float(place.ahead)}
    return Reasoned("agrees", params=params)


def _fades(before: float, after: float) -> bool:
    return abs(after) < FADES * abs(before)


def _hidden(e: Evidence, share: float) -> bool:
    """Whether entities and periods hide the correlation, or turn its sign."""
    return abs(e.seen.pooled) < share * abs(e.seen.within) or e.seen.pooled * e.seen.within < 0


def _masked(e: Evidence) -> Reasoned:
    return Reasoned("masked", params={"before": e.seen.pooled, "after": e.seen.within})


def _bar(e: Evidence, charted: bool) -> float:
    return (e.shap_share or 0.0) if charted else abs(e.seen.pooled)


def _places(sizes: Mapping[str, float]) -> dict[str, int]:
    return {name: 1 + sum(other > size for other in sizes.values()) for name, size in sizes.items()}
