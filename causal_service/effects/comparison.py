"""The regression in which an effect is read off rows: outcome on lever, with an adjustment set held equal.

There is one regression per delay between lever and outcome, from the first at which an effect can arrive. Lever and
adjustment set must lie within the lags studied; where the optimal set does not, another valid one is used.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from causal_service.discovery.discover import Discovery
from causal_service.effects.identification import Identification, graph_at, hidden_causes
from causal_service.effects.strategies import adjusted
from causal_service.effects.unrolled import CommonCause

__all__ = ["Comparison", "NotCompared", "comparisons_of"]

NotCompared = Literal["no-path", "not-adjusted", "beyond-lags"]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Columns of [x(t-L) ... x(t-1) | x(t)]."""

    lever: int
    """The lever, at its delay."""
    outcome: int
    """The outcome now."""
    given: tuple[int, ...]
    """What is held equal."""
    delay: int
    """Periods between lever and outcome."""


def comparisons_of(discovery: Discovery, row: Identification) -> tuple[Comparison, ...] | NotCompared:
    """Return the regressions of a pair, one per delay from its first to the lags studied, or why there are none."""
    if row.strategy != "backdoor" or row.delay is None:
        return "no-path" if row.strategy == "no-path" else "not-adjusted"
    hidden = hidden_causes(discovery)
    x, y = discovery.names.index(row.lever), discovery.names.index(row.outcome)
    delays = range(row.delay, discovery.lags + 1)
    found = [_at(discovery, x, y, delay, hidden) for delay in delays]
    return tuple(one for one in found if one is not None) or "beyond-lags"


def _at(discovery: Discovery, x: int, y: int, delay: int, hidden: Sequence[CommonCause]) -> Comparison | None:
    p, lags = len(discovery.names), discovery.lags
    graph = graph_at(discovery.full.members[0], discovery.names, delay, hidden)
    first = (graph.periods - 1 - lags) * p
    window = np.zeros(len(graph.arrows), np.bool_)
    window[first : graph.periods * p] = True
    chosen = adjusted(graph, graph.only(graph.at(x, delay)), graph.only(graph.at(y, 0)), window)
    if chosen is None:
        return None
    given = tuple(int(node) - first for node in np.flatnonzero(chosen))
    return Comparison((lags - delay) * p + x, lags * p + y, given, delay)
