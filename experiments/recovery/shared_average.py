"""Truth of the shared simulator averaged over the panel; its own is the response in one period (see question.md)."""

from __future__ import annotations

from typing import Any

import numpy as np
from case import Array
from numpy.typing import NDArray
from simulation import Adjust
from twins import POINTS, average_effects, twin_entities

BURN = 40
"""Burn-in of the shared simulator's panels."""
TWIN_SEED = 700_000
"""Added to a panel's seed for the noise of its twins."""


def averaged_truth(
    simulator: Any, model: dict[str, Any], config: Any, points: int = POINTS
) -> tuple[Array, Array, Array]:
    """Impact, cumulative, sustained, as ordered by the simulator's ``truth``; season and shocks are the panel's."""
    inputs, base = twin_inputs(simulator, model, config, points)
    starts = BURN + np.arange(config.T - config.h)

    def step(before: Array, at: NDArray[np.int64], adjust: Adjust | None) -> Array:
        return advance(simulator, model, inputs, before[0], at, adjust)

    impact, sustained, cumulative = average_effects(
        step,
        base,
        starts,
        0.25 * simulator.within_sd(base[BURN:]),
        model["kind"] == 1,
        (-1.0, 1.0),
        model["out"],
        config.h,
    )
    return impact, cumulative, sustained


def twin_inputs(simulator: Any, model: dict[str, Any], config: Any, points: int) -> tuple[dict[str, Any], Array]:
    """Return everything random of the twins, and their undisturbed run (BURN + T, N, p)."""
    own: dict[str, Any] = {}
    simulator.simulate(model, config, config.N, config.T, config.seed + 7, memo=own)
    twins: dict[str, Any] = {}
    entities = twin_entities(config.T - config.h, points)
    simulator.simulate(model, config, entities, config.T, config.seed + TWIN_SEED, memo=twins)
    twins["G"] = own["G"]
    simulator.simulate(model, config, entities, config.T, config.seed + TWIN_SEED, memo=twins)
    return twins, twins["base"]


def advance(
    simulator: Any,
    model: dict[str, Any],
    inputs: dict[str, Any],
    before: Array,
    at: NDArray[np.int64],
    adjust: Adjust | None = None,
) -> Array:
    """One period of the shared simulator's system from many states (S, N, p) at once."""
    value_of = before @ model["A1"].T + 0.5 * inputs["al"] + inputs["G"][at][:, None, :] + inputs["E"][at]
    value_of += inputs["u"][at][:, :, None] * model["cu"]
    x = np.empty_like(value_of)
    for j in range(model["p"]):
        value = value_of[:, :, j]
        for k in np.flatnonzero(model["A0"][j]):
            value = value + model["A0"][j, k] * simulator._f(x[:, :, k], model["K"][j, k])
        if model["kind"][j] == 1:
            value = np.where(value > 0, 1.0, -1.0)
        elif model["kind"][j] == 2:
            mean = np.exp(np.clip(0.6 + 0.45 * value, -4, 3.5))
            count = simulator._ppf(inputs["Un"][at, :, j].ravel(), mean.ravel())
            value = count.reshape(mean.shape) - 2.0
        x[:, :, j] = adjust[1](value) if adjust is not None and adjust[0] == j else value
    return x
