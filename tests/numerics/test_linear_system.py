"""Effects of a lagged linear system equal their closed forms and a simulation in which the lever is really held."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from causal_service.numerics.linear_system import causal_order, fit_system, sustained_paths
from causal_service.numerics.linear_system import responses as write_responses

Floats = NDArray[np.float64]
H = 4


def responses(C: Floats, order: NDArray[np.int64], horizon: int) -> Floats:
    """(impact, sustained, cumulative), each (p, p), entry [y, j] lever j on outcome y."""
    out = np.full((3, len(C), len(C)), np.nan)
    write_responses(C, order, horizon, out)
    return out


def random_system(seed: int, p: int = 5, lags: int = 1) -> tuple[Floats, NDArray[np.int64], Floats]:
    """(C (p, (L + 1) p), a causal order, B_0), stable, acyclic within a period, in shuffled order."""
    rng = np.random.default_rng(seed)
    order = rng.permutation(p)
    B0 = np.zeros((p, p))
    for i, y in enumerate(order):
        for x in order[:i]:
            B0[y, x] = rng.normal() * (rng.random() < 0.6)
    past = rng.normal(size=(p, lags * p)) * (rng.random((p, lags * p)) < 0.4) * 0.3
    return np.concatenate([past, B0], axis=1), order, B0


def lag_blocks(C: Floats) -> list[Floats]:
    """[B_1, ..., B_L] of C."""
    p, d = C.shape
    lags = d // p - 1
    return [C[:, (lags - lag) * p : (lags - lag + 1) * p] for lag in range(1, lags + 1)]


def moving_average(C: Floats, B0: Floats, horizon: int) -> list[Floats]:
    """Psi_0 = (I - B_0)^-1, Psi_h = Psi_0 sum_l B_l Psi_{h-l}."""
    inverse = np.linalg.inv(np.eye(C.shape[0]) - B0)
    out = [inverse]
    for h in range(1, horizon + 1):
        out.append(inverse @ sum(B @ out[h - lag] for lag, B in enumerate(lag_blocks(C), 1) if lag <= h))
    return out


def simulated(C: Floats, order, noise: Floats, lever: int, raised: float) -> Floats:
    """Run the system; the lever follows its recorded path (its own noise) plus ``raised``, its equation cut."""
    T, p = noise.shape
    lags = C.shape[1] // p - 1
    x = np.zeros((T, p))
    for t in range(lags, T):
        for y in order:
            if y == lever:
                x[t, y] = noise[t, y] + raised * (t >= T - 1 - H)
                continue
            past = sum(B[y] @ x[t - lag] for lag, B in enumerate(lag_blocks(C), 1))
            x[t, y] = C[y, lags * p :] @ x[t] + past + noise[t, y]
    return x


@pytest.mark.parametrize("lags", [0, 1, 2])
@pytest.mark.parametrize("seed", range(4))
def test_impact_is_the_inverse_of_the_same_period_system(seed, lags):
    C, order, B0 = random_system(seed, lags=lags)
    expected = np.linalg.inv(np.eye(5) - B0)
    np.testing.assert_allclose(responses(C, order, 3)[0], expected, atol=1e-12)


@pytest.mark.parametrize("lags", [1, 2])
@pytest.mark.parametrize("seed", range(4))
def test_cumulative_is_the_sum_of_the_moving_average(seed, lags):
    C, order, B0 = random_system(seed, lags=lags)
    np.testing.assert_allclose(responses(C, order, H)[2], sum(moving_average(C, B0, H)), atol=1e-10)


@pytest.mark.parametrize("lags", [1, 2])
@pytest.mark.parametrize("seed", range(4))
def test_sustained_is_the_difference_of_two_runs_with_the_lever_cut_loose(seed, lags):
    C, order, _ = random_system(seed, lags=lags)
    noise = np.random.default_rng(seed + 50).normal(size=(30, 5))
    found = responses(C, order, H)[1]
    for lever in range(5):
        moved = simulated(C, order, noise, lever, 1.0) - simulated(C, order, noise, lever, 0.0)
        np.testing.assert_allclose(found[:, lever], moved[-1], atol=1e-10)
        np.testing.assert_allclose(sustained_paths(C[None], lever, H)[0], moved[-1 - H :], atol=1e-10)


@pytest.mark.parametrize("lags", [1, 2])
def test_sustained_in_closed_form(lags):
    """With row j of every B set to zero: sum of the moving average of the cut system, column j."""
    C, order, _ = random_system(7, lags=lags)
    p = 5
    for lever in range(p):
        cut = C.copy()
        cut[lever] = 0.0
        expected = sum(moving_average(cut, cut[:, lags * p :], H))[:, lever]
        np.testing.assert_allclose(responses(C, order, H)[1][:, lever], expected, atol=1e-10)


def test_the_lever_itself_stands_one_unit_up():
    C, order, _ = random_system(1)
    out = responses(C, order, 3)
    np.testing.assert_array_equal(np.diag(out[0]), 1.0)
    np.testing.assert_array_equal(np.diag(out[1]), 1.0)


def test_horizon_zero_makes_all_kinds_one():
    C, order, _ = random_system(2)
    impact, sustained, cumulative = responses(C, order, 0)
    np.testing.assert_array_equal(impact, sustained)
    np.testing.assert_allclose(cumulative, impact, atol=1e-12)


def test_any_causal_order_gives_the_same_responses():
    B0 = np.zeros((4, 4))
    B0[2, 0], B0[3, 1] = 0.5, -0.7
    C = np.concatenate([0.3 * np.eye(4), B0], axis=1)
    first = responses(C, np.array([0, 1, 2, 3]), 3)
    np.testing.assert_array_equal(first, responses(C, np.array([1, 3, 0, 2]), 3))


def test_without_a_path_the_response_is_exactly_zero():
    C, order, B0 = random_system(3)
    adjacency = (np.abs(C[:, :5]) + np.abs(B0)) > 0
    reach = np.linalg.matrix_power(np.eye(5) + adjacency, 5) > 0
    out = responses(C, order, 3)
    assert (~reach).any()
    assert np.all(out[:, ~reach] == 0.0)


@pytest.mark.parametrize("seed", range(4))
def test_coefficients_equal_least_squares_on_rows(seed):
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(80, 8)) @ rng.normal(size=(8, 8))
    parents = rng.random((4, 8)) < 0.5
    parents[np.arange(4), 4 + np.arange(4)] = False
    parents[2] = False
    C = np.full((4, 8), np.nan)
    fit_system(rows.T @ rows / 80, parents, C)
    for y in range(4):
        at = np.flatnonzero(parents[y])
        expected = np.zeros(8)
        if at.size:
            expected[at] = np.linalg.lstsq(rows[:, at], rows[:, 4 + y], rcond=None)[0]
        np.testing.assert_allclose(C[y], expected, atol=1e-6)


def test_causal_order_puts_causes_first_and_shows_a_cycle():
    rng = np.random.default_rng(0)
    for _ in range(20):
        order = rng.permutation(6)
        dag = np.zeros((6, 6), bool)
        for i, y in enumerate(order):
            dag[y, order[:i]] = rng.random(i) < 0.5
        position = np.argsort(causal_order(dag))
        assert all(position[x] < position[y] for y, x in zip(*np.nonzero(dag), strict=True))
    cycle = np.zeros((3, 3), bool)
    cycle[1, 0] = cycle[2, 1] = cycle[1, 2] = True
    np.testing.assert_array_equal(causal_order(cycle), [0, -1, -1])
