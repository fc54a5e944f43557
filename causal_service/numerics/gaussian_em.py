"""Expected Gram matrices of Gaussian rows with gaps (EM).

For a row z with observed part o and missing part m, and precision matrix O = Sigma^-1:
E[z_m | z_o] = -O_mm^-1 O_mo z_o and cov(z_m | z_o) = O_mm^-1. The M-step averages the expected outer products.
Source: Little & Rubin (2019), Statistical Analysis with Missing Data, ch. 11; Dempster, Laird & Rubin (1977).
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

__all__ = ["expected_grams", "fill_gaps"]

_RIDGE = 1e-9
"""Share of the mean variance added to the diagonal before inversion."""


@njit(cache=True, nogil=True)
def _precision(sigma: NDArray[np.float64]) -> NDArray[np.float64]:
    d = sigma.shape[0]
    a = sigma.copy()
    ridge = _RIDGE * np.trace(sigma) / d
    for i in range(d):
        a[i, i] += ridge
    inverse: NDArray[np.float64] = np.linalg.inv(a)
    return inverse


@njit(cache=True, nogil=True)
def _missing_of(z: NDArray[np.bool_], index: NDArray[np.int64]) -> int:
    k = 0
    for c in range(z.shape[0]):
        if z[c]:
            index[k] = c
            k += 1
    return k


@njit(cache=True, nogil=True)
def _fill_row(
    z: NDArray[np.float64], omega: NDArray[np.float64], index: NDArray[np.int64], k: int
) -> NDArray[np.float64]:
    """Write the conditional mean of the k missing cells into z; return their conditional covariance (k, k)."""
    block = np.empty((k, k))
    for a in range(k):
        for b in range(k):
            block[a, b] = omega[index[a], index[b]]
        z[index[a]] = 0.0
    spread: NDArray[np.float64] = np.linalg.inv(block)
    pull = np.empty(k)
    for a in range(k):
        s = 0.0
        for c in range(z.shape[0]):
            s += omega[index[a], c] * z[c]
        pull[a] = s
    for a in range(k):
        s = 0.0
        for b in range(k):
            s += spread[a, b] * pull[b]
        z[index[a]] = -s
    return spread


@njit(cache=True, nogil=True)
def fill_gaps(
    Z: NDArray[np.float64],
    missing: NDArray[np.bool_],
    w: NDArray[np.float64],
    tolerance: float = 1e-5,
    rounds: int = 60,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """EM on zero-mean rows; return (Z with conditional means in the gaps, Sigma).

    Parameters
    ----------
    Z : rows (R, d), standardised columns; the content of missing cells is ignored.
    missing : (R, d), True where missing.
    w : row weights (R,).
    tolerance : stop when no entry of Sigma moves by more than this.
    """
    R, d = Z.shape
    filled = np.where(missing, 0.0, Z)
    root = np.sqrt(w / w.sum())
    extra = np.zeros((d, d))
    index = np.empty(d, np.int64)
    for c in range(d):
        seen = 0.0
        for r in range(R):
            if not missing[r, c]:
                seen += w[r]
        extra[c, c] = 1.0 - seen / w.sum()
    scaled = filled * root.reshape(-1, 1)
    sigma = scaled.T @ scaled + extra
    for _ in range(rounds):
        omega = _precision(sigma)
        extra[:] = 0.0
        for r in range(R):
            k = _missing_of(missing[r], index)
            if k > 0:
                spread = _fill_row(filled[r], omega, index, k)
                for a in range(k):
                    for b in range(k):
                        extra[index[a], index[b]] += root[r] * root[r] * spread[a, b]
        scaled = filled * root.reshape(-1, 1)
        new = scaled.T @ scaled + extra
        moved = np.abs(new - sigma).max()
        sigma = new
        if moved < tolerance:
            break
    return filled, sigma


@njit(cache=True, nogil=True)
def expected_grams(
    Z: NDArray[np.float64],
    missing: NDArray[np.bool_],
    sigma: NDArray[np.float64],
    w: NDArray[np.float64],
    block: NDArray[np.int64],
    blocks: int,
) -> NDArray[np.float64]:
    """Return sum_r w_r E[z_r z_r'] for every block of rows, (blocks, d, d)."""
    R, d = Z.shape
    omega = _precision(sigma)
    grams = np.zeros((blocks, d, d))
    index = np.empty(d, np.int64)
    for r in range(R):
        z = Z[r].copy()
        G = grams[block[r]]
        k = _missing_of(missing[r], index)
        if k > 0:
            spread = _fill_row(z, omega, index, k)
            for a in range(k):
                for b in range(k):
                    G[index[a], index[b]] += w[r] * spread[a, b]
        for a in range(d):
            f = w[r] * z[a]
            for b in range(d):
                G[a, b] += f * z[b]
    return grams
