"""One period label: ``2024Q3``, ``2024年3月``, ``202403``, ``2024-03-31``, ``2024W05``, a year, a number, a date."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from typing import Literal

from causal_service.panel.labels import normalise

__all__ = ["Family", "Instant", "parse_period", "period_label"]

Family = Literal["year", "quarter", "month", "week", "day", "integer"]
Instant = tuple[Family, int]
"""Family of the label and its ordinal there (years, quarters or months since year 0, ISO weeks, days, the integer)."""

_CHINESE_DIGITS = {"一": 1, "二": 2, "三": 3, "四": 4}
_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            *("jan january", "feb february", "mar march", "apr april", "may", "jun june", "jul july", "aug august"),
            *("sep sept september", "oct october", "nov november", "dec december"),
        ),
        start=1,
    )
    for name in names.split()
}


class TooFine(ValueError):
    """The label carries a time of day."""


def _year(match: re.Match[str]) -> Instant:
    return "year", int(match[1])


def _quarter(match: re.Match[str]) -> Instant:
    parts = match.groupdict()
    digit = parts["q"]
    return "quarter", int(parts["y"]) * 4 + _CHINESE_DIGITS.get(digit, int(digit) if digit.isdigit() else 0) - 1


def _month(match: re.Match[str]) -> Instant:
    parts = match.groupdict()
    month = parts["m"].casefold()
    number = int(month) if month.isdigit() else _MONTHS[month]
    dt.date(int(parts["y"]), number, 1)
    return "month", int(parts["y"]) * 12 + number - 1


def _week(match: re.Match[str]) -> Instant:
    return "week", _week_ordinal(dt.date.fromisocalendar(int(match["y"]), int(match["w"]), 1))


def _week_ordinal(day: dt.date) -> int:
    return (day.toordinal() - 1) // 7


def _day(match: re.Match[str]) -> Instant:
    clock = match.groupdict().get("clock")
    if clock and re.search("[1-9]", clock.split("+")[0]):
        raise TooFine
    return "day", dt.date(int(match["y"]), int(match["m"]), int(match["d"])).toordinal()


_YEAR = r"(?P<y>(?:19|20|21)\d\d)"
_FORMS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], Instant]], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), parse)
    for pattern, parse in (
        (r"(\d{4}) ?年(?:度)?", _year),
        (r"(?:FY|CY) ?(\d{4})", _year),
        (rf"{_YEAR}[ -]?Q(?P<q>[1-4])", _quarter),
        (rf"Q(?P<q>[1-4])[ -/]?{_YEAR}", _quarter),
        (rf"{_YEAR} ?年 ?(?:第 ?)?(?P<q>[1-4一二三四]) ?季(?:度)?", _quarter),
        (rf"{_YEAR} ?年 ?Q(?P<q>[1-4])", _quarter),
        (rf"{_YEAR} ?年 ?(?P<m>\d{{1,2}}) ?月(?:份)?", _month),
        (rf"{_YEAR}[-/](?P<m>\d{{1,2}})", _month),
        (rf"{_YEAR}\.(?P<m>\d\d)", _month),
        (rf"{_YEAR}-?M(?P<m>\d{{1,2}})", _month),
        (rf"(?P<m>{'|'.join(_MONTHS)})[ ./-]{{0,2}}{_YEAR}", _month),
        (rf"{_YEAR}[ -](?P<m>{'|'.join(_MONTHS)})", _month),
        (rf"{_YEAR}[ -]?W(?P<w>\d{{1,2}})", _week),
        (rf"{_YEAR} ?年 ?(?:第 ?)?(?P<w>\d{{1,2}}) ?周", _week),
        (rf"{_YEAR}([-/.])(?P<m>\d{{1,2}})\2(?P<d>\d{{1,2}})(?:[ T](?P<clock>[\d:.]+(?:Z|[+-]\d\d:?\d\d)?))?", _day),
        (rf"{_YEAR} ?年 ?(?P<m>\d{{1,2}}) ?月 ?(?P<d>\d{{1,2}}) ?日", _day),
    )
)


def parse_period(cell: object) -> Instant | None:
    """Return family and ordinal of one label, or ``None`` when it is no period.

    Raises
    ------
    TooFine : the label carries a time of day other than midnight.
    """
    if isinstance(cell, dt.datetime):
        if (cell.hour, cell.minute, cell.second, cell.microsecond) != (0, 0, 0, 0):
            raise TooFine
        return "day", cell.date().toordinal()
    if isinstance(cell, dt.date):
        return "day", cell.toordinal()
    text = normalise(str(cell))
    if re.fullmatch(r"-?\d{1,9}(?:\.0+)?", text):
        return "integer", int(float(text))
    for pattern, parse in _FORMS:
        if match := pattern.fullmatch(text):
            try:
                return parse(match)
            except TooFine:
                raise
            except ValueError:
                return None
    return None


def period_label(family: Family, ordinal: int) -> str:
    """Return the canonical label: ``2024``, ``2024Q3``, ``2024-03``, ``2024-W05``, ``2024-03-31`` or the integer."""
    if family == "quarter":
        return f"{ordinal // 4}Q{ordinal % 4 + 1}"
    if family == "month":
        return f"{ordinal // 12}-{ordinal % 12 + 1:02d}"
    if family == "week":
        year, week, _ = dt.date.fromordinal(ordinal * 7 + 1).isocalendar()
        return f"{year}-W{week:02d}"
    if family == "day":
        return dt.date.fromordinal(ordinal).isoformat()
    return str(ordinal)
