"""The graph refitted on part of the data: without one entity, without one period, on subsets of the blocks.

Everything happens on reweighted Gram matrices. What is reported is the full-sample effect plus the change that leaving
out makes to the fit on the within-covariance, so that the short-panel correction is not repeated for every part.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from causal_service.discovery.discover import Discovery
from causal_service.numerics.covariances import covariances
from causal_service.numerics.gaussian_em import expected_grams
from causal_service.numerics.linear_system import refitted_effects
from causal_service.preparation.prepared import Prepared
from causal_service.preparation.within_rows import WithinRows

__all__ = ["SUBSET", "Parts", "changes", "covariances_of", "entity_parts", "period_parts", "subset_parts"]

Array = NDArray[np.float64]
SUBSET = 0.8
"""Share of the blocks in a subset."""
_AT_A_TIME = 128


@dataclass(frozen=True, slots=True, eq=False)
class Parts:
    """Moments without something, one after the other."""

    grams: Array
    """(B, b, b) Gram matrices of what is left, base columns."""
    mass: Array
    """(B,) sum of row weights left."""
    labels: tuple[str, ...]
    """What was left out, in words of the panel; empty strings where it has no name."""


def entity_parts(prepared: Prepared, within: WithinRows | None) -> Parts | None:
    """Return the moments without each entity (cluster, row of a cross-section); ``None`` with fewer than two."""
    if prepared.unit == "period" or prepared.entities < 2:
        return None
    code, labels = _groups(prepared, within)
    count = len(labels)
    if count < 2:
        return None
    grams = prepared.grams
    if count < prepared.blocks or (code != np.arange(count)).any():
        grams = np.zeros((count, *prepared.grams.shape[1:]))
        np.add.at(grams, code, prepared.grams)
    mass = np.bincount(code, prepared.mass, minlength=count)
    return Parts(grams.sum(axis=0) - grams, mass.sum() - mass, labels)


def _groups(prepared: Prepared, within: WithinRows | None) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    """Return (group of every block, name of every group)."""
    if within is None or prepared.unit == "row":
        return np.arange(prepared.blocks), ("",) * prepared.blocks
    named = within.panel.entities if within.panel.clusters is None else within.panel.clusters
    names: list[list[str]] = [[] for _ in range(prepared.blocks)]
    for block, entity in np.unique(np.stack([within.blocks.code, within.rows.entity]), axis=1).T:
        names[int(block)].append(named[int(entity)])
    labels = [", ".join(sorted(set(own))) for own in names]
    known = sorted(set(labels))
    return np.array([known.index(label) for label in labels]), tuple(known)


def period_parts(prepared: Prepared, within: WithinRows | None) -> Parts | None:
    """Return the moments without the rows of each period; ``None`` without rows or with fewer than two periods."""
    if within is None or prepared.regime == "cross-section":
        return None
    times, code = np.unique(within.rows.time, return_inverse=True)
    if times.size < 2:
        return None
    weight = within.rows.weight
    grams = expected_grams(within.filled, within.missing, within.sigma, weight, code.astype(np.int64), int(times.size))
    mass = np.bincount(code, weight, minlength=times.size)
    return Parts(grams.sum(axis=0) - grams, mass.sum() - mass, tuple(within.panel.periods[int(t)] for t in times))


def subset_parts(prepared: Prepared, repeats: int, rng: np.random.Generator) -> Parts | None:
    """Return the moments of random subsets of ``SUBSET`` of the blocks; ``None`` with fewer than five blocks."""
    if prepared.blocks < 5:
        return None
    kept = max(round(SUBSET * prepared.blocks), 1)
    weights = (np.argsort(rng.random((repeats, prepared.blocks)), axis=1) < kept).astype(np.float64)
    return Parts(np.tensordot(weights, prepared.grams, 1), weights @ prepared.mass, ("",) * repeats)


def covariances_of(prepared: Prepared, parts: Parts, start: int, stop: int) -> Array:
    """Return the within-covariances (stop - start, d, d) of some parts."""
    return prepared.expanded(covariances(parts.grams[start:stop], parts.mass[start:stop], prepared.shrinkage))


def changes(prepared: Prepared, discovery: Discovery, parts: Parts, horizon: int, kind: int) -> Array:
    """Return (B, p, p): [., y, x] what leaving out does to the effect of x on y, y's unit per x's unit.

    ``kind`` 0 impact, 1 sustained.
    """
    member, ahead = discovery.full.members[0], horizon if kind else 0
    with threadpool_limits(1):
        whole = refitted_effects(prepared.covariance()[0][None], member, ahead)[0]
        stacks = [
            refitted_effects(covariances_of(prepared, parts, start, start + _AT_A_TIME), member, ahead)
            for start in range(0, parts.mass.size, _AT_A_TIME)
        ]
    unit: Array = prepared.unit_sd[:, None] / prepared.unit_sd[None, :]
    return np.asarray((np.concatenate(stacks) - whole) * unit, np.float64)
