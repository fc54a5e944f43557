"""Deterministic terms (level, trend, season) of single entities: taken out, and what taking them out costs.

Every entity is regressed on the terms by weighted least squares, column by column over its measured cells (Frisch &
Waugh 1933). The terms span a space that is closed under shifts in time, so that the lagged blocks of a row lose the
same terms as the present one.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["carriers", "without_terms"]

Array = NDArray[np.float64]

_RANK = 1e-9
"""Singular values below this share of the largest count as zero."""


def without_terms(Z: Array, w: Array, entity: NDArray[np.int64], terms: Array) -> Array:
    """Return the residuals of Z (R, q) on the terms of each entity; NaN cells stay NaN.

    Parameters
    ----------
    Z : values (R, q), any unit; NaN = missing.
    w : row weights (R,), positive.
    entity : codes (R,), 0-based.
    terms : deterministic terms (R, k) at the rows, the level among them.
    """
    out = np.full(Z.shape, np.nan)
    for code in np.unique(entity):
        own = np.flatnonzero(entity == code)
        root, X = np.sqrt(w[own])[:, None], Z[own]
        seen = ~np.isnan(X)
        patterns, of = np.unique(seen, axis=1, return_inverse=True)
        for pattern in range(patterns.shape[1]):
            rows, columns = np.flatnonzero(patterns[:, pattern]), np.flatnonzero(of.ravel() == pattern)
            if rows.size == 0:
                continue
            basis = _orthonormal(root[rows] * terms[own[rows]])
            scaled = root[rows] * X[np.ix_(rows, columns)]
            scaled = scaled - basis @ (basis.T @ scaled)
            scaled = scaled - basis @ (basis.T @ scaled)  # what the rounding of a high level left over
            out[np.ix_(own[rows], columns)] = scaled / root[rows]
    return out


def carriers(entity: NDArray[np.int64], w: Array, terms: Array) -> tuple[Array, NDArray[np.int64]]:
    """Return (C (R, k), ranks (entities,)): within an entity, C C' is what the terms take out of weighted sums.

    sum_t w_t e_t e_t' = sum_t w_t z_t z_t' - sum_ts (C C')_ts z_t z_s' for residuals e of rows z.
    """
    C = np.zeros((entity.size, terms.shape[1]))
    ranks = np.zeros(int(entity.max()) + 1, np.int64)
    for code in np.unique(entity):
        own = np.flatnonzero(entity == code)
        root = np.sqrt(w[own])[:, None]
        basis = _orthonormal(root * terms[own])
        ranks[code] = basis.shape[1]
        C[own, : basis.shape[1]] = root * basis
    return C, ranks


def _orthonormal(D: Array) -> Array:
    """Return an orthonormal basis of the columns of D."""
    U, size, _ = np.linalg.svd(D, full_matrices=False)
    return np.ascontiguousarray(U[:, size > _RANK * max(float(size[0]), 1e-300)])
