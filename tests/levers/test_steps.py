"""One feasible move: declared or one SD towards better, never beyond the bounds, and its gain draw by draw."""

from __future__ import annotations

import numpy as np
import pytest

from causal_service.errors import Text
from causal_service.levers.steps import Move, feasible_move, gains
from causal_service.panel.dictionary import Indicator, Step


def indicator(**fields: object) -> Indicator:
    return Indicator("x", Text("x", "x"), **fields)


HIGHER, LOWER = indicator(better="higher"), indicator(better="lower")


@pytest.mark.parametrize(
    ("outcome", "effect", "change"),
    [
        (None, 0.5, 2.0),
        (HIGHER, 0.5, 2.0),
        (HIGHER, -0.5, -2.0),
        (LOWER, 0.5, -2.0),
        (LOWER, -0.5, 2.0),
        (indicator(better="target", target=90.0), 0.5, 2.0),
        (indicator(better="target", target=70.0), 0.5, -2.0),
        (indicator(better="target", target=70.0), -0.5, 2.0),
    ],
)
def test_without_a_declared_step_it_is_one_sd_in_the_direction_that_helps(outcome, effect, change):
    """The outcome stands at 80, the lever's within-SD is 2."""
    assert feasible_move(None, 10.0, 2.0, effect, outcome, 80.0) == Move(change, "sd", None)


@pytest.mark.parametrize("effect", [-0.5, 0.5])
def test_a_declared_step_fixes_size_and_direction(effect):
    declared = indicator(step=Step(-1.5))
    assert feasible_move(declared, 10.0, 2.0, effect, HIGHER, 80.0) == Move(-1.5, "declared", None)


@pytest.mark.parametrize(
    ("bounds", "mean", "step", "change", "bound"),
    [
        ((2.0, 40.0), 3.0, -1.5, -1.0, 2.0),
        ((2.0, 40.0), 39.5, 1.5, 0.5, 40.0),
        ((2.0, 40.0), 20.0, 1.5, 1.5, None),
        ((None, 40.0), 39.0, 5.0, 1.0, 40.0),
        ((2.0, None), 39.0, 5.0, 5.0, None),
        ((2.0, 40.0), 3.5, -1.5, -1.5, None),
        ((2.0, 40.0), 1.0, -1.5, 0.0, 2.0),
        ((2.0, 40.0), 41.0, 1.5, 0.0, 40.0),
        ((2.0, 40.0), 41.0, -1.5, -1.5, None),
    ],
)
def test_bounds_cut_the_step_and_never_turn_it_around(bounds, mean, step, change, bound):
    move = feasible_move(indicator(step=Step(step), bounds=bounds), mean, 2.0, 1.0, None, 0.0)
    assert move.change == pytest.approx(change)
    assert move.bound == bound


def test_bounds_cut_an_sd_step_too():
    assert feasible_move(indicator(bounds=(0.0, 100.0)), 99.0, 2.0, 1.0, HIGHER, 80.0) == Move(1.0, "sd", 100.0)


EFFECTS = np.array([0.5, -0.25, 0.0])


def test_gain_is_signed_towards_better():
    move = Move(2.0, "sd", None)
    np.testing.assert_array_equal(gains(EFFECTS, move, None, 80.0), [1.0, -0.5, 0.0])
    np.testing.assert_array_equal(gains(EFFECTS, move, HIGHER, 80.0), [1.0, -0.5, 0.0])
    np.testing.assert_array_equal(gains(EFFECTS, move, LOWER, 80.0), [-1.0, 0.5, 0.0])


def test_gain_towards_a_target_is_the_distance_saved():
    """From 80 towards 80.6: +1 overshoots by .4 and saves .2; -.5 moves away by .5."""
    target = indicator(better="target", target=80.6)
    np.testing.assert_allclose(gains(EFFECTS, Move(2.0, "sd", None), target, 80.0), [0.2, -0.5, 0.0])


def test_at_the_target_every_move_loses():
    target = indicator(better="target", target=80.0)
    assert np.all(gains(EFFECTS, Move(2.0, "sd", None), target, 80.0) <= 0)
