"""What the order search may and must do, as arrays: knowledge, inertia, and totals that follow their parts."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from causal_service.graph.knowledge import Arrow, Knowledge
from causal_service.preparation.prepared import Prepared

__all__ = ["SearchProblem", "search_problem", "settled_knowledge"]

Bool = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class SearchProblem:
    """Arrays of one search; columns are [lagged | present]."""

    candidates: Bool
    """(p, d): the column may be a parent."""
    required: Bool
    """(p, d): the column must be a parent."""
    before: Bool
    """(p, p): [a, b] True where a must stand before b."""
    allowed: Bool
    """(p, p): [y, x] True where x -> y may exist within a period."""
    knowledge: Knowledge
    """The knowledge with every required arrow at a definite lag."""


def settled_knowledge(prepared: Prepared, knowledge: Knowledge) -> Knowledge:
    """Return the knowledge with "some lag" replaced by the lag of the largest correlation, and totals after parts."""
    within, _ = prepared.covariance()
    at = {name: i for i, name in enumerate(prepared.names)}
    arrows: list[Arrow] = [
        (cause, effect, _settled_lag(within, at, prepared, knowledge, (cause, effect)) if lag is None else lag)
        for cause, effect, lag in knowledge.required
        if cause in at and effect in at
    ]
    arrows += [(part, total.name, 0) for total in prepared.totals for part in total.parts]
    forbidden = tuple(a for a in knowledge.forbidden if a[0] in at and a[1] in at)
    tiers = {name: tier for name, tier in knowledge.tiers.items() if name in at}
    return replace(knowledge, tiers=tiers, required=tuple(sorted(set(arrows))), forbidden=forbidden)


def _settled_lag(
    W: NDArray[np.float64], at: dict[str, int], prepared: Prepared, knowledge: Knowledge, arrow: tuple[str, str]
) -> int:
    """Return the permitted lag at which cause and effect correlate most."""
    p, lags = len(prepared.names), prepared.lags
    x, y = at[arrow[0]], at[arrow[1]]
    scale = np.sqrt(np.diag(W))
    possible = [0] if knowledge.allowed_now(prepared.names)[y, x] else []
    lagged = knowledge.allowed_lag(prepared.names, lags)
    possible += [lag for lag in range(1, lags + 1) if lagged[y, (lags - lag) * p + x]]
    strength = {lag: abs(W[lags * p + y, (lags - lag) * p + x]) / scale[(lags - lag) * p + x] for lag in possible}
    return max(possible, key=lambda lag: (strength[lag], -lag))


def search_problem(prepared: Prepared, knowledge: Knowledge) -> SearchProblem:
    """Return the arrays of the search.

    Every indicator keeps its own last period as a parent (inertia is part of the model, not something to be found),
    unless that is forbidden. A total has its parts as parents and nothing else.
    """
    settled = settled_knowledge(prepared, knowledge)
    names, lags = prepared.names, prepared.lags
    p = len(names)
    allowed = settled.allowed_now(names)
    candidates = np.concatenate([settled.allowed_lag(names, lags), allowed], axis=1)
    required = np.concatenate([settled.required_lag(names, lags), settled.required_now(names, lags)], axis=1)
    before = settled.precedence(names, lags)
    allowed &= ~before
    if lags > 0:
        own = np.arange(p)
        required[own, (lags - 1) * p + own] |= candidates[own, (lags - 1) * p + own]
    for total in prepared.totals:
        y = names.index(total.name)
        only = np.zeros(candidates.shape[1], np.bool_)
        only[[lags * p + names.index(part) for part in total.parts]] = True
        candidates[y], required[y] = only, only
    candidates[:, lags * p :] &= ~before
    return SearchProblem(candidates, required, before, allowed, settled)
