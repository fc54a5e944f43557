"""Panels made in code: a small manufacturing panel as a frame, and files written from it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from causal_service.panel.panel import Panel
from causal_service.panel.reading import panel_from_frame


def make_frame(entities: int = 6, periods: int = 12, indicators: int = 4, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    rows = entities * periods
    frame = pd.DataFrame(
        {
            "plant": np.repeat([f"plant {i:02d}" for i in range(entities)], periods),
            "month": np.tile([f"{2023 + m // 12}-{m % 12 + 1:02d}" for m in range(periods)], entities),
        }
    )
    level = np.repeat(rng.normal(size=(entities, indicators)), periods, axis=0)
    values = 50 + 5 * level + 3 * rng.normal(size=(rows, indicators))
    for j in range(indicators):
        frame[f"x{j:02d}"] = values[:, j]
    return frame


@pytest.fixture
def frame() -> pd.DataFrame:
    return make_frame()


@pytest.fixture
def frame_of() -> Callable[..., pd.DataFrame]:
    return make_frame


@pytest.fixture
def panel_of() -> Callable[[pd.DataFrame], Panel]:
    return lambda frame: panel_from_frame(frame, entity="plant", period="month")
