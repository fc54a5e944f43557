"""Equivalence classes of directed acyclic graphs under background knowledge: orient what every member agrees on.

Source: Meek (1995), "Causal inference and causal explanation with background knowledge" (rules 1-4 and their
completeness); the result is the maximally oriented PDAG (MPDAG) of Perkovic, Kalisch & Maathuis (2017).

Notation: p variables of the present period and m = L p lagged ones that may only be parents. ``A[y, x]`` True means
x -> y; both ``A[y, x]`` and ``A[x, y]`` True mean that the direction is open. Lagged arrows are known from time. They
take part in unshielded colliders and in rule 1; rules 2-4 cannot need them (a lagged variable has no parent here, and
where it would stand in for a parent in rule 3 or 4, rule 1 and rule 2 give the same arrow).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from causal_service.numerics.compiled import inner, kernel
from causal_service.numerics.keyed_random import next_below, next_state

__all__ = ["close", "enumerate_members", "mpdag", "sample_member"]


@inner
def _adjacent(A: NDArray[np.bool_], a: int, b: int) -> bool:
    return bool(A[a, b] or A[b, a])


@inner
def _away_from_collider(A: NDArray[np.bool_], lagged: NDArray[np.bool_], a: int, b: int) -> bool:
    """Rule 1: c -> a - b with c, b not adjacent gives a -> b (else a new collider c -> a <- b)."""
    for c in range(A.shape[0]):
        if A[a, c] and not A[c, a] and c != b and not _adjacent(A, b, c):
            return True
    for j in range(lagged.shape[1]):  # noqa: SIM110 (a plain loop is what the compiler takes)
        if lagged[a, j] and not lagged[b, j]:
            return True
    return False


@inner
def _away_from_cycle(A: NDArray[np.bool_], a: int, b: int) -> bool:
    """Rule 2: a -> c -> b with a - b gives a -> b (else a cycle)."""
    for c in range(A.shape[0]):  # noqa: SIM110
        if A[c, a] and not A[a, c] and A[b, c] and not A[c, b]:
            return True
    return False


@inner
def _double_triangle(A: NDArray[np.bool_], a: int, b: int) -> bool:
    """Rule 3: a - c -> b and a - d -> b with c, d not adjacent and a - b gives a -> b."""
    p = A.shape[0]
    for c in range(p):
        if A[b, c] and not A[c, b] and A[a, c] and A[c, a]:
            for d in range(c + 1, p):
                if A[b, d] and not A[d, b] and A[a, d] and A[d, a] and not _adjacent(A, c, d):
                    return True
    return False


@inner
def _kite(A: NDArray[np.bool_], a: int, b: int) -> bool:
    """Rule 4: d -> c -> b with a - d, a adjacent to c, b and d not adjacent, and a - b gives a -> b."""
    p = A.shape[0]
    for c in range(p):
        if c != a and A[b, c] and not A[c, b] and _adjacent(A, a, c):
            for d in range(p):
                if A[c, d] and not A[d, c] and d != b and A[a, d] and A[d, a] and not _adjacent(A, b, d):
                    return True
    return False


@inner
def _must(A: NDArray[np.bool_], lagged: NDArray[np.bool_], a: int, b: int) -> bool:
    """Return whether some rule turns the open edge a - b into a -> b."""
    return (
        _away_from_collider(A, lagged, a, b) or _away_from_cycle(A, a, b) or _double_triangle(A, a, b) or _kite(A, a, b)
    )


@kernel
def close(A: NDArray[np.bool_], lagged: NDArray[np.bool_]) -> None:
    """Apply Meek's rules 1-4 to A (p, p) in place until none applies; ``lagged`` (p, m) holds the lagged parents."""
    p = A.shape[0]
    changed = True
    while changed:
        changed = False
        for b in range(p):
            for a in range(p):
                if a != b and A[b, a] and A[a, b] and _must(A, lagged, a, b):
                    A[a, b] = False
                    changed = True


@inner
def _in_collider(parents: NDArray[np.bool_], x: int, y: int) -> bool:
    """Return whether x -> y belongs to a collider x -> y <- z with x, z not adjacent (z present or lagged)."""
    p, d = parents.shape
    m = d - p
    for j in range(m):
        if parents[y, j] and not parents[x, j]:
            return True
    for z in range(p):  # noqa: SIM110
        if z != x and parents[y, m + z] and not parents[x, m + z] and not parents[z, m + x]:
            return True
    return False


@kernel
def mpdag(parents: NDArray[np.bool_], allowed: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the class (p, p) of a DAG under time order and background knowledge, oriented as far as it can be.

    Parameters
    ----------
    parents : (p, d) DAG, columns ``[lagged block (m) | present block (p)]``.
    allowed : (p, p), ``allowed[y, x]`` False when x -> y is excluded at lag 0 (tiers, forbidden, reverse of required).
        An arrow of the DAG itself is never turned around, whatever is excluded.
    """
    p, d = parents.shape
    m = d - p
    A = np.zeros((p, p), np.bool_)
    for y in range(p):
        for x in range(p):
            if parents[y, m + x]:
                A[y, x] = True
                A[x, y] = allowed[x, y] and allowed[y, x] and not _in_collider(parents, x, y)
    close(A, parents[:, :m])
    return A


@inner
def _open_edges(A: NDArray[np.bool_]) -> int:
    count = 0
    for y in range(A.shape[0]):
        for x in range(y):
            if A[y, x] and A[x, y]:
                count += 1
    return count


@inner
def _open_edge(A: NDArray[np.bool_], index: int) -> tuple[int, int]:
    """Return the open edge of that rank (row order), or (-1, -1)."""
    for y in range(A.shape[0]):
        for x in range(y):
            if A[y, x] and A[x, y]:
                if index == 0:
                    return y, x
                index -= 1
    return -1, -1


@kernel
def sample_member(A: NDArray[np.bool_], state: np.uint64) -> tuple[NDArray[np.bool_], np.uint64]:
    """Return (a random member DAG (p, p) of the closed class A, the next random state).

    A random open edge is given a random direction and the rules are applied, until nothing is open. Every member can
    come out (Meek 1995: each direction of an open edge occurs in some member) but not all equally often.
    """
    member = A.copy()
    none = np.zeros((A.shape[0], 0), np.bool_)
    remaining = _open_edges(member)
    while remaining > 0:
        state = next_state(state)
        y, x = _open_edge(member, next_below(state, remaining))
        state = next_state(state)
        if next_below(state, 2) == 0:
            y, x = x, y
        member[x, y] = False
        close(member, none)
        remaining = _open_edges(member)
    return member, state


@kernel
def enumerate_members(A: NDArray[np.bool_], limit: int) -> tuple[NDArray[np.bool_], bool]:
    """Return (member DAGs (k, p, p) of the closed class A, whether these are all); k <= limit."""
    p = A.shape[0]
    none = np.zeros((p, 0), np.bool_)
    members = np.zeros((limit, p, p), np.bool_)
    stack = np.zeros((_open_edges(A) + 1, p, p), np.bool_)
    stack[0] = A
    depth, count = 1, 0
    while depth > 0:
        depth -= 1
        y, x = _open_edge(stack[depth], 0)
        if y >= 0:
            stack[depth + 1] = stack[depth]
            stack[depth, x, y] = False
            close(stack[depth], none)
            stack[depth + 1, y, x] = False
            close(stack[depth + 1], none)
            depth += 2
        elif count < limit:
            members[count] = stack[depth]
            count += 1
        else:
            return members, False
    return members[:count], True
