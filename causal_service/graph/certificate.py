"""Re-check a returned graph against everything that was demanded, whatever method returned it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

import numpy as np

from causal_service.graph.causal_graph import Certificate, Edge, Node
from causal_service.graph.knowledge import Knowledge
from causal_service.graph.separation import on_cycle

__all__ = ["certify", "possible_arrows"]

Verdict = Literal["kept", "broken", "none"]


def possible_arrows(edge: Edge) -> tuple[tuple[str, str], ...]:
    """Return the (cause, effect) pairs that the mark of ``edge`` asserts or leaves open.

    ``-->`` and ``o->``: source to target. ``---`` and ``o-o``: both ways within a period, forward in time otherwise.
    ``<->``: none.
    """
    forward = (edge.source, edge.target)
    if edge.mark == "<->":
        return ()
    if edge.mark in ("-->", "o->") or edge.lag > 0:
        return (forward,)
    return (forward, (edge.target, edge.source))


def certify(nodes: Sequence[Node], edges: Sequence[Edge], knowledge: Knowledge) -> Certificate:
    """Return the certificate of a graph.

    An exclusion (tier, forbidden) is broken by an edge that asserts the excluded arrow and also by one that leaves it
    open; a requirement is kept only by a directed edge (``-->``), at the stated lag or at any when none is stated.
    Forbidden arrows without a lag are forbidden at every lag. Indicators outside ``nodes`` are not judged.

    Parameters
    ----------
    nodes : indicators of the graph.
    edges : what is to be checked.
    knowledge : what was demanded.
    """
    present = {node.name for node in nodes}
    against_tiers = _against_tiers(edges, knowledge)
    missing = _missing(edges, knowledge, present)
    forbidden = _forbidden(edges, knowledge)
    circle = _circle(edges)
    demanded = any(c in present and e in present for c, e, _ in knowledge.required)
    excluded = any(c in present and e in present for c, e, _ in knowledge.forbidden)
    return Certificate(
        tiers=_verdict(against_tiers, len({knowledge.tiers[n] for n in present & knowledge.tiers.keys()}) > 0),
        required=_verdict(missing, demanded),
        forbidden=_verdict(forbidden, excluded),
        acyclic=not circle,
        violations=(*against_tiers, *missing, *forbidden, *circle),
    )


def _verdict(violations: Sequence[str], demanded: bool) -> Verdict:
    if not demanded:
        return "none"
    return "broken" if violations else "kept"


def _spelled(edge: Edge) -> str:
    lag = f" (lag {edge.lag})" if edge.lag else ""
    return f"{edge.source} {edge.mark} {edge.target}{lag}"


def _against_tiers(edges: Iterable[Edge], knowledge: Knowledge) -> tuple[str, ...]:
    tiers = knowledge.tiers
    return tuple(
        f"tiers: {_spelled(edge)}"
        for edge in edges
        if edge.lag == 0 and any(c in tiers and e in tiers and tiers[c] > tiers[e] for c, e in possible_arrows(edge))
    )


def _missing(edges: Iterable[Edge], knowledge: Knowledge, present: set[str]) -> tuple[str, ...]:
    directed = {(edge.source, edge.target, edge.lag) for edge in edges if edge.mark == "-->"}
    somewhere = {(cause, effect) for cause, effect, _ in directed}
    return tuple(
        f"required: {cause} --> {effect}" + ("" if lag is None else f" (lag {lag})") + " is absent"
        for cause, effect, lag in knowledge.required
        if cause in present
        and effect in present
        and ((cause, effect) not in somewhere if lag is None else (cause, effect, lag) not in directed)
    )


def _forbidden(edges: Iterable[Edge], knowledge: Knowledge) -> tuple[str, ...]:
    banned = set(knowledge.forbidden)
    return tuple(
        f"forbidden: {_spelled(edge)}"
        for edge in edges
        if any((*arrow, None) in banned or (*arrow, edge.lag) in banned for arrow in possible_arrows(edge))
    )


def _circle(edges: Iterable[Edge]) -> tuple[str, ...]:
    """Return the directed same-period edges that lie on a cycle."""
    now = [edge for edge in edges if edge.lag == 0 and edge.mark == "-->"]
    at = {name: i for i, name in enumerate(sorted({n for e in now for n in (e.source, e.target)}))}
    arrows = np.zeros((len(at), len(at)), np.bool_)
    for edge in now:
        arrows[at[edge.target], at[edge.source]] = True
    cyclic = on_cycle(arrows)
    return tuple(f"cycle: {_spelled(edge)}" for edge in now if cyclic[at[edge.target], at[edge.source]])
