"""Attribute docstrings, units included, as the descriptions of the API."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import Any, TypeVar, get_args, get_type_hints

from pydantic import ConfigDict

__all__ = ["documented"]

T = TypeVar("T")


def documented(kind: type[T]) -> type[T]:
    """Let pydantic take the descriptions of a dataclass, and of all it holds, from its attribute docstrings."""
    for part in _within(kind, set()):
        part.__pydantic_config__ = ConfigDict(use_attribute_docstrings=True)
    return kind


def _within(kind: Any, seen: set[Any]) -> set[Any]:
    if kind in seen:
        return seen
    if is_dataclass(kind):
        seen.add(kind)
        hints = get_type_hints(kind)
        for entry in fields(kind):
            _within(hints[entry.name], seen)
    for inner in get_args(kind):
        _within(inner, seen)
    return seen
