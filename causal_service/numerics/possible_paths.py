"""Paths in a graph repeated over time: where they may lead, and where information flows given what is known.

Graphs are square: ``A[y, x]`` True means x -> y, both ``A[y, x]`` and ``A[x, y]`` an open direction. A graph repeated
over W periods has node ``time * p + indicator``, oldest period first.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from causal_service.numerics.compiled import inner, kernel

__all__ = ["connected", "descending", "open_ways", "repeated"]


@kernel
def repeated(found: NDArray[np.bool_], periods: int) -> NDArray[np.bool_]:
    """Return (W p, W p): a class (p, d), columns [lagged | present], repeated over ``periods``."""
    p, d = found.shape
    lags = d // p - 1
    A = np.zeros((periods * p, periods * p), np.bool_)
    for t in range(periods):
        for lag in range(min(lags, t) + 1):
            for y in range(p):
                for x in range(p):
                    if found[y, (lags - lag) * p + x]:
                        A[t * p + y, (t - lag) * p + x] = True
    return A


@inner
def _directed(A: NDArray[np.bool_], a: int, b: int) -> bool:
    """Return whether a -> b."""
    return bool(A[b, a] and not A[a, b])


@kernel
def open_ways(found: NDArray[np.bool_], periods: int) -> NDArray[np.bool_]:
    """Return (p, p): [y, x] True where a possibly causal path that starts with an open edge leads from x to y.

    Within ``periods`` periods of the cause's. There, and only there, an effect is not identified in a maximally
    oriented class without hidden causes (Perkovic 2020, UAI, theorem 3.6). A path is possibly causal when no arrow
    points back along it; behind the open edge it is enough to follow unshielded paths (Perkovic, Kalisch & Maathuis
    2017, lemmas 3.5 and 3.6).
    """
    p = found.shape[0]
    m = found.shape[1] - p
    out = np.zeros((p, p), np.bool_)
    A = np.zeros((0, 0), np.bool_)
    stack = np.empty((0, 2), np.int64)
    for x in range(p):
        neighbours = 0
        for z in range(p):
            if found[z, m + x] and found[x, m + z]:
                neighbours += 1
        if neighbours == 0:
            continue
        if A.shape[0] == 0:
            A = repeated(found, periods)
            stack = np.empty((A.shape[0] * A.shape[0], 2), np.int64)
        n = A.shape[0]
        seen = np.zeros((n, n), np.bool_)
        depth = 0
        for z in range(p):
            if A[z, x] and A[x, z]:
                stack[depth, 0], stack[depth, 1] = x, z
                seen[x, z] = True
                depth += 1
        while depth > 0:
            depth -= 1
            u, v = stack[depth, 0], stack[depth, 1]
            out[v % p, x] = True
            for w in range(n):
                if not A[w, v] or w in (x, u) or seen[v, w] or _directed(A, w, x):
                    continue
                if u != x and (A[u, w] or A[w, u]):
                    continue
                seen[v, w] = True
                stack[depth, 0], stack[depth, 1] = v, w
                depth += 1
    return out


@kernel
def descending(A: NDArray[np.bool_], start: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return (n,): the nodes of a directed acyclic graph (n, n) that ``start`` (n,) leads to, itself included.

    Given the transpose it returns the ancestors.
    """
    n = A.shape[0]
    reached = start.copy()
    stack = np.empty(n, np.int64)
    depth = 0
    for x in range(n):
        if start[x]:
            stack[depth] = x
            depth += 1
    while depth > 0:
        depth -= 1
        x = stack[depth]
        for y in range(n):
            if A[y, x] and not reached[y]:
                reached[y] = True
                stack[depth] = y
                depth += 1
    return reached


@kernel
def connected(A: NDArray[np.bool_], start: NDArray[np.bool_], given: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return (n,): the nodes of a directed acyclic graph (n, n) that are d-connected with ``start`` ``given`` others.

    Source: Bayes ball, Shachter (1998).
    """
    n = A.shape[0]
    known = descending(A.T, given)
    reached = np.zeros(n, np.bool_)
    seen = np.zeros((n, 2), np.bool_)
    stack = np.empty((2 * n, 2), np.int64)
    depth = 0
    for x in range(n):
        if start[x]:
            seen[x, 0] = True
            stack[depth, 0], stack[depth, 1] = x, 0
            depth += 1
    while depth > 0:
        depth -= 1
        v, came_from_parent = stack[depth, 0], stack[depth, 1]
        if not given[v]:
            reached[v] = True
        up = not given[v] if came_from_parent == 0 else known[v]
        for w in range(n):
            if up and A[v, w] and not seen[w, 0]:
                seen[w, 0] = True
                stack[depth, 0], stack[depth, 1] = w, 0
                depth += 1
            if not given[v] and A[w, v] and not seen[w, 1]:
                seen[w, 1] = True
                stack[depth, 0], stack[depth, 1] = w, 1
                depth += 1
    return reached
