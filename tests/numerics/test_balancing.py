"""Entropy balancing: first-order conditions, and what the penalty does."""

from __future__ import annotations

import numpy as np
import pytest

from causal_service.numerics.balancing import balanced


def _case() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(4)
    return rng.normal(size=(300, 3)), np.array([0.4, -0.2, 0.1]), rng.uniform(0.5, 2.0, 300)


def test_means_reach_the_target_and_weights_stay_exponential_tilts_of_the_base() -> None:
    F, target, base = _case()
    w = balanced(F, target, base, 1e-12)
    assert w.sum() == pytest.approx(1.0)
    assert np.allclose(w @ F, target, atol=1e-8)
    tilt = np.log(w / base)
    fitted = np.column_stack([F, np.ones(300)]) @ np.linalg.lstsq(np.column_stack([F, np.ones(300)]), tilt)[0]
    assert np.allclose(tilt, fitted, atol=1e-8)


def test_a_penalty_leaves_some_imbalance_and_less_uneven_weights() -> None:
    F, target, base = _case()
    exact, soft = balanced(F, target, base, 1e-12), balanced(F, target, base, 0.2)
    assert np.abs(soft @ F - target).max() > 0.01
    assert (soft**2).sum() < (exact**2).sum()


def test_a_target_outside_the_data_has_a_solution_that_says_how_far_it_got() -> None:
    F, _, base = _case()
    w = balanced(F, np.array([50.0, 0.0, 0.0]), base, 0.01)
    assert np.isfinite(w).all() and w.sum() == pytest.approx(1.0)
    assert (w @ F)[0] <= F[:, 0].max()


def test_nothing_to_balance_returns_the_base() -> None:
    base = np.array([1.0, 3.0])
    assert np.allclose(balanced(np.empty((2, 0)), np.empty(0), base, 0.1), [0.25, 0.75])
