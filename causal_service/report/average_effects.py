"""What having a lever with two states did, as a report shows it."""

from __future__ import annotations

from collections.abc import Sequence

from causal_service.effects.average_effects import AverageEffect
from causal_service.errors import Text
from causal_service.explanation.average_sentences import change_words
from causal_service.explanation.phrases import Names, name_of
from causal_service.explanation.quantities import decimals_of_interval, format_interval, format_share
from causal_service.report.document import AverageRow

__all__ = ["average_rows"]

_TARGETS = {"treated": Text("有它的行", "those that have it"), "everyone": Text("所有行", "all rows")}


def average_rows(rows: Sequence[AverageEffect], outcome: str, indicators: Names, lang: str) -> tuple[AverageRow, ...]:
    """Return the rows of one outcome in ``lang``."""
    return tuple(
        AverageRow(
            name_of(row.lever, indicators).get(lang),
            _TARGETS[row.target].get(lang),
            change_words(row, indicators).get(lang),
            ""
            if row.value is None
            else format_interval(row.low, row.high, decimals_of_interval(row.value, row.low, row.high)).get(lang),
            format_share(row.comparable_share),
            row.sentence.get(lang),
            "" if row.refused is None else row.refused.what_would_help.get(lang),
        )
        for row in rows
        if row.outcome == outcome
    )
