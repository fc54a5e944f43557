"""A twin's column holds the same kind of numbers as the user's."""

from __future__ import annotations

import numpy as np
import pytest

from causal_service.rehearsal.marginals import marginal_of


def kind(values, percent=False):
    return marginal_of(np.atleast_2d(np.asarray(values, float)), percent)


def counts(seed=0):
    """(40, 20) Poisson numbers whose means differ between entities."""
    rng = np.random.default_rng(seed)
    return rng.poisson(np.exp(rng.normal(0.7, 0.6, (40, 1))) * np.ones((40, 20)))


def test_two_values_are_two_states_whatever_they_are_called():
    found = kind([3.5, -1, np.nan, 3.5, -1])
    assert found.kind == "binary"
    assert (found.low, found.high) == (-1, 3.5)


def test_whole_numbers_that_spread_with_their_mean_are_a_count_from_zero():
    found = kind(counts() + 1)
    assert found.kind == "count"
    assert (found.origin, found.step) == (0.0, 1.0)


def test_a_count_in_other_units_keeps_its_steps():
    found = kind(12.5 + 0.25 * counts())
    assert found.kind == "count"
    assert (found.origin, found.step) == pytest.approx((12.5, 0.25))


def test_symmetric_ratings_are_rounded_and_stay_between_their_ends():
    found = kind(np.random.default_rng(0).binomial(4, 0.5, 500) + 1)
    assert found.kind == "rounded"
    assert found.restored(np.array([-3.0, 2.4, 2.6])).tolist() == [0.0, 2.0, 3.0]


@pytest.mark.parametrize(("top", "percent", "high"), [(0.97, False, 1.0), (97.0, True, 100.0), (97.0, False, np.inf)])
def test_shares_stay_within_their_range(top, percent, high):
    found = kind(np.random.default_rng(0).uniform(0.5 * top, top, 400), percent)
    assert (found.kind, found.low, found.high) == ("continuous", 0.0, high)
    assert found.restored(np.array([-1.0, 1000.0])).max() == min(high, 1000.0)


def test_what_may_be_negative_has_no_floor():
    assert kind(np.random.default_rng(0).normal(size=400)).low == -np.inf
