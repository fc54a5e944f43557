"""Door to scikit-learn: boosted trees, regularised logistic regression and kernel features for nuisance functions."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["boosted_outcome", "boosted_share", "kernel_features", "logistic_share", "ready"]

Array = NDArray[np.float64]

_TREES = {"max_iter": 50, "learning_rate": 0.12, "max_leaf_nodes": 8, "min_samples_leaf": 15, "max_bins": 32}


def ready() -> None:
    """Load the library, so that limits on its threads reach it."""
    import sklearn.ensemble
    import sklearn.kernel_approximation
    import sklearn.linear_model  # noqa: F401


def boosted_outcome(X: Array, y: Array, w: Array, new: Array) -> Array:
    """Return predictions (m,) of ``y`` (n,) at ``new`` (m, p) by boosted trees on X (n, p), row weights w (n,)."""
    from sklearn.ensemble import HistGradientBoostingRegressor

    model = HistGradientBoostingRegressor(early_stopping=False, random_state=0, **_TREES).fit(X, y, _unequal(w))
    return np.asarray(model.predict(new), np.float64)


def boosted_share(X: Array, t: NDArray[np.bool_], w: Array, new: Array) -> Array:
    """Return probabilities (m,) of ``t`` (n,) at ``new`` (m, p) by boosted trees."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    model = HistGradientBoostingClassifier(early_stopping=False, random_state=0, **_TREES).fit(X, t, _unequal(w))
    return np.asarray(model.predict_proba(new)[:, 1], np.float64)


def logistic_share(F: Array, t: NDArray[np.bool_], w: Array, strength: float, new: Array) -> Array:
    """Return probabilities (m,) of ``t`` at ``new`` (m, q) by ridge logistic regression.

    ``strength`` is scikit-learn's C.
    """
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=strength, solver="newton-cholesky", max_iter=100).fit(F, t, sample_weight=w)
    return np.asarray(model.predict_proba(new)[:, 1], np.float64)


def kernel_features(X: Array, gamma: float, landmarks: int, seed: int) -> Array:
    """Return (n, landmarks) features whose products approximate the kernel exp(-gamma |x - z|^2) (Nystroem)."""
    from sklearn.kernel_approximation import Nystroem

    made = Nystroem(kernel="rbf", gamma=gamma, n_components=min(landmarks, X.shape[0]), random_state=seed)
    return np.asarray(made.fit_transform(X), np.float64)


def _unequal(w: Array) -> Array | None:
    """Return the weights, or nothing when all are equal: weighted bins are an order of magnitude slower."""
    return None if float(np.ptp(w)) <= 1e-12 * float(w.max()) else w
