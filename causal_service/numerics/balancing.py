"""Weights that make one group look like another: entropy balancing from base weights.

Sources: Hainmueller (2012, Political Analysis), Zhao & Percival (2017, Journal of Causal Inference); the penalty that
allows imbalances of the size of sampling error is the one of Wang & Zubizarreta (2020, Biometrika).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["balanced"]

Array = NDArray[np.float64]

MOST_STEPS = 100
MOST_HALVINGS = 40


def balanced(F: Array, target: Array, base: Array, penalty: float) -> Array:
    """Return weights (n,) that sum to 1, close to ``base`` in entropy, with weighted feature means near ``target``.

    The dual log sum base exp(F lambda) + penalty/2 |lambda|^2 is minimised by damped Newton steps; with a positive
    penalty there is always a solution, and the imbalance left is at most penalty |lambda|.

    Parameters
    ----------
    F : (n, q) features, each of about unit variance.
    target : (q,) means wanted.
    base : (n,) non-negative, positive somewhere.
    penalty : positive.
    """
    Z = F - target
    logs = np.log(np.maximum(base / base.sum(), 1e-300))
    turn = np.zeros(F.shape[1])
    value, weights = _dual(Z, logs, turn, penalty)
    for _ in range(MOST_STEPS):
        mean = weights @ Z
        slope = mean + penalty * turn
        if np.abs(slope).max(initial=0.0) < 1e-9:
            break
        curvature = (Z * weights[:, None]).T @ Z - np.outer(mean, mean)
        curvature[np.diag_indices_from(curvature)] += penalty
        step = np.linalg.solve(curvature, slope)
        size, gain = 1.0, float(slope @ step)
        for _ in range(MOST_HALVINGS):
            tried, found = _dual(Z, logs, turn - size * step, penalty)
            if tried <= value - 1e-4 * size * gain:
                break
            size /= 2
        turn, value, weights = turn - size * step, tried, found
    return weights


def _dual(Z: Array, logs: Array, turn: Array, penalty: float) -> tuple[float, Array]:
    exponent = logs + Z @ turn
    top = exponent.max()
    raw = np.exp(exponent - top)
    return float(top + np.log(raw.sum()) + penalty / 2 * (turn @ turn)), raw / raw.sum()
