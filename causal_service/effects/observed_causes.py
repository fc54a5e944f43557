"""The strongest observed common cause of a lever and an outcome: the measure for hidden ones.

What is adjusted for are the causes of lever and outcome in the full-sample graph that do not follow from the lever,
with the inertia of both. The strongest is the one whose like would bias the effect most (Cinelli & Hazlett 2020,
section 4.4).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from causal_service.discovery.discover import Discovery
from causal_service.effects.robustness import ObservedCause, bounding_shares
from causal_service.graph.separation import transitive_closure
from causal_service.preparation.prepared import Prepared

__all__ = ["strongest_causes"]

Array = NDArray[np.float64]


def strongest_causes(
    prepared: Prepared, discovery: Discovery, levers: Sequence[str], outcome: str
) -> dict[str, ObservedCause]:
    """Return the strongest observed cause by lever, none of the lever's consequences; levers without are left out."""
    S = prepared.covariance()[0]
    names, member = list(discovery.names), discovery.full.members[0]
    p, y = len(names), names.index(outcome)
    now = member[:, -p:]
    follows = transitive_closure(now.T)
    found = {}
    for lever in levers:
        d = names.index(lever)
        if d == y or now[d, y] or follows[y, d]:
            continue
        columns = np.flatnonzero(member[d] | member[y])
        m = member.shape[1] - p
        kept = [int(c) for c in columns if c < m or not (follows[d, c - m] or c - m in (d, y))]
        consequences = {names[j] for j in np.flatnonzero(follows[d])}
        cause = _strongest(S, kept, m + d, m + y, [names[c % p] for c in kept], {lever, outcome} | consequences)
        if cause is not None:
            found[lever] = cause
    return found


def _strongest(
    S: Array, columns: Sequence[int], d: int, y: int, labels: Sequence[str], excluded: set[str]
) -> ObservedCause | None:
    causes = []
    for indicator in sorted(set(labels) - excluded):
        own = [c for c, label in zip(columns, labels, strict=True) if label == indicator]
        rest = [c for c in columns if c not in own]
        lever = _partial_r2(S, d, own, rest)
        outcome = _partial_r2(S, y, own, [*rest, d])
        if lever < 1.0 and outcome < 1.0:
            causes.append(ObservedCause(indicator, lever, outcome))
    causes = [cause for cause in causes if cause.lever_share > 0 and cause.outcome_share > 0]
    return max(causes, key=lambda c: (_harm(c), c.indicator), default=None)


def _harm(cause: ObservedCause) -> float:
    lever, outcome = bounding_shares(cause, 1.0)
    return lever * outcome / (1.0 - lever) if lever < 1.0 else np.inf


def _partial_r2(S: Array, target: int, own: Sequence[int], rest: Sequence[int]) -> float:
    """Return the share of the variance of ``target`` given ``rest`` that ``own`` explains."""
    without, beside = _open(S, target, rest), _open(S, target, [*rest, *own])
    return float(np.clip(1.0 - beside / without, 0.0, 1.0)) if without > 1e-9 else 0.0


def _open(S: Array, target: int, columns: Sequence[int]) -> float:
    if not columns:
        return float(S[target, target])
    c = list(columns)
    solved = np.linalg.lstsq(S[np.ix_(c, c)], S[c, target], rcond=1e-10)[0]
    return float(S[target, target] - S[target, c] @ solved)
