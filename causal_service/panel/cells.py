"""One cell of a panel, found by the names people use for entity and period."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from causal_service.errors import CallError, DataError, Text, UnknownName, nearest
from causal_service.panel.labels import fold, nearest_text
from causal_service.panel.panel import Panel
from causal_service.panel.periods import TooFine, parse_period

__all__ = ["find_cell", "with_indicators"]


def find_cell(panel: Panel, entity: str | None, period: str | None) -> tuple[int, int]:
    """Return the positions (entity, period) of a cell that was measured.

    Parameters
    ----------
    entity : label; ``None`` in a panel of one entity.
    period : label in any form of the same period; ``None`` = the last in which the entity was measured.

    Raises
    ------
    UnknownName : ``unknown-entity`` or ``unknown-period``. CallError : ``no-entity``. DataError : ``no-such-row``.
    """
    e = _entity(panel, entity)
    rows = np.flatnonzero(panel.present[e])
    t = int(rows[-1]) if period is None and rows.size else _period(panel, period or panel.periods[-1])
    if not panel.present[e, t]:
        raise DataError(
            "no-such-row",
            Text(
                f"“{panel.entities[e]}”在“{panel.periods[t]}”没有数据。",
                f"There is no row for '{panel.entities[e]}' in '{panel.periods[t]}'.",
            ),
            Text("请换一个有数据的时期。", "Choose a period in which it was measured."),
            {"entity": panel.entities[e], "period": panel.periods[t]},
        )
    return e, t


def with_indicators(panel: Panel, names: Sequence[str]) -> Panel:
    """Return the panel with just these indicators.

    Raises
    ------
    DataError : ``indicators-missing``.
    """
    missing = [name for name in names if name not in panel.indicators]
    if missing:
        raise DataError(
            "indicators-missing",
            Text(
                f"面板缺少研究用到的指标：{'、'.join(missing)}。",
                f"The panel lacks indicators of the study: {', '.join(missing)}.",
            ),
            Text(
                "请给出研究所用的面板，以及同一份指标字典。",
                "Give the panel that was studied, with the same dictionary.",
            ),
            {"indicators": missing},
        )
    columns = [panel.indicators.index(name) for name in names]
    return replace(panel, indicators=tuple(names), values=panel.values[:, :, columns])


def _entity(panel: Panel, name: str | None) -> int:
    if name is None:
        if len(panel.entities) == 1:
            return 0
        known = nearest_text("", panel.entities)
        raise CallError(
            "no-entity",
            Text("没有说明是哪个实体。", "No entity was named."),
            Text(
                f"请用 --entity-name（entity=）给出一个。{known.zh}",
                f"Name one with --entity-name (entity=). {known.en}",
            ),
        )
    if name in panel.entities:
        return panel.entities.index(name)
    hits = [i for i, label in enumerate(panel.entities) if fold(label) == fold(name)]
    if len(hits) == 1:
        return hits[0]
    raise UnknownName(
        "unknown-entity",
        Text(f"面板中没有实体“{name}”。", f"There is no entity '{name}' in the panel."),
        nearest_text(name, panel.entities),
        {"name": name, "nearest": list(nearest(name, panel.entities))},
    )


def _period(panel: Panel, name: str) -> int:
    if name in panel.periods:
        return panel.periods.index(name)
    try:
        wanted = parse_period(name)
    except TooFine:
        wanted = None
    for t, label in enumerate(panel.periods):
        if wanted is not None and parse_period(label) == wanted:
            return t
    raise UnknownName(
        "unknown-period",
        Text(
            f"面板中没有时期“{name}”（{panel.periods[0]}至{panel.periods[-1]}）。",
            f"There is no period '{name}' in the panel ({panel.periods[0]} to {panel.periods[-1]}).",
        ),
        nearest_text(name, panel.periods),
        {"name": name, "nearest": list(nearest(name, panel.periods))},
    )
