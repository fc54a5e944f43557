"""How fragile effects are, as a report shows it: checks of every lever worth moving, the contour of the first."""

from __future__ import annotations

import math
from collections.abc import Sequence

from causal_service.effects.checks import Check
from causal_service.effects.robustness import Contour
from causal_service.explanation.check_sentences import check_label, checks_summary
from causal_service.explanation.phrases import Names, described, name_of, step_words
from causal_service.explanation.quantities import format_fixed, format_share
from causal_service.levers.results import Lever
from causal_service.panel.units import amount
from causal_service.report.document import CheckedLever, CheckRow, ContourTable

__all__ = ["checked_levers", "contour_table"]

_WORTH = ("act", "test")


def checked_levers(
    checks: Sequence[Check], levers: Sequence[Lever], indicators: Names, lang: str
) -> tuple[CheckedLever, ...]:
    """Return the checks of the levers of one outcome that are worth acting on or testing, by rank."""
    found = []
    for lever in levers:
        own = tuple(c for c in checks if (c.lever, c.outcome) == (lever.lever, lever.outcome))
        if lever.verdict not in _WORTH or not own:
            continue
        name, step = name_of(lever.lever, indicators), step_words(lever, indicators)
        rows = tuple(
            CheckRow(check_label(c.check).get(lang), c.passed, _result(c, lang), c.sentence.get(lang)) for c in own
        )
        found.append(CheckedLever(name.get(lang), step.get(lang), checks_summary(own).get(lang), rows))
    return tuple(found)


def _result(check: Check, lang: str) -> str:
    words = {True: ("通过", "stood"), False: ("未通过", "did not stand"), None: ("不适用", "does not apply")}
    return words[check.passed][0 if lang == "zh" else 1]


def contour_table(
    contours: Sequence[Contour], levers: Sequence[Lever], indicators: Names, lang: str
) -> ContourTable | None:
    """Return what hidden causes of every strength would leave of the first lever worth moving; ``None`` without one."""
    by_pair = {(row.lever, row.outcome): row for row in contours}
    first = next((x for x in levers if x.verdict in _WORTH and (x.lever, x.outcome) in by_pair), None)
    if first is None:
        return None
    row, unit = by_pair[first.lever, first.outcome], described(first.outcome, indicators).unit
    sign = 1.0 if first.value * first.gain_per_step >= 0 else -1.0
    size = abs(first.value * first.step)
    decimals = min(max(2 - math.floor(math.log10(size)), 0), 12) if size > 0 else 0
    cells = tuple(
        tuple((format_fixed(sign * value * abs(first.step), decimals), value * first.value <= 0) for value in line)
        for line in row.left
    )
    shares = tuple(format_share(share) for share in row.shares)
    return ContourTable(name_of(first.lever, indicators).get(lang), amount("", unit).get(lang).strip(), shares, cells)
