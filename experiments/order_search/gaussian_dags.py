"""Random Gaussian DAGs and rows drawn from them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Bool = NDArray[np.bool_]

N = 1000
"""Rows drawn from every DAG."""


def rows_and_dag(p: int, degree: float, seed: int) -> tuple[Array, Bool]:
    """(N, p) rows of a random Gaussian DAG and the DAG (p, p), [y, x] True for x -> y; columns shuffled."""
    rng = np.random.default_rng([p, int(10 * degree), seed])
    rows, columns = np.tril_indices(p, -1)
    chosen = rng.choice(len(rows), int(p * degree / 2), replace=False)
    B = np.zeros((p, p))
    B[rows[chosen], columns[chosen]] = rng.uniform(-1, 1, len(chosen))
    noise = rng.normal(size=(N, p)) * np.sqrt(rng.uniform(1, 2, p))
    X = np.linalg.solve(np.eye(p) - B, noise.T).T
    order = rng.permutation(p)
    return X[:, order], (B != 0)[np.ix_(order, order)]


def covariance(p: int, degree: float, seed: int) -> Array:
    """Correlations (p, p) of those rows."""
    return np.asarray(np.corrcoef(rows_and_dag(p, degree, seed)[0].T))
