"""What would have been: one entity in one period with a lever at another level.

Abduction, action, prediction in a linear system (Pearl 2009, section 7.1): whatever else moved the entity in those
periods is kept as it was, so every indicator would have been its observed value plus the response to the difference.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

from causal_service.effects.moves import Amount, SettledMove, read_amount, settled_moves
from causal_service.effects.what_if import Response, response_draws, responses_of
from causal_service.errors import DataError, Text
from causal_service.explanation.counterfactual_sentences import counterfactual_text, other_panel, panel_ends
from causal_service.explanation.phrases import name_of
from causal_service.explanation.plain import plain
from causal_service.explanation.scene import Note, Scene
from causal_service.explanation.what_if_notes import notes_on
from causal_service.panel.cells import find_cell
from causal_service.panel.panel import Panel

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Counterfactual", "counterfactual"]


@dataclass(frozen=True, slots=True)
class Instead:
    """One indicator as it was and as it would have been, period by period, in its unit."""

    indicator: str
    """Indicator key."""
    unit: str
    """Its unit, as the dictionary writes it."""
    observed: tuple[float | None, ...]
    """What was measured; ``None`` in a gap, for which only the difference can be told."""
    difference: tuple[float, ...]
    """Expected difference (mean of the draws)."""
    difference_low: tuple[float, ...]
    """Lower ends of its 95 % intervals."""
    difference_high: tuple[float, ...]
    """Upper ends."""
    value: tuple[float | None, ...]
    """Observed plus difference."""


@dataclass(frozen=True, slots=True)
class Counterfactual:
    """One entity with some levers at other levels, everything else as it was."""

    entity: str
    """Label of the entity."""
    periods: tuple[str, ...]
    """Labels of the periods looked at; the levers are moved from the first on."""
    moves: tuple[SettledMove, ...]
    """The moves against what was measured in the first period, sorted by lever."""
    instead: tuple[Instead, ...]
    """What would have been: outcomes first, then by size."""
    same_panel: bool
    """Whether the panel is the one that was studied."""
    notes: tuple[Note, ...]
    """What must be known beside the numbers."""
    text: Text
    """In one paragraph."""
    names: dict[str, Text]
    """Display names of the indicators mentioned, by key."""

    def __str__(self) -> str:
        return " ".join([self.text.en, *(note.text.en for note in self.notes)])

    def _repr_html_(self) -> str:
        head = "".join(f"<th>{escape(label)}</th>" for label in self.periods)
        rows = "".join(
            f"<tr><th style='text-align:left'>{escape(self.names[row.indicator].en)}</th>"
            + "".join(
                f"<td>{'—' if was is None or would is None else f'{was:.4g} → {would:.4g}'}</td>"
                for was, would in zip(row.observed, row.value, strict=True)
            )
            + "</tr>"
            for row in self.instead
        )
        return f"<div><p>{escape(self.text.en)}</p><table><tr><th></th>{head}</tr>{rows}</table></div>"

    def to_dict(self) -> dict[str, Any]:
        """Return plain lists, strings and numbers of 12 significant digits."""
        content: dict[str, Any] = plain(self)
        return content

    def to_frame(self) -> pd.DataFrame:
        """Return one row per indicator and period."""
        import pandas as pd

        return pd.DataFrame(
            [
                {"indicator": row.indicator, "period": label, "observed": row.observed[t], "value": row.value[t],
                 "difference": row.difference[t], "low": row.difference_low[t], "high": row.difference_high[t]}
                for row in self.instead
                for t, label in enumerate(self.periods)
            ]
        )  # fmt: skip


def counterfactual(
    scene: Scene,
    panel: Panel,
    levels: Mapping[str, Amount],
    *,
    entity: str | None,
    period: str | None,
    kept: bool,
    horizon: int | None,
    same_panel: bool,
) -> Counterfactual:
    """Return what would have been.

    Parameters
    ----------
    panel : with the indicators of the study.
    levels : lever -> the level it would have had (a number), or a text as in ``what_if``.
    entity, period : labels; ``None`` = the only entity, its last period.
    kept : whether the levers stay moved in the periods after, or are back at what was measured.
    horizon : periods after the first that are looked at, as far as the panel goes; default the study's.
    same_panel : whether the panel is the one that was studied.

    Raises
    ------
    UnknownName : lever, entity or period. CallError : moves that cannot be made. DataError : ``no-such-row`` or
    ``gap-in-cell``.
    """
    e, t = find_cell(panel, entity, period)
    last = min(scene.horizon(horizon), len(panel.periods) - 1 - t)
    asked = [read_amount(name, {"to": amount} if _is_level(amount) else amount) for name, amount in levels.items()]
    moves = [replace(move, last=move.last if kept else move.start) for move in scene.named(asked)]
    here = _standing_at(scene, panel, e, t, {move.lever for move in moves})
    settled = settled_moves(moves, here.system, last)
    draws = response_draws(here.system, settled, last)
    responses = responses_of(
        draws, here.system, settled, units=scene.units, first=scene.outcomes, widening=scene.widening
    )
    instead = tuple(_instead(row, panel, e, t) for row in responses)
    labels = panel.periods[t : t + last + 1]
    reached = {row.indicator: [value for value in row.value if value is not None] for row in instead}
    notes = notes_on(here, settled, responses, last, reached)
    if last < scene.horizon(horizon) and (kept or horizon is not None):
        notes = (panel_ends(labels, scene.horizon(horizon)), *notes)
    mentioned = [*(move.lever for move in settled), *(row.indicator for row in instead)]
    return Counterfactual(
        entity=panel.entities[e],
        periods=labels,
        moves=settled,
        instead=instead,
        same_panel=same_panel,
        notes=notes if same_panel else (other_panel(), *notes),
        text=counterfactual_text(scene, panel.entities[e], labels, settled, instead),
        names={key: name_of(key, scene.indicators) for key in mentioned},
    )


def _is_level(amount: Amount) -> bool:
    return isinstance(amount, (int, float))


def _standing_at(scene: Scene, panel: Panel, e: int, t: int, moved: set[str]) -> Scene:
    """Return the scene with the entity's own values as the levels that moves start from."""
    standings = []
    for entry in scene.system.indicators:
        value = float(panel.values[e, t, panel.indicators.index(entry.indicator)])
        if not np.isfinite(value) and entry.indicator in moved:
            raise _gap(entry.indicator, panel.entities[e], panel.periods[t])
        standings.append(replace(entry, latest=value) if np.isfinite(value) else entry)
    return replace(scene, system=replace(scene.system, indicators=tuple(standings)))


def _instead(row: Response, panel: Panel, e: int, t: int) -> Instead:
    column = panel.indicators.index(row.indicator)
    cells = panel.values[e, t : t + len(row.value), column]
    present = panel.present[e, t : t + len(row.value)]
    observed = tuple(float(x) if there and np.isfinite(x) else None for x, there in zip(cells, present, strict=True))
    value = tuple(None if was is None else was + d for was, d in zip(observed, row.value, strict=True))
    return Instead(row.indicator, row.unit, observed, row.value, row.low, row.high, value)


def _gap(indicator: str, entity: str, period: str) -> DataError:
    return DataError(
        "gap-in-cell",
        Text(
            f"“{entity}”在“{period}”的“{indicator}”没有测量值，无从比较。",
            f"'{indicator}' of '{entity}' was not measured in '{period}': there is nothing to compare with.",
        ),
        Text("请换一个有测量值的时期，或改用 whatif。", "Choose a period in which it was measured, or ask what-if."),
        {"indicator": indicator, "entity": entity, "period": period},
    )
