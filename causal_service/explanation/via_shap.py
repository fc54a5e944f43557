"""The door to shap: boosted trees as a BI team would fit them, and how much each indicator moves their predictions.

``HistGradientBoosting`` of scikit-learn, explained by TreeSHAP (Lundberg et al. 2020, "From local explanations to
global understanding with explainable AI for trees", Nature Machine Intelligence 2).
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["boosted_trees", "shap_values"]

TREES, LEAVES, RATE = 100, 15, 0.1
"""Settings of the trees; the rest is as scikit-learn has it."""

Array = NDArray[np.float64]


def boosted_trees(X: Array, y: Array) -> Any:
    """Return boosted trees for y (R,) on X (R, p); NaN in X is a value of its own. Two values of y make a classifier.

    The same rows in the same order give the same trees on any number of threads.
    """
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
    from threadpoolctl import threadpool_limits

    options = {"max_iter": TREES, "max_leaf_nodes": LEAVES, "learning_rate": RATE, "early_stopping": False}
    values = np.unique(y)
    X = np.where(np.isnan(X).all(axis=0), 0.0, X)  # a column that these rows never measured; its bins cannot be made
    with threadpool_limits(1):
        if values.size == 2:
            return HistGradientBoostingClassifier(random_state=0, **options).fit(X, (y == values[1]).astype(int))
        return HistGradientBoostingRegressor(random_state=0, **options).fit(X, y)


def shap_values(model: Any, X: Array) -> tuple[Array, float]:
    """Return (SHAP values (R, p), base value); each row adds up to the prediction (log odds for a classifier)."""
    from threadpoolctl import threadpool_limits

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its plots say that what they use will go
        import shap
    with threadpool_limits(1):
        explainer = shap.TreeExplainer(model, feature_perturbation="tree_path_dependent")
        values = np.asarray(explainer.shap_values(X, check_additivity=False), dtype=np.float64)
    return values, float(np.ravel(explainer.expected_value)[0])
