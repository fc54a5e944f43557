"""What is adjusted for, and why it is enough, as a report shows it."""

from __future__ import annotations

from collections.abc import Sequence

from causal_service.effects.identification import Identification
from causal_service.explanation.identification_sentences import nodes_listed, strategy_words
from causal_service.explanation.phrases import Names, name_of
from causal_service.explanation.quantities import format_share
from causal_service.levers.results import Lever
from causal_service.report.document import IdentificationRow

__all__ = ["identification_rows"]

_WORTH = ("act", "test")
_SHOWN = 3
"""Levers worth moving whose row is in front; those that are not identified always are."""


def identification_rows(
    rows: Sequence[Identification], levers: Sequence[Lever], indicators: Names, frequency: str, lang: str
) -> tuple[IdentificationRow, ...]:
    """Return the rows of one outcome in ``lang``, in the order of its ``levers``."""
    shown = [lever.lever for lever in levers if lever.verdict in _WORTH][:_SHOWN]
    by_lever = {row.lever: row for row in rows if levers and row.outcome == levers[0].outcome}
    return tuple(
        IdentificationRow(
            name_of(lever.lever, indicators).get(lang),
            strategy_words(row.strategy).get(lang),
            row.strategy,
            nodes_listed(row.adjustment, indicators, frequency).get(lang) or "—",
            format_share(row.share),
            lever.lever in shown or row.strategy == "none",
            row.sentence.get(lang),
        )
        for lever in levers
        if (row := by_lever.get(lever.lever)) is not None
    )
