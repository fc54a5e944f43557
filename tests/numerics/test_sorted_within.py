"""Effects of rows sorted by entity are those of ``within.two_way``."""

from __future__ import annotations

import numpy as np
import pytest

from causal_service.numerics.sorted_within import two_way_sorted
from causal_service.numerics.within import two_way, within


@pytest.mark.parametrize(("gaps", "kept"), [(0.0, 1.0), (0.05, 1.0), (0.1, 0.6)])
def test_residuals_and_effects_are_those_of_any_rows(gaps, kept):
    rng = np.random.default_rng(1)
    entity, period = (codes.ravel() for codes in np.mgrid[:30, :12])
    rows = rng.random(entity.size) < kept
    entity, period = np.unique(entity[rows], return_inverse=True)[1], period[rows]
    Z = rng.normal(size=(entity.size, 5)) + 50 * rng.normal(size=(30, 5))[entity] + rng.normal(size=(12, 5))[period]
    Z[rng.random(Z.shape) < gaps] = np.nan
    w = rng.uniform(0.5, 2, entity.size)
    expected, effects = two_way(Z, w, entity, period)
    found, own = two_way_sorted(Z, w, entity, period, 14)
    np.testing.assert_allclose(found, np.nan_to_num(expected), atol=1e-9)
    np.testing.assert_allclose(own[:12] - own[0], effects - effects[0], atol=1e-9)
    assert own.shape == (14, 5)
    np.testing.assert_array_equal(within(Z, w, entity, period), expected)
    mixed = rng.permutation(entity.size)
    np.testing.assert_allclose(within(Z[mixed], w[mixed], entity[mixed], period[mixed]), expected[mixed], atol=1e-9)


def test_an_entity_without_a_cell_of_a_column_is_left_out():
    rng = np.random.default_rng(2)
    entity, period = (codes.ravel() for codes in np.mgrid[:6, :5])
    Z = rng.normal(size=(30, 2))
    Z[entity == 3, 1] = np.nan
    found, _ = two_way_sorted(Z, np.ones(30), entity, period, 5)
    assert (found[entity == 3, 1] == 0).all()
    others = entity != 3
    again, _ = two_way_sorted(Z[others], np.ones(25), np.repeat(np.arange(5), 5), period[others], 5)
    np.testing.assert_allclose(found[others, 1], again[:, 1], atol=1e-12)
