"""Fit a lagged linear system on a covariance and read effects off it.

x(t) = B_0 x(t) + sum_l B_l x(t - l) + e(t), coefficients kept as one matrix C (p, d) over the columns
[x(t-L) ... x(t-1) | x(t)], C[y, c] the effect of column c on y.

Effects per unit of lever j on every y (METHOD, Definitions; Bollen 1989 for path products):
impact = ((I - B_0)^-1)[y, j]; cumulative(h) = sum of the responses 0..h to a one-period shock to j;
sustained(h) = response at h when j is its own path plus one unit in every period 0..h, equations into j cut.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from causal_service.numerics.compiled import inner, kernel

__all__ = ["causal_order", "fit_system", "refitted_effects", "responses", "sparse_rows", "sustained_paths"]


@kernel
def causal_order(dag: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return a topological order of dag (p, p), dag[y, x] True for x -> y; -1 entries mark a cycle."""
    p = dag.shape[0]
    order = np.full(p, -1, np.int64)
    waiting = np.zeros(p, np.int64)
    for y in range(p):
        for x in range(p):
            if dag[y, x]:
                waiting[y] += 1
    done = np.zeros(p, np.bool_)
    for i in range(p):
        for a in range(p):
            if not done[a] and waiting[a] == 0:
                done[a] = True
                order[i] = a
                for y in range(p):
                    if dag[y, a]:
                        waiting[y] -= 1
                break
    return order


@kernel
def fit_system(S: NDArray[np.float64], parents: NDArray[np.bool_], C: NDArray[np.float64]) -> None:
    """Least squares of every present variable on its parents (p, d), by Cholesky; coefficients are written into C."""
    p, d = parents.shape
    m = d - p
    index = np.empty(d, np.int64)
    L = np.empty((d, d))
    x = np.empty(d)
    for y in range(p):
        k = 0
        for c in range(d):
            C[y, c] = 0.0
            if parents[y, c]:
                index[k] = c
                k += 1
        for i in range(k):
            for j in range(i + 1):
                s = S[index[i], index[j]]
                if i == j:
                    s *= 1.0 + 1e-12
                for l in range(j):
                    s -= L[i, l] * L[j, l]
                L[i, j] = np.sqrt(max(s, 1e-300)) if i == j else s / L[j, j]
            s = S[index[i], m + y]
            for l in range(i):
                s -= L[i, l] * x[l]
            x[i] = s / L[i, i]
        for i in range(k - 1, -1, -1):
            s = x[i]
            for l in range(i + 1, k):
                s -= L[l, i] * x[l]
            x[i] = s / L[i, i]
            C[y, index[i]] = x[i]


@inner
def sparse_rows(C: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return (first (p + 1,), columns): row y of C (p, d) is zero but at ``columns[first[y] : first[y + 1]]``.

    The present period stands first, then one period ago, and so on.
    """
    p, d = C.shape
    first, columns = np.zeros(p + 1, np.int64), np.empty(p * d, np.int64)
    count = 0
    for y in range(p):
        for base in range(d - p, -1, -p):
            for c in range(base, base + p):
                if C[y, c] != 0.0:
                    columns[count] = c
                    count += 1
        first[y + 1] = count
    return first, columns


@inner
def _path_along(
    C: NDArray[np.float64],
    rows: tuple[NDArray[np.int64], NDArray[np.int64]],
    order: NDArray[np.int64],
    lever: int,
    horizon: int,
    hold: bool,
) -> NDArray[np.float64]:
    """Responses (horizon + 1, p) to the lever kept one unit up (``hold``) or to a one-period shock of one unit.

    ``rows`` are the ``sparse_rows`` of C (p, d).
    """
    p, d = C.shape
    lags = d // p - 1
    first, columns = rows
    path = np.zeros((horizon + 1, p))
    for t in range(horizon + 1):
        for i in range(p):
            y = order[i]
            if hold and y == lever:
                path[t, y] = 1.0
                continue
            s = 0.0
            for k in range(first[y], first[y + 1]):
                c = columns[k]
                lag = lags - c // p
                if lag <= t:
                    s += C[y, c] * path[t - lag, c % p]
            if y == lever and t == 0:
                s += 1.0
            path[t, y] = s
    return path


@kernel
def sustained_paths(C: NDArray[np.float64], lever: int, horizon: int) -> NDArray[np.float64]:
    """Responses (B, horizon + 1, p) of systems C (B, p, d) to the lever kept one unit up from period 0 on."""
    B, p, d = C.shape
    out = np.empty((B, horizon + 1, p))
    for b in range(B):
        order = causal_order(C[b, :, d - p :] != 0.0)
        out[b] = _path_along(C[b], sparse_rows(C[b]), order, lever, horizon, True)
    return out


@kernel
def responses(C: NDArray[np.float64], order: NDArray[np.int64], horizon: int, out: NDArray[np.float64]) -> None:
    """Write impact, sustained(horizon), cumulative(horizon) into out (3, p, p); [., y, j] is lever j on outcome y."""
    p, rows = C.shape[0], sparse_rows(C)
    for j in range(p):
        kept = _path_along(C, rows, order, j, horizon, True)
        shock = _path_along(C, rows, order, j, horizon, False)
        for y in range(p):
            out[0, y, j] = kept[0, y]
            out[1, y, j] = kept[horizon, y]
            s = 0.0
            for t in range(horizon + 1):
                s += shock[t, y]
            out[2, y, j] = s


@kernel
def refitted_effects(covariances: NDArray[np.float64], member: NDArray[np.bool_], horizon: int) -> NDArray[np.float64]:
    """Return (B, p, p) of one member (p, d) fitted on each covariance (B, d, d): sustained(horizon) of lever j on y.

    A horizon of 0 gives the impact.
    """
    p, d = member.shape
    order, coefficients = causal_order(member[:, d - p :]), np.empty((p, d))
    out = np.empty((len(covariances), p, p))
    for i in range(len(covariances)):
        fit_system(covariances[i], member, coefficients)
        rows = sparse_rows(coefficients)
        for j in range(p):
            out[i, :, j] = _path_along(coefficients, rows, order, j, horizon, True)[horizon]
    return out
