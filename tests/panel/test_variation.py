"""Medians over what is measured are those of NumPy."""

from __future__ import annotations

import numpy as np
import pytest

from causal_service.panel.variation import seen_median


@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("shape", [(7, 12), (6, 5, 3)])
def test_medians_of_measured_cells(axis, shape):
    values = np.random.default_rng(0).normal(size=shape)
    values[np.random.default_rng(1).random(shape) < 0.4] = np.nan
    values[2] = np.nan
    values[:, 3] = np.nan
    with np.testing.suppress_warnings() as quiet:
        quiet.filter(RuntimeWarning)
        expected = np.nanmedian(values, axis=axis, keepdims=True)
    np.testing.assert_array_equal(seen_median(values, axis), expected)
