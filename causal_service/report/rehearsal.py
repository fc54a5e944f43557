"""How far results can be trusted on panels like this one, as a report shows it."""

from __future__ import annotations

from causal_service.explanation.quantities import format_number, format_share
from causal_service.panel.units import amount
from causal_service.rehearsal.results import Calibration, Rehearsal, RehearsedOutcome
from causal_service.report.document import Fact, RehearsalPart

__all__ = ["rehearsal_part"]


def rehearsal_part(
    rehearsal: Rehearsal | None, outcome: str, unit: str, headline: str, lang: str
) -> RehearsalPart | None:
    """Return the rehearsal of one outcome in ``lang``; ``None`` when it was not rehearsed.

    ``unit`` is the outcome's, ``headline`` the kind of effect that is ranked.
    """
    row = None if rehearsal is None else next((r for r in rehearsal.outcomes if r.outcome == outcome), None)
    if rehearsal is None or row is None:
        return None
    own = next(c for c in rehearsal.calibrations if c.outcome == outcome and c.kind == headline)
    facts = (*_ranking(row, lang), *_intervals(own, lang), *_claims(row, unit, lang))
    return RehearsalPart(row.sentence.get(lang), facts)


def _ranking(row: RehearsedOutcome, lang: str) -> tuple[Fact, ...]:
    if row.top1_hit is None:
        return ()
    stated = "标称{}" if lang == "zh" else "stated {}"
    first, three = ("首位命中", "前三命中") if lang == "zh" else ("Best lever ranked first", "Best three found")
    return (
        Fact(first, format_share(row.top1_hit), stated.format(format_share(row.top1_stated))),
        Fact(three, format_share(row.top3_hit), stated.format(format_share(row.top3_stated))),
    )


def _intervals(own: Calibration, lang: str) -> tuple[Fact, ...]:
    if own.coverage is None:
        return ()
    error = "" if own.coverage_error is None else f" ± {100 * own.coverage_error:.0f}%"
    effects = f"{own.effects}个非零效应" if lang == "zh" else f"{own.effects} non-zero effects"
    label, wider = ("95%区间含真值", "区间放宽") if lang == "zh" else ("95% intervals held", "Intervals widened")
    after = "" if own.coverage_calibrated is None else format_share(own.coverage_calibrated)
    note = "" if not after else f"放宽后{after}" if lang == "zh" else f"{after} once widened"
    return (
        Fact(label, f"{format_share(own.coverage)}{error}", effects),
        Fact(wider, f"× {own.factor:.2f}", note),
    )


def _claims(row: RehearsedOutcome, unit: str, lang: str) -> tuple[Fact, ...]:
    facts = []
    if row.smallest_detectable is not None:
        label, note = ("能看到的最小变化", "移动一步") if lang == "zh" else ("Smallest visible change", "for one step")
        facts.append(Fact(label, amount(format_number(row.smallest_detectable, 2), unit).get(lang), note))
    if row.false_act_rate is not None:
        label, of = ("误判为“行动”", "共{}次") if lang == "zh" else ("Wrong calls to act", "of {}")
        facts.append(Fact(label, str(row.false_acts), of.format(row.acts)))
    return tuple(facts)
