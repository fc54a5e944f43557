"""Coefficients as in statsmodels, the covariance as the textbook's dense formula has it."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm

from causal_service.numerics.clustered_regression import clustered_fit


@pytest.fixture
def data() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(3)
    cluster = np.repeat(np.arange(12), rng.integers(4, 12, 12))
    X = rng.normal(size=(cluster.size, 3)) + rng.normal(size=(12, 3))[cluster]
    y = X @ [1.0, -2.0, 0.5] + rng.normal(size=12)[cluster] + rng.normal(size=cluster.size)
    return X, y, rng.uniform(0.5, 2.0, cluster.size), cluster


def test_coefficients_are_those_of_weighted_least_squares(data):
    X, y, w, cluster = data
    fit = clustered_fit(X, y, w, cluster, 12)
    assert fit is not None
    np.testing.assert_allclose(fit.coefficients, sm.WLS(y, X, weights=w).fit().params, rtol=1e-10)


def dense_cr3(X, y, w, cluster):
    A, b = X * np.sqrt(w)[:, None], y * np.sqrt(w)
    bread = np.linalg.inv(A.T @ A)
    e = b - A @ (bread @ (A.T @ b))
    meat = np.zeros_like(bread)
    for g in np.unique(cluster):
        own = cluster == g
        score = A[own].T @ np.linalg.pinv(np.eye(own.sum()) - A[own] @ bread @ A[own].T, rcond=1e-8) @ e[own]
        meat += np.outer(score, score)
    return bread @ meat @ bread


def test_covariance_is_the_dense_cr3(data):
    X, y, w, cluster = data
    fit = clustered_fit(X, y, w, cluster, 12)
    assert fit is not None
    np.testing.assert_allclose(fit.covariance, dense_cr3(X, y, w, cluster), rtol=1e-9)


def test_a_cluster_may_determine_a_column_alone(data):
    X, y, w, cluster = data
    X = np.c_[X, cluster == 3]
    fit = clustered_fit(X, y, w, cluster, 12)
    assert fit is not None
    np.testing.assert_allclose(fit.covariance, dense_cr3(X, y, w, cluster), rtol=1e-7)


def test_rows_on_their_own_have_the_errors_of_hc3(data):
    X, y, _, cluster = data
    fit = clustered_fit(X, y, np.ones(y.size), np.arange(cluster.size), cluster.size)
    assert fit is not None
    np.testing.assert_allclose(fit.covariance, sm.OLS(y, X).fit(cov_type="HC3").cov_params(), rtol=1e-9)


def test_order_of_rows_and_units_of_columns_do_not_matter(data):
    X, y, w, cluster = data
    order = np.random.default_rng(0).permutation(y.size)
    one, two = (
        clustered_fit(X, y, w, cluster, 12),
        clustered_fit(X[order] * 1e6, y[order], w[order], cluster[order], 12),
    )
    assert one is not None
    assert two is not None
    np.testing.assert_allclose(two.coefficients * 1e6, one.coefficients, rtol=1e-9)
    np.testing.assert_allclose(two.covariance * 1e12, one.covariance, rtol=1e-8)


def test_a_column_that_repeats_another_is_refused(data):
    X, y, w, cluster = data
    assert clustered_fit(np.c_[X, X[:, 0] - 2 * X[:, 1]], y, w, cluster, 12) is None
    assert clustered_fit(np.c_[X, np.zeros(y.size)], y, w, cluster, 12) is None
