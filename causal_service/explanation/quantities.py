"""Numbers and units in the reader's language.

Only rounding happens here: no number is invented. A move of a percentage is given in percentage points; a unit the
table does not know is written as the dictionary writes it. Minus signs are ASCII; typesetting is the report's business.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from causal_service.errors import Text

__all__ = [
    "UnitWords",
    "amount",
    "decimals_of_interval",
    "format_effect",
    "format_fixed",
    "format_interval",
    "format_level",
    "format_number",
    "format_share",
    "format_signed_share",
    "is_known",
    "unit_words",
]

UNKNOWN = "—"
Kind = Literal["time", "share", "count", "level"]


@dataclass(frozen=True, slots=True)
class UnitWords:
    """A unit of a *difference*, in words."""

    zh: str
    """Chinese, written after the number; empty when there is none."""
    one: str
    """English singular."""
    many: str
    """English plural."""
    kind: Kind = "level"
    """Decides the verb: time is shortened, counts are increased, shares and levels are raised."""


_WORDS: tuple[tuple[tuple[str, ...], UnitWords], ...] = (
    (("%", "％", "percent", "pct", "百分点"), UnitWords("个百分点", "percentage point", "percentage points", "share")),
    (("‰", "千分比"), UnitWords("个千分点", "per-mille point", "per-mille points", "share")),
    (("day", "days", "天", "日"), UnitWords("天", "day", "days", "time")),
    (("hour", "hours", "h", "小时"), UnitWords("小时", "hour", "hours", "time")),
    (("minute", "minutes", "min", "分钟"), UnitWords("分钟", "minute", "minutes", "time")),
    (("second", "seconds", "s", "秒"), UnitWords("秒", "second", "seconds", "time")),
    (("week", "weeks", "周"), UnitWords("周", "week", "weeks", "time")),
    (("month", "months", "月", "个月"), UnitWords("个月", "month", "months", "time")),
    (("point", "points", "score", "分"), UnitWords("分", "point", "points")),
    (("star", "stars", "星"), UnitWords("星", "star", "stars")),
    (("yuan", "cny", "rmb", "元", "¥", "￥"), UnitWords("元", "yuan", "yuan", "count")),
    (("万元",), UnitWords("万元", "ten thousand yuan", "ten thousand yuan", "count")),
    (("亿元",), UnitWords("亿元", "hundred million yuan", "hundred million yuan", "count")),
    (("piece", "pieces", "item", "items", "件"), UnitWords("件", "item", "items", "count")),
    (("order", "orders", "单"), UnitWords("单", "order", "orders", "count")),
    (("person", "people", "人"), UnitWords("人", "person", "people", "count")),
    (("customer", "customers", "客户"), UnitWords("个客户", "customer", "customers", "count")),
    (("time", "times", "visit", "visits", "次"), UnitWords("次", "", "", "count")),
    (("个", "家", "台"), UnitWords("个", "", "", "count")),
)  # fmt: skip
_UNITS = {name: words for names, words in _WORDS for name in names}
_PER = {
    "百人": Text("百人", "hundred people"),
    "百单": Text("百单", "hundred orders"),
    "万件": Text("万件", "ten thousand items"),
    "千件": Text("千件", "thousand items"),
    "hundred": Text("百", "hundred"),
}


def unit_words(unit: str) -> UnitWords:
    """Return the words of ``unit``; ``a/b`` is read as a per b, an unknown unit stands for itself."""
    name = unit.strip()
    known = _UNITS.get(name.lower())
    if known is not None or "/" not in name:
        return known or UnitWords(name, name, name)
    top, _, bottom = name.partition("/")
    base, per = unit_words(top), _per(bottom.strip())
    one, many = (f"{word} per {per.en}".strip() for word in (base.one, base.many))
    return UnitWords(f"{base.zh}/{per.zh}", one, many, base.kind)


def _per(unit: str) -> Text:
    known = _UNITS.get(unit.lower())
    if known is not None:
        return Text(unit_words(unit).zh, known.one or unit)
    return _PER.get(unit, Text(unit, unit))


def amount(number: str, unit: str) -> Text:
    """Return an already formatted number with its unit in both languages."""
    words = unit_words(unit)
    english = words.one if number.lstrip("-+") == "1" else words.many
    gap = " " if words.zh[:1].isascii() and words.zh[:1].isalpha() else ""
    return Text(f"{number}{gap}{words.zh}", f"{number} {english}".rstrip())


def format_effect(value: float | None, unit: str, lang: str) -> str:
    """Return a difference with its unit, for example ``0.78 points``, ``-2个百分点``."""
    return amount(format_number(value), unit).get(lang)


def format_level(value: float | None, unit: str, lang: str) -> str:
    """Return a level (not a difference) with its unit: ``97%``, ``12.5 days``."""
    number = format_number(value)
    if unit_words(unit).kind == "share":
        return f"{number}{'‰' if unit.strip() in {'‰', '千分比'} else '%'}"
    return amount(number, unit).get(lang)


def is_known(value: float | None) -> bool:
    """Say whether a number can be shown: neither missing nor infinite."""
    return value is not None and math.isfinite(value)


def format_number(value: float | None, digits: int = 3) -> str:
    """Return ``value`` with ``digits`` significant digits, thousands separated; ``—`` when it is not known."""
    if value is None or not math.isfinite(value):
        return UNKNOWN
    if value == 0:
        return "0"
    if abs(value) < 1e-6:
        return f"{value:.{digits - 1}e}"
    text = format_fixed(value, digits - 1 - _magnitude(value))
    return text.rstrip("0").rstrip(".") if "." in text else text


def format_fixed(value: float | None, decimals: int) -> str:
    """Return ``value`` with a fixed number of decimals; never ``-0.0``."""
    if value is None or not math.isfinite(value):
        return UNKNOWN
    text = f"{value:,.{max(0, decimals)}f}"
    return text.lstrip("-") if not text.strip("-0.,") else text


def decimals_of_interval(value: float | None, low: float | None, high: float | None) -> int:
    """Return decimals for a value and its interval together.

    They show the leading digit of the half-width (two digits where it is a 1), and the second digit of a value that is
    larger than the half-width if that takes one decimal more.
    """
    if value is None or low is None or high is None or not math.isfinite(value) or not math.isfinite(high - low):
        return 2
    half = abs(high - low) / 2
    if half == 0:
        return max(0, min(12, 2 - _magnitude(value))) if value else 0
    leading = -_magnitude(half)
    wanted = 1 - _magnitude(value) if abs(value) > half else 0
    return max(0, min(12, max(leading + (half * 10.0**leading < 2), min(wanted, leading + 1))))


def format_interval(low: float | None, high: float | None, decimals: int) -> Text:
    """Return ``low to high`` in both languages, smaller end first."""
    ends = [low, high] if low is None or high is None or low <= high else [high, low]
    one, two = (format_fixed(end, decimals) for end in ends)
    return Text(f"{one}至{two}", f"{one} to {two}")


def format_share(share: float | None) -> str:
    """Return a share (0..1) as a percentage that never rounds to certainty: ``>99%`` and ``<1%`` at the ends."""
    if share is None or not math.isfinite(share):
        return UNKNOWN
    if 0.995 <= share < 1:
        return ">99%"
    if 0 < share < 0.005:
        return "<1%"
    return f"{100 * share:.0f}%"


def format_signed_share(share: float | None) -> str:
    """Return a share that may be negative; one that rounds to nothing has no sign."""
    if share is None or share > -0.005:
        return format_share(None if share is None else abs(share))
    return f"-{format_share(-share)}"


def _magnitude(value: float) -> int:
    return math.floor(math.log10(abs(value)))
