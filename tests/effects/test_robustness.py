"""The robustness value against the published example and its defining property."""

from __future__ import annotations

import math

import pytest

from causal_service.effects.robustness import robustness_value


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
