"""Tiles of products are those of numpy, and nothing beside them is touched."""

from __future__ import annotations

import numpy as np
import pytest
from numba import njit

from causal_service.numerics import tile_products
from causal_service.numerics.lanes import LANES


@njit  # without a cache, which would not see a change of what is tested
def tile_added(total, at, stride, left, a, right, c, step, rows):
    tile_products.add_tile(total, at, stride, left, a, right, c, step, rows)


@pytest.mark.parametrize("kind", [np.float32, np.float64])
@pytest.mark.parametrize("rows", [0, 1, 7, 300])
def test_a_tile_is_added_to_what_is_there(kind, rows):
    rng = np.random.default_rng(rows)
    wide, height = 2 * LANES, tile_products.TILE_BYTES // np.dtype(kind).itemsize
    left, right = rng.normal(size=(2, rows + 1, wide)).astype(kind)
    total = rng.normal(size=(wide, wide))
    want = total.copy()
    chosen, lanes = slice(5, 5 + height), slice(9, 9 + LANES)
    want[3 : 3 + height, 2 : 2 + LANES] += left[:rows, chosen].astype(float).T @ right[:rows, lanes].astype(float)
    tile_added(total.reshape(-1), 3 * wide + 2, wide, left.reshape(-1), 5, right.reshape(-1), 9, wide, rows)
    np.testing.assert_allclose(total, want, rtol=0, atol=(1e-3 if kind is np.float32 else 1e-12))
    untouched = np.ones((wide, wide), bool)
    untouched[3 : 3 + height, 2 : 2 + LANES] = False
    np.testing.assert_array_equal(total[untouched], want[untouched])


def test_tiles_fill_a_group_of_columns():
    assert all(LANES % (tile_products.TILE_BYTES // size) == 0 for size in (4, 8))
