"""What is learned from: indicators that stay, sums that follow their parts, the number of lags; refusals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from causal_service.errors import DataError, FailedCheck, Text
from causal_service.panel.checks import removed_indicators, stopping
from causal_service.panel.dictionary import Dictionary
from causal_service.panel.findings import Finding
from causal_service.panel.identities import Identity, identities
from causal_service.panel.identity_plan import resolve_identities
from causal_service.panel.panel import Panel
from causal_service.panel.statements import about_panel
from causal_service.preparation.lag_order import LateLink, chosen_lags
from causal_service.preparation.prepared import Total
from causal_service.study_choices.design import LagsChosen
from causal_service.study_choices.question import Question

__all__ = ["Studied", "chosen_lag_order", "lag_findings", "refuse_if_stopped", "refuse_removed_levers", "studied_panel"]

SHORTEST = 4
"""Fewer periods than this: no lags, same-period effects only."""


@dataclass(frozen=True, slots=True)
class Studied:
    """The part of a panel that a study learns from."""

    panel: Panel
    """Without the indicators that were removed."""
    totals: tuple[Total, ...]
    """Exact sums that stay in the graph and follow their parts."""
    findings: tuple[Finding, ...]
    """What was decided about identities."""
    equations: dict[str, str]
    """The exact sum an indicator belongs to, in words."""


def refuse_if_stopped(findings: Sequence[Finding]) -> None:
    """Raise ``FailedCheck`` for the first panel-scoped ``fail``."""
    stops = stopping(findings)
    if stops:
        first = stops[0]
        raise FailedCheck(first.code, first.message, first.remedy, {"codes": [f.code for f in stops]})


def studied_panel(panel: Panel, dictionary: Dictionary, question: Question, findings: Sequence[Finding]) -> Studied:
    """Return the panel without removed indicators, the totals that stay, and what was decided.

    A total that is an exact sum stays in the graph behind its parts; other computed indicators leave.
    """
    removed = set(removed_indicators(findings)) - set(question.outcomes)
    kept = _only(panel, [n for n in panel.indicators if n not in removed])
    plan = resolve_identities(identities(kept, question.outcomes), dictionary, question.outcomes, question.levers)
    totals = _totals(plan.derived, dictionary)
    stay = {total.name for total in totals}
    dropped = set(plan.dropped) - stay
    equations = {
        member: identity.equation()
        for identity in plan.derived
        if identity.target in stay
        for member in identity.members
    }
    decided = tuple(
        f
        for f in plan.findings
        if f not in findings and not (f.scope == "indicator" and set(f.indicators) & stay and f.severity == "fail")
    )
    return Studied(_only(kept, [n for n in kept.indicators if n not in dropped]), totals, decided, equations)


def refuse_removed_levers(
    asked: str | Sequence[str], question: Question, studied: Studied, findings: Sequence[Finding]
) -> None:
    """Raise ``DataError`` when a lever asked for by name was removed; the finding that removed it is quoted."""
    if not asked:
        return
    for name in question.levers:
        if name not in studied.panel.indicators:
            why = next((f for f in findings if name in f.indicators and f.severity != "pass"), None)
            raise DataError(
                "lever-removed",
                Text(
                    f"杠杆“{name}”未能进入研究。{'' if why is None else why.message.zh}",
                    f"The lever '{name}' was removed from the study. {'' if why is None else why.message.en}".strip(),
                ),
                Text("请换一个杠杆，或更正该指标的数据。", "Ask for another lever, or mend this indicator's data.")
                if why is None
                else why.remedy,
                {"lever": name, "finding": None if why is None else why.code},
            )


def _only(panel: Panel, names: Sequence[str]) -> Panel:
    columns = [panel.indicators.index(name) for name in names]
    return replace(panel, indicators=tuple(names), values=panel.values[:, :, columns])


def _totals(derived: Sequence[Identity], dictionary: Dictionary) -> tuple[Total, ...]:
    """Return the exact sums that may follow their parts within a period, written over parts that are no totals."""
    rank = {layer: i for i, layer in enumerate(dictionary.layers)}

    def place(name: str) -> int | None:
        entry = dictionary.indicators.get(name)
        return None if entry is None or entry.layer is None else rank[entry.layer]

    out: dict[str, Total] = {}
    computed = {identity.target for identity in derived}
    for identity in derived:
        weights: dict[str, float] = {}
        for part, weight in zip(identity.parts, identity.coefficients, strict=True):
            inner = out.get(part)
            if inner is None:
                weights[part] = weights.get(part, 0.0) + weight
            else:
                for base, share in zip(inner.parts, inner.coefficients, strict=True):
                    weights[base] = weights.get(base, 0.0) + weight * share
        parts = tuple(sorted(weights))
        own = place(identity.target)
        follows = own is None or all((place(part) or 0) <= own for part in parts)
        if identity.additive and follows and not set(parts) & (computed - set(out)):
            out[identity.target] = Total(identity.target, parts, tuple(weights[part] for part in parts))
    return tuple(out.values())


def chosen_lag_order(
    studied: Studied, dictionary: Dictionary, lags: int | Literal["auto"]
) -> tuple[int, LagsChosen, tuple[LateLink, ...]]:
    """Return (lags, who chose them, what acts later than that)."""
    panel = studied.panel
    if panel.regime == "cross-section" or len(panel.periods) < SHORTEST:
        return 0, "regime", ()
    if lags == 0:
        return 0, "given", ()
    best = chosen_lags(panel, dictionary, studied.totals)
    if lags == "auto":
        return best.lags, "auto", ()
    return lags, "given", tuple(link for link in best.links if link.lag > lags)


def lag_findings(late: Sequence[LateLink], dictionary: Dictionary, lags: int) -> tuple[Finding, ...]:
    """Return the finding that some indicator acts at a longer lag than was asked for, and which."""
    if not late:
        return ()
    best = late[0]
    cause, effect = dictionary.name(best.cause), dictionary.name(best.effect)
    on = Text("自身", "itself") if best.cause == best.effect else Text(f"“{effect.zh}”", f"'{effect.en}'")
    return (
        about_panel(
            "longer-lags",
            "review",
            message=Text(
                f"研究用了 {lags} 阶滞后，但数据显示有指标在 {best.lag} 期之后仍有作用，"
                f"最明显的是“{cause.zh}”对{on.zh}。",
                f"The study uses {lags} {'lag' if lags == 1 else 'lags'}, but some indicator still acts {best.lag} "
                f"periods later, most clearly '{cause.en}' on {on.en}.",
            ),
            remedy=Text(
                f"请改用 --lags {best.lag} 或 --lags auto；滞后不足时区间偏窄，较晚才出现的效应会被漏掉。",
                f"Use --lags {best.lag} or --lags auto; with too few lags intervals are too narrow and effects that "
                "begin later are missed.",
            ),
            params={"lags": lags, "longest": best.lag, "cause": best.cause, "effect": best.effect},
        ),
    )
