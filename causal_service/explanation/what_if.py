"""What-if: levers moved, what follows period by period, and in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

from causal_service.effects.moves import Amount, Move, SettledMove, moves_of, settled_moves
from causal_service.effects.what_if import Response, response_draws, responses_of
from causal_service.errors import Text
from causal_service.explanation.phrases import name_of
from causal_service.explanation.plain import plain
from causal_service.explanation.scene import Note, Scene
from causal_service.explanation.what_if_notes import notes_on
from causal_service.explanation.what_if_sentences import response_numbers, what_if_text

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["WhatIf", "what_if"]


@dataclass(frozen=True, slots=True)
class WhatIf:
    """A scenario: some levers moved, everything downstream reacting, all else equal."""

    horizon: int
    """Last period looked at; period 0 is the first in which anything may be moved."""
    frequency: str
    """What a period is: ``day`` | ``week`` | ``month`` | ``quarter`` | ``year`` | ``index`` | ``""``."""
    moves: tuple[SettledMove, ...]
    """The moves in the levers' units, sorted by lever."""
    responses: tuple[Response, ...]
    """What follows: outcomes first, then by size against the indicator's own fluctuation."""
    notes: tuple[Note, ...]
    """What must be known beside the numbers."""
    text: Text
    """The scenario in one paragraph."""
    names: dict[str, Text]
    """Display names of the indicators mentioned, by key."""

    def __str__(self) -> str:
        return " ".join([self.text.en, *(note.text.en for note in self.notes)])

    def _repr_html_(self) -> str:
        head = "".join(f"<th>{t}</th>" for t in range(self.horizon + 1))
        rows = "".join(
            f"<tr><th style='text-align:left'>{escape(self.names[row.indicator].en)}</th>"
            + "".join(f"<td>{escape(cell)}</td>" for cell in response_numbers(row))
            + "</tr>"
            for row in self.responses
        )
        notes = "".join(f"<li>{escape(note.text.en)}</li>" for note in self.notes)
        return (
            f"<div><p>{escape(self.text.en)}</p><table><thead><tr><th></th>{head}</tr></thead>"
            f"<tbody>{rows}</tbody></table><ul>{notes}</ul></div>"
        )

    def to_dict(self) -> dict[str, Any]:
        """Return plain lists, strings and numbers of 12 significant digits."""
        content: dict[str, Any] = plain(self)
        return content

    def to_frame(self) -> pd.DataFrame:
        """Return one row per indicator and period: indicator, period, value, low, high, unit."""
        import pandas as pd

        return pd.DataFrame(
            [
                {"indicator": row.indicator, "period": t, "value": value, "low": low, "high": high, "unit": row.unit}
                for row in self.responses
                for t, (value, low, high) in enumerate(zip(row.value, row.low, row.high, strict=True))
            ]
        )


def what_if(scene: Scene, moves: Mapping[str, Amount] | Iterable[Move], horizon: int | None = None) -> WhatIf:
    """Return what follows when levers are moved.

    Parameters
    ----------
    moves : ``{lever: amount}`` or ``Move`` objects; every lever once.
    horizon : last period looked at; default the study's.

    Raises
    ------
    CallError : moves that cannot be read or made (``effects.moves``), an unknown name, ``left-out-of-system``.
    """
    last = scene.horizon(horizon)
    settled = settled_moves(scene.named(moves_of(moves)), scene.system, last)
    draws = response_draws(scene.system, settled, last)
    responses = responses_of(
        draws, scene.system, settled, units=scene.units, first=scene.outcomes, widening=scene.widening
    )
    mentioned = [*(move.lever for move in settled), *(row.indicator for row in responses)]
    return WhatIf(
        horizon=last,
        frequency=scene.frequency,
        moves=settled,
        responses=responses,
        notes=notes_on(scene, settled, responses, last),
        text=what_if_text(scene, settled, responses, last),
        names={key: name_of(key, scene.indicators) for key in mentioned},
    )
