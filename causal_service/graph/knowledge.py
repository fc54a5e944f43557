"""What is known before looking at the data: tiers, required and forbidden edges."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Knowledge"]


@dataclass(frozen=True, slots=True)
class Knowledge:
    """Background knowledge over named indicators.

    Tiers bind lag 0 only: a later tier never causes an earlier one within a period.
    """

    tiers: dict[str, int]
    """Tier by indicator, 0 earliest; an indicator without an entry is untiered (free)."""
    required: tuple[tuple[str, str, int | None], ...] = ()
    """Arrows (cause, effect, lag) that must be present; lag ``None`` = at some lag."""
    forbidden: tuple[tuple[str, str, int | None], ...] = ()
    """Arrows (cause, effect, lag) that must be absent; lag ``None`` = at every lag."""
