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
from causal_service.numerics.linear_system import sparse_rows

__all__ = ["deviations", "entity_responses"]

_SMALLEST = 1e-8
"""Least D_j, relative to the variance that one entity's data leave open."""


@inner
def _open(pooled: NDArray[np.float64], right: NDArray[np.float64], square: float, beta: NDArray[np.float64]) -> float:
    """Return (y~ - X~ beta)'(y~ - X~ beta) from X~'X~, X~'y~ and y~'y~."""
    s = square
    for a in range(beta.shape[0]):
        t = -2 * right[a]
        for b in range(beta.shape[0]):
            t += pooled[a, b] * beta[b]
        s += beta[a] * t
    return s


@inner
def _posterior(
    i: int,
    A: NDArray[np.float64],
    H: NDArray[np.float64],
    c: NDArray[np.float64],
    beta: NDArray[np.float64],
    D: NDArray[np.float64],
    s2: float,
    P: NDArray[np.float64],
    m: NDArray[np.float64],
) -> float:
    """Write P = (A_i / s2 + D^-1)^-1 (k, k) and m = P r / s2 with r = c_i - H_i beta; return m'r."""
    k, fit = D.shape[0], 0.0
    for a in range(k):
        for b in range(k):
            P[a, b] = A[i, a, b] / s2
        P[a, a] += 1.0 / D[a]
        m[a] = 0.0
    invert(P, k)
    for a in range(k):
        r = c[i, a]
        for b in range(k):
            r -= H[i, a, b] * beta[b]
        r /= s2
        for b in range(k):
            m[b] += P[a, b] * r
    for a in range(k):
        r = c[i, a]
        for b in range(k):
            r -= H[i, a, b] * beta[b]
        fit += m[a] * r
    return fit


@inner
def _root(i: int, P: NDArray[np.float64], out: NDArray[np.float64]) -> None:
    """Write the Cholesky factor of P (k, k) into out[i], which holds zeros."""
    k = P.shape[0]
    for a in range(k):
        for b in range(a + 1):
            s = P[a, b]
            for l in range(b):
                s -= out[i, a, l] * out[i, b, l]
            if a == b:
                out[i, a, a] = np.sqrt(max(s, 0.0))
            elif out[i, b, b] > 0:
                out[i, a, b] = s / out[i, b, b]


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
    A, H, c = np.empty((N, k, k)), np.empty((N, k, k)), np.empty((N, k))
    pooled, right, square = np.zeros((k, k)), np.zeros(k), 0.0
    for i in range(N):
        w = weights[i]
        square += w * clean[i, y, y]
        for a in range(k):
            c[i, a] = cross[i, parents[a], y]
            right[a] += w * clean[i, parents[a], y]
            for b in range(k):
                A[i, a, b], H[i, a, b] = own[i, parents[a], parents[b]], cross[i, parents[a], parents[b]]
                pooled[a, b] += w * clean[i, parents[a], parents[b]]
    ridged = pooled.copy()
    for a in range(k):
        ridged[a, a] *= 1.0 + 1e-9
    total, counted = (weights * freedom).sum(), weights.sum()
    beta = np.linalg.solve(ridged, right)
    s2 = max(_open(pooled, right, square, beta) / total, 1e-12)
    m, P, mi = np.zeros((N, k)), np.empty((k, k)), np.empty(k)
    squares, shift = np.empty(k), np.empty(k)
    for _ in range(rounds):
        squares[:], shift[:] = 0.0, right
        left = _open(pooled, right, square, beta)
        for i in range(N):
            w = weights[i]
            if w == 0:
                continue
            # m'Am = m'r - s2 m'D^-1 m and tr(AP) = s2 (k - tr(D^-1 P))
            left += w * (k * s2 - _posterior(i, A, H, c, beta, D, s2, P, mi))
            for a in range(k):
                moment = mi[a] * mi[a] + P[a, a]
                squares[a] += w * moment
                left -= w * s2 * moment / D[a]
                for b in range(k):
                    shift[b] -= w * mi[a] * H[i, a, b]
        for a in range(k):
            D[a] = max(squares[a] / counted, _SMALLEST * s2 * counted / ridged[a, a])
        s2 = max(left / total, 1e-12)
        beta = np.linalg.solve(ridged, shift)
    roots = np.zeros((N, k, k))
    for i in range(N):
        _posterior(i, A, H, c, beta, D, s2, P, mi)
        m[i] = mi
        _root(i, P, roots)
    return m, roots


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
    N, p, d = coefficients.shape
    lags = d // p - 1
    somewhere = np.zeros((p, d))
    for i in range(N):
        somewhere += np.abs(coefficients[i])
    first, columns = sparse_rows(somewhere)
    C = np.empty((first[p], N))
    for y in range(p):
        for k in range(first[y], first[y + 1]):
            for i in range(N):
                C[k, i] = coefficients[i, y, columns[k]]
    out = np.empty((N, outcomes.shape[0], levers.shape[0]))
    path = np.empty((horizon + 1, p, N))
    for j in range(levers.shape[0]):
        path[:] = 0.0
        for t in range(horizon + 1):
            for y in order:
                if y == levers[j]:
                    path[t, y] = 1.0
                    continue
                for k in range(first[y], first[y + 1]):
                    ago, x = t - lags + columns[k] // p, columns[k] % p
                    if ago >= 0:
                        for i in range(N):
                            path[t, y, i] += C[k, i] * path[ago, x, i]
        for y in range(outcomes.shape[0]):
            out[:, y, j] = path[horizon, outcomes[y]]
    return out
