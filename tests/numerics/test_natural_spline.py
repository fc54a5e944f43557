"""Natural cubic splines against scipy's and patsy-free first principles."""

import numpy as np
import pytest
from scipy.interpolate import CubicSpline

from causal_service.numerics.natural_spline import bends

KNOTS = np.array([-2.0, -0.5, 0.3, 1.0, 2.5])


def test_bends_with_1_and_x_reproduce_any_natural_spline() -> None:
    """A natural cubic interpolant of arbitrary heights at the knots lies in the span of 1, x and the bends."""
    x = np.linspace(-2.0, 2.5, 200)
    wanted = CubicSpline(KNOTS, [1.0, -2.0, 0.5, 3.0, 0.0], bc_type="natural")(x)
    design = np.column_stack([np.ones_like(x), x, bends(x, KNOTS)[0]])
    fitted = design @ np.linalg.lstsq(design, wanted, rcond=None)[0]
    assert np.abs(fitted - wanted).max() < 1e-9


def test_a_bend_is_straight_beyond_the_outer_knots() -> None:
    values, slopes = bends(np.array([-9.0, -2.0, 2.5, 4.0, 11.0]), KNOTS)
    assert np.abs(values[:2]).max() == 0.0
    assert np.allclose(slopes[2], slopes[3]) and np.allclose(slopes[3], slopes[4])


def test_derivatives_are_those_of_the_values() -> None:
    x = np.linspace(-3.0, 4.0, 71)
    step = 1e-6
    by_difference = (bends(x + step, KNOTS)[0] - bends(x - step, KNOTS)[0]) / (2 * step)
    assert np.abs(bends(x, KNOTS)[1] - by_difference).max() < 1e-6


@pytest.mark.parametrize(("factor", "shift"), [(1000.0, 0.0), (0.01, 5.0)])
def test_units_do_not_change_a_bend_up_to_its_scale(factor: float, shift: float) -> None:
    x = np.linspace(-3.0, 4.0, 71)
    here, there = bends(x, KNOTS)[0], bends(x * factor + shift, KNOTS * factor + shift)[0]
    assert np.allclose(there, here * factor, rtol=1e-9, atol=1e-12 * factor)


def test_a_missing_cell_stays_missing() -> None:
    values, slopes = bends(np.array([[0.0, np.nan]]), KNOTS)
    assert np.isfinite(values[0, 0]).all() and np.isnan(values[0, 1]).all() and np.isnan(slopes[0, 1]).all()
