"""A panel of the project's own simulator as its user would get it: gaps, units, layers, and its truth."""

from __future__ import annotations

import numpy as np
from case import LAYERS, Array, Case, dictionary_of, long_table, through_others
from settings import Settings
from simulation import BURN, draw, run, within_sd
from truth import effects_of
from world import build


def own_case(settings: Settings, seed: int, leak_layer: str | None = None) -> Case:
    """Simulate panel ``seed``; ``leak_layer`` is the layer declared for the planted leak (``None``: undeclared)."""
    rng = np.random.default_rng([2026, seed])
    world = build(settings, rng)
    inputs = draw(world, settings, settings.entities, settings.months, rng)
    X = run(world, inputs)[BURN:]
    effects = effects_of(world, settings, inputs, seed)
    p = world.layer.size
    scale = np.exp(rng.normal(0, 1.5, p))
    offset = rng.normal(0, 5, p) * scale
    natural = np.array([kind != "continuous" for kind in world.kind])
    scale, offset = np.where(natural, 1.0, scale), np.where(natural, 0.0, offset)
    order = rng.permutation(p)
    observed = _with_gaps(X * scale + offset, settings, rng)[:, :, order]
    impact, kept, total = ((effect * scale[world.outcome] / scale)[order] for effect in effects)
    names = tuple(f"k{j:02d}" for j in range(p))
    outcome = int(np.flatnonzero(order == world.outcome)[0])
    layers: list[str | None] = [LAYERS[world.layer[j]] for j in order]
    planted: tuple[str, ...] = ()
    if settings.leak:
        at = int(np.flatnonzero(order == p - 1)[0])
        layers[at], planted = leak_layer, (names[at],)
    levers = [name for j, name in enumerate(names) if j != outcome] if settings.leak else []
    square = np.ix_(order, order)
    now, lagged = (
        world.now[square] != 0,
        np.stack([later[square] != 0 for later in (world.lagged if len(world.lagged) else np.zeros((1, p, p)))]),
    )
    kinds = tuple(
        "saturating" if settings.levers == "saturating" and world.bent[:, j].any() else world.kind[j] for j in order
    )
    groups = [f"plant {i % settings.clusters + 1:03d}" for i in range(settings.entities)] if settings.clusters else None
    return Case(
        frame=long_table(observed, names, settings.frequency, groups),
        dictionary=dictionary_of(
            names,
            layers,
            outcome,
            levers,
            entity=settings.frequency != "none" or bool(settings.clusters),
            period=settings.frequency != "none",
        ),
        names=names,
        outcome=outcome,
        now=now,
        lagged=lagged,
        impact=impact,
        sustained=kept,
        cumulative=total,
        within_sd=within_sd(X * scale)[order],
        kinds=kinds,
        through=through_others(now | lagged.any(0), kinds, outcome),
        planted=planted,
    )


def _with_gaps(X: Array, settings: Settings, rng: np.random.Generator) -> Array:
    """Blank single cells, whole rows, the months before an entity starts and after it leaves."""
    T, N, _ = X.shape
    start = np.where(rng.random(N) < settings.late, rng.integers(1, T // 3 + 1, N), 0) if settings.late else np.zeros(N)
    end = np.full(N, T)
    if settings.spell is not None:
        stay = rng.integers(settings.spell[0], settings.spell[1] + 1, N)
        start = rng.integers(0, T - stay + 1)
        end = start + stay
    month = np.arange(T)[:, None]
    absent = (rng.random((T, N)) < settings.missing_rows) | (month < start) | (month >= end)
    empty = (rng.random(X.shape) < settings.missing) | absent[:, :, None]
    return np.where(empty, np.nan, X)
