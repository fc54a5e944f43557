"""What must be known about a rehearsal itself."""

from __future__ import annotations

from causal_service.errors import Text
from causal_service.panel.findings import Finding
from causal_service.rehearsal.results import Rehearsal

__all__ = ["FEW_TWINS", "rehearsal_findings"]

FEW_TWINS = 10
"""Fewer twins than this give figures too rough to lean on."""


def rehearsal_findings(rehearsal: Rehearsal | None) -> tuple[Finding, ...]:
    """Return findings on twins that could not be run, and on twins too few."""
    if rehearsal is None:
        return ()
    found = []
    if rehearsal.twins < rehearsal.asked:
        lost = rehearsal.asked - rehearsal.twins
        found.append(
            Finding(
                "twins-lost",
                "review",
                "panel",
                (),
                Text(
                    f"{rehearsal.asked}个模拟面板中有{lost}个无法研究：其中有指标不再变动，或可用的行太少。",
                    f"{lost} of {rehearsal.asked} simulated panels could not be studied: an indicator did not vary in "
                    "them, or too few rows were left.",
                ),
                Text(
                    "请去掉几乎不变的指标，或增加时期或个体。",
                    "Leave out indicators that hardly vary, or add periods or entities.",
                ),
                {"twins": rehearsal.twins, "asked": rehearsal.asked},
            )
        )
    if 0 < rehearsal.twins < FEW_TWINS:
        found.append(
            Finding(
                "few-twins",
                "review",
                "panel",
                (),
                Text(
                    f"只预演了{rehearsal.twins}个模拟面板，命中率和区间的放宽倍数只是粗略的估计。",
                    f"Only {rehearsal.twins} simulated panels were rehearsed; hits and the widening of intervals are "
                    "rough estimates.",
                ),
                Text(f"请用 --rehearse {FEW_TWINS} 或更多。", f"Use --rehearse {FEW_TWINS} or more."),
                {"twins": rehearsal.twins},
            )
        )
    return tuple(found)
