"""Least squares whose errors may hang together within clusters: coefficients and what every cluster adds to them.

The contributions are those of the jackknife over clusters, CR3 (Bell & McCaffrey 2002, Survey Methodology 28;
MacKinnon, Nielsen & Webb 2023, Journal of Applied Econometrics 38): residuals of a cluster are multiplied by
(I - H_gg)^(-1), H_gg its block of the hat matrix, which is what leaving the cluster out would show. With orthonormal
columns U_g of the cluster, U_g'U_g = V s V', the adjusted score is V (1 - s)^(-1) V' U_g'e_g: no matrix is larger than
the number of columns.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["ClusteredFit", "clustered_fit"]

Array = NDArray[np.float64]

_ALONE = 1e-8
"""A direction that a single cluster determines up to this share has no residual and adds nothing."""
_RANK = 1e-9
"""Relative size below which a column is a combination of the others."""


@dataclass(frozen=True, slots=True, eq=False)
class ClusteredFit:
    """A fitted regression."""

    coefficients: Array
    """(q,) outcome unit per column unit."""
    inverse: Array
    """(q, q) inverse of X'WX."""
    influence: Array
    """(clusters, q) what every cluster adds to the coefficients; their covariance is ``influence' influence``."""

    @property
    def covariance(self) -> Array:
        """(q, q) covariance CR3 of the coefficients."""
        V: Array = self.influence.T @ self.influence
        return V


def clustered_fit(X: Array, y: Array, w: Array, cluster: NDArray[np.int64], clusters: int) -> ClusteredFit | None:
    """Regress y (R,) on X (R, q) with weights w (R,); ``None`` where the columns are not independent.

    Parameters
    ----------
    cluster : (R,) codes below ``clusters``.
    """
    root = np.sqrt(w)
    A, b = X * root[:, None], y * root
    scale = np.sqrt((A * A).sum(axis=0))
    if not (scale > 0).all():
        return None
    A = A / scale
    values, vectors = np.linalg.eigh(A.T @ A)
    if values[0] < _RANK:
        return None
    L = vectors / np.sqrt(values)
    U = A @ L
    inner = U.T @ b
    left = b - U @ inner
    scores = _scores(U, left, cluster, clusters)
    back = L / scale[:, None]
    return ClusteredFit(back @ inner, back @ back.T, scores @ back.T)


def _scores(U: Array, e: Array, cluster: NDArray[np.int64], clusters: int) -> Array:
    """Return the adjusted scores (clusters, q) of orthonormal columns U (R, q) and residuals e (R,)."""
    order = np.argsort(cluster, kind="stable")
    ends = np.searchsorted(cluster[order], np.arange(clusters + 1))
    Us, es, q = U[order], e[order], U.shape[1]
    S, a = np.zeros((clusters, q, q)), np.zeros((clusters, q))
    for g in range(clusters):
        own = slice(ends[g], ends[g + 1])
        S[g], a[g] = Us[own].T @ Us[own], es[own] @ Us[own]
    s, V = np.linalg.eigh(S)
    free = np.maximum(1.0 - s, 0.0)
    factor = np.where(free > _ALONE, 1.0 / np.where(free > _ALONE, free, 1.0), 0.0)
    turned: Array = np.einsum("gji,gj->gi", V, a) * factor
    scores: Array = np.einsum("gij,gj->gi", V, turned)
    return scores
