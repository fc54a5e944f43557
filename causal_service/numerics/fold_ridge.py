"""Ridge regressions that predict every fold from the others, for a path of penalties at the price of one."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["fold_ridge"]

Array = NDArray[np.float64]


def fold_ridge(
    F: Array, y: Array, w: Array, trained: NDArray[np.bool_], fold: NDArray[np.int64], penalties: Array
) -> Array:
    """Return predictions (L, n) of y for all rows; a row of fold k is predicted by a fit without fold k.

    Grams of the folds are added up once, so a fold costs one eigendecomposition of its training Gram; the intercept
    is not penalised.

    Parameters
    ----------
    F : (n, q) features, each of about unit variance.
    y, w : (n,) outcome and non-negative row weights.
    trained : (n,) rows that may be learned from; others are only predicted.
    fold : (n,) codes 0..K-1; every training part must hold weight.
    penalties : (L,) ridge penalties per unit of weight, all positive.
    """
    n, q = F.shape
    folds = int(fold.max()) + 1
    D = np.column_stack([F, np.ones(n), y])
    weight = np.where(trained, w, 0.0)
    parts = np.stack([_gram(D[fold == k], weight[fold == k]) for k in range(folds)])
    total = parts.sum(0)
    out = np.empty((penalties.size, n))
    for k in range(folds):
        M = total - parts[k]
        mean, centre = M[q, : q + 2] / M[q, q], M[q, :q] / M[q, q]
        G = M[:q, :q] / M[q, q] - np.outer(centre, centre)
        c = M[:q, q + 1] / M[q, q] - centre * mean[q + 1]
        d, V = np.linalg.eigh(G)
        slopes = V @ ((V.T @ c)[:, None] / (np.maximum(d, 0.0)[:, None] + penalties))
        own = fold == k
        out[:, own] = ((F[own] - centre) @ slopes).T + mean[q + 1]
    return out


def _gram(D: Array, w: Array) -> Array:
    G: Array = (D * w[:, None]).T @ D
    return G
