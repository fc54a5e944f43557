"""The robustness value against the published example and its defining property."""

from __future__ import annotations

import math

import numpy as np
import pytest

from causal_service.effects.robustness import ObservedCause, benchmarked, bounding_shares, robustness_value


def test_published_example():
    """Cinelli & Hazlett (2020), Table 1: t = 4.18 with 783 degrees of freedom, RV = 13.9 %."""
    assert robustness_value(4.184, 783) == pytest.approx(0.139, abs=5e-4)


@pytest.mark.parametrize(("t", "dof"), [(0.5, 30), (2.0, 100), (12.0, 1000), (40.0, 50)])
def test_a_confounder_of_that_strength_brings_the_estimate_to_zero(t, dof):
    """Bias in units of the standard error is sqrt(R2 R2 / (1 - R2)) sqrt(dof); at RV it equals t (ibid., eq. 8)."""
    rv = robustness_value(t, dof)
    assert math.sqrt(rv * rv / (1 - rv)) * math.sqrt(dof) == pytest.approx(t)


def test_sign_does_not_matter_and_nothing_is_robust_to_nothing():
    assert robustness_value(-3.0, 200) == robustness_value(3.0, 200)
    assert robustness_value(0.0, 200) == 0.0
    assert 0.99 < robustness_value(1e6, 200) <= 1.0


DARFUR = {"value": 0.09732, "t": 4.184, "dof": 783}
"""Cinelli & Hazlett (2020), section 5: harm from violence on wanting peace."""
FEMALE = ObservedCause("female", 0.009077, 0.1090)


def test_published_robustness_of_the_interval():
    """Ibid., Table 1: RV at q = 1 and alpha = .05 is 7.6 %."""
    assert robustness_value(4.184, 783, 0.05) == pytest.approx(0.076, abs=1e-3)


def test_published_bounds_of_the_benchmark():
    """Ibid., Table 1: a confounder as strong as *female* explains at most .9 % of lever, 12.5 % of outcome."""
    lever, outcome = bounding_shares(FEMALE, 1.0)
    assert lever == pytest.approx(0.0092, abs=1e-4)
    assert outcome == pytest.approx(0.1246, abs=1e-3)


def test_published_effect_beside_a_confounder_as_strong_as_the_benchmark():
    """Ibid., figure 2: .0752 is left beside one as strong as *female*."""
    assert benchmarked(**DARFUR, cause=FEMALE).value == pytest.approx(0.0752, abs=3e-4)


def test_so_many_times_the_benchmark_bring_the_estimate_to_zero():
    found = benchmarked(**DARFUR, cause=FEMALE)
    assert found.times is not None
    assert found.times > 3  # at three times .0304 is left (ibid., figure 2)
    lever, outcome = bounding_shares(FEMALE, found.times)
    assert math.sqrt(outcome * lever / (1 - lever)) * math.sqrt(783) == pytest.approx(4.184, rel=1e-6)


def test_the_interval_touches_zero_before_the_estimate_does():
    assert robustness_value(1.9, 500, 0.05) == 0.0
    assert 0 < robustness_value(2.5, 500, 0.05) < robustness_value(2.5, 500)
    assert robustness_value(1e4, 50, 0.05) <= 1.0


def test_the_bias_is_what_leaving_a_cause_out_does():
    """Exact in every sample: the coefficient with and without z differ by the bound at z's own partial R2 (eq. 8)."""
    rng = np.random.default_rng(3)
    n = 400
    z, x = rng.normal(size=n), rng.normal(size=n)
    d = 0.5 * z + 0.4 * x + rng.normal(size=n)
    y = 0.3 * d + 0.6 * z + 0.2 * x + rng.normal(size=n)
    short, error, dof = slope(y, d, np.column_stack([np.ones(n), x]))
    long, _, _ = slope(y, d, np.column_stack([np.ones(n), x, z]))
    base = np.column_stack([np.ones(n), x])
    lever = 1 - rest(d, np.column_stack([base, z])) / rest(d, base)
    outcome = 1 - rest(y, np.column_stack([base, d, z])) / rest(y, np.column_stack([base, d]))
    assert abs(short - long) == pytest.approx(error * math.sqrt(outcome * lever / (1 - lever) * dof), rel=1e-9)


def rest(target: np.ndarray, columns: np.ndarray) -> float:
    fitted = columns @ np.linalg.lstsq(columns, target, rcond=None)[0]
    return float(((target - fitted) ** 2).sum())


def slope(y: np.ndarray, d: np.ndarray, columns: np.ndarray) -> tuple[float, float, int]:
    """Return the least-squares coefficient of d, its classical standard error and the degrees of freedom."""
    full = np.column_stack([d, columns])
    dof = len(y) - full.shape[1]
    inverse = np.linalg.inv(full.T @ full)
    return float((inverse @ full.T @ y)[0]), math.sqrt(rest(y, full) / dof * inverse[0, 0]), dof
