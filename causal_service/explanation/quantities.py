"""Numbers in the reader's language; units are those of ``panel.units``.

Only rounding happens here: no number is invented. Minus signs are ASCII; typesetting is the report's business.
"""

from __future__ import annotations

import math

from causal_service.errors import Text
from causal_service.panel.units import amount, unit_words

__all__ = [
    "decimals_of_interval",
    "format_effect",
    "format_fixed",
    "format_interval",
    "format_level",
    "format_number",
    "format_share",
    "format_signed_share",
    "is_known",
]

UNKNOWN = "—"


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
