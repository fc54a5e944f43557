"""What all checks together say about single indicators."""

from __future__ import annotations

from collections.abc import Sequence

from causal_service.discovery.hidden_driver import HiddenDriver
from causal_service.discovery.late_links import LateDoubts
from causal_service.discovery.layer_check import Contradiction
from causal_service.discovery.shared_traces import SharedTraces
from causal_service.discovery.stability import Shift
from causal_service.levers.ranking import Suspicions
from causal_service.panel.findings import Finding
from causal_service.study_choices.studied import Studied

__all__ = ["combined_suspicions"]


def combined_suspicions(
    findings: Sequence[Finding],
    contradictions: Sequence[Contradiction],
    drivers: Sequence[HiddenDriver],
    traces: Sequence[SharedTraces],
    shifts: Sequence[Shift],
    late: LateDoubts,
    uneven: frozenset[str],
    differing: frozenset[str],
    studied: Studied,
    outcome: str,
) -> Suspicions:
    """Return what all checks together say about single indicators, for one outcome.

    ``uneven`` are the indicators whose effect on it is not that of the average entity, ``differing`` those that have
    one of the other sign in many entities.
    """
    leaks = {
        name
        for f in findings
        if f.code == "suspected-leak" and f.severity != "pass" and f.params.get("outcome", outcome) == outcome
        for name in f.indicators
    }
    failed = {
        name: f.code for f in findings if f.scope == "indicator" and f.severity == "fail" for name in f.indicators
    }
    fixed = any(f.code == "graph-held-fixed" for f in findings)
    turned = frozenset(c.source for c in contradictions if c.target == outcome)
    driven = frozenset(name for driver in drivers if driver.outcome == outcome for name in driver.doubted)
    maybe = frozenset(name for trace in traces if trace.outcome == outcome for name in trace.levers)
    shifted = {shift.lever: (shift.before, shift.after) for shift in shifts if shift.outcome == outcome}
    return Suspicions(
        frozenset(leaks), turned, failed, studied.equations, driven, maybe, fixed, shifted,
        uneven=uneven, differing=differing, late=late, carried=_carried(findings),
    )  # fmt: skip


def _carried(findings: Sequence[Finding]) -> dict[str, int]:
    """Return for how many periods figures stand, by indicator, as the check of the panel said."""
    found: dict[str, int] = {}
    for finding in findings:
        lengths = finding.params.get("periods")
        if finding.code == "carried-forward" and isinstance(lengths, tuple):
            found |= zip(finding.indicators, (int(float(length)) for length in lengths), strict=True)
    return found
