"""Do the effects hold over time and across entities? Both halves of the time side by side.

The full-sample graph is fitted on the moments of each half; what an effect changes by is judged against the spread of
that change over the resampled blocks (a Chow test on effects, without assumptions on the noise). Slopes that differ by
entity leave the same deviation in both halves of an entity: the covariance of its scores between the halves is free of
the noise of either (a split-half form of Swamy 1970, Econometrica 38; entity effects are those of each half).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri, stdtrit
from threadpoolctl import threadpool_limits

from causal_service.discovery.discover import Discovery
from causal_service.discovery.resampling import block_weights
from causal_service.numerics.covariances import covariances
from causal_service.numerics.linear_system import refitted_effects
from causal_service.preparation.halves import Halves
from causal_service.preparation.prepared import Prepared

__all__ = ["EntitySlope", "Shift", "differing_slopes", "shifted_effects"]

Array = NDArray[np.float64]

DRAWS = 100
"""Draws behind the spread of a change."""
LEVEL = 0.01
"""Chance of a false alarm in a study, over all that is tested."""
LOST = 0.5
"""An effect has changed for practical purposes when less than this share of its larger half is left in the other."""
SPREAD = 0.3
"""Slopes differ for practical purposes when their SD over entities exceeds this share of their mean."""
FEWEST_ENTITIES = 15
"""Entities needed to see a spread of slopes."""


@dataclass(frozen=True, slots=True)
class Shift:
    """An effect that is not the same in the two halves of the time."""

    lever: str
    """Indicator key."""
    outcome: str
    """Indicator key."""
    before: float
    """Effect in the first half, outcome unit per lever unit."""
    after: float
    """The same in the second half."""


@dataclass(frozen=True, slots=True)
class EntitySlope:
    """An arrow whose coefficient differs by entity."""

    source: str
    """Indicator key."""
    target: str
    """Indicator key."""
    lag: int
    """Lag of the arrow, periods."""
    mean: float
    """Coefficient over all entities, target's unit per source's unit."""
    sd: float
    """SD of the coefficient over entities, same unit."""


def shifted_effects(
    prepared: Prepared,
    halves: Halves,
    discovery: Discovery,
    levers: Sequence[str],
    outcomes: Sequence[str],
    *,
    horizon: int,
    seed: int,
) -> tuple[Shift, ...]:
    """Return the effects on the outcomes that changed from the first to the second half.

    Parameters
    ----------
    halves : moments of the two halves, blocks as in ``prepared``.
    horizon : periods ahead of the sustained effect; the same-period effect is compared without lags.
    seed : of the blocks drawn.
    """
    ahead = horizon if prepared.lags > 0 else 0
    weights = np.stack([block_weights(prepared, seed, index)[0] for index in range(DRAWS)])
    member = discovery.full.members[0]
    with threadpool_limits(1):
        whole = [refitted_effects(S, member, ahead) for S in halves.covariances(np.ones((1, prepared.blocks)))]
        drawn = [refitted_effects(S, member, ahead) for S in halves.covariances(weights)]
    change = drawn[1] - drawn[0]
    unit = prepared.unit_sd[:, None] / prepared.unit_sd[None, :]
    asked = [(prepared.names.index(y), prepared.names.index(x)) for y in outcomes for x in levers if x != y]
    limit = -float(stdtrit(_free(prepared), LEVEL / 2 / max(len(asked), 1)))
    found = []
    for y, x in asked:
        before, after = float(whole[0][0, y, x]), float(whole[1][0, y, x])
        spread = float(change[:, y, x].std(ddof=1))
        larger, smaller = sorted((before, after), key=abs, reverse=True)
        kept = smaller * np.sign(larger) / abs(larger) if larger != 0 else 1.0
        if spread > 0 and abs(after - before) > limit * spread and kept < LOST:
            found.append(
                Shift(prepared.names[x], prepared.names[y], before * float(unit[y, x]), after * float(unit[y, x]))
            )
    return tuple(sorted(found, key=lambda shift: (shift.outcome, shift.lever)))


def _free(prepared: Prepared) -> float:
    """Degrees of freedom behind the spread of a change: independent draws less one; blocks of time lie in one half."""
    runs = prepared.blocks / prepared.run
    return max(runs / (2 if prepared.unit in ("stretch", "period") else 1) - 1, 1.0)


def differing_slopes(prepared: Prepared, halves: Halves, discovery: Discovery) -> tuple[EntitySlope, ...]:
    """Return the arrows of the full-sample graph whose coefficients differ by entity, own inertia left out."""
    if prepared.unit != "entity" or prepared.blocks != prepared.entities:
        return ()
    member, coefficients = discovery.full.members[0], discovery.full.coefficients[0]
    p, lags, expand = len(prepared.names), prepared.lags, prepared.expand
    grams = np.stack([expand @ G @ expand.T for G in halves.grams])
    usable = (halves.mass > 0).all(axis=0)
    if usable.sum() < FEWEST_ENTITIES:
        return ()
    sums = {name for total in prepared.totals for name in (total.name,)}
    arrows = [
        (y, int(c)) for y in range(p) for c in np.flatnonzero(member[y]) if prepared.names[y] not in sums and c % p != y
    ]
    limit = -float(ndtri(LEVEL / max(len(arrows), 1)))
    found = []
    for y in sorted({y for y, _ in arrows}):
        parents = np.flatnonzero(member[y])
        deviations = _deviations(grams[:, usable], halves.mass[:, usable], parents, lags * p + y)
        for i, c in enumerate(parents):
            if (y, int(c)) not in arrows:
                continue
            shared = deviations[0, :, i] * deviations[1, :, i]
            variance, error = float(shared.mean()), float(shared.std(ddof=1)) / np.sqrt(shared.size)
            mean = float(coefficients[y, c])
            if error > 0 and variance > limit * error and variance > (SPREAD * mean) ** 2:
                unit = float(prepared.unit_sd[y] / prepared.unit_sd[c % p])
                names = prepared.names[int(c) % p], prepared.names[y]
                found.append(EntitySlope(*names, lags - int(c) // p, mean * unit, float(np.sqrt(variance)) * unit))
    return tuple(sorted(found, key=lambda slope: (slope.target, slope.source, slope.lag)))


def _deviations(grams: Array, mass: Array, parents: NDArray[np.int64], y: int) -> Array:
    """Return (2, N, k): per half and entity, what its moments say its coefficients exceed those of the half by."""
    out = []
    for G, n in zip(grams, mass, strict=True):
        X = G[:, parents][:, :, parents]
        pooled = covariances(X.sum(axis=0), n.sum())
        beta = np.linalg.solve(pooled, G[:, parents, y].sum(axis=0) / n.sum())
        scores = (G[:, parents, y] - X @ beta) / n[:, None]
        out.append(np.linalg.solve(pooled, scores.T).T)
    return np.stack(out)
