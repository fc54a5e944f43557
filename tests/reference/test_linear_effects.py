"""Fixed-effect slopes and impulse responses against linearmodels and statsmodels."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from linearmodels.panel import PanelOLS
from statsmodels.stats.multitest import multipletests
from statsmodels.tsa.api import VAR

from causal_service.effects.estimate import false_discovery_rates
from causal_service.numerics.linear_system import fit_system, responses
from causal_service.numerics.within import within

TOLERANCE = 1e-8
"""Both sides solve the same least squares in double precision."""


def unbalanced(seed: int) -> tuple[pd.DataFrame, np.ndarray]:
    """An unbalanced weighted panel in which entity and period levels drive both x and y."""
    rng = np.random.default_rng(seed)
    entity, period = np.repeat(np.arange(25), 10), np.tile(np.arange(2001, 2011), 25)
    kept = rng.random(250) < 0.7
    entity, period = entity[kept], period[kept]
    level, season = rng.normal(size=25)[entity], rng.normal(size=3000)[period]
    x1 = rng.normal(size=entity.size) + 2 * level + season
    x2 = rng.normal(size=entity.size) + 0.5 * x1
    y = 0.7 * x1 - 0.4 * x2 - 3 * level + 2 * season + rng.normal(size=entity.size)
    frame = pd.DataFrame({"x1": x1, "x2": x2, "y": y, "entity": entity, "period": period})
    return frame, rng.uniform(0.3, 3, entity.size)


@pytest.mark.parametrize("weighted", [False, True])
def test_within_slopes_equal_linearmodels(weighted):
    frame, w = unbalanced(0)
    w = w if weighted else np.ones(len(frame))
    indexed = frame.set_index(["entity", "period"])
    weights = pd.DataFrame({"w": w}, index=indexed.index)
    model = PanelOLS(indexed["y"], indexed[["x1", "x2"]], entity_effects=True, time_effects=True, weights=weights)
    entity, period = frame["entity"].to_numpy(), frame["period"].to_numpy() - 2001
    Z = within(np.ascontiguousarray(frame[["x1", "x2", "y"]].to_numpy()), w, entity, period)
    S = (Z * w[:, None]).T @ Z / w.sum()
    ours = np.linalg.solve(S[:2, :2], S[:2, 2])
    np.testing.assert_allclose(ours, model.fit().params.to_numpy(), rtol=TOLERANCE)


def test_fitted_system_equals_statsmodels_ols():
    frame, _ = unbalanced(1)
    rows = frame[["x1", "x2", "y"]].to_numpy(copy=True)
    rows -= rows.mean(axis=0)
    parents = np.array([[False, False, False], [True, False, False], [True, True, False]])
    C = np.empty((3, 3))
    fit_system(rows.T @ rows / len(rows), parents, C)
    np.testing.assert_allclose(C[2, :2], sm.OLS(rows[:, 2], rows[:, :2]).fit().params, rtol=1e-7)
    np.testing.assert_allclose(C[1, 0], sm.OLS(rows[:, 1], rows[:, :1]).fit().params[0], rtol=1e-7)


@pytest.mark.parametrize("lags", [1, 2])
def test_cumulative_without_same_period_arrows_equals_the_impulse_responses_of_a_var(lags):
    rng = np.random.default_rng(2)
    x = np.zeros((400, 3))
    for t in range(2, 400):
        x[t] = 0.4 * x[t - 1] + 0.3 * np.roll(x[t - 1], 1) - 0.2 * x[t - 2] + rng.normal(size=3)
    fitted = VAR(x).fit(lags, trend="c")
    past = np.concatenate([fitted.coefs[lag - 1] for lag in range(lags, 0, -1)], axis=1)
    C = np.concatenate([past, np.zeros((3, 3))], axis=1)
    ours = np.empty((3, 3, 3))
    responses(C, np.arange(3), 5, ours)
    np.testing.assert_allclose(ours[2], fitted.irf(5).cum_effects[5], rtol=TOLERANCE)


@pytest.mark.parametrize("seed", range(5))
def test_false_discovery_rates_equal_statsmodels(seed):
    rng = np.random.default_rng(seed)
    p = np.concatenate([rng.random(8) ** 3, [1.0, 1.0, 0.0], rng.choice([0.01, 0.02], 4)])
    np.testing.assert_allclose(false_discovery_rates(p), multipletests(p, method="fdr_bh")[1], rtol=1e-12)
