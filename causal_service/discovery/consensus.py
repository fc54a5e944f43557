"""One graph out of all draws: the edges that most draws agree on.

An adjacency is kept when at least half of the draws contain it (a majority graph is steadier than the best single
graph; Meinshausen & Buehlmann 2010 for the idea of selection frequencies). It is directed when two thirds of the
draws that contain it agree on the direction, otherwise its direction is left open. Majorities can run in a circle where
no draw does; such arrows are left open too, unless knowledge excludes the reverse.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from causal_service.discovery.resampling import Draw
from causal_service.graph.causal_graph import Edge
from causal_service.graph.separation import on_cycle

__all__ = ["DIRECTED", "MAJORITY", "consensus_edges", "mean_strength"]

MAJORITY = 0.5
"""Share of draws that must contain an adjacency."""
DIRECTED = 2 / 3
"""Share of those draws that must agree on the direction."""


def consensus_edges(draws: Sequence[Draw], names: Sequence[str], allowed: NDArray[np.bool_]) -> tuple[Edge, ...]:
    """Return the edges of the majority graph, each with the share of draws that contain it with that mark.

    ``allowed`` (p, p), [y, x] True where x -> y may exist within a period: only such directions are ever left open.
    """
    p = len(names)
    found = np.stack([draw.found for draw in draws])
    m = found.shape[2] - p
    now = found[:, :, m:]
    open_pair = (now & now.transpose(0, 2, 1)).mean(0)
    directed = now.mean(0) - open_pair
    adjacent = directed + directed.T + open_pair
    kept = adjacent >= MAJORITY
    arrows = kept & (directed >= DIRECTED * adjacent)
    arrows, kept = _without_circles(arrows, kept, directed, allowed)
    strength = mean_strength(draws)
    edges = []
    lags = m // p
    for y in range(p):
        for c in np.flatnonzero(found[:, y, :m].mean(0) >= MAJORITY):
            lag = lags - int(c) // p
            frequency = float(found[:, y, c].mean())
            edges.append(Edge(names[int(c) % p], names[y], lag, "-->", frequency, float(strength[y, c])))
        for x in range(p):
            if arrows[y, x]:
                edges.append(Edge(names[x], names[y], 0, "-->", float(directed[y, x]), float(strength[y, m + x])))
            elif x < y and kept[y, x] and not arrows[x, y]:
                size = max(strength[y, m + x], strength[x, m + y], key=abs)
                edges.append(Edge(names[x], names[y], 0, "---", float(open_pair[y, x]), float(size)))
    return _sorted(edges)


def _without_circles(
    arrows: NDArray[np.bool_], kept: NDArray[np.bool_], directed: NDArray[np.float64], allowed: NDArray[np.bool_]
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return (arrows, adjacencies): arrows on a circle are opened where the reverse is allowed.

    A circle in which no arrow may turn loses its rarest one (never a required one: no draw contains a whole circle).
    """
    arrows, kept = arrows & ~(on_cycle(arrows) & allowed.T), kept.copy()
    while (circle := on_cycle(arrows)).any():
        y, x = np.unravel_index(np.argmin(np.where(circle, directed, np.inf)), circle.shape)
        arrows[y, x] = kept[y, x] = kept[x, y] = False
    return arrows, kept


def mean_strength(draws: Sequence[Draw]) -> NDArray[np.float64]:
    """Return (p, d): mean standardised coefficient over the draws whose first member has the edge; 0 where none has."""
    total = np.sum([draw.fitted for draw in draws], axis=0)
    count = np.sum([draw.members[0] for draw in draws], axis=0)
    strength: NDArray[np.float64] = np.where(count > 0, total / np.maximum(count, 1), 0.0)
    return strength


def _sorted(edges: Sequence[Edge]) -> tuple[Edge, ...]:
    """Return the edges sorted by (source, target, lag), undirected ones from the name that sorts first."""
    named = [
        replace(e, source=e.target, target=e.source) if e.mark == "---" and e.source > e.target else e for e in edges
    ]
    return tuple(sorted(named, key=lambda e: (e.source, e.target, e.lag)))
