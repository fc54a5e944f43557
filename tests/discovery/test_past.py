"""The past is partialled out without touching the present, and its arrows are found again."""

from __future__ import annotations

import math

import numpy as np

from causal_service.discovery.past import given_the_past, lagged_parents

A0 = np.array([[0, 0, 0], [0.7, 0, 0], [0, 0.6, 0]])
A1 = np.array([[0.5, 0, 0], [0, 0.4, 0], [0.6, 0, 0.3]])


def stationary() -> np.ndarray:
    inverse = np.linalg.inv(np.eye(3) - A0)
    F, Q = inverse @ A1, inverse @ inverse.T
    S = Q
    for _ in range(200):
        S = F @ S @ F.T + Q
    return np.block([[S, S @ F.T], [F @ S, S]])


def test_what_is_left_is_the_same_period_system_alone() -> None:
    inverse = np.linalg.inv(np.eye(3) - A0)
    np.testing.assert_allclose(given_the_past(stationary(), 3), inverse @ inverse.T, atol=1e-9)


def test_without_a_past_nothing_changes() -> None:
    S = stationary()[3:, 3:]
    np.testing.assert_allclose(given_the_past(S, 3), S)


def test_lagged_parents_are_found_given_the_same_period_ones() -> None:
    anything, nothing = np.ones((3, 3), bool), np.zeros((3, 3), bool)
    found = lagged_parents(stationary(), A0 != 0, 2000, math.log(2000), anything, nothing)
    assert np.array_equal(found, A1 != 0)


def test_allowed_and_required_are_kept() -> None:
    allowed = np.ones((3, 3), bool)
    allowed[2, 0] = False
    required = np.zeros((3, 3), bool)
    required[0, 2] = True
    found = lagged_parents(stationary(), A0 != 0, 2000, math.log(2000), allowed, required)
    assert found[0, 2]
    assert not found[2, 0]
