"""One simulated panel with everything that is known about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from causal_service.errors import Text
from causal_service.panel.dictionary import Dictionary, Indicator

Array = NDArray[np.float64]
Bool = NDArray[np.bool_]

LAYERS = ("innovation", "process", "business", "strategic", "aftermath")
STEPLESS = ("continuous", "heavy", "saturating")
"""Kinds whose equation is their value."""


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """A panel and its truth. Arrays over indicators follow ``names``; effects are those on the outcome."""

    frame: pd.DataFrame
    """Long table: entity, period (a survey may lack either), indicators."""
    dictionary: Dictionary
    """Layers and what can be controlled."""
    names: tuple[str, ...]
    """The p indicators."""
    outcome: int
    """Position of the outcome in ``names``."""
    now: Bool
    """(p, p) [y, x]: x -> y within a period."""
    lagged: Bool
    """(L, p, p) [y, x]: x -> y one period later, two periods later ...; inertia on the diagonals."""
    impact: Array
    """(p,) outcome unit per indicator unit."""
    sustained: Array
    """(p,) at horizon 3, same unit."""
    cumulative: Array
    """(p,) over 0..3, same unit."""
    within_sd: Array
    """(p,) of the complete panel, indicator unit."""
    kinds: tuple[str, ...]
    """``continuous`` | ``binary`` | ``count`` | ``rate`` | ``heavy`` | ``saturating``, by indicator."""
    through: Bool
    """(p,) some path to the outcome runs through another indicator that is not continuous."""
    planted: tuple[str, ...] = ()
    """Consequences of the outcome planted on purpose."""
    average: Array | None = None
    """(3, p) impact, sustained(3), cumulative(3) averaged over the panel, where the truth above is that of one
    period; ``None`` where both are the same."""


def through_others(arrows: Bool, kinds: Sequence[str], outcome: int) -> Bool:
    """(p,) whether a chain of arrows to the outcome passes a third indicator that is not continuous."""
    p = len(arrows)
    from_to = arrows.T & ~np.eye(p, dtype=bool)
    reach = from_to.copy()
    for k in range(p):
        reach |= np.outer(reach[:, k], reach[k])
    found = np.zeros(p, bool)
    for m in range(p):
        if kinds[m] not in STEPLESS and m != outcome and reach[m, outcome]:
            found |= reach[:, m] & (np.arange(p) != m)
    return found


def period_label(t: int, frequency: str) -> str:
    """Calendar label of period ``t``; 0 is the first of 2020."""
    return f"{2020 + t // 4}Q{t % 4 + 1}" if frequency == "quarter" else f"{2020 + t // 12}-{t % 12 + 1:02d}"


def long_table(
    X: Array, names: Sequence[str], frequency: str = "month", groups: Sequence[str] | None = None
) -> pd.DataFrame:
    """Long table of a panel (T, N, p); rows that are empty throughout are left out.

    ``frequency`` none makes a survey: no period column, and an entity column only when ``groups`` (N,) are given.
    """
    T, N, p = X.shape
    rows = np.transpose(X, (1, 0, 2)).reshape(N * T, p)
    frame = pd.DataFrame(rows, columns=list(names))
    entities = groups if groups is not None else [f"plant {i + 1:03d}" for i in range(N)]
    if frequency != "none":
        frame.insert(0, "period", np.tile([period_label(t, frequency) for t in range(T)], N))
    if frequency != "none" or groups is not None:
        frame.insert(0, "entity", np.repeat(entities, T))
    return frame[~np.isnan(rows).all(axis=1)]


def dictionary_of(
    names: Sequence[str],
    layers: Sequence[str | None],
    outcome: int,
    controllable: Sequence[str] = (),
    *,
    entity: bool = True,
    period: bool = True,
) -> Dictionary:
    """Dictionary that declares a layer (or none) per indicator, and which indicators can be controlled."""
    return Dictionary(
        {
            name: Indicator(
                key=name,
                name=Text(name, name),
                layer=layer,
                better="higher" if j == outcome else None,
                controllable=True if name in controllable else None,
            )
            for j, (name, layer) in enumerate(zip(names, layers, strict=True))
        },
        layers=LAYERS,
        entity="entity" if entity else None,
        period="period" if period else None,
    )
