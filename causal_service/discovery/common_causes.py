"""Pairs that a hidden driver moves together, marked in the graph to report.

Where a driver moves both ends of a pair in a fair share of the draws, an arrow between them may be the driver's work:
``-->`` becomes ``o->`` and ``---`` becomes ``o-o``. A pair that no majority of draws connects by an arrow, but a
majority by an arrow or the driver, is joined by ``<->``, or by ``o->`` or ``o-o`` where a fair share of draws has
arrows too. Required arrows keep their mark. Marks as in Zhang (2008), Artificial Intelligence 172.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from causal_service.discovery.consensus import MAJORITY, mean_strength
from causal_service.discovery.resampling import Draw
from causal_service.graph.causal_graph import Edge, Mark

__all__ = ["PLAUSIBLE", "with_common_causes"]

PLAUSIBLE = 0.2
"""Share of draws in which a driver moves both ends from which on a common cause counts as plausible."""

_MARKED: dict[Mark, Mark] = {"-->": "o->", "---": "o-o"}
Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class _Pairs:
    """Shares of draws, (p, p) each, and what goes with them."""

    driven: Array
    """A driver moves both."""
    joined: Array
    """A driver moves both, or there is a same-period arrow or open direction."""
    arrow: Array
    """[y, x] x -> y, or the direction is open."""
    strength: Array
    """[y, x] mean coefficient of x -> y."""
    covariance: Array
    """Covariance by the driver, mean over the draws in which it moves both, within-SDs."""


def with_common_causes(
    edges: Sequence[Edge], draws: Sequence[Draw], names: Sequence[str], required: NDArray[np.bool_]
) -> tuple[Edge, ...]:
    """Return the edges of the majority graph with the marks of hidden common causes, sorted like ``edges``.

    The frequency of a marked edge is the share of draws with an arrow between the two or a driver of both; the
    strength of ``<->`` is the covariance that the driver gives them.

    Parameters
    ----------
    required : (p, p) [y, x] True where x -> y within a period is demanded.
    """
    if not any(draw.loadings.size for draw in draws):
        return tuple(edges)
    at = {name: j for j, name in enumerate(names)}
    pairs = _pairs(draws, len(names))
    plausible = (pairs.driven >= PLAUSIBLE) & ~required & ~required.T
    marked, connected = [], np.eye(len(names), dtype=bool)
    for edge in edges:
        x, y = at[edge.source], at[edge.target]
        if edge.lag == 0:
            connected[x, y] = connected[y, x] = True
        doubted = edge.lag == 0 and plausible[x, y]
        mark = _MARKED[edge.mark] if doubted else edge.mark
        marked.append(replace(edge, mark=mark, frequency=float(pairs.joined[x, y])) if doubted else edge)
    for x, y in np.argwhere(np.triu(plausible & (pairs.joined >= MAJORITY) & ~connected)):
        marked.append(_unconnected(pairs, names, int(x), int(y)))
    return tuple(sorted(marked, key=lambda e: (e.source, e.target, e.lag)))


def _pairs(draws: Sequence[Draw], p: int) -> _Pairs:
    driven, joined, arrow, covariance = (np.zeros((p, p)) for _ in range(4))
    for draw in draws:
        now = draw.found[:, -p:]
        both = np.zeros((p, p), np.bool_)
        if draw.loadings.size:
            both = np.logical_and.outer(draw.loadings != 0, draw.loadings != 0)
            covariance += np.outer(draw.loadings, draw.loadings)
        driven += both
        joined += both | now | now.T
        arrow += now
    B = len(draws)
    strength = mean_strength(draws)[:, -p:]
    return _Pairs(driven / B, joined / B, arrow / B, strength, covariance / np.maximum(driven, 1))


def _unconnected(pairs: _Pairs, names: Sequence[str], x: int, y: int) -> Edge:
    """Return the edge of a pair that a driver moves and no majority of draws connects by an arrow."""
    forward, back = pairs.arrow[y, x] >= PLAUSIBLE, pairs.arrow[x, y] >= PLAUSIBLE
    if back and not forward:
        x, y = y, x
    mark: Mark = "o-o" if forward and back else "o->" if forward or back else "<->"
    size = pairs.covariance[x, y] if mark == "<->" else pairs.strength[y, x]
    if mark != "o->" and names[x] > names[y]:
        x, y = y, x
    return Edge(names[x], names[y], 0, mark, float(pairs.joined[x, y]), float(size))
