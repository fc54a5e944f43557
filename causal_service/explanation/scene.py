"""What a question to a stored study rests on: its system, and what a reader needs to know of its indicators."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from causal_service.effects.moves import Move
from causal_service.effects.system import System
from causal_service.errors import CallError, Text
from causal_service.levers.results import Lever
from causal_service.panel.dictionary import Dictionary, Indicator
from causal_service.panel.labels import find_indicator
from causal_service.panel.summary import IndicatorSummary
from causal_service.study_choices.question import MOST_HORIZON, check_options

__all__ = ["Note", "Scene", "no_system"]


@dataclass(frozen=True, slots=True)
class Note:
    """Something that must be known beside the numbers."""

    code: str
    """Kebab-case identifier, for example ``beyond-data``."""
    params: dict[str, Any]
    """Values quoted in the text."""
    text: Text
    """In words."""


@dataclass(frozen=True, slots=True)
class Scene:
    """A stored study as questions see it."""

    system: System
    """The learned system."""
    indicators: Mapping[str, IndicatorSummary]
    """All indicators of the study by key."""
    outcomes: tuple[str, ...]
    """Keys of the outcomes."""
    levers: Sequence[Lever]
    """Ranked levers of all outcomes."""
    frequency: str
    """``PanelSummary.frequency``; empty in a cross-section."""
    widening: Mapping[str, float] = field(default_factory=dict)
    """Factor of half-widths by outcome, from a rehearsal."""

    @property
    def units(self) -> dict[str, str]:
        """Unit by indicator."""
        return {key: entry.unit for key, entry in self.indicators.items()}

    def horizon(self, asked: int | None) -> int:
        """Return the horizon asked for, else that of the study; 0 where the system has no memory.

        Raises
        ------
        CallError : ``option-out-of-range``.
        """
        if asked is None:
            return self.system.horizon if self.system.lags else 0
        if isinstance(asked, bool) or not isinstance(asked, int):
            asked = MOST_HORIZON + 1
        check_options(0, asked, 20, 0)
        return asked

    def key(self, name: str, role: Text) -> str:
        """Return the indicator of the system that a key or display name stands for.

        Raises
        ------
        UnknownName : no such indicator. CallError : ``ambiguous-name`` or ``left-out-of-system``.
        """
        known = Dictionary({key: Indicator(key, entry.name) for key, entry in self.indicators.items()})
        key = find_indicator(name, tuple(self.indicators), known, role)
        if key in self.system.names:
            return key
        raise CallError(
            "left-out-of-system",
            Text(
                f"研究指标太多，“{key}”未保存在研究结果的系统中。",
                f"The study has too many indicators for all to be stored; '{key}' was left out of its system.",
            ),
            Text("请在较少的杠杆上重新研究，并包含它。", "Study fewer levers, this one among them."),
            {"indicator": key},
        )

    def named(self, moves: Sequence[Move]) -> tuple[Move, ...]:
        """Return the moves with levers by key."""
        role = Text("要移动的杠杆", "lever")
        return tuple(replace(move, lever=self.key(move.lever, role)) for move in moves)


def no_system() -> CallError:
    """Return the refusal of a question to a study that was stored without its system."""
    return CallError(
        "no-system",
        Text(
            "这份研究结果没有保存系统，无法回答假设问题。",
            "This study was stored without its system and cannot answer what-if.",
        ),
        Text("请用当前版本重新运行研究。", "Run the study again with this release."),
    )
