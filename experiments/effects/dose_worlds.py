"""Simulated panels in which the response to a kept level is known exactly, whatever its shape.

demand -> spend -> traffic -> revenue, demand -> revenue, last period's revenue -> spend (it sets the budget), inertia
everywhere, entity levels that confound, periods that move all, and four bystanders. All links but the one from spend
to revenue are straight; that one is ``shape``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

Array = np.ndarray

NAMES = ("demand", "staff", "spend", "traffic", "weather", "returns", "revenue", "rating")
LAYERS = ("context", "context", "process", "process", "context", "process", "business", "strategic")

SHAPES: dict[str, Callable[[Array], Array]] = {
    "straight": lambda x: 0.5 * x,
    "saturating": lambda x: -np.logaddexp(0, -1.8 * x) / 1.8,
    "hill": lambda x: 3.0 * np.maximum(x + 3, 0) ** 3 / (3.0**3 + np.maximum(x + 3, 0) ** 3),
    "turning": lambda x: -0.8 * np.hypot(1, x - 0.3),
    "threshold": lambda x: np.logaddexp(0, 3 * (x - 0.5)) / 3,
    "none": lambda x: 0.0 * x,
}
"""What spend adds to revenue in the same period, by level of spend (mean about 0, SD about 1.3)."""


TRUE_ARROWS = (
    ("demand", "spend", 0), ("revenue", "spend", 1), ("spend", "traffic", 0), ("weather", "returns", 0),
    ("spend", "revenue", 0), ("traffic", "revenue", 0), ("demand", "revenue", 0), ("returns", "revenue", 0),
    ("revenue", "rating", 0),
)  # fmt: skip
"""All arrows but those from an indicator's own past."""


def dictionary_text(graph: str) -> str:
    """The dictionary as YAML; with ``graph = "given"`` it states every arrow and rules out all others."""
    lines = ["panel: {entity: shop, period: month}", "indicators:"]
    lines += [f"  {name}: {{layer: {layer}}}" for name, layer in zip(NAMES, LAYERS, strict=True)]
    if graph == "given":
        pairs = {(a, b) for a, b, _ in TRUE_ARROWS}
        lines += ["knowledge:", f"  required: [{', '.join(f'[{a}, {b}, {lag}]' for a, b, lag in TRUE_ARROWS)}]"]
        others = [f"[{a}, {b}]" for a in NAMES for b in NAMES if a != b and (a, b) not in pairs]
        lines.append(f"  forbidden: [{', '.join(others)}]")
    return "\n".join(lines) + "\n"


@dataclass(frozen=True, slots=True)
class World:
    """A panel and what is true in it."""

    frame: pd.DataFrame
    """Long table."""
    shape: str
    """Name of the shape."""

    def kept(self, levels: Array, reference: float, horizon: int) -> Array:
        """Change of revenue at ``horizon`` when spend is kept at each level from period 0 on, against the reference."""
        f = SHAPES[self.shape]
        direct = f(np.asarray(levels)) - f(np.array(reference))
        straight = np.asarray(levels) - reference
        traffic = revenue = np.zeros_like(direct)
        for _ in range(horizon + 1):
            traffic = 0.4 * straight + 0.3 * traffic
            revenue = direct + 0.3 * traffic + 0.3 * revenue
        return revenue


def world(shape: str, seed: int, entities: int = 60, periods: int = 36, gaps: float = 0.04) -> World:
    """Simulate one panel."""
    rng = np.random.default_rng([seed, sorted(SHAPES).index(shape)])
    f, burn = SHAPES[shape], 30
    total, p = burn + periods, len(NAMES)
    level = rng.normal(size=(entities, p)) * 0.8
    size = rng.normal(size=entities)
    level[:, NAMES.index("spend")] = 0.8 * size
    level[:, NAMES.index("revenue")] += 2.0 * size
    common = 0.3 * rng.normal(size=(total, p)) + 0.4 * np.cos(2 * np.pi * np.arange(total)[:, None] / 12 + np.arange(p))
    e = rng.normal(size=(total, entities, p))
    x = np.zeros((total, entities, p))
    at = {name: j for j, name in enumerate(NAMES)}
    base = e + level + common[:, None]
    for t in range(1, total):
        old, now = x[t - 1], x[t]
        for name, inertia in (("demand", 0.5), ("staff", 0.6), ("weather", 0.2)):
            now[:, at[name]] = base[t, :, at[name]] + inertia * old[:, at[name]]
        now[:, at["spend"]] = (
            0.8 * level[:, at["spend"]] + common[t, at["spend"]] + 0.8 * e[t, :, at["spend"]]
            + 0.35 * now[:, at["demand"]] + 0.25 * (old[:, at["revenue"]] - 2.8 * size) + 0.3 * old[:, at["spend"]]
        )  # fmt: skip
        now[:, at["traffic"]] = base[t, :, at["traffic"]] + 0.4 * now[:, at["spend"]] + 0.3 * old[:, at["traffic"]]
        now[:, at["returns"]] = base[t, :, at["returns"]] + 0.4 * now[:, at["weather"]] + 0.3 * old[:, at["returns"]]
        now[:, at["revenue"]] = (
            base[t, :, at["revenue"]] + f(now[:, at["spend"]]) + 0.3 * now[:, at["traffic"]]
            + 0.4 * now[:, at["demand"]] - 0.3 * now[:, at["returns"]] + 0.3 * old[:, at["revenue"]]
        )  # fmt: skip
        now[:, at["rating"]] = base[t, :, at["rating"]] + 0.5 * now[:, at["revenue"]] + 0.3 * old[:, at["rating"]]
    values = x[burn:].transpose(1, 0, 2).reshape(-1, p)
    values[rng.random(values.shape) < gaps] = np.nan
    keys = {
        "shop": np.repeat([f"S{i:03d}" for i in range(entities)], periods),
        "month": np.tile([f"{2020 + m // 12}-{m % 12 + 1:02d}" for m in range(periods)], entities),
    }
    return World(pd.DataFrame(keys | {name: values[:, j] for j, name in enumerate(NAMES)}), shape)
