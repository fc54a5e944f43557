"""Random coefficients: how far every entity's coefficients are from those of all, and how sure that is.

y_it = a_i + g_t + x_it (beta + delta_i) + e_it, delta_ij ~ N(0, D_j), e ~ N(0, s2), known through per-entity moments
only (Swamy 1970, Econometrica 38; Laird & Ware 1982, Biometrics 38: EM). beta is estimated on X~, y~ (entity and period
effects removed). What is left, y~ - X~ beta, is X delta_i + e with X less entity effects only, up to a share of 1/N: an
entity that reacts more than others also reacts more to what all share in a period. The posterior of delta_i is
N(m_i, P_i) with P_i = (X'X / s2 + D^-1)^-1 and m_i = P_i X'(y~ - X~ beta) / s2: empirical Bayes (Morris 1983, JASA 78).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from causal_service.numerics.compiled import inner, kernel
from causal_service.numerics.inverse import invert
from causal_service.numerics.linear_system import path_along, sparse_rows

__all__ = ["deviations", "entity_responses"]

_SMALLEST = 1e-8
"""Least D_j, relative to the variance that one entity's data leave open."""


@inner
def _posterior(
    A: NDArray[np.float64],
    D: NDArray[np.float64],
    s2: float,
    r: NDArray[np.float64],
    P: NDArray[np.float64],
    m: NDArray[np.float64],
) -> None:
    """Write P = (A / s2 + D^-1)^-1 (k, k) and m = P r / s2."""
    k = D.shape[0]
    for a in range(k):
        for b in range(k):
            P[a, b] = A[a, b] / s2
        P[a, a] += 1.0 / D[a]
    invert(P, k)
    for a in range(k):
        s = 0.0
        for b in range(k):
            s += P[a, b] * r[b]
        m[a] = s / s2


@inner
def _root(P: NDArray[np.float64]) -> None:
    """Write the Cholesky factor of P (k, k) in its place."""
    k = P.shape[0]
    for a in range(k):
        for b in range(a + 1):
            s = P[a, b]
            for l in range(b):
                s -= P[a, l] * P[b, l]
            if a == b:
                P[a, a] = np.sqrt(max(s, 0.0))
            else:
                P[a, b] = s / P[b, b] if P[b, b] > 0 else 0.0
    for a in range(k):
        for b in range(a + 1, k):
            P[a, b] = 0.0


@inner
def _picked(M: NDArray[np.float64], rows: NDArray[np.int64], columns: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return M[rows][:, columns]."""
    out = np.empty((rows.shape[0], columns.shape[0]))
    for a in range(rows.shape[0]):
        for b in range(columns.shape[0]):
            out[a, b] = M[rows[a], columns[b]]
    return out


@inner
def _open(G: NDArray[np.float64], beta: NDArray[np.float64], parents: NDArray[np.int64], y: int) -> float:
    """Return (y~ - X~ beta)'(y~ - X~ beta)."""
    s = G[y, y]
    for a in range(beta.shape[0]):
        t = -2 * G[parents[a], y]
        for b in range(beta.shape[0]):
            t += G[parents[a], parents[b]] * beta[b]
        s += beta[a] * t
    return s


@kernel
def deviations(
    clean: NDArray[np.float64],
    cross: NDArray[np.float64],
    own: NDArray[np.float64],
    freedom: NDArray[np.float64],
    weights: NDArray[np.float64],
    parents: NDArray[np.int64],
    y: int,
    D: NDArray[np.float64],
    rounds: int,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return (m (N, k), Cholesky factors of P (N, k, k)) of one equation; D (k,) is improved in place.

    Parameters
    ----------
    clean : (N, d, d) moments X~'X~ per entity.
    cross : (N, d, d) moments X'X~.
    own : (N, d, d) moments X'X.
    freedom : (N,) rows less effects removed.
    weights : (N,) how often each entity counts for beta, D and s2; all entities get a posterior.
    parents : (k,) columns of X.
    y : column of the target.
    D : (k,) variances to start from, positive.
    rounds : of EM.
    """
    N, k = clean.shape[0], parents.shape[0]
    target = np.array([y])
    A, H = np.empty((N, k, k)), np.empty((N, k, k))
    c = np.empty((N, k))
    pooled, right = np.zeros((k, k)), np.zeros(k)
    for i in range(N):
        A[i], H[i] = _picked(own[i], parents, parents), _picked(cross[i], parents, parents)
        c[i] = _picked(cross[i], parents, target)[:, 0]
        pooled += weights[i] * _picked(clean[i], parents, parents)
        right += weights[i] * _picked(clean[i], parents, target)[:, 0]
    for a in range(k):
        pooled[a, a] *= 1.0 + 1e-9
    total, counted = (weights * freedom).sum(), weights.sum()
    beta = np.linalg.solve(pooled, right)
    s2 = 0.0
    for i in range(N):
        s2 += weights[i] * _open(clean[i], beta, parents, y)
    s2 = max(s2 / total, 1e-12)
    m, P = np.zeros((N, k)), np.zeros((N, k, k))
    for _ in range(rounds):
        squares, shift, left = np.zeros(k), right.copy(), 0.0
        for i in range(N):
            w = weights[i]
            if w == 0:
                continue
            r = c[i] - H[i] @ beta
            _posterior(A[i], D, s2, r, P[i], m[i])
            left += w * (
                _open(clean[i], beta, parents, y) - 2 * (m[i] @ r) + m[i] @ (A[i] @ m[i]) + (A[i] * P[i]).sum()
            )
            shift -= w * (m[i] @ H[i])
            squares += w * (m[i] * m[i] + np.diag(P[i]))
        for a in range(k):
            D[a] = max(squares[a] / counted, _SMALLEST * s2 * counted / pooled[a, a])
        s2 = max(left / total, 1e-12)
        beta = np.linalg.solve(pooled, shift)
    for i in range(N):
        _posterior(A[i], D, s2, c[i] - H[i] @ beta, P[i], m[i])
        _root(P[i])
    return m, P


@kernel
def entity_responses(
    coefficients: NDArray[np.float64],
    order: NDArray[np.int64],
    levers: NDArray[np.int64],
    outcomes: NDArray[np.int64],
    horizon: int,
) -> NDArray[np.float64]:
    """Return (N, outcomes, levers): each entity's response at ``horizon`` to a lever kept one unit up.

    ``coefficients`` (N, p, d); horizon 0 is the same-period response.
    """
    N = coefficients.shape[0]
    out = np.empty((N, outcomes.shape[0], levers.shape[0]))
    for i in range(N):
        rows = sparse_rows(coefficients[i])
        for j in range(levers.shape[0]):
            path = path_along(coefficients[i], rows, order, levers[j], horizon, True)
            for y in range(outcomes.shape[0]):
                out[i, y, j] = path[horizon, outcomes[y]]
    return out
