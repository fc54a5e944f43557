"""A table that is to be read as a cross-section but holds a period column: asked about, never guessed."""

from __future__ import annotations

from causal_service.errors import CallError, Text
from causal_service.panel.calendar import are_periods
from causal_service.panel.dictionary import Dictionary
from causal_service.panel.labels import fold
from causal_service.panel.periods import parse_period
from causal_service.panel.tables import RawTable

__all__ = ["refuse_forgotten_period"]

_FEWEST = 3
"""Fewer different values than this are no calendar."""
_NAMES = frozenset({"month", "period", "date", "quarter", "week", "月份", "月", "日期", "期间", "时间", "季度", "周"})
"""Headers that say what a column of plain numbers is."""


def refuse_forgotten_period(table: RawTable, dictionary: Dictionary) -> None:
    """Refuse a table in which a column that is no declared indicator reads as periods throughout.

    Raises
    ------
    CallError : ``period-not-named``; studied as a cross-section, the periods of an entity would count as entities.
    """
    for header in table.frame.columns:
        name = str(header)
        if name in dictionary.indicators:
            continue
        labels = [str(cell).strip() for cell in table.frame[header].dropna().unique()]
        labels = [label for label in labels if label]
        if len(labels) >= _FEWEST and (are_periods(labels) or _named_periods(name, labels)):
            raise CallError(
                "period-not-named",
                Text(
                    f"“{table.name}”中的列“{name}”是时间，但没有指定时间列；按横截面处理会把同一实体的各期当成不同实体。",
                    f"Column '{name}' of {table.name} holds periods, but no period column was named; as a "
                    "cross-section, the periods of one entity would count as different entities.",
                ),
                Text(
                    f"请加上 --period {name}（以及 --entity），或先删除该列再按横截面研究。",
                    f"Add --period {name} (and --entity), or remove the column to study a cross-section.",
                ),
                {"column": name, "file": table.name},
            )


def _named_periods(name: str, labels: list[str]) -> bool:
    if fold(name) not in _NAMES:
        return False
    try:
        return all(parse_period(label) is not None for label in labels)
    except ValueError:
        return True
