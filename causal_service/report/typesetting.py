"""How wide text is, and where it breaks: for SVG labels (estimated in em) and for terminals (in cells)."""

from __future__ import annotations

import re
import sys
import unicodedata
from collections.abc import Callable

__all__ = ["balanced", "cells", "em", "pad", "typographic_minus", "wrap"]

_NARROW, _WIDE_LATIN = frozenset("iljtfr.,:;'|!()[] -/"), frozenset("mwMW%@")
_TOKEN = re.compile(r"[（《“‘【]*(?:[^\s\u2e80-\u9fff\uf900-\uffef_/]+[_/]?|[_/]|[\u2e80-\u9fff\uf900-\uffef])|\s+")
_MINUS = re.compile(r"(?<![A-Za-z0-9_\-])-(?=\d)")
_NO_LINE_START = frozenset("，。、；：！？）】》”’%％)")


def em(text: str) -> float:
    """Return the estimated width of ``text`` in em of a proportional sans-serif font."""
    return sum(_em(char) for char in text)


def _em(char: str) -> float:
    if unicodedata.east_asian_width(char) in "WF":
        return 1.0
    if char in _NARROW:
        return 0.33
    if char in _WIDE_LATIN:
        return 0.88
    return 0.68 if char.isupper() else 0.56


def cells(text: str) -> int:
    """Return the width of ``text`` in terminal cells: two for wide characters, none for combining marks."""
    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text
    )


def pad(text: str, width: int, right: bool = False) -> str:
    """Fill ``text`` with spaces to ``width`` terminal cells."""
    filling = " " * max(0, width - cells(text))
    return filling + text if right else text + filling


def wrap(text: str, width: float, lines: int = sys.maxsize, measure: Callable[[str], float] = em) -> list[str]:
    """Break ``text`` into at most ``lines`` lines of ``width`` em (or cells); what does not fit ends in an ellipsis.

    Latin text breaks between words, Chinese between any two characters, closing punctuation never starts a line.
    """
    rows: list[str] = [""]
    for token in _tokens(text.strip(), width, measure):
        hangs = token in _NO_LINE_START and measure(rows[-1]) <= width
        if hangs or not rows[-1] or measure(rows[-1] + token.rstrip()) <= width:
            rows[-1] += token
        elif token.strip():
            rows.append(token)
    rows = [row.strip() for row in rows]
    if len(rows) <= lines:
        return rows
    last = rows[lines - 1]
    while last and measure(last + "…") > width:
        last = last[:-1]
    return [*rows[: lines - 1], last.rstrip() + "…"]


def balanced(text: str, width: float, lines: int) -> list[str]:
    """Break like ``wrap``, then even the lines out: ``供应商准时/到货率`` rather than ``供应商准时到货/率``."""
    rows = wrap(text, width, lines)
    if len(rows) < 2 or rows[-1].endswith("…"):
        return rows
    narrow = width
    longest = max(em(token) for token in _tokens(text, width))
    while narrow - 0.5 > max(longest, width / 2) and len(narrower := wrap(text, narrow - 0.5, lines + 1)) == len(rows):
        rows, narrow = narrower, narrow - 0.5
    return rows


def _tokens(text: str, width: float, measure: Callable[[str], float] = em) -> list[str]:
    """Split into breakable pieces; a word wider than a line is cut."""
    return [piece for token in _TOKEN.findall(text) for piece in _cut(token, width, measure)]


def _cut(word: str, width: float, measure: Callable[[str], float]) -> list[str]:
    """Cut a word into pieces of at most ``width``, one character at least; widths of characters add up."""
    pieces, used = [""], 0.0
    for char in word:
        size = measure(char)
        if pieces[-1] and used + size > width + 1e-9:
            pieces.append("")
            used = 0.0
        pieces[-1] += char
        used += size
    return pieces


def typographic_minus(text: str) -> str:
    """Replace the ASCII minus in front of a number by the minus sign."""
    return _MINUS.sub("\u2212", text)
