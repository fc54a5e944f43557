"""Keyed random numbers: the same key gives the same numbers, other keys give unrelated ones, all of them uniform."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import chisquare, kstest

from causal_service.numerics.keyed_random import key_of, next_below, next_state, next_uniform

LARGEST_SEED = 2**63 - 1


def states(seed: int, draw: int, purpose: int, count: int) -> Iterator[np.uint64]:
    state = np.uint64(key_of(seed, draw, purpose))
    for _ in range(count):
        state = np.uint64(next_state(state))
        yield state


def stream(seed: int, draw: int, purpose: int, count: int) -> NDArray[np.float64]:
    return np.array([next_uniform(state) for state in states(seed, draw, purpose, count)])


def integers(seed: int, bound: int, count: int) -> NDArray[np.int64]:
    return np.array([next_below(state, bound) for state in states(seed, 0, 0, count)])


def test_same_key_same_numbers():
    np.testing.assert_array_equal(stream(3, 14, 1, 100), stream(3, 14, 1, 100))


def test_known_answer():
    """SplitMix64 from state 0: the first output of the published reference code is 0xE220A8397B1DCDAF."""
    state = next_state(np.uint64(0))
    assert next_uniform(state) == pytest.approx((0xE220A8397B1DCDAF >> 11) / 2**53, abs=2**-53)


@pytest.mark.parametrize("other", [(4, 14, 1), (3, 15, 1), (3, 14, 2), (14, 3, 1), (1, 14, 3), (LARGEST_SEED, 14, 1)])
def test_another_key_gives_unrelated_numbers(other):
    a, b = stream(3, 14, 1, 20_000), stream(*other, 20_000)
    assert abs(np.corrcoef(a, b)[0, 1]) < 0.03
    assert not np.intersect1d(a, b).size


def test_keys_of_a_study_are_all_different():
    """200 draws x 3 purposes x some seeds."""
    keys = [int(key_of(s, d, u)) for s in (0, 1, 2, LARGEST_SEED) for d in range(200) for u in range(4)]
    assert len(set(keys)) == len(keys)


@pytest.mark.parametrize("seed", [0, 1, LARGEST_SEED])
def test_uniform_and_independent_of_the_previous(seed):
    u = stream(seed, 0, 0, 20_000)
    assert u.min() > 0.0
    assert u.max() < 1.0
    assert kstest(u, "uniform").pvalue > 1e-3
    assert abs(np.corrcoef(u[1:], u[:-1])[0, 1]) < 0.02


def test_first_numbers_of_neighbouring_draws_are_uniform_too():
    """What a study uses: few numbers per key, many keys in a row."""
    u = np.array([stream(7, draw, 2, 1)[0] for draw in range(5000)])
    assert kstest(u, "uniform").pvalue > 1e-3
    assert abs(np.corrcoef(u[1:], u[:-1])[0, 1]) < 0.05


@pytest.mark.parametrize("bound", [1, 2, 3, 7, 1000])
def test_integers_stay_below_the_bound_and_are_uniform(bound):
    k = integers(5, bound, 20_000)
    assert k.min() >= 0
    assert k.max() == bound - 1
    if bound > 1:
        assert chisquare(np.bincount(k, minlength=bound)).pvalue > 1e-4
