"""The calendar of a panel: every period between the first and the last, gaps included."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from causal_service.errors import DataError, Text
from causal_service.panel.labels import listed
from causal_service.panel.periods import Family, Instant, TooFine, parse_period, period_label

__all__ = ["Calendar", "are_periods", "build_calendar"]

MAX_PERIODS = 20_000
"""Longest calendar accepted (54 years of days)."""
LEAST_SERIAL = 3
"""Fewest numbers that are taken for dates of a spreadsheet."""
_SPREADSHEET_ZERO = dt.date(1899, 12, 30).toordinal()
_SERIALS = (18_000, 80_000)
"""Numbers that spreadsheets have for the years 1949 to 2119."""
_FORMS = Text(
    "请统一为一种写法，例如 2024-03、2024Q3、2024-W05、2024-03-31 或 2024。",
    "Use one form throughout, for example 2024-03, 2024Q3, 2024-W05, 2024-03-31 or 2024.",
)


@dataclass(frozen=True, slots=True)
class Calendar:
    """A regular calendar and the place of every row in it."""

    labels: tuple[str, ...]
    """Canonical labels of all periods between first and last, gaps included."""
    index: NDArray[np.intp]
    """Position of every row in ``labels``."""
    frequency: str
    """``day`` | ``week`` | ``month`` | ``quarter`` | ``year`` | ``index``."""
    step: int
    """How many of the label's units one period is (5 for a survey every five years)."""
    serial: tuple[str, str] | None = None
    """A number of the period column and the period it was read as, where numbers are dates of a spreadsheet."""


def are_periods(labels: Sequence[str]) -> bool:
    """Return whether all labels read as periods of one family that cannot be mistaken for anything else."""
    instants = [_try(label) for label in labels]
    if not instants or any(instant is None for instant in instants):
        return False
    families = {_refined(instant)[0] for instant in instants if instant is not None}
    return len(families) == 1 and families != {"integer"}


def _try(label: object) -> Instant | None:
    try:
        return parse_period(label)
    except TooFine:
        return None


def _refined(instant: Instant) -> Instant:
    """Read bare integers as years, ``yyyymm`` or ``yyyymmdd`` where they can be."""
    family, value = instant
    if family != "integer":
        return instant
    if 1900 <= value <= 2100:
        return "year", value
    if 190001 <= value <= 210012 and 1 <= value % 100 <= 12:
        return "month", value // 100 * 12 + value % 100 - 1
    if 19000101 <= value <= 21001231:
        try:
            return "day", dt.date(value // 10000, value // 100 % 100, value % 100).toordinal()
        except ValueError:
            return instant
    return instant


def build_calendar(cells: pd.Series, lines: NDArray[np.int64], column: str, row_word: Text) -> Calendar:
    """Return the calendar of a period column.

    Parameters
    ----------
    cells : the column as read (text, numbers or dates), one entry per row.
    lines : number of each row as the reader of the file sees it.
    column : name of the column, for messages.
    row_word : what ``lines`` counts ("line" of a text file, "row" of a sheet).

    Raises
    ------
    DataError : a missing, unreadable or too fine period, several forms mixed, or a calendar that is far too long.
    """
    missing = cells.isna().to_numpy() | (cells.astype(str).str.strip() == "").to_numpy()
    if missing.any():
        raise _rows_error(cells, lines, np.flatnonzero(missing), column, row_word)
    codes, distinct = pd.factorize(cells)
    instants: list[Instant | None] = []
    for cell in distinct:
        try:
            instants.append(parse_period(cell))
        except TooFine:
            raise _too_fine(column, cell) from None
    unreadable = np.array([instant is None for instant in instants])
    if unreadable.any():
        raise _rows_error(cells, lines, np.flatnonzero(unreadable[codes]), column, row_word)
    firsts = lines[np.unique(codes, return_index=True)[1]]
    family, ordinals = _one_family(
        [instant for instant in instants if instant is not None], list(distinct), firsts, column, row_word
    )
    days = _spreadsheet_days(family, ordinals)
    if days is None:
        return _regular(family, ordinals, codes, column)
    calendar = _regular("day", days, codes, column)
    return replace(calendar, serial=(str(ordinals[0]), calendar.labels[int(calendar.index[codes == 0][0])]))


def _spreadsheet_days(family: Family, numbers: NDArray[np.int64]) -> NDArray[np.int64] | None:
    """Return the days that bare numbers stand for as spreadsheets store dates (1900 system); ``None`` for a count.

    They are taken for dates where all of them fall on one day of the month, or on its last, each in a month of its own:
    counted on as numbers, months of 28 to 31 units would be no calendar at all.
    """
    if (
        family != "integer"
        or numbers.size < LEAST_SERIAL
        or not ((_SERIALS[0] < numbers) & (numbers < _SERIALS[1])).all()
    ):
        return None
    days = numbers + _SPREADSHEET_ZERO
    return days if _coarser(days)[0] != "day" and not _one_weekday(days) else None


def _one_family(
    instants: list[Instant],
    distinct: Sequence[object],
    firsts: NDArray[np.int64],
    column: str,
    row_word: Text,
) -> tuple[Family, NDArray[np.int64]]:
    """Return the common family and the ordinals; integers are refined only when every one of them can be."""
    refined = [_refined(instant) for instant in instants]
    if len({family for family, _ in refined}) > 1 and all(family == "integer" for family, _ in instants):
        refined = instants
    families = list(dict.fromkeys(family for family, _ in refined))
    if len(families) > 1:
        places = [next(i for i, (family, _) in enumerate(refined) if family == wanted) for wanted in families[:2]]
        shown = [(str(distinct[i]), int(firsts[i])) for i in places]
        zh = "与".join(f"“{text}”（第 {line} 行）" for text, line in shown)
        en = " and ".join(f"{text!r} ({row_word.en} {line})" for text, line in shown)
        raise DataError(
            "mixed-periods",
            Text(f"时间列“{column}”混用了不同的写法：{zh}。", f"Period column {column!r} mixes forms: {en}."),
            _FORMS,
            {"column": column, "families": families, "examples": [text for text, _ in shown]},
        )
    return families[0], np.array([ordinal for _, ordinal in refined], dtype=np.int64)


def _regular(family: Family, ordinals: NDArray[np.int64], codes: NDArray[np.intp], column: str) -> Calendar:
    frequency: str = "index" if family == "integer" else family
    business = False
    if family == "day":
        family, ordinals, frequency, business = _coarser(ordinals)
    distinct = np.unique(ordinals)
    step = int(np.gcd.reduce(np.diff(distinct))) if distinct.size >= 4 and not business else 1
    if family == "month" and step in (3, 12):
        frequency = {3: "quarter", 12: "year"}[step]
    first = int(distinct[0])
    length = (int(distinct[-1]) - first) // step + 1
    if length > max(MAX_PERIODS, 1) or (length > 2000 and length > 50 * distinct.size):
        raise DataError(
            "sparse-calendar",
            Text(
                f"时间列“{column}”首末之间有 {length} 期，实际只出现 {distinct.size} 期。",
                f"Period column {column!r} spans {length} periods of which only {distinct.size} occur.",
            ),
            Text(
                "请检查该列是否为时间，或改用更粗的周期。",
                "Check that this column is a period, or use a coarser period.",
            ),
            {"column": column, "periods": length, "distinct": int(distinct.size)},
        )
    labels = tuple(_label(family, first + step * k, business) for k in range(length))
    return Calendar(labels, ((ordinals - first) // step)[codes].astype(np.intp), frequency, step)


def _label(family: Family, ordinal: int, business: bool) -> str:
    if business:
        return str(np.busday_offset("1970-01-01", ordinal, roll="forward"))
    return period_label(family, ordinal)


def _coarser(ordinals: NDArray[np.int64]) -> tuple[Family, NDArray[np.int64], str, bool]:
    """Return the coarsest calendar that dates fit: years, quarters, months, weeks, business days or days."""
    dates = [dt.date.fromordinal(int(ordinal)) for ordinal in ordinals]
    months = np.array([date.year * 12 + date.month - 1 for date in dates], dtype=np.int64)
    if len(set(months)) == len(dates) > 1 and (len({date.day for date in dates}) == 1 or all(map(_month_end, dates))):
        return _coarser_month(months)
    if len(dates) > 2 and _one_weekday(ordinals):
        return "week", (ordinals - 1) // 7, "week", False
    if len(dates) >= 10 and all(date.weekday() < 5 for date in dates):
        count = np.busday_count("1970-01-01", np.array([date.isoformat() for date in dates], dtype="datetime64[D]"))
        return "day", np.asarray(count, dtype=np.int64), "day", True
    return "day", ordinals, "day", False


def _one_weekday(ordinals: NDArray[np.int64]) -> bool:
    return np.unique(ordinals % 7).size == 1


def _month_end(date: dt.date) -> bool:
    return (date + dt.timedelta(days=1)).day == 1


def _coarser_month(months: NDArray[np.int64]) -> tuple[Family, NDArray[np.int64], str, bool]:
    of_year = set((months % 12).tolist())
    if len(of_year) == 1:
        return "year", months // 12, "year", False
    if months.size > 3 and (of_year <= {2, 5, 8, 11} or of_year <= {0, 3, 6, 9}):
        return "quarter", months // 3, "quarter", False
    return "month", months, "month", False


def _too_fine(column: str, cell: object) -> DataError:
    return DataError(
        "period-too-fine",
        Text(
            f"时间列“{column}”带有时刻（例如 {cell}）。",
            f"Period column {column!r} carries a time of day, for example {cell}.",
        ),
        Text("请先汇总到日、周、月、季或年。", "Aggregate to days, weeks, months, quarters or years first."),
        {"column": column, "example": str(cell)},
    )


def _rows_error(
    cells: pd.Series, lines: NDArray[np.int64], rows: NDArray[np.intp], column: str, row_word: Text
) -> DataError:
    where = listed(lines[rows].tolist())
    shown = listed(dict.fromkeys(repr(str(cells.iloc[row])) for row in rows[:5]))
    empty = bool(cells.iloc[rows].isna().any() or (cells.iloc[rows].astype(str).str.strip() == "").any())
    zh = "为空" if empty else f"无法识别：{shown}"
    en = "is empty" if empty else f"cannot be read: {shown}"
    return DataError(
        "missing-period" if empty else "unreadable-period",
        Text(
            f"时间列“{column}”有 {rows.size} 行{zh}（第 {where} 行）。",
            f"Period column {column!r} {en} in {rows.size} rows ({row_word.en} {where}).",
        ),
        Text("请补全或删除这些行。", "Fill in or delete these rows.") if empty else _FORMS,
        {"column": column, "rows": lines[rows[:5]].tolist(), "count": int(rows.size)},
    )
