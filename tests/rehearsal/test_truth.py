"""True effects of a system: path products where it is linear, twin runs with common noise elsewhere."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from causal_service.rehearsal.truth import true_effects
from causal_service.rehearsal.twins import twin_of


@pytest.fixture(scope="module")
def linear(chain):
    rng = np.random.default_rng(0)
    twin = twin_of(chain.system, chain.panel, rng)
    return chain.system, twin, chain.system.levels.sd


def at(system, name):
    return system.levels.names.index(name)


def test_a_linear_system_has_path_products(linear):
    system, twin, sd = linear
    effects = true_effects(system, twin, range(4), sd, 3, np.random.default_rng(0))
    y, x, m = at(system, "rating"), at(system, "cycle"), at(system, "ontime")
    unit = sd[y] / sd[x]
    assert effects[0, y, x] == pytest.approx((0.4 + 0.4 * 0.4) * unit)
    assert effects[0, m, x] == pytest.approx(0.4 * sd[m] / sd[x])
    assert effects[1, y, x] > effects[0, y, x]


def test_twin_runs_agree_with_path_products(linear):
    system, twin, sd = linear
    exact = true_effects(system, twin, range(4), sd, 3, np.random.default_rng(0))
    runs = true_effects(system, replace(twin, linear=False), range(4), sd, 3, np.random.default_rng(0))
    off_diagonal = ~np.eye(4, dtype=bool)
    for kind in range(3):
        assert runs[kind][off_diagonal] == pytest.approx(exact[kind][off_diagonal], abs=1e-9)


def test_what_a_lever_does_not_reach_is_exactly_zero(mixed):
    rng = np.random.default_rng(0)
    twin = twin_of(mixed.system, mixed.panel, rng)
    effects = true_effects(mixed.system, twin, range(4), mixed.system.levels.sd, 3, rng)
    y = at(mixed.system, "rating")
    assert (effects[:, y, at(mixed.system, "visits")] == 0).all()
    assert (effects[:, y, at(mixed.system, "ontime")] != 0).all()


def test_two_states_are_moved_from_low_to_high(mixed):
    """The whole step of the state, not a quarter of its SD: a straight line out of it is read off exactly."""
    rng = np.random.default_rng(0)
    twin = twin_of(mixed.system, mixed.panel, rng)
    y, x = at(mixed.system, "rating"), at(mixed.system, "ontime")
    mechanism = mixed.system.mechanisms[y]
    weight = mechanism.weights[list(mechanism.columns).index(4 + x)]
    effects = true_effects(mixed.system, twin, [x], mixed.system.levels.sd, 0, rng)
    assert 0 < effects[0, y, x] / weight <= 1 + 1e-9
    assert effects[0, y, x] == pytest.approx(weight, rel=0.15)
