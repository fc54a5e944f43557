"""Best Order Score Search over the variables of the present period, with lagged variables as a fixed first block.

Source: Andrews et al. (2023), arXiv 2310.17679. The order is improved by taking one variable at a time to its best
position until no move improves the score; the parents of every variable are those its grow-shrink tree
(``grow_shrink``) finds among its predecessors. Notation as there.

Precedence (tiers, required edges) is a strict partial order ``before[a, b]`` (a must stand before b): a variable is
only tried between its last forced predecessor and its first forced successor, so no order that breaks it is visited.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from causal_service.numerics.grow_shrink import Forest, Problem, Scratch, forest, full, parents_at, plant, roomier, walk
from causal_service.numerics.keyed_random import next_below, next_state

__all__ = ["random_order", "search_orders"]


class State(NamedTuple):
    """Where the search stands: the order and, per variable, its score and which others its path uses or would use."""

    order: NDArray[np.int64]
    position: NDArray[np.int64]
    current: NDArray[np.float64]
    uses: NDArray[np.bool_]
    stops: NDArray[np.bool_]
    path: NDArray[np.bool_]
    change: NDArray[np.float64]
    scratch: Scratch
    last: NDArray[np.int64]


_IMPROVES = 1e-7
"""Smallest gain, in score units, that counts as an improvement."""


@njit(cache=True, nogil=True)
def random_order(before: NDArray[np.bool_], state: np.uint64) -> NDArray[np.int64]:
    """Return a random linear extension of ``before`` (p, p)."""
    p = before.shape[0]
    waiting = np.zeros(p, np.int64)
    for a in range(p):
        for b in range(p):
            if before[a, b]:
                waiting[b] += 1
    order = np.empty(p, np.int64)
    done = np.zeros(p, np.bool_)
    free = np.empty(p, np.int64)
    for i in range(p):
        k = 0
        for a in range(p):
            if not done[a] and waiting[a] == 0:
                free[k] = a
                k += 1
        state = next_state(state)
        a = free[next_below(state, k)]
        order[i] = a
        done[a] = True
        for b in range(p):
            if before[a, b]:
                waiting[b] -= 1
    return order


@njit(cache=True, nogil=True)
def _mark(trees: Forest, node: int, y: int, m: int, uses: NDArray[np.bool_], stops: NDArray[np.bool_]) -> None:
    """Mark the present variables on the path to ``node`` (``uses``) and those that would change it if they were
    available (``stops``): children that the walk passed over, and all children of the last node.
    """
    uses[:] = False
    stops[:] = False
    came_from = -1
    while True:
        first = trees.first[node]
        for i in range(first, first + trees.number[node]):
            if came_from >= 0 and trees.child[i] == came_from:
                break
            c = trees.candidate[i] - m
            if c >= 0:
                stops[c] = True
        if node == trees.start[y]:
            break
        c = trees.var[node] - m
        if c >= 0:
            uses[c] = True
        came_from = node
        node = trees.up[node]


@njit(cache=True, nogil=True)
def _best_gap(problem: Problem, trees: Forest, state: State, v: int) -> tuple[float, int]:  # noqa: PLR0912 (one scan, one place)
    """Return (gain, gap) of the best place for v; gap g means directly before the variable now at position g.

    Scanned from the last allowed gap to the first, so that v's available set only shrinks: its path changes only when
    a variable on it becomes unavailable. The other variables are walked again only if v is on their path (v moves
    behind them) or would change it (v moves before them).
    """
    position, order, current = state.position, state.order, state.current
    here = position[v]
    p = position.shape[0]
    m = problem.S.shape[0] - p
    low, high = 0, p
    for w in range(p):
        if problem.before[w, v] and position[w] >= low:
            low = position[w] + 1
        if problem.before[v, w] and position[w] < high:
            high = position[w]
    behind = 0.0
    for gap in range(here + 2, high + 1):
        state.change[gap] = 0.0
    for gap in range(here + 1, high):
        w = order[gap]
        if state.uses[w, v]:
            behind += _walked(problem, trees, state, w, gap, -1, v) - current[w]
        state.change[gap + 1] = behind
    ahead = 0.0
    state.change[here] = 0.0
    state.change[here + 1] = 0.0
    for gap in range(here - 1, low - 1, -1):
        w = order[gap]
        if state.stops[w, v] and problem.candidates[w, m + v]:
            ahead += _walked(problem, trees, state, w, gap, v, -1) - current[w]
        state.change[gap] = ahead
    best_gain, best_gap = _IMPROVES, -1
    score = np.nan
    for gap in range(high, low - 1, -1):
        if gap == high or (gap != here and state.path[order[gap]]):
            score = _walked(problem, trees, state, v, gap, -1, v)
            state.path[:] = False
            node = state.last[0]
            while trees.var[node] >= 0:
                if trees.var[node] >= m:
                    state.path[trees.var[node] - m] = True
                node = trees.up[node]
        gain = state.change[gap] + score - current[v]
        if gain > best_gain:
            best_gain, best_gap = gain, gap
    return best_gain, best_gap


@njit(cache=True, nogil=True)
def _walked(problem: Problem, trees: Forest, state: State, y: int, limit: int, extra: int, without: int) -> float:
    """Walk y's tree and return the score there; the node is left in ``state.last``."""
    node = walk(problem, trees, state.scratch, y, state.position, (limit, extra, without))
    state.last[0] = node
    return trees.shrunk[node]


@njit(cache=True, nogil=True)
def _move(state: State, v: int, gap: int, stale: NDArray[np.bool_]) -> None:
    """Put v into ``gap`` and mark as stale the variables whose path that changes."""
    order, position = state.order, state.position
    here = position[v]
    stale[v] = True
    if gap < here:
        for i in range(here, gap, -1):
            w = order[i - 1]
            order[i] = w
            position[w] = i
            stale[w] = state.stops[w, v]
        order[gap] = v
        position[v] = gap
    else:
        for i in range(here, gap - 1):
            w = order[i + 1]
            order[i] = w
            position[w] = i
            stale[w] = state.uses[w, v]
        order[gap - 1] = v
        position[v] = gap - 1


@njit(cache=True, nogil=True)
def _refresh(problem: Problem, trees: Forest, state: State, stale: NDArray[np.bool_]) -> bool:
    """Walk the stale variables again; False when the trees ran out of room (call again after growing them)."""
    p = stale.shape[0]
    m = problem.S.shape[0] - p
    for y in range(p):
        if stale[y]:
            state.current[y] = _walked(problem, trees, state, y, state.position[y], -1, -1)
            if full(trees):
                return False
            _mark(trees, state.last[0], y, m, state.uses[y], state.stops[y])
            stale[y] = False
    return True


@njit(cache=True, nogil=True)
def _improve(problem: Problem, trees: Forest, order: NDArray[np.int64]) -> tuple[float, Forest]:
    """Move variables to their best positions, in place, until nothing improves; return (score, trees)."""
    p, d = problem.candidates.shape
    state = State(
        order,
        np.empty(p, np.int64),
        np.empty(p),
        np.zeros((p, p), np.bool_),
        np.zeros((p, p), np.bool_),
        np.zeros(p, np.bool_),
        np.zeros(p + 1),
        Scratch(np.empty(d), np.empty(d), np.empty(d), np.empty(d, np.int32), np.empty(d, np.bool_)),
        np.zeros(1, np.int64),
    )
    for i in range(p):
        state.position[order[i]] = i
    stale = np.ones(p, np.bool_)
    while not _refresh(problem, trees, state, stale):
        trees = roomier(problem, trees)
    queue = order.copy()
    moved = True
    while moved:
        moved = False
        for v in queue:
            _, gap = _best_gap(problem, trees, state, v)
            while full(trees):
                trees = roomier(problem, trees)
                _, gap = _best_gap(problem, trees, state, v)
            if gap >= 0:
                moved = True
                _move(state, v, gap, stale)
                while not _refresh(problem, trees, state, stale):
                    trees = roomier(problem, trees)
    return state.current.sum(), trees


@njit(cache=True, nogil=True)
def search_orders(
    S: NDArray[np.float64],
    n: float,
    penalty: float,
    candidates: NDArray[np.bool_],
    required: NDArray[np.bool_],
    before: NDArray[np.bool_],
    orders: NDArray[np.int64],
) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.bool_]]:
    """Improve every given order and return (scores (k,), the best order (p,), its parents (p, d)).

    Parameters
    ----------
    S : covariance (d, d), the last p columns the present period.
    n : effective sample size.
    penalty : score units per parent, c ln(n).
    candidates : (p, d), True where the column may be a parent.
    required : (p, d), parents that must be there.
    before : (p, p), strict partial order that contains every required present-period edge.
    orders : (k, p) starting orders, each a linear extension of ``before``; overwritten by the improved ones.
    """
    p, d = candidates.shape
    problem = Problem(S, n, penalty, candidates, required, before)
    trees = forest(p, d, 8 * p + required.sum() + 64, 16 * p * d)
    plant(problem, trees)
    scores = np.empty(orders.shape[0])
    best = 0
    for i in range(orders.shape[0]):
        scores[i], trees = _improve(problem, trees, orders[i])
        if scores[i] > scores[best] + _IMPROVES:
            best = i
    order = orders[best].copy()
    return scores, order, _parents(problem, trees, order)


@njit(cache=True, nogil=True)
def _parents(problem: Problem, trees: Forest, order: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Parents (p, d) of every variable under ``order``."""
    p, d = problem.candidates.shape
    position = np.empty(p, np.int64)
    for i in range(p):
        position[order[i]] = i
    scratch = Scratch(np.empty(d), np.empty(d), np.empty(d), np.empty(d, np.int32), np.empty(d, np.bool_))
    parents = np.zeros((p, d), np.bool_)
    for y in range(p):
        node = walk(problem, trees, scratch, y, position, (position[y], -1, -1))
        while full(trees):
            trees = roomier(problem, trees)
            node = walk(problem, trees, scratch, y, position, (position[y], -1, -1))
        parents_at(problem, trees, y, node, parents[y])
    return parents
