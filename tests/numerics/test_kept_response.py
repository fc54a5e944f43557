"""The response to a kept level: its sum over periods, and what clusters add to it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from causal_service.numerics.kept_response import Stage, kept_response

CLUSTERS, PERIODS, RHO, NOW = 300, 12, 0.5, 0.8


def panel(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """(clusters, periods) of a lever set by the last outcome, and of an outcome with inertia."""
    rng = np.random.default_rng(seed)
    d, y = np.zeros((CLUSTERS, PERIODS)), np.zeros((CLUSTERS, PERIODS))
    for t in range(1, PERIODS):
        d[:, t] = 0.5 * y[:, t - 1] + rng.normal(size=CLUSTERS)
        y[:, t] = NOW * d[:, t] + RHO * y[:, t - 1] + rng.normal(size=CLUSTERS)
    return d, y


def stages(d: np.ndarray, y: np.ndarray, horizon: int) -> list[Stage]:
    built = []
    for distance in range(horizon + 1):
        when = [(i, s) for i in range(CLUSTERS) for s in range(1, PERIODS - distance)]
        i, s = np.array(when).T
        later = (
            np.stack([d[i, s + distance - k] for k in range(distance)], axis=1) if distance else np.empty((i.size, 0))
        )
        built.append(
            Stage(
                d[i, s][:, None],
                later[:, :, None],
                y[i, s - 1][:, None],
                np.empty((i.size, 0)),
                y[i, s + distance],
                np.ones(i.size),
                i,
            )
        )
    return built


def test_sum_is_the_response_to_a_level_that_is_kept_whatever_sets_the_lever():
    found = [kept_response(stages(*panel(seed), 3), np.array([0]), CLUSTERS) for seed in range(6)]
    values = np.array([response.coefficients[0] for response in found if response is not None])
    truth = NOW * (1 - RHO**4) / (1 - RHO)
    assert abs(values.mean() - truth) < 4 * values.std(ddof=1) / np.sqrt(values.size) + 0.02


def test_leaving_out_what_sets_the_lever_is_wrong():
    """The test can fail: without the last outcome the sum is too large."""
    found = kept_response(stages(*panel(0), 3), np.array([], int), CLUSTERS)
    assert found is not None
    assert found.coefficients[0] > 1.08 * NOW * (1 - RHO**4) / (1 - RHO)


def test_influence_is_what_a_heavier_cluster_changes():
    built = stages(*panel(1), 2)
    response = kept_response(built, np.array([0]), CLUSTERS)
    assert response is not None
    step, moved = 1e-4, []
    for g in range(8):
        heavier = [replace(s, weight=np.where(s.cluster == g, 1 + step, 1.0)) for s in built]
        again = kept_response(heavier, np.array([0]), CLUSTERS)
        assert again is not None
        moved.append((again.coefficients[0] - response.coefficients[0]) / step)
    np.testing.assert_allclose(response.influence[:8, 0], moved, rtol=0.05, atol=1e-5)


def test_standard_error_is_the_spread_over_panels():
    found = [kept_response(stages(*panel(seed), 2), np.array([0]), CLUSTERS) for seed in range(100, 130)]
    values = np.array([r.coefficients[0] for r in found if r is not None])
    errors = np.array([np.sqrt(r.covariance[0, 0]) for r in found if r is not None])
    assert errors.mean() == pytest.approx(values.std(ddof=1), rel=0.35)
