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
from numpy.typing import NDArray

from causal_service.numerics.compiled import kernel, lean
from causal_service.numerics.grow_shrink import Forest, Problem, Scratch, forest, full, parents_at, plant, roomier, walk
from causal_service.numerics.keyed_random import next_below, next_state

__all__ = ["State", "improve", "random_order", "search_orders"]


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


_IMPROVES = 1e-7
"""Smallest gain, in score units, that counts as an improvement."""


@kernel
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


@lean
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


@lean
def _best_gap(problem: Problem, trees: Forest, state: State, v: int) -> int:  # noqa: PLR0912 (one scan)
    """Return the best gap for v, -1 when none improves; gap g is directly before the variable now at position g.

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
            node = walk(problem, trees, state.scratch, w, position, (gap, -1, v))
            behind += trees.shrunk[node] - current[w]
        state.change[gap + 1] = behind
    ahead = 0.0
    state.change[here] = 0.0
    state.change[here + 1] = 0.0
    for gap in range(here - 1, low - 1, -1):
        w = order[gap]
        if state.stops[w, v] and problem.candidates[w, m + v]:
            node = walk(problem, trees, state.scratch, w, position, (gap, v, -1))
            ahead += trees.shrunk[node] - current[w]
        state.change[gap] = ahead
    best_gain, best_gap = _IMPROVES, -1
    score = np.nan
    for gap in range(high, low - 1, -1):
        if gap == high or (gap != here and state.path[order[gap]]):
            node = walk(problem, trees, state.scratch, v, position, (gap, -1, v))
            score = trees.shrunk[node]
            state.path[:] = False
            while trees.var[node] >= 0:
                if trees.var[node] >= m:
                    state.path[trees.var[node] - m] = True
                node = trees.up[node]
        gain = state.change[gap] + score - current[v]
        if gain > best_gain:
            best_gain, best_gap = gain, gap
    return best_gap


@lean
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


@lean
def _refresh(
    problem: Problem, trees: Forest, state: State, stale: NDArray[np.bool_], parents: NDArray[np.bool_]
) -> None:
    """Walk the stale variables again and write their parents (p, d); stops where the trees run out of room."""
    p = stale.shape[0]
    m = problem.S.shape[0] - p
    for y in range(p):
        if stale[y]:
            node = walk(problem, trees, state.scratch, y, state.position, (state.position[y], -1, -1))
            if trees.used[2] > 0:
                return
            state.current[y] = trees.shrunk[node]
            parents_at(problem, trees, y, node, parents[y])
            _mark(trees, node, y, m, state.uses[y], state.stops[y])
            stale[y] = False


@kernel
def improve(
    problem: Problem, trees: Forest, order: NDArray[np.int64], parents: NDArray[np.bool_], queue: NDArray[np.int64]
) -> float:
    """Move variables to their best positions until nothing improves; ``order`` (p,) and ``parents`` (p, d) are written.

    Return the score. When the trees become ``full`` the search stops early and the score is void: give it ``roomier``
    trees and call again with the same arguments. ``queue`` (p + 2,) holds the order of the sweeps, where the sweep
    stands, and whether it has moved anything.
    """
    p, d = problem.candidates.shape
    state = State(
        order,
        np.empty(p, np.int64),
        np.empty(p),
        np.zeros((p, p), np.bool_),
        np.zeros((p, p), np.bool_),
        np.zeros(p, np.bool_),
        np.zeros(p + 1),
        Scratch(np.empty(d), np.empty(d), np.empty(d), np.empty(d, np.int32), np.empty(d, np.bool_), np.full(1, -1)),
    )
    for i in range(p):
        state.position[order[i]] = i
    stale = np.ones(p, np.bool_)
    while True:
        _refresh(problem, trees, state, stale, parents)
        if trees.used[2] > 0:
            break
        if queue[p] == p:
            if queue[p + 1] == 0:
                break
            queue[p] = 0
            queue[p + 1] = 0
        v = queue[queue[p]]
        gap = _best_gap(problem, trees, state, v)
        if trees.used[2] > 0:
            break
        queue[p] += 1
        if gap >= 0:
            queue[p + 1] = 1
            _move(state, v, gap, stale)
    score = 0.0
    for y in range(p):
        score += state.current[y]
    return score


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
    orders : (k, p) starting orders, each a linear extension of ``before``.
    """
    orders = orders.copy()  # improved in place; whoever gave them may search from them in another thread, too
    p, d = candidates.shape
    problem = Problem(np.ascontiguousarray(S), float(n), float(penalty), candidates, required, before)
    trees = forest(p, d, 8 * p + int(required.sum()) + 64, 16 * p * d)
    plant(problem, trees)
    scores = np.empty(len(orders))
    parents = np.zeros((len(orders), p, d), np.bool_)
    for i in range(len(orders)):
        queue = np.append(orders[i], (0, 0))
        scores[i] = improve(problem, trees, orders[i], parents[i], queue)
        while full(trees):
            trees = roomier(problem, trees)
            scores[i] = improve(problem, trees, orders[i], parents[i], queue)
    best = int(np.flatnonzero(scores >= scores.max() - _IMPROVES)[0])
    return scores, orders[best], parents[best]
