"""Average slopes of mechanisms that bend, from moments of bend columns; everything below is per draw.

A child y with parents P is regressed on P and, for every parent with evidence of a curve, on the bends of that parent
(series regression; Newey 1997, Journal of Econometrics 79). The average slope in a parent is its linear coefficient
plus its bend coefficients times the average derivatives of the bends: the average derivative, by which a small nudge
moves the child (Stoker 1986, Econometrica 54). What that adds to the projection is added to the given coefficient.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from causal_service.numerics.compiled import inner, kernel

__all__ = ["curved_slopes"]


@inner
def _solve(
    S: NDArray[np.float64],
    index: NDArray[np.int64],
    count: int,
    target: int,
    L: NDArray[np.float64],
    x: NDArray[np.float64],
) -> float:
    """Regress ``target`` on the first ``count`` columns of ``index``; return the residual variance, coefficients in x.

    Cholesky with a relative ridge of 1e-9. The residual variance is negative where the columns are not independent.
    """
    rest = S[target, target]
    for i in range(count):
        for j in range(i + 1):
            s = S[index[i], index[j]]
            if i == j:
                s *= 1.0 + 1e-9
            for l in range(j):
                s -= L[i, l] * L[j, l]
            if i == j:
                if s <= 1e-10 * S[index[i], index[i]]:
                    return -1.0
                L[i, i] = np.sqrt(s)
            else:
                L[i, j] = s / L[j, j]
        s = S[index[i], target]
        for l in range(i):
            s -= L[i, l] * x[l]
        x[i] = s / L[i, i]
        rest -= x[i] * x[i]
    for i in range(count - 1, -1, -1):
        s = x[i]
        for l in range(i + 1, count):
            s -= L[l, i] * x[l]
        x[i] = s / L[i, i]
    return rest


@inner
def _bending(
    W: NDArray[np.float64],
    threshold: float,
    rest: float,
    shape: tuple[int, int, int],
    index: NDArray[np.int64],
    count: int,
    target: int,
    L: NDArray[np.float64],
    x: NDArray[np.float64],
    curved: NDArray[np.bool_],
) -> int:
    """Mark in ``curved`` (d,) the parents with evidence of a curve; append their bends to index, return its length."""
    p, d, K = shape
    for i in range(count):
        c = index[i]
        if c % p == target - (d - p) or W[d + c * K, d + c * K] == 0.0:
            continue
        for k in range(K):
            index[count + k] = d + c * K + k
        bent = _solve(W, index, count + K, target, L, x)
        curved[c] = bent > 0.0 and np.log(rest / bent) > threshold
    at = count
    for i in range(count):
        if curved[index[i]]:
            for k in range(K):
                index[at] = d + index[i] * K + k
                at += 1
    return at


@kernel
def curved_slopes(
    W: NDArray[np.float64],
    n: float,
    penalty: float,
    parents: NDArray[np.bool_],
    slopes: NDArray[np.float64],
    steepness: NDArray[np.float64],
    C: NDArray[np.float64],
) -> NDArray[np.bool_]:
    """Turn the linear coefficients C (p, d) of one graph into average slopes, in place; return (p, d) which bend.

    Parameters
    ----------
    W : moments (d + K d, d + K d): columns [lagged | present], then K bends of every column; zero where there are none.
    n : effective rows.
    penalty : a curve needs a gain of ``penalty`` K log n in n log(residual variance).
    parents : (p, d) graph; an indicator's own past stays straight.
    slopes : (p, K) average derivative of the bends of every indicator.
    steepness : (p,) factor on everything that enters an indicator: its link at the time, 1 on average.
    """
    p, d = parents.shape
    K = slopes.shape[1]
    most = 0
    for y in range(p):
        most = max(most, parents[y].sum())
    size = most * (K + 1)
    index, x, linear, L = np.empty(size, np.int64), np.empty(size), np.empty(most), np.empty((size, size))
    curved = np.zeros((p, d), np.bool_)
    for y in range(p):
        target = d - p + y
        count = 0
        for c in range(d):
            if parents[y, c]:
                index[count] = c
                count += 1
        rest = _solve(W, index, count, target, L, x)
        if rest > 0.0:
            linear[:count] = x[:count]
            at = _bending(W, penalty * K * np.log(n) / n, rest, (p, d, K), index, count, target, L, x, curved[y])
            if at > count and _solve(W, index, at, target, L, x) > 0.0:
                C[y, index[:count]] += x[:count] - linear[:count]
                for i in range(count, at):
                    c = (index[i] - d) // K
                    C[y, c] += x[i] * slopes[c % p, (index[i] - d) % K]
            else:
                curved[y] = False
        C[y] *= steepness[y]
    return curved
