"""What a library found, settled: brought into agreement with time, knowledge and acyclicity, every change said.

Libraries do not reliably respect background knowledge, and some return arrows that no acyclic graph can have. What
they find is therefore read as a proposal. ``settle`` turns a partially directed proposal into the class of an acyclic
graph that keeps all knowledge:

1. lagged arrows run forward in time; forbidden ones go, required ones come;
2. same-period pairs with one permitted direction take it, required pairs are added;
3. a consistent extension is sought: an acyclic graph with these arrows and no further collider (Dor & Tarsi 1992);
4. where there is none, the variables are put into an order that knowledge permits and that turns few arrows, and all
   pairs follow it;
5. the class of that graph under the knowledge is the result (Meek 1995).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from causal_service.errors import Text
from causal_service.graph.arrays import edges_of, pdag_of
from causal_service.graph.causal_graph import Certificate, Edge, Mark, Node
from causal_service.graph.certificate import certify
from causal_service.graph.knowledge import Knowledge
from causal_service.graph.separation import transitive_closure
from causal_service.numerics.meek import mpdag

__all__ = ["RawGraph", "causal_reading", "extension", "settle", "settled_graph"]

Bool = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class RawGraph:
    """A graph found by a library and settled with the knowledge; not resampled, no strengths."""

    method: str
    """``pc``, ``ges``, ``fci`` or ``boss``."""
    edges: tuple[Edge, ...]
    """Edges sorted by (source, target, lag)."""
    certificate: Certificate
    """Re-check of ``edges``."""
    as_found: Certificate
    """Re-check of what the library itself had returned, before it was settled."""
    repairs: tuple[Text, ...]
    """What had to be changed, one statement per kind of change; empty when nothing."""


def settled_graph(
    method: str, found: Bool, names: Sequence[str], lags: int, knowledge: Knowledge, repairs: Sequence[Text] = ()
) -> RawGraph:
    """Return the settled graph of a proposal (p, d), with both certificates.

    Parameters
    ----------
    found : (p, d), columns ``[lagged block | present block]``; both directions True = open.
    repairs : changes made before this point.
    """
    nodes = [Node(name, None) for name in names]
    settled, changes = settle(found, names, lags, knowledge)
    edges = edges_of(settled, names)
    return RawGraph(
        method,
        edges,
        certify(nodes, edges, knowledge),
        certify(nodes, edges_of(found, names), knowledge),
        (*repairs, *changes),
    )


def settle(found: Bool, names: Sequence[str], lags: int, knowledge: Knowledge) -> tuple[Bool, tuple[Text, ...]]:
    """Return (class (p, d) of an acyclic graph that keeps the knowledge, what was changed)."""
    p = len(names)
    proposed = np.asarray(found, np.bool_)
    lagged = proposed[:, : lags * p] & knowledge.allowed_lag(names, lags) | knowledge.required_lag(names, lags)
    now = proposed[:, lags * p :]
    required = knowledge.required_now(names, lags)
    if lags > 0:
        _place_required_somewhere(lagged, now, required, names, knowledge)
    allowed = knowledge.allowed_now(names) & ~required.T
    one_way = allowed ^ allowed.T
    pdag = allowed & (now | one_way) & (now | now.T | required | required.T)
    dag = extension(pdag, lagged)
    if dag is None:
        before = transitive_closure(knowledge.precedence(names, lags) | required.T)
        dag = _along_an_order(pdag, allowed, before)
    now_class = mpdag(np.concatenate([lagged, dag], axis=1), allowed)
    settled = np.concatenate([lagged, now_class], axis=1)
    return settled, _changes(proposed, settled, names)


def causal_reading(edges: Sequence[Edge], names: Sequence[str], lags: int, knowledge: Knowledge) -> Bool:
    """Return the class (p, d) of an acyclic graph that reads an ancestral graph's edges as possible causes.

    ``o->`` is read as an arrow, ``o-o`` as an open direction, ``<->`` as no cause; cycles among the former are settled.
    Effects computed from it hold if no unobserved common cause stands behind the edges.
    """
    reading: dict[Mark, Mark] = {"-->": "-->", "---": "---", "o->": "-->", "o-o": "---"}
    causes = [replace(edge, mark=reading[edge.mark]) for edge in edges if edge.mark in reading]
    return settle(pdag_of(causes, names, lags), names, lags, knowledge)[0]


def _place_required_somewhere(
    lagged: Bool, now: Bool, required: Bool, names: Sequence[str], knowledge: Knowledge
) -> None:
    """See to it, in place, that what is required "at some lag" is there: where found, else at the shortest lag."""
    p = len(names)
    lags = lagged.shape[1] // p
    allowed_now, allowed_lag = knowledge.allowed_now(names), knowledge.allowed_lag(names, lags)
    before = transitive_closure(knowledge.precedence(names) | required.T)
    for y, x in np.argwhere(knowledge.required_somewhere(names)):
        columns = [(lags - lag) * p + x for lag in range(1, lags + 1)]
        if lagged[y, columns].any():
            continue
        fits_now = allowed_now[y, x] and not before[y, x]
        open_columns = [column for column in columns if allowed_lag[y, column]]
        if fits_now and (now[y, x] or now[x, y] or not open_columns):
            required[y, x] = True
            before = transitive_closure(before | required.T)
        elif open_columns:
            lagged[y, open_columns[0]] = True


def extension(pdag: Bool, lagged: Bool) -> Bool | None:
    """Return a DAG (p, p) with the arrows of ``pdag`` (p, p) and no further collider, or ``None`` where none exists.

    Source: Dor & Tarsi (1992): take away one variable after the other that no arrow leaves and whose open neighbours
    are adjacent to all its other neighbours. ``lagged`` (p, m) are fixed parents that count as neighbours.
    """
    dag = pdag & ~pdag.T
    beside = pdag | pdag.T
    left = np.ones(len(pdag), np.bool_)
    for _ in range(len(pdag)):
        x = next((x for x in range(len(pdag)) if left[x] and _can_be_last(x, pdag, beside, lagged, left)), None)
        if x is None:
            return None
        dag[x] |= pdag[x] & pdag[:, x] & left
        left[x] = False
    return np.asarray(dag, np.bool_)


def _can_be_last(x: int, pdag: Bool, beside: Bool, lagged: Bool, left: Bool) -> bool:
    if (pdag[:, x] & ~pdag[x] & left).any():
        return False
    neighbours = beside[x] & left
    for y in np.flatnonzero(pdag[x] & pdag[:, x] & left):
        others = neighbours.copy()
        others[y] = False
        if (others & ~beside[y]).any() or (lagged[x] & ~lagged[y]).any():
            return False
    return True


def _along_an_order(pdag: Bool, allowed: Bool, before: Bool) -> Bool:
    """Return a DAG (p, p) on the pairs of ``pdag`` along an order that keeps ``before`` and turns few arrows.

    The order is filled from its end with the variable that fewest directed arrows leave (Eades, Lin & Smyth 1993). A
    pair whose direction in the order is not allowed is dropped.
    """
    p = len(pdag)
    directed = pdag & ~pdag.T
    left = np.ones(p, np.bool_)
    position = np.zeros(p, np.int64)
    for place in range(p - 1, -1, -1):
        free = [x for x in np.flatnonzero(left) if not (before[x] & left).any()]
        x = min(free, key=lambda x: (int((directed[:, x] & left).sum()), -int((directed[x] & left).sum()), x))
        position[x] = place
        left[x] = False
    return np.asarray((pdag | pdag.T) & allowed & (position[None, :] < position[:, None]), np.bool_)


def _changes(proposed: Bool, settled: Bool, names: Sequence[str]) -> tuple[Text, ...]:
    """Return what differs between the proposal and the settled graph, one statement per kind of change."""
    p, d = proposed.shape
    before, after = np.zeros((d, d), np.bool_), np.zeros((d, d), np.bool_)
    before[d - p :], after[d - p :] = proposed, settled
    pair_before, pair_after = before | before.T, after | after.T
    kinds = (
        (after & ~pair_before, Text("按先验知识补入", "added because knowledge requires it")),
        (
            before & ~pair_after,
            Text("因先验知识或无环要求而删除", "dropped because knowledge or acyclicity excludes it"),
        ),
        (before & ~before.T & ~after & after.T, Text("方向被调转", "turned around")),
        (before & ~before.T & after & after.T, Text("方向改为未定", "left open, because the data do not decide it")),
    )
    return tuple(_listed(where, kind, names) for where, kind in kinds if where.any())


def _listed(where: Bool, kind: Text, names: Sequence[str]) -> Text:
    p, d = len(names), len(where)
    arrows = []
    for y, x in np.argwhere(where):
        lag = d // p - 1 - int(x) // p
        arrows.append(f"{names[x % p]}{f'(t-{lag})' if lag else ''} → {names[y % p]}")
    shown = arrows if len(arrows) <= 6 else [*arrows[:6], "…"]
    return Text(f"{kind.zh}（{len(arrows)} 条）：{'、'.join(shown)}", f"{kind.en} ({len(arrows)}): {', '.join(shown)}")
