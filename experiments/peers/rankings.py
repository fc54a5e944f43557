"""What is done most: rank by correlation, by a regression, by mean |SHAP| of boosted trees."""

from __future__ import annotations

import time

import numpy as np
from answers import Answer, in_units, responses
from given import Array, Given


def correlation(data: Given, within: bool) -> Answer:
    """Absolute correlation with the outcome in the same period."""
    start = time.process_time()
    R = np.corrcoef(_rows(data, within).T)[data.outcome]
    R[data.outcome] = 0.0
    return Answer(importance=np.abs(R), seconds={"rank": time.process_time() - start})


def regression(data: Given, within: bool) -> Answer:
    """Least squares of the outcome on all others in the same period; the coefficient is read as the effect."""
    import statsmodels.api as sm

    start = time.process_time()
    rows, y = _rows(data, within), data.outcome
    others = np.delete(np.arange(rows.shape[1]), y)
    model = sm.OLS(rows[:, y], sm.add_constant(rows[:, others]))
    N = data.within.shape[1]
    entities = np.tile(np.arange(N), len(rows) // N)
    fit = model.fit(cov_type="cluster", cov_kwds={"groups": entities}) if within else model.fit()
    table = np.zeros((3, rows.shape[1]))
    table[0, others], (table[1, others], table[2, others]) = fit.params[1:], fit.conf_int()[1:].T
    sd = data.within_sd if within else data.pooled_sd
    value, low, high = (in_units(row, sd, y) for row in table)
    return Answer(
        effects=dict.fromkeys(("impact", "sustained", "cumulative"), value),
        intervals=dict.fromkeys(("impact", "sustained", "cumulative"), (low, high)),
        seconds={"fit": time.process_time() - start},
    )


def distributed_lags(data: Given) -> Answer:
    """Within regression on this and last period of all indicators, clustered errors: ``impact`` from the present
    coefficient, the other kinds from the recursion of the outcome's own equation (levers' own reactions left out)."""
    import statsmodels.api as sm

    start = time.process_time()
    rows, p, y = data.now_and_before, data.within.shape[2], data.outcome
    used = np.delete(np.arange(2 * p), y)
    fit = sm.OLS(rows[:, y], rows[:, used]).fit(cov_type="cluster", cov_kwds={"groups": data.entity_of_row})
    B0, B1, bounds = np.zeros((p, p)), np.zeros((p, p)), np.zeros((2, 2 * p))
    coefficients = np.zeros(2 * p)
    coefficients[used], bounds[:, used] = fit.params, fit.conf_int().T
    B0[y], B1[y] = coefficients[:p], coefficients[p:]
    said = responses(B0, B1, y)
    effects = {kind: in_units(values, data.within_sd, y) for kind, values in said.items()}
    low, high = (in_units(bound[:p].copy(), data.within_sd, y) for bound in bounds)
    return Answer(effects=effects, intervals={"impact": (low, high)}, seconds={"fit": time.process_time() - start})


def shap_ranking(data: Given, within: bool) -> Answer:
    """Mean |SHAP| of LightGBM (300 trees, 15 leaves, learning rate .05)."""
    import lightgbm
    import shap

    start = time.process_time()
    rows, y = _rows(data, within), data.outcome
    X = np.delete(rows, y, axis=1)
    model = lightgbm.LGBMRegressor(
        n_estimators=300, num_leaves=15, learning_rate=0.05, subsample=0.8, subsample_freq=1, n_jobs=1, verbose=-1,
        random_state=0,
    ).fit(X, rows[:, y])  # fmt: skip
    sizes = np.abs(shap.TreeExplainer(model).shap_values(X)).mean(axis=0)
    return Answer(importance=np.insert(sizes, y, 0.0), seconds={"rank": time.process_time() - start})


def _rows(data: Given, within: bool) -> Array:
    p = data.within.shape[2]
    return data.filled.reshape(-1, p) if within else data.pooled
