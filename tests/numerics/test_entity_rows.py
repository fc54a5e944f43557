"""Rows grouped by entity: a sort that depends on content alone."""

from __future__ import annotations

import numpy as np
import pytest

from causal_service.numerics.entity_rows import cell_totals, sorted_rows
from causal_service.numerics.scatter import places_by_group, scatter_column


@pytest.mark.parametrize("seed", range(3))
def test_rows_come_by_key_then_time(seed):
    rng = np.random.default_rng(seed)
    keys = rng.integers(0, 2**63, 40, dtype=np.uint64)[rng.integers(0, 40, 500)]
    time = rng.integers(0, 25, 500)
    order, starts, found = sorted_rows(keys, time, 25)
    np.testing.assert_array_equal(found, np.unique(keys))
    np.testing.assert_array_equal(order, np.lexsort((time, keys)))
    np.testing.assert_array_equal(keys[order[starts[:-1]]], found)
    assert starts[-1] == 500


def test_totals_are_those_of_the_measured_cells():
    X = np.array([[9.0, 1.0, np.nan], [9.0, 3.0, 4.0], [9.0, np.nan, 6.0]])
    totals = cell_totals(X, np.array([1, 2]), np.array([2, 0, 1]), np.array([1.0, 2.0]))
    np.testing.assert_allclose(totals, [[2, 2], [2, 6], [4, 20]])


def test_columns_are_scattered_with_their_gaps():
    place, starts = places_by_group(np.array([1, 0, 1, 0]), 3)
    np.testing.assert_array_equal(place, [2, 0, 3, 1])
    np.testing.assert_array_equal(starts, [0, 2, 4, 4])
    out = np.zeros((4, 2))
    bits = np.array([0b11111110], np.uint8)
    found = scatter_column(np.array([1.0, np.nan, np.inf, -0.0]), bits, 1, place, 1, out)
    assert found == (1, 1)
    np.testing.assert_array_equal(out[:, 1], [np.nan, -0.0, 1.0, np.inf])
    assert not np.signbit(out[1, 1])
    assert scatter_column(np.ones(4), bits, 0, place, 0, out) == (1, 0)
