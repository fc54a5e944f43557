"""Results as plain lists, strings and numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import is_dataclass
from typing import Any

__all__ = ["DIGITS", "fields_of", "plain"]

DIGITS = 12
"""Significant digits of the numbers in ``study.json``."""


def plain(value: Any) -> Any:
    """Return a result as plain lists, strings and numbers of 12 significant digits."""
    if is_dataclass(value) and not isinstance(value, type):
        return {name: plain(item) for name, item in fields_of(value).items()}
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (tuple, list)):
        return [plain(item) for item in value]
    if isinstance(value, bool) or value is None or isinstance(value, (str, int)):
        return value
    return float(f"{float(value):.{DIGITS}g}") + 0.0


def fields_of(row: Any) -> dict[str, Any]:
    """Return the fields of a dataclass by name."""
    return {name: getattr(row, name) for name in row.__dataclass_fields__}
