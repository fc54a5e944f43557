"""Ridge over folds: the same as fitting every fold apart."""

from __future__ import annotations

import numpy as np
from sklearn.linear_model import Ridge

from causal_service.numerics.fold_ridge import fold_ridge


def test_equals_scikit_learn_fold_by_fold() -> None:
    rng = np.random.default_rng(1)
    F, w, arm = rng.normal(size=(120, 7)), rng.uniform(0.5, 2, 120), rng.random(120) < 0.7
    y, fold = F @ rng.normal(size=7) + rng.normal(size=120), np.arange(120) % 4
    penalties = np.array([0.01, 1.0])
    found = fold_ridge(F, y, w, arm, fold, penalties)
    for penalty, row in zip(penalties, found, strict=True):
        for k in range(4):
            used = arm & (fold != k)
            model = Ridge(alpha=penalty * w[used].sum()).fit(F[used], y[used], sample_weight=w[used])
            assert np.allclose(row[fold == k], model.predict(F[fold == k]), atol=1e-9)


def test_without_features_it_predicts_the_mean() -> None:
    y, fold = np.arange(6.0), np.array([0, 0, 0, 1, 1, 1])
    found = fold_ridge(np.empty((6, 0)), y, np.ones(6), np.ones(6, bool), fold, np.array([1.0]))
    assert np.allclose(found[0], [4, 4, 4, 1, 1, 1])
