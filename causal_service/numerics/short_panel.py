"""Short-panel bias: from the within-covariance of few periods to the stationary covariance behind it.

Removing entity means over n periods biases the moments of a dynamic panel (Nickell 1981, Econometrica 49). For a
stationary process with autocovariances Gamma(k), an entity observed at n periods has the expected within-moment

    E W_ab = Gamma(a - b) - sum_k H(k) Gamma(k + a - b),    H(k) = #{(t, s): t - s = k} / n^2

for the blocks shifted by a and b periods. The stationary covariance is the fixed point S = W + B(S), where B is the
second term under a VAR(L) fitted to S; its Lyapunov equation is solved by doubling (Smith 1968).
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

__all__ = ["SPECTRAL_CAP", "pair_counts", "stationary_covariance"]

SPECTRAL_CAP = 0.97
"""Largest spectral radius the fitted VAR may have; a faster unit root is shrunk to it."""


@njit(cache=True, nogil=True)
def pair_counts(
    entity: NDArray[np.int64], time: NDArray[np.int64], w: NDArray[np.float64], span: int
) -> NDArray[np.float64]:
    """Return H (2 span - 1,): weight of Gamma(k), k = -(span-1)..span-1, in the variance of an entity mean.

    Rows are sorted by entity; entities are averaged by their weight. ``time`` counts calendar periods.
    """
    H = np.zeros(2 * span - 1)
    R = entity.shape[0]
    total = w.sum()
    start = 0
    while start < R:
        end = start
        mass = 0.0
        while end < R and entity[end] == entity[start]:
            mass += w[end]
            end += 1
        for r in range(start, end):
            for s in range(start, end):
                H[time[r] - time[s] + span - 1] += w[r] * w[s] / (mass * total)
        start = end
    return H


@njit(cache=True, nogil=True)
def _spectral_radius(F: NDArray[np.float64]) -> float:
    """Gelfand's formula by repeated squaring, (|F^(2^k)|)^(1/2^k)."""
    A = F.copy()
    log_scale = 0.0
    power = 1.0
    for _ in range(10):
        norm = np.sqrt((A * A).sum())
        if norm < 1e-150:
            return 0.0
        log_scale += np.log(norm) / power
        A = A / norm
        A = A @ A
        power *= 2.0
    norm = np.sqrt((A * A).sum())
    if norm < 1e-150:
        return 0.0
    return np.exp(log_scale + np.log(norm) / power)


@njit(cache=True, nogil=True)
def _lyapunov(F: NDArray[np.float64], Q: NDArray[np.float64]) -> NDArray[np.float64]:
    """Solve X = F X F' + Q by doubling."""
    X = Q.copy()
    A = F.copy()
    for _ in range(30):
        step = A @ X @ A.T
        X = X + step
        if np.abs(step).max() < 1e-12 * np.abs(X).max():
            break
        A = A @ A
    return X


@njit(cache=True, nogil=True)
def _mean_variance(S: NDArray[np.float64], H: NDArray[np.float64], p: int, lags: int) -> NDArray[np.float64]:
    """B(S): covariance (d, d) of the entity means of the blocks under the VAR(L) fitted to S."""
    m = p * lags
    d = m + p
    ridge = 1e-9 * np.trace(S) / d
    past = S[:m, :m].copy()
    for i in range(m):
        past[i, i] += ridge
    phi = np.linalg.solve(past, S[:m, m:].copy()).T.copy()
    F = np.zeros((m, m))
    F[m - p :, :] = phi
    for i in range(m - p):
        F[i, i + p] = 1.0
    radius = _spectral_radius(F)
    if radius > SPECTRAL_CAP:
        for lag in range(1, lags + 1):
            F[m - p :, (lags - lag) * p : (lags - lag + 1) * p] *= (SPECTRAL_CAP / radius) ** lag
        phi = F[m - p :, :].copy()
    Q = np.zeros((m, m))
    noise = S[m:, m:] - phi @ S[:m, m:] - S[m:, :m] @ phi.T + phi @ S[:m, :m] @ phi.T
    Q[m - p :, m - p :] = 0.5 * (noise + noise.T)
    X = _lyapunov(F, Q)
    span = (H.shape[0] + 1) // 2
    gammas = np.empty((span + lags, p, p))
    P = X.copy()
    for k in range(span + lags):
        gammas[k] = P[m - p :, m - p :]
        P = F @ P
    B = np.zeros((d, d))
    for shift in range(lags + 1):
        block = np.zeros((p, p))
        for k in range(-(span - 1), span):
            weight = H[k + span - 1]
            if weight != 0.0:
                if k + shift >= 0:
                    block += weight * gammas[k + shift]
                else:
                    block += weight * gammas[-(k + shift)].T
        for a in range(shift, lags + 1):
            b = a - shift
            B[a * p : (a + 1) * p, b * p : (b + 1) * p] = block
            B[b * p : (b + 1) * p, a * p : (a + 1) * p] = block.T
    return B


@njit(cache=True, nogil=True)
def stationary_covariance(
    W: NDArray[np.float64], H: NDArray[np.float64], p: int, lags: int, tolerance: float = 1e-7, rounds: int = 40
) -> NDArray[np.float64]:
    """Return S (d, d) with S - B(S) = W, d = p (lags + 1), blocks ordered oldest first.

    Parameters
    ----------
    W : within-covariance (d, d) per row, standardised units.
    H : ``pair_counts``.
    """
    S = W.copy()
    for _ in range(rounds):
        new = W + _mean_variance(S, H, p, lags)
        moved = np.abs(new - S).max()
        S = new
        if moved < tolerance:
            break
    return S
