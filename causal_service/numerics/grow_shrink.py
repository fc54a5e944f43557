"""Grow-shrink trees: the best parents of a variable for any set of available candidates, cached.

A tree belongs to one variable ``y``. Its root has no parents (or the required ones); the children of a node are the
candidates whose addition improves the score, best first. For a set of available candidates the tree is walked by
taking at every node the first available child (grow); at the node where none is available, parents are dropped while
that improves the score (shrink). Both results depend on the data only, so they are computed once and kept.

Source: Andrews, Ramsey, Sanchez-Romero, Camchong & Kummerfeld (2023), "Fast scalable and accurate discovery of DAGs
using the best order score search and grow-shrink trees", arXiv 2310.17679.

Score of y with parents P, larger is better, in units of twice the log-likelihood (Gaussian BIC, Schwarz 1978):

    s(y, P) = -n ln( S_yy - S_yP S_PP^-1 S_Py ) - c ln(n) |P|

Notation: S covariance (d, d); columns are lagged variables 0..m-1 (always available) and then the p variables of the
present period; c penalty discount; n effective sample size.

All candidates of a grow step are scored together from the rows of a Cholesky factor kept along the path: with
``w_a`` the row of the node that added a, cov(u, v | P) = S_uv - sum_a w_a[u] w_a[v], so one expansion costs O(|P| d).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from causal_service.numerics.compiled import inner, kernel, lean

__all__ = ["MAX_PARENTS", "Forest", "Problem", "Scratch", "forest", "full", "parents_at", "plant", "roomier", "walk"]

MAX_PARENTS = 64
"""Largest number of parents a walk may collect."""

_TOO_COLLINEAR = 1e-9
"""Candidates whose variance given the parents is below this share of their own variance are not scored."""


class Problem(NamedTuple):
    """What is searched."""

    S: NDArray[np.float64]
    """Covariance (d, d)."""
    n: float
    """Effective sample size, rows."""
    penalty: float
    """Score units per parent, c ln(n)."""
    candidates: NDArray[np.bool_]
    """(p, d): the column may be a parent."""
    required: NDArray[np.bool_]
    """(p, d): the column must be a parent."""
    before: NDArray[np.bool_]
    """(p, p): strict partial order, [a, b] True where a must stand before b."""


class Scratch(NamedTuple):
    """Work space of one search, each of length d; ``cov`` and ``var`` are those given the path to node ``last[0]``."""

    cov: NDArray[np.float64]
    var: NDArray[np.float64]
    gain: NDArray[np.float64]
    found: NDArray[np.int32]
    kept: NDArray[np.bool_]
    last: NDArray[np.int64]


_ROW_BUDGET = 60_000_000
"""Largest number of floats kept in Cholesky rows (480 MB); beyond it the trees are cleared and grow again."""


class Forest(NamedTuple):
    """One tree per present variable, in shared arrays.

    Node i added ``var[i]`` (-1 at a root) to the parents of ``up[i]``. Its ``number[i]`` candidates stand in
    ``candidate`` from ``first[i]`` on, best first; ``child`` is the node each leads to (-1 not made yet). ``used``
    holds [nodes, candidates, full].
    """

    var: NDArray[np.int32]
    up: NDArray[np.int32]
    first: NDArray[np.int64]
    number: NDArray[np.int32]
    grow: NDArray[np.float64]
    shrunk: NDArray[np.float64]
    rows: NDArray[np.float64]
    candidate: NDArray[np.int32]
    child: NDArray[np.int32]
    start: NDArray[np.int32]
    forced: NDArray[np.int32]
    used: NDArray[np.int64]


def forest(p: int, d: int, nodes: int, candidates: int) -> Forest:
    """Return empty arrays for p trees over d columns."""
    return Forest(
        np.empty(nodes, np.int32),
        np.empty(nodes, np.int32),
        np.empty(nodes, np.int64),
        np.empty(nodes, np.int32),
        np.empty(nodes, np.float64),
        np.empty(nodes, np.float64),
        np.empty((nodes, d), np.float64),
        np.empty(candidates, np.int32),
        np.empty(candidates, np.int32),
        np.empty(p, np.int32),
        np.zeros(p, np.int32),
        np.zeros(3, np.int64),
    )


def full(trees: Forest) -> bool:
    """Whether a walk stopped for want of room; its result is then void and ``roomier`` trees are needed."""
    return bool(trees.used[2] > 0)


def roomier(problem: Problem, trees: Forest) -> Forest:
    """Return trees with room for more: the same in arrays of twice the size, or empty ones once the budget is spent."""
    p, d = problem.required.shape
    nodes, candidates = trees.var.size, trees.candidate.size
    if nodes * d > _ROW_BUDGET or candidates > _ROW_BUDGET:
        plant(problem, trees)
        return trees
    wanted = (2 * nodes, candidates) if trees.used[2] == 1 else (nodes, 2 * candidates)
    new = forest(p, d, *wanted)
    k, c = int(trees.used[0]), int(trees.used[1])
    for name, used in zip(Forest._fields, (k,) * 7 + (c,) * 2 + (p,) * 2 + (2,), strict=True):
        getattr(new, name)[:used] = getattr(trees, name)[:used]
    return new


@kernel
def plant(problem: Problem, trees: Forest) -> None:
    """Clear the trees and make the p roots; required parents are added below the root before anything else."""
    p, d = problem.required.shape
    trees.used[:] = 0
    for y in range(p):
        node = _add_node(problem, trees, -1, -1)
        trees.forced[y] = 0
        for c in range(d):
            if problem.required[y, c]:
                node = _add_node(problem, trees, c, node)
                trees.forced[y] += 1
        trees.start[y] = node


@lean
def _add_node(problem: Problem, trees: Forest, a: int, up: int) -> int:
    """Add the node that adds ``a`` below ``up``, with its row w[c] = cov(a, c | ancestors) / sd(a | ancestors)."""
    node = trees.used[0]
    trees.used[0] = node + 1
    trees.var[node] = a
    trees.up[node] = up
    trees.first[node] = -1
    trees.number[node] = 0
    trees.shrunk[node] = np.nan
    trees.grow[node] = np.nan
    if a < 0:
        return node
    S = problem.S
    d = S.shape[0]
    w = trees.rows[node]
    for c in range(d):
        w[c] = S[a, c]
    while trees.var[up] >= 0:
        v = trees.rows[up]
        f = v[a]
        for c in range(d):
            w[c] -= f * v[c]
        up = trees.up[up]
    s = 1.0 / np.sqrt(max(w[a], 1e-12 * S[a, a]))
    for c in range(d):
        w[c] *= s
    return node


@lean
def _expand(problem: Problem, trees: Forest, y: int, node: int, scratch: Scratch) -> None:
    """Score ``node`` and list every candidate that improves the score, best first."""
    S, n = problem.S, problem.n
    p, d = problem.candidates.shape
    cov, var, gain, found = scratch.cov, scratch.var, scratch.gain, scratch.found
    yc = d - p + y
    depth = _given_path(S, trees, yc, node, scratch)
    residual = max(var[yc], 1e-300)
    trees.grow[node] = -n * np.log(residual) - problem.penalty * depth
    first = trees.used[1]
    trees.first[node] = first
    if depth >= MAX_PARENTS:
        return
    threshold = (1.0 - np.exp(-problem.penalty / n)) * residual
    k = 0
    for c in range(d):
        if problem.candidates[y, c] and cov[c] * cov[c] > threshold * var[c] and var[c] > _TOO_COLLINEAR * S[c, c]:
            found[k] = c
            gain[k] = cov[c] * cov[c] / var[c]
            k += 1
    _sort_descending(gain, found, k)
    for i in range(k):
        trees.candidate[first + i] = found[i]
        trees.child[first + i] = -1
    trees.number[node] = k
    trees.used[1] = first + k


@lean
def _given_path(S: NDArray[np.float64], trees: Forest, yc: int, node: int, scratch: Scratch) -> int:
    """Bring cov(y, c | path) and var(c | path) in ``scratch`` to the path of ``node``; return the path's length.

    One row is enough when the parent of ``node`` was the last one looked at, as it is while a walk makes new nodes.
    """
    cov, var = scratch.cov, scratch.var
    d = S.shape[0]
    depth = 0
    up = node
    while trees.var[up] >= 0:
        depth += 1
        up = trees.up[up]
    stop = scratch.last[0]
    if depth == 0 or trees.up[node] != stop:
        stop = up
        for c in range(d):
            cov[c] = S[yc, c]
            var[c] = S[c, c]
    up = node
    while up != stop:
        w = trees.rows[up]
        f = w[yc]
        for c in range(d):
            cov[c] -= f * w[c]
            var[c] -= w[c] * w[c]
        up = trees.up[up]
    up = node
    while trees.var[up] >= 0:
        cov[trees.var[up]] = 0.0
        up = trees.up[up]
    scratch.last[0] = node
    return depth


@lean
def _sort_descending(key: NDArray[np.float64], item: NDArray[np.int32], k: int) -> None:
    """Shell sort of the first k items by falling key, in place (gaps of Ciura 2001); ties by item."""
    for gap in (701, 301, 132, 57, 23, 10, 4, 1):
        for i in range(gap, k):
            x, a = key[i], item[i]
            j = i
            while j >= gap and (key[j - gap] < x or (key[j - gap] == x and item[j - gap] > a)):
                key[j] = key[j - gap]
                item[j] = item[j - gap]
                j -= gap
            key[j] = x
            item[j] = a


@inner
def parents_at(  # noqa: PLR0912, PLR0915 (one factor, one inverse, one loop of downdates)
    problem: Problem, trees: Forest, y: int, node: int, kept: NDArray[np.bool_]
) -> float:
    """Shrink at ``node``; write the kept parents into ``kept`` (d,) and return the score after shrinking.

    One inverse of S_PP from the path's triangular factor, then downdates: dropping j raises the residual variance by
    b_j^2 / (S_PP^-1)_jj.
    """
    n, penalty = problem.n, problem.penalty
    yc = problem.S.shape[0] - trees.start.shape[0] + y
    kept[:] = False
    k = 0
    up = node
    while trees.var[up] >= 0:
        k += 1
        up = trees.up[up]
    path = np.empty(k, np.int64)
    k = 0
    up = node
    while trees.var[up] >= 0:
        path[k] = up
        k += 1
        up = trees.up[up]
    score = trees.grow[node]
    if k == 0:
        return score
    W = np.zeros((k, k))
    t = np.empty(k)
    for i in range(k):
        w = trees.rows[path[k - 1 - i]]
        t[i] = w[yc]
        for j in range(i, k):
            W[i, j] = w[trees.var[path[k - 1 - j]]]
    V = np.zeros((k, k))
    for j in range(k):
        V[j, j] = 1.0 / W[j, j]
        for i in range(j - 1, -1, -1):
            s = 0.0
            for l in range(i + 1, j + 1):
                s += W[i, l] * V[l, j]
            V[i, j] = -s / W[i, i]
    K = np.empty((k, k))
    b = np.zeros(k)
    for i in range(k):
        for j in range(i, k):
            b[i] += V[i, j] * t[j]
        for j in range(i + 1):
            s = 0.0
            for l in range(i, k):
                s += V[i, l] * V[j, l]
            K[i, j] = s
            K[j, i] = s
    residual = problem.S[yc, yc]
    for i in range(k):
        residual -= t[i] * t[i]
    residual = max(residual, 1e-300)
    alive = np.ones(k, np.bool_)
    forced = trees.forced[y]
    while True:
        best, best_gain = -1, 1e-10
        for j in range(forced, k):
            if alive[j]:
                gain = penalty - n * np.log1p(b[j] * b[j] / (K[j, j] * residual))
                if gain > best_gain:
                    best, best_gain = j, gain
        if best < 0:
            break
        residual += b[best] * b[best] / K[best, best]
        f = b[best] / K[best, best]
        for i in range(k):
            if i != best:
                b[i] -= f * K[i, best]
        for i in range(k):
            if i != best:
                g = K[i, best] / K[best, best]
                for j in range(k):
                    if j != best:
                        K[i, j] -= g * K[best, j]
        alive[best] = False
        score += best_gain
    for j in range(k):
        if alive[j]:
            kept[trees.var[path[k - 1 - j]]] = True
    return score


@lean
def walk(
    problem: Problem, trees: Forest, scratch: Scratch, y: int, position: NDArray[np.int64], among: tuple[int, int, int]
) -> int:
    """Return the node y reaches when the lagged variables and the present ones ``among`` are available.

    ``among`` = (limit, extra, without): positions below ``limit`` except ``without``, and ``extra``. The node's
    ``shrunk`` score is filled, unless the trees are ``full``: then the result is void.
    """
    limit, extra, without = among
    p, d = problem.candidates.shape
    m = d - p
    node = trees.start[y]
    while True:
        if trees.first[node] < 0:
            if trees.used[1] + d > trees.candidate.shape[0]:
                trees.used[2] = 2
                return node
            _expand(problem, trees, y, node, scratch)
        first = trees.first[node]
        found = -1
        for i in range(first, first + trees.number[node]):
            c = trees.candidate[i] - m
            if c < 0 or c == extra or (position[c] < limit and c != without):
                found = i
                break
        if found < 0:
            break
        if trees.child[found] < 0:
            if trees.used[0] >= trees.var.shape[0]:
                trees.used[2] = 1
                return node
            trees.child[found] = _add_node(problem, trees, trees.candidate[found], node)
        node = trees.child[found]
    if np.isnan(trees.shrunk[node]):
        trees.shrunk[node] = parents_at(problem, trees, y, node, scratch.kept)
    return node
