"""Panels in which it is known, by construction, why each indicator looks more or less important than it is.

For entity i and period t all indicators follow one linear system::

    x_it = A0 x_it + A1 x_i,t-1 + a_i + g_t + e_it

with 16 indicators under neutral names in random order, in random units:

======================  ================================================================================================
agrees                  two direct causes of the outcome; one unrelated indicator; the observed cause below
mediator                ``up`` acts through ``way`` alone; ``up`` is scored always, ``way`` where it is no lever
confounded              ``tied``: an observed cause drives it and the outcome; ``large``: entities differ in it and in
                        the outcome, inside an entity it does nothing
season                  a common wave over the periods moves it and the outcome
no-within-variation     differs between entities (as the outcome does), hardly inside one
consequence             a child of the outcome; a common child of the outcome and ``spouse``
collider                ``spouse``: unrelated to the outcome but for that common child
duplicate               a direct cause measured again: with a little noise, or exactly in another unit
======================  ================================================================================================

Not scored: the direct cause that is measured twice (agreement and duplicate are both right), and a ``way`` that is a
lever (agreement and mediator are both right).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from causal_service.errors import Text
from causal_service.panel.dictionary import DEFAULT_LAYERS, Dictionary, Indicator

__all__ = ["Planted", "planted"]

Array = NDArray[np.float64]

ROLES = (
    "cause1", "cause2", "original", "again", "up", "way", "observed", "tied", "large", "wave", "fixed",
    "child", "spouse", "common", "nothing", "outcome",
)  # fmt: skip
KINDS = {
    "cause1": "agrees",
    "cause2": "agrees",
    "observed": "agrees",
    "nothing": "agrees",
    "again": "duplicate",
    "up": "mediator",
    "way": "mediator",
    "tied": "confounded",
    "large": "confounded",
    "wave": "season",
    "fixed": "no-within-variation",
    "child": "consequence",
    "common": "consequence",
    "spouse": "collider",
}
LAYERS = {
    "observed": "context",
    "way": "business",
    "outcome": "business",
    "child": "strategic",
    "common": "strategic",
}
BURN = 30


@dataclass(frozen=True, slots=True)
class Planted:
    """One panel and what is true of it."""

    frame: pd.DataFrame
    dictionary: Dictionary
    outcome: str
    levers: tuple[str, ...]
    roles: dict[str, str]
    """Role by indicator."""
    truth: dict[str, str]
    """Reason class by scored indicator."""


def planted(seed: int, layers: bool) -> Planted:
    """Return the panel of a seed; with ``layers`` the dictionary tells which indicators come before which."""
    rng = np.random.default_rng(seed)
    entities, periods = int(rng.integers(30, 61)), int(rng.integers(24, 37))
    values, exact = _values(rng, entities, periods)
    names = [f"k{j:02d}" for j in rng.permutation(len(ROLES))]
    first, second = ROLES.index("original"), ROLES.index("again")
    if names[first] > names[second]:  # of exact copies the checks keep the first by name
        names[first], names[second] = names[second], names[first]
    units = rng.choice([0.01, 1.0, 25.0, 1000.0], len(ROLES))
    columns = {name: values[:, :, j].ravel() * unit for j, (name, unit) in enumerate(zip(names, units, strict=True))}
    keys = {
        "entity": np.repeat([f"e{i:02d}" for i in range(entities)], periods),
        "period": np.tile([f"{2020 + t // 12}-{t % 12 + 1:02d}" for t in range(periods)], entities),
    }
    frame = pd.DataFrame(keys | {name: columns[name] for name in sorted(columns)})
    role_of = dict(zip(names, ROLES, strict=True))
    name_of = {role: name for name, role in role_of.items()}
    fixed = {"observed"} | ({"way"} if seed % 4 < 2 else set())
    dropped = {"outcome", *fixed} | ({"again"} if exact else set())
    if layers:
        dropped |= {"child", "common"}
    scored = {role: kind for role, kind in KINDS.items() if role != "way" or "way" in fixed}
    return Planted(
        frame,
        _dictionary(names, layers),
        name_of["outcome"],
        tuple(sorted(name_of[role] for role in ROLES if role not in dropped)),
        role_of,
        {name_of[role]: kind for role, kind in scored.items()},
    )


def _values(rng: np.random.Generator, entities: int, periods: int) -> tuple[Array, bool]:
    p = len(ROLES)
    at = {role: j for j, role in enumerate(ROLES)}
    now, noise = np.zeros((p, p)), np.ones(p)
    inertia = rng.uniform(0.1, 0.5, p)

    def strength(low: float, high: float) -> float:
        return float(rng.uniform(low, high) * rng.choice([-1, 1]))

    for role in ("cause1", "cause2", "original", "way"):
        now[at["outcome"], at[role]] = strength(0.4, 0.7)
    now[at["outcome"], at["observed"]] = strength(0.6, 0.9)
    now[at["tied"], at["observed"]] = strength(0.8, 1.2)
    now[at["way"], at["up"]] = strength(0.8, 1.2)
    now[at["child"], at["outcome"]] = strength(0.5, 0.9)
    now[at["common"], at["outcome"]] = strength(0.5, 0.8)
    now[at["common"], at["spouse"]] = strength(0.7, 1.1)
    noise[at["tied"]], noise[at["way"]] = rng.uniform(0.6, 1.0, 2)
    noise[at["common"]] = rng.uniform(0.3, 0.6)
    noise[at["fixed"]] = 0.0
    level = rng.uniform(0.2, 0.6, p) * rng.normal(size=(entities, p))
    size, quality = rng.normal(size=(2, entities))
    level[:, at["outcome"]] += rng.uniform(1.0, 2.0) * (size + quality)
    level[:, at["large"]] += strength(1.2, 2.0) * size
    level[:, at["fixed"]] = strength(1.5, 2.5) * quality
    wave = rng.normal(size=periods + BURN).cumsum() * 0.3 + np.cos(np.arange(periods + BURN) * 2 * np.pi / 12)
    wave = (wave - wave[BURN:].mean()) / wave[BURN:].std()
    common = 0.2 * rng.normal(size=(periods + BURN, p))
    common[:, at["wave"]] += strength(1.2, 2.0) * wave
    common[:, at["outcome"]] += rng.uniform(1.0, 1.6) * wave
    common[:, at["fixed"]] = 0.0
    inverse = np.linalg.inv(np.eye(p) - now)
    drive = level * (1 - inertia)
    x = np.zeros((entities, periods + BURN, p))
    for t in range(periods + BURN):
        before = x[:, t - 1] * inertia if t else 0.0
        x[:, t] = (before + drive + common[t] + noise * rng.normal(size=(entities, p))) @ inverse.T
    x = x[:, BURN:]
    x[:, :, at["fixed"]] += 0.15 * x[:, :, at["fixed"]].std() * rng.normal(size=x.shape[:2])
    exact = bool(rng.random() < 0.3)
    again = x[:, :, at["original"]]
    blur = 0.0 if exact else rng.uniform(0.08, 0.25)
    x[:, :, at["again"]] = again + blur * rng.normal(size=again.shape)
    return x, exact


def _dictionary(names: list[str], layers: bool) -> Dictionary:
    entries = {
        name: Indicator(name, Text(name, name), layer=LAYERS.get(role, "process") if layers else None, better="higher")
        for name, role in zip(names, ROLES, strict=True)
    }
    return Dictionary(layers=DEFAULT_LAYERS, indicators=entries)
