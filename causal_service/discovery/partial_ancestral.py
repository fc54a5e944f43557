"""A partial ancestral graph (what FCI finds) brought into agreement with time and knowledge.

``marks[y, x]`` is the mark at y on the edge between x and y: 0 no edge, 1 arrowhead (y causes no x), 2 tail (y causes
x), 3 circle (either). Variables are ``[lagged block | present block]``.

Time, tiers, forbidden and required arrows put in arrowheads and tails; rules R1, R2, R3 and R8 (Zhang 2008) carry them
on. That is sound and not complete: R4, R9 and R10 are not repeated after the knowledge has been put in.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from causal_service.errors import Text
from causal_service.graph.causal_graph import Edge, Mark
from causal_service.graph.knowledge import Knowledge
from causal_service.graph.separation import on_cycle, transitive_closure

__all__ = ["ARROW", "CIRCLE", "NO_EDGE", "TAIL", "edges_of_marks", "informed", "without_selection"]

NO_EDGE, ARROW, TAIL, CIRCLE = 0, 1, 2, 3
Marks = NDArray[np.int8]


def informed(marks: Marks, names: Sequence[str], lags: int, knowledge: Knowledge) -> tuple[Marks, tuple[Text, ...]]:
    """Return (marks that keep the knowledge, what had to be changed)."""
    m = lags * len(names)
    result = without_selection(marks)
    result[:m, :m] = NO_EDGE
    not_cause = _not_causes(names, lags, knowledge)
    demanded = np.zeros_like(not_cause)
    demanded[m:] = _demanded(result, names, lags, knowledge)
    result[(result != NO_EDGE) & not_cause] = ARROW
    result[demanded], result[demanded.T] = ARROW, TAIL
    changes = _contradicted(without_selection(marks), result, names)
    _carry_on(result, m)
    _soften_cycles(result[m:, m:], demanded[m:, m:])
    return result, changes


def without_selection(marks: Marks) -> Marks:
    """Return the marks without those that only arise under selection: ``--o`` reads ``-->``, ``---`` reads ``o-o``."""
    result = marks.copy()
    result[(marks == CIRCLE) & (marks.T == TAIL)] = ARROW
    result[(marks == TAIL) & (marks.T == TAIL)] = CIRCLE
    return result


def _not_causes(names: Sequence[str], lags: int, knowledge: Knowledge) -> NDArray[np.bool_]:
    """Return (d, d): ``[a, b]`` True where a can be no cause of b by time, tiers, or a forbidden arrow."""
    p, m = len(names), lags * len(names)
    result = np.zeros((m + p, m + p), np.bool_)
    result[m:, :m] = True
    result[:m, m:] = ~knowledge.allowed_lag(names, lags).T
    result[m:, m:] = ~knowledge.allowed_now(names).T
    return result


def _demanded(marks: Marks, names: Sequence[str], lags: int, knowledge: Knowledge) -> NDArray[np.bool_]:
    """Return (p, d): required arrows; those "at some lag" on an edge that was found, else at the shortest lag."""
    p = len(names)
    demanded = np.concatenate([knowledge.required_lag(names, lags), knowledge.required_now(names, lags)], axis=1)
    allowed = np.concatenate([knowledge.allowed_lag(names, lags), knowledge.allowed_now(names)], axis=1)
    before = knowledge.precedence(names, lags)
    for y, x in np.argwhere(knowledge.required_somewhere(names)):
        columns = [c for c in range(x, (lags + 1) * p, p) if allowed[y, c] and (c < lags * p or not before[y, x])]
        found = [c for c in columns if marks[lags * p + y, c] != NO_EDGE]
        preferred = found or [c for c in columns if c < lags * p] or columns
        if preferred and not demanded[y, x::p].any():
            demanded[y, preferred[-1]] = True
            before = transitive_closure(before | demanded[:, lags * p :].T)
    return demanded


def _carry_on(marks: Marks, m: int) -> None:
    """Apply R1, R2, R3 and R8 in place until none applies; lagged variables count as adjacent to each other."""
    beside = marks != NO_EDGE
    beside[:m, :m] = True
    changed = True
    while changed:
        changed = False
        for b, a in np.argwhere(marks == CIRCLE):
            if _arrowhead_follows(marks, beside, int(a), int(b)):
                marks[b, a] = ARROW
                changed = True
            elif _tail_follows(marks, beside, int(b), int(a)):
                marks[b, a] = TAIL
                changed = True


def _arrowhead_follows(marks: Marks, beside: NDArray[np.bool_], a: int, b: int) -> bool:
    """R2 and R3 for the circle at b on a *-o b, and the head of R1: c *-> a o-o b with c, b not adjacent."""
    into_b = marks[b] == ARROW
    causes = (marks[:, a] == ARROW) & (marks[a] == TAIL) & into_b
    effects = (marks[:, a] == ARROW) & into_b & (marks[:, b] == TAIL)
    if causes.any() or effects.any():
        return True
    if marks[a, b] in (CIRCLE, TAIL) and ((marks[a] == ARROW) & ~beside[b]).any():
        return True
    hats = np.flatnonzero(into_b & (marks[a] == CIRCLE))
    return any(not beside[c, d] for i, c in enumerate(hats) for d in hats[i + 1 :])


def _tail_follows(marks: Marks, beside: NDArray[np.bool_], b: int, c: int) -> bool:
    """R1 for the circle at b on b o-> c: a *-> b with a, c not adjacent; R8: b -> a -> c or b -o a -> c."""
    if marks[c, b] != ARROW:
        return False
    if ((marks[b] == ARROW) & ~beside[c]).any():
        return True
    return bool(((marks[b] == TAIL) & (marks[:, c] == TAIL) & (marks[c] == ARROW)).any())


def _soften_cycles(now: Marks, demanded: NDArray[np.bool_]) -> None:
    """Turn the tails of same-period arrows on a directed cycle into circles, in place, unless they are required."""
    arrows = (now == ARROW) & (now.T == TAIL)
    loose = on_cycle(arrows) & ~demanded
    now[loose.T] = CIRCLE


def _contradicted(before: Marks, after: Marks, names: Sequence[str]) -> tuple[Text, ...]:
    """Return where knowledge overruled an arrowhead or tail of the library."""
    p, m = len(names), len(before) - len(names)
    lags = m // p
    labels = [f"{name}(t-{lag})" if lag else name for lag in range(lags, -1, -1) for name in names]
    overruled = [
        f"{labels[a]} – {labels[b]}"
        for a, b in zip(*np.nonzero((before != after) & np.isin(before, (ARROW, TAIL))), strict=True)
        if a >= m or b >= m
    ]
    if not overruled:
        return ()
    shown = overruled if len(overruled) <= 6 else [*overruled[:6], "…"]
    return (
        Text(
            f"因时间或先验知识改写了端点（{len(overruled)} 处）：{'、'.join(shown)}",
            f"ends overruled by time or knowledge ({len(overruled)}): {', '.join(shown)}",
        ),
    )


def edges_of_marks(marks: Marks, names: Sequence[str], lags: int) -> tuple[Edge, ...]:
    """Return the edges, sorted by (source, target, lag); edges among lagged variables are left out."""
    p, m = len(names), lags * len(names)
    edges = []
    for row, x in np.argwhere(marks[m:] != NO_EDGE):
        y = m + int(row)
        if x >= m and x > y:
            continue
        lag = lags - int(x) // p
        edge = _edge(names[int(x) % p], names[int(row)], lag, int(marks[x, y]), int(marks[y, x]))
        edges.append(edge)
    return tuple(sorted(edges, key=lambda e: (e.source, e.target, e.lag)))


def _edge(x: str, y: str, lag: int, at_x: int, at_y: int) -> Edge:
    """Return the edge between x (``lag`` periods earlier) and y with the marks at its ends."""
    if at_x == ARROW and at_y == ARROW:
        mark: Mark = "<->"
    elif at_y == ARROW:
        mark = "-->" if at_x == TAIL else "o->"
    elif at_x == ARROW:
        mark = "-->" if at_y == TAIL else "o->"
        x, y = y, x
    else:
        mark = "o-o"
    if lag == 0 and mark in ("<->", "o-o") and x > y:
        x, y = y, x
    return Edge(x, y, lag, mark, None, None)
