"""From boolean arrays to named edges and back.

``A[y, x]`` True means x -> y; two Trues mean an open direction. Rows are ``[x(t-L) ... x(t-1) | x(t)]``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from causal_service.graph.causal_graph import Edge

__all__ = ["edges_of", "lagged_block", "pdag_of"]


def lagged_block(d: int, p: int) -> int:
    """Return the number of lags L of d = (L + 1) p columns."""
    return d // p - 1 if p else 0


def edges_of(pdag: NDArray[np.bool_], names: Sequence[str]) -> tuple[Edge, ...]:
    """Return the edges of a partially directed graph, sorted by (source, target, lag).

    Parameters
    ----------
    pdag : (p, d), columns ``[lagged block | present block]``; an open same-period edge appears twice in the array and
        once in the result, as ``---`` from the name that sorts first.
    names : the p indicators.
    """
    p = len(names)
    lags = lagged_block(pdag.shape[1], p)
    now = pdag[:, lags * p :]
    edges = []
    for y, column in np.argwhere(pdag):
        x, lag = int(column) % p, lags - int(column) // p
        source, target = names[x], names[int(y)]
        open_direction = lag == 0 and bool(now[x, y])
        if not (open_direction and source > target):
            edges.append(Edge(source, target, lag, "---" if open_direction else "-->", None, None))
    return tuple(sorted(edges, key=lambda e: (e.source, e.target, e.lag)))


def pdag_of(edges: Iterable[Edge], names: Sequence[str], lags: int) -> NDArray[np.bool_]:
    """Return the array (p, (lags + 1) p) of the edges marked ``-->`` and ``---``; other marks are left out."""
    p = len(names)
    at = {name: i for i, name in enumerate(names)}
    pdag = np.zeros((p, (lags + 1) * p), np.bool_)
    for edge in edges:
        if edge.mark in ("-->", "---"):
            pdag[at[edge.target], (lags - edge.lag) * p + at[edge.source]] = True
            if edge.mark == "---" and edge.lag == 0:
                pdag[at[edge.source], lags * p + at[edge.target]] = True
    return pdag
