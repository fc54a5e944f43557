"""Numbers as people type them: ``12.5%``, ``1,234``, ``¥1,234``, ``（1,234）``, full-width, words for missing."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from causal_service.panel.labels import normalise

__all__ = ["MISSING", "ParsedColumn", "has_decimal_comma", "parse_cell", "parse_column"]

MISSING = frozenset(
    (
        *("", "-", "--", "---", "—", "——", "–", "/", "\\", ".", ".."),
        *("n/a", "na", "nan", "<na>", "nat", "null", "none", "nil", "\\n", "无", "暂无", "缺失", "空"),
        *("#n/a", "#n/a n/a", "#na", "#null!", "#div/0!", "#value!", "#ref!", "#name?", "#num!"),
    )
)
"""Cell texts (normalised, lower case) that mean *not measured*."""

_PLAIN = re.compile(r"[+-]?(?:(\d{1,3}(?:,\d{3})+|\d{1,3}(?: \d{3})+)|\d+)?(?:\.\d*)?(?:e[+-]?\d+)?", re.IGNORECASE)
_DECIMAL_COMMA = re.compile(r"[+-]?(?:\d{1,3}(?:[. ]\d{3})+|\d*),\d+ ?%?")
_INFINITE = re.compile(r"[+-]?(?:inf(?:inity)?|∞)", re.IGNORECASE)
_CURRENCY = re.compile(r"^([+-]?)(?:[¥$€£]|rmb|cny|usd|eur)\s*|\s*(?:[¥$€£元]|rmb|cny|usd|eur)$", re.IGNORECASE)
_DASHES = str.maketrans({"−": "-", "‐": "-", "‑": "-", "–": "-"})


@dataclass(frozen=True, slots=True)
class ParsedColumn:
    """One column as numbers."""

    values: NDArray[np.float64]
    """Values in file order; NaN where missing or not a number."""
    bad: NDArray[np.intp]
    """Positions of cells that are neither a number nor a word for missing."""
    forms: frozenset[str]
    """Forms met: ``percent`` ``thousands`` ``currency`` ``parentheses`` ``full-width`` ``boolean``."""
    percent_cells: int
    """Number of cells written with a percent sign."""
    filled: int
    """Number of cells that are not missing."""


def has_decimal_comma(text: str) -> bool:
    """Whether a text that is no number here is one with a decimal comma, thousands grouped by points or blanks."""
    return _DECIMAL_COMMA.fullmatch(normalise(text).translate(_DASHES)) is not None


def parse_cell(text: str) -> tuple[float | None, frozenset[str]]:
    """Return the number in ``text`` and the forms it was written in; NaN for missing, ``None`` when it is no number.

    A percent sign keeps percent points (``12.5%`` is 12.5); brackets mean negative (accounting form).
    """
    plain = normalise(text).translate(_DASHES)
    forms = {"full-width"} if re.search("[\uff00-\uffef]", text) else set()
    word = plain.casefold()
    if word in MISSING:
        return float("nan"), frozenset()
    if word in ("true", "false"):
        return float(word == "true"), frozenset({"boolean"})
    sign, body, wrapped = _unwrap(plain)
    value = _plain_number(body)
    if value is None:
        return None, frozenset()
    if "," in body or " " in body:
        forms.add("thousands")
    return sign * value, frozenset(forms | wrapped)


def _unwrap(text: str) -> tuple[float, str, set[str]]:
    """Take brackets, currency and percent signs off, in any order; return sign, rest and forms."""
    sign, forms = 1.0, set()
    for _ in range(3):
        if text.startswith("(") and text.endswith(")") and sign > 0:
            sign, text = -1.0, text[1:-1].strip()
            forms.add("parentheses")
        if text.endswith("%") and "percent" not in forms:
            text = text[:-1].strip()
            forms.add("percent")
        if (match := _CURRENCY.search(text)) and "currency" not in forms:
            text = (match.group(1) or "") + (text[: match.start()] + text[match.end() :]).strip()
            forms.add("currency")
    return sign, text, forms


def _plain_number(body: str) -> float | None:
    if _INFINITE.fullmatch(body):
        return float("-inf") if body.startswith("-") else float("inf")
    if not _PLAIN.fullmatch(body) or not any(char.isdigit() for char in body) or body[0] in "eE":
        return None
    return float(body.replace(",", "").replace(" ", ""))


def parse_column(cells: Sequence[object] | pd.Series) -> ParsedColumn:
    """Return ``cells`` as numbers; plain numbers go through one vectorised pass, the rest once per distinct text."""
    column = pd.Series(cells)
    if pd.api.types.is_numeric_dtype(column.dtype):
        values = column.to_numpy(dtype=np.float64, na_value=np.nan)
        boolean = {"boolean"} if pd.api.types.is_bool_dtype(column.dtype) else set()
        return ParsedColumn(values, np.empty(0, np.intp), frozenset(boolean), 0, int(np.isfinite(values).sum()))
    column = column.astype(object)
    empty = column.isna().to_numpy()
    values = np.where(empty, np.nan, _numeric(column))
    rest = np.flatnonzero(np.isnan(values) & ~empty)
    codes, words = pd.factorize(column.iloc[rest].astype(str))
    parsed = [parse_cell(str(word)) for word in words]
    numbers = np.array([np.nan if number is None else number for number, _ in parsed], dtype=np.float64)
    unreadable = np.array([number is None for number, _ in parsed], dtype=bool)
    if rest.size:
        values[rest] = numbers[codes]
    bad = rest[unreadable[codes]] if rest.size else rest
    percent = np.array(["percent" in forms for _, forms in parsed], dtype=bool)
    return ParsedColumn(
        values=values,
        bad=bad,
        forms=frozenset().union(*(forms for _, forms in parsed)),
        percent_cells=int(percent[codes].sum()) if rest.size else 0,
        filled=int((~np.isnan(values)).sum() + bad.size),
    )


def _numeric(column: pd.Series) -> NDArray[np.float64]:
    """Return what pandas reads as a number; NaN elsewhere. Dates are no numbers."""
    kind = pd.api.types.infer_dtype(column, skipna=True)
    if kind == "string":
        return np.asarray(pd.to_numeric(column, errors="coerce"), dtype=np.float64)
    return np.array([_as_float(cell) for cell in column], dtype=np.float64)


def _as_float(cell: object) -> float:
    if isinstance(cell, (bool, np.bool_, int, float, np.number)) or type(cell).__name__ == "Decimal":
        return float(cell)  # type: ignore[arg-type]
    return float("nan")
