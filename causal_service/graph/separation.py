"""Ancestors, descendants, cycles and d-separation, over lags where there are any."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

from causal_service.errors import CallError, Text
from causal_service.graph.causal_graph import CausalGraph
from causal_service.graph.names import check_known

__all__ = [
    "Variable",
    "ancestors",
    "d_separated",
    "descendants",
    "is_acyclic",
    "on_cycle",
    "reached",
    "transitive_closure",
]

Variable = tuple[str, int]
"""An indicator and how many periods ago it is looked at (0 = now)."""


def transitive_closure(arrows: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return (..., p, p): where a chain of ``arrows`` leads, for every graph of a stack (Warshall 1962)."""
    reach = np.asarray(arrows, np.bool_).copy()
    for k in range(reach.shape[-1]):
        reach |= reach[..., :, k, None] & reach[..., k, None, :]
    return reach


def reached(member: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return (p, p) [y, x]: whether x leads to y at any lag in a graph (p, d) over lags; everything leads to itself."""
    p = len(member)
    any_lag = np.asarray(member.reshape(p, -1, p).any(axis=1), np.bool_)
    return np.asarray(transitive_closure(any_lag) | np.eye(p, dtype=np.bool_), np.bool_)


def on_cycle(arrows: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return (p, p): the arrows ``arrows[y, x]`` (x -> y) that lie on a directed cycle, self-arrows included."""
    loops = np.eye(len(arrows), dtype=np.bool_)
    return np.asarray(arrows & (transitive_closure(arrows).T | loops), np.bool_)


def is_acyclic(arrows: NDArray[np.bool_]) -> bool:
    """Return whether ``arrows`` (p, p), ``[y, x]`` True for x -> y, has no directed cycle."""
    return not on_cycle(arrows).any()


def ancestors(graph: CausalGraph, name: str, same_period: bool = False) -> frozenset[str]:
    """Return the indicators with a directed path (``-->``) to ``name``, at any lag or within a period; not itself.

    Raises ``UnknownName`` when the graph has no such indicator.
    """
    _check_name(graph, name)
    causes: dict[str, set[str]] = {}
    for edge in graph.edges:
        if edge.mark == "-->" and (edge.lag == 0 or not same_period):
            causes.setdefault(edge.target, set()).add(edge.source)
    return _reachable(name, causes)


def descendants(graph: CausalGraph, name: str, same_period: bool = False) -> frozenset[str]:
    """Return the indicators with a directed path (``-->``) from ``name``, at any lag or within a period; not itself.

    Raises ``UnknownName`` when the graph has no such indicator.
    """
    _check_name(graph, name)
    effects: dict[str, set[str]] = {}
    for edge in graph.edges:
        if edge.mark == "-->" and (edge.lag == 0 or not same_period):
            effects.setdefault(edge.source, set()).add(edge.target)
    return _reachable(name, effects)


def _reachable(start: str, step: Mapping[str, set[str]]) -> frozenset[str]:
    seen, waiting = {start}, [start]
    while waiting:
        for following in step.get(waiting.pop(), set()) - seen:
            seen.add(following)
            waiting.append(following)
    return frozenset(seen - {start})


def d_separated(
    graph: CausalGraph, xs: Iterable[Variable], ys: Iterable[Variable], given: Iterable[Variable] = ()
) -> bool:
    """Return whether ``given`` d-separates every x from every y in the graph repeated over time.

    A variable is (indicator, periods ago). The graph is repeated far enough into the past that no open path is cut
    off: two paths back to a common cause visit at most p^2 L pairs (two indicators, offset), each step at most L
    periods, before they repeat.

    Source: Bayes ball, Shachter (1998); ``<->`` is read as an unobserved common cause.

    Raises
    ------
    UnknownName : an indicator that the graph does not have.
    CallError : edges without a direction (``---``, ``o->``, ``o-o``), a negative age, or overlapping sets.
    """
    sets = [frozenset(side) for side in (xs, ys, given)]
    _check_query(graph, sets)
    oldest = max((age for side in sets for _, age in side), default=0)
    lags = max((edge.lag for edge in graph.edges), default=0)
    horizon = oldest + lags * lags * len(graph.nodes) ** 2
    return not (_ball(graph, sets[0], sets[2], horizon) & sets[1])


def _check_name(graph: CausalGraph, name: str) -> None:
    check_known(name, (node.name for node in graph.nodes), Text("指标", "indicator in the graph"))


def _check_query(graph: CausalGraph, sets: list[frozenset[Variable]]) -> None:
    for name, age in (variable for side in sets for variable in side):
        _check_name(graph, name)
        if age < 0:
            raise CallError(
                "negative-age",
                Text(f"“{name}”的期数 {age} 为负。", f"'{name}' is asked for at {age} periods ago."),
                Text("请使用 0(当期)或更大的整数。", "Use 0 (now) or a larger whole number."),
            )
    if sets[0] & sets[1] or (sets[0] | sets[1]) & sets[2]:
        raise CallError(
            "overlapping-sets",
            Text("分离问题中的各组变量有重叠。", "The sets of a separation question overlap."),
            Text("请确保每个变量只出现在一组中。", "Name every variable in one set only."),
        )
    if open_edges := [e for e in graph.edges if e.mark not in ("-->", "<->")]:
        edge = open_edges[0]
        raise CallError(
            "undirected-edge",
            Text(
                f"“{edge.source}”与“{edge.target}”之间的方向未定，无法判断 d-分离。",
                f"The edge {edge.source} {edge.mark} {edge.target} has no direction, so d-separation is undefined.",
            ),
            Text("请先选定一个有向成员图。", "Choose a fully directed member graph first."),
        )


def _ball(
    graph: CausalGraph, start: frozenset[Variable], given: frozenset[Variable], horizon: int
) -> frozenset[Variable]:
    """Return the variables that a ball started at ``start`` reaches, up to ``horizon`` periods back.

    A stop is (indicator, age, came from a child or a parent). Unobserved common causes are parents named after their
    edge, without parents of their own.
    """
    into: dict[str, list[tuple[str, int]]] = {}
    out_of: dict[str, list[tuple[str, int]]] = {}
    for i, edge in enumerate(graph.edges):
        latent = f"\0{i}"
        arrows = [(latent, edge.source, 0), (latent, edge.target, edge.lag)]
        for cause, effect, lag in arrows if edge.mark == "<->" else [(edge.source, edge.target, edge.lag)]:
            into.setdefault(effect, []).append((cause, lag))
            out_of.setdefault(cause, []).append((effect, lag))
    waiting = [(name, age, True) for name, age in start]
    seen = set(waiting)
    while waiting:
        name, age, from_child = waiting.pop()
        observed = (name, age) in given
        onward: list[tuple[str, int, bool]] = []
        if from_child != observed:
            onward += [(cause, age + lag, True) for cause, lag in into.get(name, ())]
        if not observed:
            onward += [(effect, age - lag, False) for effect, lag in out_of.get(name, ())]
        for stop in onward:
            if 0 <= stop[1] <= horizon and stop not in seen:
                seen.add(stop)
                waiting.append(stop)
    return frozenset((name, age) for name, age, _ in seen)
