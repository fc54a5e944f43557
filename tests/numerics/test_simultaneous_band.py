"""The band that holds a whole curve."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import t

from causal_service.numerics.simultaneous_band import coefficient_draws, sup_t


def test_one_point_has_the_pointwise_quantile():
    V = np.array([[2.0]])
    se, critical = sup_t(np.ones((1, 1)), V, coefficient_draws(V, 25, 0), 0.95)
    assert se[0] == pytest.approx(np.sqrt(2))
    assert critical == pytest.approx(t.ppf(0.975, 25), rel=0.03)


def test_independent_points_need_the_product_and_a_line_through_zero_needs_one():
    V = np.eye(4)
    deviations = coefficient_draws(V, 1e9, 0)
    assert sup_t(np.eye(4), V, deviations, 0.95)[1] == pytest.approx(2.49, rel=0.03)  # (2 Phi(c) - 1)^4 = .95
    line = np.linspace(-3, 3, 21)[:, None] * np.eye(4)[:1]
    assert sup_t(line, V, deviations, 0.95)[1] == pytest.approx(1.96, rel=0.03)


def test_band_holds_the_curve_as_often_as_it_says():
    rng = np.random.default_rng(5)
    rows = np.vander(np.linspace(-1, 1, 15), 4)
    root = rng.normal(size=(4, 4))
    V = root @ root.T
    se, critical = sup_t(rows, V, coefficient_draws(V, 1e9, 0), 0.9)
    error = rng.normal(size=(4000, 4)) @ root.T @ rows.T
    assert (np.abs(error) <= critical * se).all(axis=1).mean() == pytest.approx(0.9, abs=0.02)


def test_same_seed_same_draws():
    V = np.diag([1.0, 4.0])
    np.testing.assert_array_equal(coefficient_draws(V, 10, 7), coefficient_draws(V, 10, 7))
    assert (coefficient_draws(V, 10, 7) != coefficient_draws(V, 10, 8)).any()


def test_a_curve_without_error_has_no_band():
    V = np.zeros((2, 2))
    se, critical = sup_t(np.ones((3, 2)), V, coefficient_draws(V, 10, 0), 0.95)
    assert (se == 0).all()
    assert critical == 0
