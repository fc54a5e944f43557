"""Expected Gram matrices of Gaussian rows with gaps (EM).

For a row z with observed part o and missing part m, and precision matrix O = Sigma^-1:
E[z_m | z_o] = -O_mm^-1 O_mo z_o and cov(z_m | z_o) = O_mm^-1. The M-step averages the expected outer products.
Source: Little & Rubin (2019), Statistical Analysis with Missing Data, ch. 11; Dempster, Laird & Rubin (1977).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from causal_service.numerics.compiled import inner, kernel
from causal_service.numerics.inverse import invert

__all__ = ["expected_grams", "fill_gaps", "precision"]

_RIDGE = 1e-9
"""Share of the mean variance added to the diagonal before inversion."""


def precision(sigma: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the inverse of sigma (d, d) with a ridge too small to matter."""
    d = sigma.shape[0]
    inverse: NDArray[np.float64] = np.linalg.inv(sigma + _RIDGE * np.trace(sigma) / d * np.eye(d))
    return np.ascontiguousarray(inverse)


@inner
def _missing_of(z: NDArray[np.bool_], index: NDArray[np.int64]) -> int:
    k = 0
    for c in range(z.shape[0]):
        if z[c]:
            index[k] = c
            k += 1
    return k


@inner
def _fill_row(
    z: NDArray[np.float64],
    omega: NDArray[np.float64],
    index: NDArray[np.int64],
    k: int,
    spread: NDArray[np.float64],
    work: NDArray[np.float64],
) -> None:
    """Write the conditional mean of the k missing cells into z and their covariance into spread[:k, :k].

    ``spread`` = O_mm^-1; O_mm is positive definite.
    """
    for a in range(k):
        z[index[a]] = 0.0
        for b in range(k):
            spread[a, b] = omega[index[a], index[b]]
    invert(spread, k)
    for a in range(k):
        s = 0.0
        for c in range(z.shape[0]):
            s += omega[index[a], c] * z[c]
        work[a] = s
    for a in range(k):
        s = 0.0
        for b in range(k):
            s += spread[a, b] * work[b]
        z[index[a]] = -s


@kernel
def _fill_rows(
    Z: NDArray[np.float64], missing: NDArray[np.bool_], omega: NDArray[np.float64], w: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Write conditional means into Z in place; return the weighted sum (d, d) of the conditional covariances."""
    d = Z.shape[1]
    index = np.empty(d, np.int64)
    spread, work = np.empty((d, d)), np.empty(d)
    extra = np.zeros((d, d))
    for r in range(Z.shape[0]):
        k = _missing_of(missing[r], index)
        if k > 0:
            _fill_row(Z[r], omega, index, k, spread, work)
            for a in range(k):
                for b in range(k):
                    extra[index[a], index[b]] += w[r] * spread[a, b]
    return extra


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
    rounds : largest number of rounds.
    """
    share = w / w.sum()
    root = np.sqrt(share)[:, None]
    filled = np.array(Z, np.float64, order="C")
    filled[missing] = 0.0
    scaled = filled * root
    extra = np.diag((missing * share[:, None]).sum(axis=0))
    sigma = scaled.T @ scaled + extra
    if not missing.any():
        return filled, sigma
    for _ in range(rounds):
        extra = _fill_rows(filled, missing, precision(sigma), share)
        np.multiply(filled, root, out=scaled)
        new = scaled.T @ scaled + extra
        moved = np.abs(new - sigma).max()
        sigma = new
        if moved < tolerance:
            break
    return filled, sigma


def expected_grams(
    Z: NDArray[np.float64],
    missing: NDArray[np.bool_],
    sigma: NDArray[np.float64],
    w: NDArray[np.float64],
    block: NDArray[np.int64],
    blocks: int,
) -> NDArray[np.float64]:
    """Return sum_r w_r E[z_r z_r'] for every block of rows, (blocks, d, d); ``block`` (R,) holds codes."""
    grams: NDArray[np.float64] = _expected_grams(Z, missing, precision(sigma), w, block, blocks)
    return grams


@kernel
def _expected_grams(
    Z: NDArray[np.float64],
    missing: NDArray[np.bool_],
    omega: NDArray[np.float64],
    w: NDArray[np.float64],
    block: NDArray[np.int64],
    blocks: int,
) -> NDArray[np.float64]:
    R, d = Z.shape
    grams = np.zeros((blocks, d, d))
    index = np.empty(d, np.int64)
    spread, work, z = np.empty((d, d)), np.empty(d), np.empty(d)
    for r in range(R):
        for c in range(d):
            z[c] = Z[r, c]
        G = grams[block[r]]
        k = _missing_of(missing[r], index)
        if k > 0:
            _fill_row(z, omega, index, k, spread, work)
            for a in range(k):
                for b in range(k):
                    G[index[a], index[b]] += w[r] * spread[a, b]
        for a in range(d):
            f = w[r] * z[a]
            for b in range(d):
                G[a, b] += f * z[b]
    return grams
