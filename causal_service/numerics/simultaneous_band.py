"""Bands that hold for a whole curve at once: the sup-t band.

Montiel Olea & Plagborg-Moeller 2019, "Simultaneous confidence bands", Journal of Applied Econometrics 34: value -+ c SE
with one c for all points, the quantile of the largest |t| over the points. Here t is simulated with the covariance of
the coefficients behind the curve and, for few clusters, the degrees of freedom that are left.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["coefficient_draws", "sup_t"]

Array = NDArray[np.float64]

DRAWS = 4000
"""Simulated coefficient vectors."""
_PURPOSE = 2**63 + 5
"""Key beyond every draw of the study."""


def coefficient_draws(V: Array, dof: float, seed: int) -> Array:
    """Return deviations (DRAWS, K) of coefficients with covariance V (K, K), multivariate t on ``dof``."""
    rng = np.random.Generator(np.random.Philox(key=np.array([seed, _PURPOSE], np.uint64)))
    K = V.shape[0]
    half = rng.standard_normal((DRAWS // 2, K))
    chi = rng.chisquare(max(dof, 1.0), DRAWS // 2)
    Z = half * np.sqrt(max(dof, 1.0) / chi)[:, None]
    values, vectors = np.linalg.eigh(V)
    root = vectors * np.sqrt(np.maximum(values, 0.0))
    deviations: Array = np.concatenate([Z, -Z]) @ root.T
    return deviations


def sup_t(rows: Array, V: Array, deviations: Array, confidence: float) -> tuple[Array, float]:
    """Return (standard errors (m,), critical value c) of the curve ``rows`` (m, K) @ coefficients."""
    se = np.sqrt(np.maximum(np.einsum("mk,kl,ml->m", rows, V, rows), 0.0))
    moving = se > 1e-12 * max(float(se.max(initial=0.0)), 1e-300)
    if not moving.any():
        return se, 0.0
    t = np.abs(deviations @ rows[moving].T) / se[moving]
    return se, float(np.quantile(t.max(axis=1), confidence))
