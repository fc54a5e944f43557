"""A small panel with every kind of column, prepared for simulation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest

from causal_service.panel.dictionary import Dictionary
from causal_service.panel.panel import Panel
from causal_service.rehearsal.levels import levels_of
from causal_service.rehearsal.twins import System, marginals_of, scales_of, system_of


@dataclass(frozen=True)
class Ready:
    """A panel and a system fitted to it."""

    panel: Panel
    system: System


def fitted(
    panel: Panel,
    known: Dictionary,
    arrows: list[tuple[str, str, int]],
    strength: float = 0.4,
    loadings: Sequence[float] = (),
    drawn: Callable[[np.ndarray], np.ndarray] | None = None,
) -> Ready:
    """The system with these arrows, every standardised coefficient the same; own lags of .3.

    ``drawn`` says which rows a draw has, given their levels (R, d).
    """
    levels = levels_of(panel, known, (), 1)
    p = len(levels.names)
    at = {name: j for j, name in enumerate(levels.names)}
    lines = np.zeros((p, 2 * p))
    lines[np.arange(p), np.arange(p)] = 0.3
    for cause, effect, lag in arrows:
        lines[at[effect], at[cause] + (0 if lag else p)] = strength
    scales = scales_of(panel, levels)
    weight = levels.rows.rows.weight * (1.0 if drawn is None else drawn(levels.values))
    driven = np.array(loadings)
    return Ready(panel, system_of(levels, scales, marginals_of(panel, known), lines != 0, lines, weight, driven))


@pytest.fixture(scope="session")
def fit() -> Callable[..., Ready]:
    return fitted


@pytest.fixture(scope="session")
def chain(simulated) -> Ready:
    """cycle -> ontime -> rating, cycle -> rating, ontime -> rating a month later; visits stand alone; gaps."""
    frame = simulated.frame(3, entities=12, periods=16, gaps=0.05)
    frame = frame.drop(index=[5, 60, 61, 100]).reset_index(drop=True)
    arrows = [("cycle", "ontime", 0), ("ontime", "rating", 0), ("cycle", "rating", 0), ("ontime", "rating", 1)]
    return fitted(simulated.panel(frame), simulated.dictionary(), arrows)


@pytest.fixture(scope="session")
def mixed_frame(simulated) -> pd.DataFrame:
    """The chain with two states for ontime, counted visits, and a rating that is a share."""
    frame = simulated.frame(4, entities=14, periods=20, level=0.5, gaps=0.03)
    rng = np.random.default_rng(0)
    frame["ontime"] = np.where(frame["ontime"] > frame["ontime"].median(), 1.0, 0.0) + 0 * frame["ontime"]
    size = np.repeat(rng.normal(0, 0.6, 14), 20)
    frame["visits"] = rng.poisson(np.exp(0.3 * frame["cycle"].fillna(0.0) + 0.5 + size)).astype(float)
    frame["rating"] = 1 / (1 + np.exp(-frame["rating"] - 2))
    return frame


@pytest.fixture(scope="session")
def mixed(simulated, mixed_frame) -> Ready:
    arrows = [("cycle", "ontime", 0), ("ontime", "rating", 0), ("cycle", "visits", 0)]
    return fitted(simulated.panel(mixed_frame), simulated.dictionary(), arrows)
