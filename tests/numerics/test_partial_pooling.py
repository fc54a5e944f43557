from __future__ import annotations

import numpy as np
import pytest

from causal_service.numerics.partial_pooling import pooled


@pytest.mark.parametrize("groups", [2, 5])
@pytest.mark.parametrize("tau", [0.0, 1.0, 4.0])
def test_intervals_hold_whatever_groups_differ_by(groups: int, tau: float) -> None:
    rng = np.random.default_rng([7, groups, int(tau)])
    k = 4000
    v = rng.uniform(0.5, 2.0, (k, groups))
    shared = 0.3
    theta = rng.normal(0, 1, (k, 1)) + tau * rng.normal(size=(k, groups))
    b = theta + np.sqrt(v) * rng.normal(size=(k, groups)) + np.sqrt(shared) * rng.normal(size=(k, 1))
    found = pooled(b, v, np.full(k, shared))
    coverage = (np.abs(theta - found.mean) <= 1.96 * found.sd).mean()
    # Alike groups: the prior keeps intervals a little wide; two groups far apart: they are drawn together a little.
    assert 0.92 < coverage < 0.985
    assert ((found.mean - theta) ** 2).mean() <= (1.1 if tau == 4.0 else 0.82) * ((b - theta) ** 2).mean()


def test_groups_that_are_alike_are_pooled_and_others_are_not() -> None:
    v = np.ones((2, 3))
    found = pooled(np.array([[0.0, 0.1, -0.1], [-50.0, 0.0, 50.0]]), v, np.zeros(2))
    assert np.all(found.share[0] > 0.5) and np.all(found.share[1] < 0.01)
    assert found.tau[1] > 20


def test_a_group_without_error_is_left_as_it_is() -> None:
    b = np.array([[0.0, 0.0]])
    found = pooled(b, np.zeros((1, 2)), np.zeros(1))
    assert np.array_equal(found.mean, b) and np.array_equal(found.sd, np.zeros((1, 2)))
