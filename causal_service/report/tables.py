"""Tables for the terminal and for spreadsheets."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Sequence

from causal_service.errors import Text
from causal_service.explanation.phrases import name_of
from causal_service.panel.summary import IndicatorSummary
from causal_service.report.document import LeverRow, OutcomeSection
from causal_service.report.parts import StudyParts
from causal_service.report.typesetting import cells, pad
from causal_service.report.words import words

__all__ = ["aligned", "effects_csv", "lever_table", "levers_csv"]

Cell = str | float | int | None

_LEVER_FIELDS = (
    "rank", "lever", "outcome", "kind", "horizon", "step", "step_basis", "value", "low", "high", "gain_per_step",
    "gain_low", "gain_high", "p_top1", "p_top3", "expected_regret", "expected_regret_sd", "smallest_detectable",
    "robustness", "robustness_interval", "verdict",
)  # fmt: skip
_EFFECT_FIELDS = (
    "lever", "outcome", "kind", "horizon", "value", "low", "high", "unit", "zero_share", "full_sample",
    "identified_share", "p", "q",
)  # fmt: skip
_FORMULA_STARTS = frozenset("=+-@\t\r＝＋－＠")
_TOP = Text("前三概率", "Top 3")
_HEADER = (
    Text("名次", "Rank"),
    Text("杠杆与一步", "Lever and step"),
    Text("预计改善（95%区间）", "Expected gain (95%)"),
    _TOP,
    Text("相关性名次", "By correlation"),
    Text("判定", "Verdict"),
)
"""Columns of the terminal table."""
_RIGHT = (0, 3, 4)
"""Those that are set flush right."""


def lever_table(section: OutcomeSection, lang: str) -> str:
    """Return the ranked levers of one outcome as aligned plain text."""
    if not section.levers:
        return words(lang)["no_lever"]
    header = [section.top_label if title is _TOP else title.get(lang) for title in _HEADER]
    return aligned([header, *map(_lever_cells, section.levers)], _RIGHT)


def aligned(table: Sequence[Sequence[str]], right: Iterable[int] = ()) -> str:
    """Return a header and rows as columns of plain text, those in ``right`` flush right."""
    widths = [max(cells(line[column]) for line in table) for column in range(len(table[0]))]
    flush = frozenset(right)
    lines = ["  ".join(pad(line[k], width, k in flush) for k, width in enumerate(widths)) for line in table]
    rule = "  ".join("-" * width for width in widths)
    return "\n".join(line.rstrip() for line in [lines[0], rule, *lines[1:]])


def levers_csv(parts: StudyParts) -> str:
    """Return the lever table as CSV: every number in full, names in both languages, reasons by code.

    Text that a spreadsheet would run as a formula is prefixed with an apostrophe; what is not known is empty.
    """
    names = {entry.key: entry for entry in parts.indicators}
    extra = ("lever_zh", "lever_en", "outcome_zh", "outcome_en", "reasons", "sentence_zh", "sentence_en")
    rows: list[list[Cell]] = []
    for lever in parts.levers:
        codes = ";".join(reason.code for reason in lever.reasons)
        own: list[Cell] = [getattr(lever, field) for field in _LEVER_FIELDS]
        rows.append([*own, *_both(lever.lever, lever.outcome, names), codes, lever.sentence.zh, lever.sentence.en])
    return _csv((*_LEVER_FIELDS, *extra), rows)


def effects_csv(parts: StudyParts) -> str:
    """Return every effect (lever x outcome x kind) as CSV, null effects included; escaped like ``levers_csv``."""
    names = {entry.key: entry for entry in parts.indicators}
    rows: list[list[Cell]] = []
    for effect in parts.effects:
        own: list[Cell] = [getattr(effect, field) for field in _EFFECT_FIELDS]
        rows.append([*own, ";".join(effect.adjustment), *_both(effect.lever, effect.outcome, names)])
    return _csv((*_EFFECT_FIELDS, "adjustment", "lever_zh", "lever_en", "outcome_zh", "outcome_en"), rows)


def _both(lever: str, outcome: str, names: dict[str, IndicatorSummary]) -> list[Cell]:
    first, second = name_of(lever, names), name_of(outcome, names)
    return [first.zh, first.en, second.zh, second.en]


def _csv(header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> str:
    target = io.StringIO()
    writer = csv.writer(target, lineterminator="\n")
    writer.writerow(header)
    writer.writerows([_safe(cell) for cell in row] for row in rows)
    return target.getvalue()


def _safe(cell: Cell) -> Cell:
    if isinstance(cell, str):
        return f"'{cell}" if cell[:1] in _FORMULA_STARTS else cell
    return "" if cell is None or not math.isfinite(cell) else cell


def _lever_cells(row: LeverRow) -> tuple[str, ...]:
    gain = f"{row.gain} ({row.interval})" if row.interval else row.gain
    usual = "—" if row.correlation_rank is None else str(row.correlation_rank)
    return (str(row.rank), f"{row.name} {row.step}", gain, row.p_top3, usual, row.verdict_label)
