"""What a peer said about one panel, and what its graph implies for effects."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from given import Array, Bool, Given

KINDS = ("impact", "sustained", "cumulative")
HORIZON = 3


@dataclass(frozen=True, slots=True, eq=False)
class Graph:
    """Arrows [y, x] for x -> y; all (p, p)."""

    now: Bool
    """Same period, directed."""
    later: Bool
    """One period later."""
    open: Bool
    """Same period, without a direction."""


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """Effects are in outcome unit per indicator unit, (p,) over all indicators; the outcome's own entry is 0."""

    graph: Graph | None = None
    effects: dict[str, Array] = field(default_factory=dict)
    """By kind."""
    intervals: dict[str, tuple[Array, Array]] = field(default_factory=dict)
    """95 % (low, high), by kind, where the peer gives any."""
    importance: Array | None = None
    """Standardised size to rank by, where that is all the peer gives."""
    seconds: dict[str, float] = field(default_factory=dict)
    """CPU seconds by stage."""

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers, ready for JSON."""
        graph = self.graph
        return {
            "graph": None if graph is None else {k: np.argwhere(getattr(graph, k)).tolist() for k in GRAPH},
            "effects": {kind: _plain(values) for kind, values in self.effects.items()},
            "intervals": {kind: [_plain(low), _plain(high)] for kind, (low, high) in self.intervals.items()},
            "importance": None if self.importance is None else _plain(self.importance),
            "seconds": {stage: round(seconds, 4) for stage, seconds in self.seconds.items()},
        }

    @classmethod
    def from_dict(cls, said: dict[str, Any], p: int) -> Answer:
        """Inverse of ``to_dict`` for p indicators."""
        graph = said["graph"]
        return cls(
            graph=None if graph is None else Graph(*(_matrix(graph[k], p) for k in GRAPH)),
            effects={kind: np.array(values) for kind, values in said["effects"].items()},
            intervals={kind: (np.array(low), np.array(high)) for kind, (low, high) in said["intervals"].items()},
            importance=None if said["importance"] is None else np.array(said["importance"]),
            seconds=said["seconds"],
        )


GRAPH = ("now", "later", "open")


def _plain(values: Array) -> list[float]:
    return [float(f"{value:.7g}") for value in values]


def _matrix(pairs: list[list[int]], p: int) -> Bool:
    matrix = np.zeros((p, p), bool)
    for y, x in pairs:
        matrix[y, x] = True
    return matrix


def in_units(effects: Array, sd: Array, outcome: int) -> Array:
    """Standardised effects (p,) in outcome unit per indicator unit; the outcome's own entry becomes 0."""
    scaled = effects * sd[outcome] / sd
    scaled[outcome] = 0.0
    return scaled


def responses(B0: Array, B1: Array, outcome: int) -> dict[str, Array]:
    """Effects of every indicator on the outcome in the linear system x(t) = B0 x(t) + B1 x(t-1) + noise.

    ``B0`` must be acyclic. Per kind (p,): same-period response; response at the horizon to one unit more in every
    period up to it, equations into the lever cut; sum of the responses up to the horizon to a shock of one period.
    """
    p = len(B0)
    total = np.linalg.inv(np.eye(p) - B0)
    impact = total[outcome].copy()
    step, shock, cumulative = total @ B1, total, np.zeros(p)
    for _ in range(HORIZON + 1):
        cumulative += shock[outcome]
        shock = step @ shock
    return {"impact": impact, "sustained": _sustained(B0, B1, outcome), "cumulative": cumulative}


def _sustained(B0: Array, B1: Array, outcome: int) -> Array:
    p = len(B0)
    held = np.zeros(p)
    for lever in range(p):
        cut0, cut1, push = B0.copy(), B1.copy(), np.zeros(p)
        cut0[lever], cut1[lever], push[lever] = 0.0, 0.0, 1.0
        total, state = np.linalg.inv(np.eye(p) - cut0), np.zeros(p)
        for _ in range(HORIZON + 1):
            state = total @ (cut1 @ state + push)
        held[lever] = state[outcome]
    return held


def effects_on_graph(graph: Graph, data: Given) -> dict[str, Array]:
    """Effects that a graph implies: every indicator regressed on its parents within entities, then ``responses``."""
    rows, p = data.now_and_before, len(graph.now)
    parents = np.concatenate([without_open_ends(graph), graph.later], axis=1)
    B = np.zeros((p, 2 * p))
    for y in range(p):
        chosen = np.flatnonzero(parents[y])
        if chosen.size:
            B[y, chosen] = np.linalg.lstsq(rows[:, chosen], rows[:, y], rcond=None)[0]
    said = responses(B[:, :p], B[:, p:], data.outcome)
    return {kind: in_units(values, data.within_sd, data.outcome) for kind, values in said.items()}


def without_open_ends(graph: Graph) -> Bool:
    """Acyclic same-period arrows: those of the graph, then its open pairs in the direction that closes no cycle."""
    directed = np.zeros_like(graph.now)
    for y, x in [*np.argwhere(graph.now), *np.argwhere(np.triu(graph.open | graph.open.T))]:
        for effect, cause in ((y, x), (x, y)):
            if not _reaches(directed, effect, cause):
                directed[effect, cause] = True
                break
            if graph.now[y, x]:
                break  # a directed arrow that would close a cycle is left out, not turned
    return directed


def _reaches(directed: Bool, start: int, end: int) -> bool:
    """Whether arrows lead from ``start`` to ``end``."""
    seen, waiting = set(), [start]
    while waiting:
        node = waiting.pop()
        if node == end:
            return True
        if node not in seen:
            seen.add(node)
            waiting.extend(np.flatnonzero(directed[:, node]))
    return False
