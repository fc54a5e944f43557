"""Checks that levers worth moving did not stand, as findings."""

from __future__ import annotations

from collections.abc import Sequence

from causal_service.effects.checks import Check
from causal_service.errors import Text
from causal_service.explanation.check_sentences import check_label
from causal_service.levers.results import Lever
from causal_service.panel.dictionary import Dictionary
from causal_service.panel.findings import Finding
from causal_service.panel.statements import about_indicators

__all__ = ["check_findings"]

_REMEDIES = {
    "placebo-outcome": Text(
        "请寻找同时推动两者的原因（大单、换人、促销）并加入面板，或先小范围试点。",
        "Look for what moves both (a large order, a new manager, a campaign) and add it to the panel, or try the lever "
        "on a small scale first.",
    ),
    "leave-one-entity-out": Text(
        "请核对该实体的数据；若属实，结论只适用于类似的实体。",
        "Check the data of that entity; if they are right, the effect holds for entities like it only.",
    ),
    "leave-one-period-out": Text(
        "请核对该时期发生了什么；若属实，结论未必适用于其他时期。",
        "Look at what happened in that period; if the data are right, the effect need not hold in others.",
    ),
}
_NO_FINDING = ("e-value", "placebo-lever")
_REMEDY = Text("请增加数据，或先小范围试点。", "Bring more data, or try the lever on a small scale first.")


def check_findings(checks: Sequence[Check], levers: Sequence[Lever], dictionary: Dictionary) -> tuple[Finding, ...]:
    """Return one finding per check that a lever with verdict act or test did not stand.

    Not for the E-value and the placebo lever: what chance can do to the effect of a single period is not what it can do
    to the whole effect, and that has its own reasons (q, the interval).
    """
    worth = {(lever.lever, lever.outcome) for lever in levers if lever.verdict in ("act", "test")}
    return tuple(
        _finding(check, dictionary)
        for check in checks
        if check.passed is False and check.check not in _NO_FINDING and (check.lever, check.outcome) in worth
    )


def _finding(check: Check, dictionary: Dictionary) -> Finding:
    lever, outcome, label = dictionary.name(check.lever), dictionary.name(check.outcome), check_label(check.check)
    return about_indicators(
        "robustness-check-failed",
        "review",
        (check.lever, check.outcome),
        dictionary,
        message=Text(
            f"“{lever.zh}”对“{outcome.zh}”的效应没有通过“{label.zh}”检验：{check.sentence.zh}",
            f"The effect of '{lever.en}' on '{outcome.en}' did not stand the check '{label.en}': {check.sentence.en}",
        ),
        remedy=_REMEDIES.get(check.check, _REMEDY),
        params={"lever": check.lever, "outcome": check.outcome, "check": check.check, "extreme": check.extreme},
    )
