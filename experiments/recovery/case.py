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


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """A panel and its truth. Arrays over indicators follow ``names``; effects are those on the outcome."""

    frame: pd.DataFrame
    """Long table: entity, month, indicators."""
    dictionary: Dictionary
    """Layers and what can be controlled."""
    names: tuple[str, ...]
    """The p indicators."""
    outcome: int
    """Position of the outcome in ``names``."""
    now: Bool
    """(p, p) [y, x]: x -> y within a month."""
    lagged: Bool
    """(p, p) [y, x]: x -> y one month later, inertia on the diagonal."""
    impact: Array
    """(p,) outcome unit per indicator unit."""
    sustained: Array
    """(p,) at horizon 3, same unit."""
    cumulative: Array
    """(p,) over 0..3, same unit."""
    within_sd: Array
    """(p,) of the complete panel, indicator unit."""
    planted: tuple[str, ...] = ()
    """Consequences of the outcome planted on purpose."""


def month_label(t: int) -> str:
    """Calendar label of month ``t``; 0 is 2020-01."""
    return f"{2020 + t // 12}-{t % 12 + 1:02d}"


def long_table(X: Array, names: Sequence[str]) -> pd.DataFrame:
    """Long table of a panel (T, N, p); cells that are empty throughout are left out as rows."""
    T, N, p = X.shape
    rows = np.transpose(X, (1, 0, 2)).reshape(N * T, p)
    frame = pd.DataFrame(rows, columns=list(names))
    frame.insert(0, "entity", np.repeat([f"plant {i + 1:03d}" for i in range(N)], T))
    frame.insert(1, "month", np.tile([month_label(t) for t in range(T)], N))
    return frame[~np.isnan(rows).all(axis=1)]


def dictionary_of(
    names: Sequence[str], layers: Sequence[str | None], outcome: int, controllable: Sequence[str] = ()
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
        entity="entity",
        period="month",
    )
