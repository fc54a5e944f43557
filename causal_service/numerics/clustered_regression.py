"""Least squares whose errors may hang together within clusters: coefficients and what every cluster adds to them.

The contributions are those of the jackknife over clusters, CR3 (Bell & McCaffrey 2002, Survey Methodology 28;
MacKinnon, Nielsen & Webb 2023, Journal of Applied Econometrics 38): residuals of a cluster are multiplied by
(I - H_gg)^(-1), H_gg its block of the hat matrix, which is what leaving the cluster out would show. With orthonormal
columns U_g of the cluster, U_g'U_g = V s V', the adjusted score is V (1 - s)^(-1) V' U_g'e_g: no matrix is larger than
the number of columns, or of the cluster's rows. The jackknife's factor (G - 1) / G is left out: a little wider
with few clusters.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["ClusteredFit", "clustered_fit"]

Array = NDArray[np.float64]

_ALONE = 1e-8
"""A direction that a single cluster determines up to this share has no residual and adds nothing."""
_SURELY_FREE = 0.9
"""A cluster whose leverages sum to less determines no direction alone."""
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
    """Return the adjusted scores (clusters, q) of orthonormal columns U (R, q) and residuals e (R,).

    Clusters of one size are taken together. Small ones are turned in the space of their rows: U_g U_g' has the same
    eigenvalues as U_g'U_g.
    """
    order = np.argsort(cluster, kind="stable")
    starts = np.searchsorted(cluster[order], np.arange(clusters + 1))
    sizes, q = np.diff(starts), U.shape[1]
    scores = np.zeros((clusters, q))
    for size in np.unique(sizes[sizes > 0]):
        alike = np.flatnonzero(sizes == size)
        rows = order[starts[alike][:, None] + np.arange(size)]
        Ug, eg = U[rows], e[rows][..., None]
        Ut = Ug.transpose(0, 2, 1)
        if size < q:
            scores[alike] = (Ut @ _turned(Ug @ Ut, eg))[..., 0]
        else:
            scores[alike] = _turned(Ut @ Ug, Ut @ eg)[..., 0]
    return scores


def _turned(H: Array, a: Array) -> Array:
    """Return (I - H_g)^(-1) a_g for every cluster; H (k, n, n) symmetric, a (k, n, 1).

    Eigenvalues, which tell directions without a residual, are needed only where their sum does not rule such out.
    """
    out = np.empty_like(a)
    plain = np.trace(H, axis1=1, axis2=2) < _SURELY_FREE
    out[plain] = np.linalg.solve(np.eye(H.shape[1]) - H[plain], a[plain])
    s, V = np.linalg.eigh(H[~plain])
    free = 1.0 - s
    factor = np.where(free > _ALONE, 1.0 / np.where(free > _ALONE, free, 1.0), 0.0)
    out[~plain] = V @ (factor[..., None] * (V.transpose(0, 2, 1) @ a[~plain]))
    return out
