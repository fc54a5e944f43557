"""Random lagged systems with draws around them, in units 1, 2, 3, ..."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from causal_service.discovery.discover import Discovery
from causal_service.discovery.resampling import Draw
from causal_service.effects.standing import Standing
from causal_service.effects.system import System, system_of
from causal_service.graph.causal_graph import CausalGraph, Certificate

Floats = NDArray[np.float64]
NAMES = ("a", "b", "c", "d", "e")
P, DRAWS = 5, 25


@dataclass
class Prepared:
    """All that effects and systems need to know of a prepared panel."""

    unit_sd: Floats = field(default_factory=lambda: np.arange(1.0, P + 1))
    totals: tuple = ()


def random_draws(seed: int, lags: int, density: float = 0.5) -> list[Floats]:
    """Coefficients (p, d) of draws around one random system; each draw misses some of the arrows."""
    rng = np.random.default_rng(seed)
    order = rng.permutation(P)
    now = np.tril(rng.normal(size=(P, P)) * (rng.random((P, P)) < density), -1)
    past = 0.4 * rng.normal(size=(P, lags * P)) * (rng.random((P, lags * P)) < density)
    center = np.concatenate([past, now[np.ix_(order, order)]], axis=1)
    return [center * rng.normal(1, 0.2, center.shape) * (rng.random(center.shape) < 0.85) for _ in range(DRAWS)]


def discovery_of(coefficients: list[Floats]) -> Discovery:
    """A discovery whose draws have these coefficients."""
    draws = tuple(Draw(C != 0, C[None] != 0, C[None], np.arange(P), np.zeros(C.shape, bool)) for C in coefficients)
    graph = CausalGraph((), (), Certificate("none", "none", "none", True))
    return Discovery(NAMES, coefficients[0].shape[1] // P - 1, "boss", graph, draws[0], draws, True, ())


def standing(name: str, **other: object) -> Standing:
    """Where an indicator of these systems stands."""
    given = {
        "mean": 10.0, "latest": 12.0, "latest_period": "2024-03", "lowest": 0.0, "highest": 40.0, "swing": 9.0,
        "within_sd": 2.0, "bound_low": None, "bound_high": None, "better": None, "target": None,
    }  # fmt: skip
    return Standing(name, **{**given, **other})


def system(coefficients: list[Floats], horizon: int, outcome: str = "e", **standings: Standing) -> System:
    """The record of these draws."""
    where = {name: standings.get(name, standing(name)) for name in NAMES}
    return system_of(Prepared(), discovery_of(coefficients), where, horizon=horizon, levers=NAMES, outcomes=(outcome,))
