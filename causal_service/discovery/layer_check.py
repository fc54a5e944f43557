"""Do the data contradict a declared layer? Learn again without tiers and look for arrows the other way round.

A wrong layer forces a wrong arrow. Where the arrow's direction is compelled by the data alone (colliders, time
order), a search without tiers shows it; where it is not, nothing can be said and nothing is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from threadpoolctl import threadpool_limits

from causal_service.discovery.discover import Discovery
from causal_service.discovery.resampling import resampled
from causal_service.discovery.search_problem import search_problem
from causal_service.graph.knowledge import Knowledge
from causal_service.preparation.prepared import Prepared

__all__ = ["Contradiction", "contradicted_layers"]

DRAWS = 40
"""Draws of the search without tiers."""
COMPELLED = 0.8
"""Share of those draws in which the reverse arrow must be directed."""


@dataclass(frozen=True, slots=True)
class Contradiction:
    """A learned arrow that the layers force and the data turn around."""

    source: str
    """Declared earlier; in the graph, the cause."""
    target: str
    """Declared later; in the graph, the effect."""
    share: float
    """Share of draws without tiers that direct it the other way."""


def contradicted_layers(
    prepared: Prepared, knowledge: Knowledge, discovery: Discovery, *, seed: int, threads: int
) -> tuple[Contradiction, ...]:
    """Return the same-period arrows between different tiers that the data direct the other way."""
    tiers: Mapping[str, int] = knowledge.tiers
    forced = [
        e
        for e in discovery.graph.edges
        if e.lag == 0
        and e.mark == "-->"
        and e.source in tiers
        and e.target in tiers
        and tiers[e.source] < tiers[e.target]
    ]
    if not forced or discovery.method != "boss":
        return ()
    free = search_problem(prepared, replace(knowledge, tiers={}))
    with threadpool_limits(1):
        draws = resampled(prepared, free, discovery.full.order, draws=DRAWS, seed=seed + 1, threads=threads)
    p = len(prepared.names)
    now = np.stack([draw.found[:, -p:] for draw in draws])
    directed = (now & ~now.transpose(0, 2, 1)).mean(0)
    at = {name: i for i, name in enumerate(prepared.names)}
    required = {(cause, effect) for cause, effect, _ in free.knowledge.required}
    found = []
    for edge in forced:
        share = float(directed[at[edge.source], at[edge.target]])
        if share >= COMPELLED and (edge.source, edge.target) not in required:
            found.append(Contradiction(edge.source, edge.target, share))
    return tuple(found)
