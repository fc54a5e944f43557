"""Level, trend and season of single entities are taken out by weighted least squares; the cost is known exactly."""

from __future__ import annotations

import numpy as np
import pytest

from causal_service.numerics.deterministic import carriers, without_terms
from causal_service.numerics.short_panel import pair_counts, stationary_covariance


def design(entities: int, periods: int, seed: int = 0):
    """Entity codes, times, weights and terms (level, trend, yearly harmonic) of entities with gaps."""
    rng = np.random.default_rng(seed)
    entity, time = (x.ravel() for x in np.meshgrid(range(entities), range(periods), indexing="ij"))
    kept = rng.random(entity.size) < 0.9
    entity, time = entity[kept], time[kept]
    angle = 2 * np.pi * time / 12
    terms = np.stack([np.ones(time.size), time / periods, np.cos(angle), np.sin(angle)], axis=1)
    return entity, time, rng.uniform(0.5, 2.0, time.size), terms


def test_residuals_of_every_entity_and_column_by_least_squares():
    rng = np.random.default_rng(1)
    entity, _, w, terms = design(3, 40)
    Z = 1e6 + 10 * rng.normal(size=(entity.size, 5)) * np.arange(1, 6)
    Z[rng.random(Z.shape) < 0.1] = np.nan
    found = without_terms(Z, w, entity, terms)
    np.testing.assert_array_equal(np.isnan(found), np.isnan(Z))
    for code in range(3):
        for j in range(5):
            own = (entity == code) & ~np.isnan(Z[:, j])
            root = np.sqrt(w[own])[:, None]
            beta = np.linalg.lstsq(root * terms[own], root[:, 0] * Z[own, j], rcond=None)[0]
            np.testing.assert_allclose(found[own, j], Z[own, j] - terms[own] @ beta, atol=1e-6)


def test_what_a_trend_and_a_season_leave_does_not_depend_on_them():
    rng = np.random.default_rng(2)
    entity, _, w, terms = design(2, 50)
    Z = rng.normal(size=(entity.size, 3))
    moved = Z + terms @ rng.normal(size=(4, 3)) * 100
    np.testing.assert_allclose(without_terms(moved, w, entity, terms), without_terms(Z, w, entity, terms), atol=1e-9)


def test_carriers_are_what_the_terms_take_out_of_weighted_sums():
    rng = np.random.default_rng(3)
    entity, _, w, terms = design(3, 30)
    Z = rng.normal(size=(entity.size, 2))
    C, ranks = carriers(entity, w, terms)
    np.testing.assert_array_equal(ranks, 4)
    left = without_terms(Z, w, entity, terms)
    taken = sum((C[entity == i].T @ Z[entity == i]).T @ (C[entity == i].T @ Z[entity == i]) for i in range(3))
    np.testing.assert_allclose((w[:, None] * left).T @ left, (w[:, None] * Z).T @ Z - taken, atol=1e-9)


def test_a_term_that_repeats_another_costs_nothing():
    entity, _, w, terms = design(2, 30)
    twice = np.concatenate([terms, terms[:, :1] + terms[:, 1:2]], axis=1)
    np.testing.assert_array_equal(carriers(entity, w, twice)[1], 4)
    Z = np.random.default_rng(4).normal(size=(entity.size, 2))
    np.testing.assert_allclose(without_terms(Z, w, entity, twice), without_terms(Z, w, entity, terms), atol=1e-9)


@pytest.mark.parametrize("phi", [0.3, 0.8])
def test_the_stationary_covariance_behind_detrended_moments_is_found(phi):
    """Exact expected moments of an AR(1) less level, trend and season give back inertia ``phi``."""
    T = 36
    time = np.arange(T)
    angle = 2 * np.pi * time / 12
    terms = np.stack([np.ones(T), time, np.cos(angle), np.sin(angle)], axis=1)
    gamma = phi ** np.abs(np.subtract.outer(np.arange(T + 1), np.arange(T + 1))) / (1 - phi**2)
    M = np.eye(T) - terms @ np.linalg.pinv(terms)
    blocks = [[gamma[:T, :T], gamma[:T, 1:]], [gamma[1:, :T], gamma[1:, 1:]]]
    W = np.array([[np.trace(M @ block) for block in row] for row in blocks]) / T
    H = pair_counts(np.zeros(T, int), time, np.ones(T), T, terms)
    S = stationary_covariance(W, H, 1, 1, 1e-12, 500)
    assert abs(W[0, 1] / W[0, 0] - phi) > 0.03
    assert S[0, 1] / S[0, 0] == pytest.approx(phi, abs=1e-6)
