"""The past for searches that know no time: partialled out first, its arrows chosen afterwards.

The covariance of the present given all lagged variables is that of a system with the same same-period arrows and no
lagged ones, so a search over it finds the same-period graph without searching over the past (Swanson & Granger 1997;
Moneta 2008). The lagged parents of each variable are then chosen by the score, given its same-period parents.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

__all__ = ["given_the_past", "lagged_parents"]

Array = NDArray[np.float64]
Bool = NDArray[np.bool_]


def given_the_past(R: Array, p: int) -> Array:
    """Return the covariance (p, p) of the last p variables of R (d, d) given the others."""
    m = len(R) - p
    past, cross = R[:m, :m], R[:m, m:]
    S = R[m:, m:] - cross.T @ np.linalg.solve(past, cross)
    return np.asarray((S + S.T) / 2)


def lagged_parents(R: Array, dag: Bool, n: float, penalty: float, allowed: Bool, required: Bool) -> Bool:
    """Return the lagged parents (p, m) of each variable by forward and then backward selection.

    The score is -n ln(residual variance) - penalty per parent.

    Parameters
    ----------
    R : covariance (d, d), columns ``[lagged block (m) | present block (p)]``.
    dag : (p, p) same-period arrows, ``[y, x]`` True for x -> y; they stay.
    n : effective number of rows.
    penalty : score units per parent, c ln(n).
    allowed, required : (p, m).
    """
    p, m = allowed.shape
    chosen = required.copy()
    for y in range(p):
        fixed = [*np.flatnonzero(required[y]), *(m + np.flatnonzero(dag[y]))]
        picked = _forward(R, m + y, fixed, list(np.flatnonzero(allowed[y] & ~required[y])), n, penalty)
        chosen[y, _backward(R, m + y, fixed, picked, n, penalty)] = True
    return chosen


def _score(R: Array, y: int, parents: list[int], n: float, penalty: float) -> float:
    explained = float(R[y, parents] @ np.linalg.solve(R[np.ix_(parents, parents)], R[parents, y])) if parents else 0.0
    return -n * math.log(max(float(R[y, y]) - explained, 1e-12)) - penalty * len(parents)


def _forward(R: Array, y: int, fixed: list[int], candidates: list[int], n: float, penalty: float) -> list[int]:
    """Return the candidates taken one by one, always the best, while that improves the score."""
    picked: list[int] = []
    best = _score(R, y, fixed, n, penalty)
    while left := [c for c in candidates if c not in picked]:
        scores = [_score(R, y, [*fixed, *picked, c], n, penalty) for c in left]
        if max(scores) <= best:
            break
        best = max(scores)
        picked.append(left[scores.index(best)])
    return picked


def _backward(R: Array, y: int, fixed: list[int], picked: list[int], n: float, penalty: float) -> list[int]:
    """Return what stays when candidates are given up one by one while that improves the score."""
    best = _score(R, y, [*fixed, *picked], n, penalty)
    while picked:
        scores = [_score(R, y, [*fixed, *(c for c in picked if c != out)], n, penalty) for out in picked]
        if max(scores) <= best:
            break
        best = max(scores)
        picked = [c for c in picked if c != picked[scores.index(best)]]
    return picked
