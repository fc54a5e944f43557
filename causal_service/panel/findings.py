"""A finding: one checked statement about the data, with what to do about it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from causal_service.errors import Text

__all__ = ["Finding", "Scope", "Severity"]

Severity = Literal["pass", "review", "fail"]
Scope = Literal["panel", "indicator"]
ParamValue = float | int | str | bool | None | tuple[str, ...] | tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Finding:
    """One checked statement.

    A panel-scoped ``fail`` stops the study; an indicator-scoped ``fail`` removes that indicator by name.
    """

    code: str
    """Kebab-case identifier, stable across versions, for example ``calendar-gap``."""
    severity: Severity
    """``pass`` (looked and found nothing), ``review`` (a person should look), ``fail``."""
    scope: Scope
    """Whether the statement concerns the whole panel or the indicators named."""
    indicators: tuple[str, ...]
    """Keys of the indicators concerned; empty when panel-scoped."""
    message: Text
    """What was found, with the numbers."""
    remedy: Text
    """What to do about it."""
    params: dict[str, ParamValue] = field(default_factory=dict)
    """The numbers and names quoted in the message."""
