"""Names, moves, dates and labels: the pieces sentences and tables are made of."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Protocol

from causal_service.errors import Text
from causal_service.explanation.quantities import decimals_of_interval, format_fixed, format_number
from causal_service.levers.results import Lever, Verdict
from causal_service.panel.units import amount, unit_words

__all__ = [
    "Described",
    "Names",
    "described",
    "gain_words",
    "horizon_words",
    "listed_en",
    "listed_zh",
    "move_words",
    "name_of",
    "spaced",
    "step_words",
    "verb_zh",
    "verdict_words",
]


class Described(Protocol):
    """What a sentence must know about an indicator (``Indicator`` and ``IndicatorSummary`` both do)."""

    @property
    def name(self) -> Text:
        """Display name."""

    @property
    def unit(self) -> str:
        """Unit as the dictionary writes it."""

    @property
    def better(self) -> str | None:
        """``higher`` | ``lower`` | ``target`` | ``None``."""


Names = Mapping[str, Described]
"""Indicators by key."""

_PERIODS = {
    "day": ("当天", "天", "day"),
    "week": ("当周", "周", "week"),
    "month": ("当月", "个月", "month"),
    "quarter": ("当季", "个季度", "quarter"),
    "year": ("当年", "年", "year"),
}
_VERDICTS: dict[str, Text] = {
    "act": Text("行动", "Act"),
    "test": Text("试点", "Test"),
    "watch": Text("观察", "Watch"),
    "insufficient": Text("数据不足", "Too little data"),
}
_HAN_LATIN = re.compile(r"([\u4e00-\u9fff])([A-Za-z])")
_LATIN_HAN = re.compile(r"([A-Za-z])([\u4e00-\u9fff])")


class _Unnamed:
    """Stands in for an indicator without an entry."""

    name = Text("", "")
    unit = ""
    better: str | None = None


_UNNAMED = _Unnamed()


def described(key: str, indicators: Names) -> Described:
    """Return the entry of ``key``; a nameless one without unit when there is none."""
    return indicators.get(key, _UNNAMED)


def name_of(key: str, indicators: Names) -> Text:
    """Return the display name of ``key``; a missing language falls back to the other, a missing entry to the key."""
    name = described(key, indicators).name
    return Text(name.zh or name.en or key, name.en or name.zh or key)


def verdict_words(verdict: Verdict) -> Text:
    """Return the verdict as a label."""
    return _VERDICTS[verdict]


def horizon_words(horizon: int, frequency: str) -> Text:
    """Return when an effect is read: ``after 3 months``, ``in the same month``.

    Empty at horizon 0 in a cross-section (``frequency`` empty).
    """
    same, zh, en = _PERIODS.get(frequency, ("同期", "期", "period"))
    if horizon == 0:
        return Text(same, f"in the same {en}") if frequency else Text("", "")
    return Text(f"{horizon}{zh}后", f"after {horizon} {en}{'' if horizon == 1 else 's'}")


def move_words(lever: Lever, indicators: Names) -> Text:
    """Return the move as a verb phrase: ``订单交付周期缩短1天``, ``Cutting Delivery cycle by 1 day``."""
    mover, name = described(lever.lever, indicators), name_of(lever.lever, indicators)
    size = amount(_step_number(lever), mover.unit)
    gerund = "Raising" if lever.step >= 0 else "Cutting" if mover.better == "lower" else "Lowering"
    basis = Text("（一个典型波动幅度）", " (one typical fluctuation)") if lever.step_basis == "sd" else Text("", "")
    zh = f"{name.zh}{verb_zh(lever.step, mover.unit)}{size.zh}{basis.zh}"
    return Text(zh, f"{gerund} {name.en} by {size.en}{basis.en}")


def step_words(lever: Lever, indicators: Names) -> Text:
    """Return the signed step with its unit, for a table: ``-1天``, ``+2 percentage points``."""
    sign = "-" if lever.step < 0 else "+"
    return amount(sign + _step_number(lever), described(lever.lever, indicators).unit)


def gain_words(lever: Lever, indicators: Names) -> Text:
    """Return the expected improvement of one step, signed, with its unit: ``+0.78 points``."""
    decimals = decimals_of_interval(lever.gain_per_step, lever.gain_low, lever.gain_high)
    number = format_fixed(lever.gain_per_step, decimals)
    plus = "+" if lever.gain_per_step > 0 and number.strip("0.") else ""
    return amount(plus + number, described(lever.outcome, indicators).unit)


def verb_zh(direction: float, unit: str) -> str:
    """Return the Chinese verb for a change: time is shortened, counts decrease, shares and levels fall."""
    kind = unit_words(unit).kind
    if direction < 0:
        return {"time": "缩短", "count": "减少"}.get(kind, "降低")
    return {"time": "增加", "count": "增加"}.get(kind, "提高")


def listed_zh(items: list[str]) -> str:
    """Join with 、 and 和."""
    return items[0] if len(items) == 1 else f"{'、'.join(items[:-1])}和{items[-1]}"


def listed_en(items: list[str]) -> str:
    """Join with commas and *and*."""
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}"


def spaced(zh: str, en: str) -> Text:
    """Return both wordings, with a space between Chinese and Latin letters as Chinese typesetting has it."""
    return Text(_LATIN_HAN.sub(r"\1 \2", _HAN_LATIN.sub(r"\1 \2", zh)), en)


def _step_number(lever: Lever) -> str:
    return format_number(abs(lever.step), 6 if lever.step_basis == "declared" else 3)
