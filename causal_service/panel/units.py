"""Units in words of both languages: what a dictionary writes behind a number, as a difference is told.

A move of a percentage is given in percentage points; a unit the table does not know is written as the dictionary
writes it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from causal_service.errors import Text

__all__ = ["UnitWords", "amount", "unit_words"]

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
