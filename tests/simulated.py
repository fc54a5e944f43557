"""Small simulated panels of known truth, as frames; loaded by the fixture ``simulated``.

x(t) = B_0 x(t) + sum_l B_l x(t - l) + noise, plus a level per entity and a term per period; [y, x] is x -> y.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from causal_service.errors import Text
from causal_service.panel.dictionary import DEFAULT_LAYERS, Dictionary, Indicator
from causal_service.panel.panel import Panel
from causal_service.panel.reading import panel_from_frame

KEYS = {"entity": "plant", "period": "month"}
Floats = NDArray[np.float64]

CHAIN = ("cycle", "ontime", "rating", "visits")
"""cycle -> ontime -> rating, cycle -> rating; visits is unrelated but large where plants are large."""
CHAIN_NOW = np.array([[0, 0, 0, 0], [-0.8, 0, 0, 0], [-0.5, 0.7, 0, 0], [0, 0, 0, 0.0]])
CHAIN_PAST = np.diag([0.4, 0.3, 0.3, 0.2])
CHAIN_PAST[2, 1] = 0.2


def months(count: int) -> list[str]:
    return [f"{2020 + m // 12}-{m % 12 + 1:02d}" for m in range(count)]


def system_values(
    now: Floats, past: Sequence[Floats], entities: int, periods: int, rng: np.random.Generator, level: float
) -> Floats:
    """(entities, periods, p) after a burn-in of 30 periods, with entity levels and period terms of that size."""
    p = len(now)
    inverse = np.linalg.inv(np.eye(p) - now)
    x = np.zeros((entities, 30 + periods, p))
    for t in range(len(past), x.shape[1]):
        drive = rng.normal(size=(entities, p))
        for lag, B in enumerate(past, 1):
            drive += x[:, t - lag] @ B.T
        x[:, t] = drive @ inverse.T
    levels = level * rng.normal(size=(entities, 1, 1)) * np.ones(p) + 0.3 * level * rng.normal(size=(1, periods, p))
    return x[:, 30:] + levels


def frame(
    seed: int = 0,
    *,
    names: Sequence[str] = CHAIN,
    now: Floats = CHAIN_NOW,
    past: Sequence[Floats] = (CHAIN_PAST,),
    entities: int = 20,
    periods: int = 14,
    level: float = 2.0,
    gaps: float = 0.0,
) -> pd.DataFrame:
    """One row per plant and month; a share ``gaps`` of cells is empty."""
    rng = np.random.default_rng(seed)
    values = system_values(now, past, entities, periods, rng, level).reshape(-1, len(names))
    values[rng.random(values.shape) < gaps] = np.nan
    keys = {
        "plant": np.repeat([f"plant {i:02d}" for i in range(entities)], periods),
        "month": np.tile(months(periods), entities),
    }
    return pd.DataFrame(keys | {name: values[:, j] for j, name in enumerate(names)})


def panel(source: pd.DataFrame, weight: str | None = None) -> Panel:
    return panel_from_frame(source, weight=weight, **KEYS)


def cross_section(source: pd.DataFrame, entity: str | None = None, weight: str | None = None) -> Panel:
    return panel_from_frame(source, entity=entity, weight=weight)


def dictionary(layers: Mapping[str, str | None] | None = None, **entries: Mapping[str, object]) -> Dictionary:
    """A dictionary with ``layers`` by indicator and further fields by indicator."""
    keys = [*(layers or {}), *(key for key in entries if key not in (layers or {}))]
    indicators = {
        key: Indicator(key, Text(key, key), layer=(layers or {}).get(key), **entries.get(key, {}))  # type: ignore[arg-type]
        for key in keys
    }
    return Dictionary(indicators, DEFAULT_LAYERS)
