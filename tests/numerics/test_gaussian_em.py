"""EM on gaps: exact moments without gaps, the plain algorithm with gaps, a likelihood that never falls."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from causal_service.numerics.gaussian_em import expected_grams, fill_gaps

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


def rows(seed: int, n: int = 300, d: int = 4, gaps: float = 0.2) -> tuple[Floats, Bools, Floats, Floats]:
    """Standardised Gaussian rows with gaps at random: (Z, missing, weights, true covariance)."""
    rng = np.random.default_rng(seed)
    A = rng.normal(size=(d, d)) + 0.7
    sigma = A @ A.T + np.eye(d)
    sigma /= np.sqrt(np.outer(np.diag(sigma), np.diag(sigma)))
    Z = rng.multivariate_normal(np.zeros(d), sigma, n)
    return Z, rng.random((n, d)) < gaps, rng.uniform(0.5, 2.0, n), sigma


def plain_em(Z: Floats, missing: Bools, w: Floats, rounds: int) -> Floats:
    """Little & Rubin (2019), ch. 11, row by row."""
    d = Z.shape[1]
    sigma = np.eye(d)
    for _ in range(rounds):
        total = np.zeros((d, d))
        for z, gap, weight in zip(Z, missing, w, strict=True):
            filled, spread = z.copy(), np.zeros((d, d))
            if gap.any():
                slope = sigma[np.ix_(gap, ~gap)] @ np.linalg.pinv(sigma[np.ix_(~gap, ~gap)])
                filled[gap] = slope @ z[~gap]
                spread[np.ix_(gap, gap)] = sigma[np.ix_(gap, gap)] - slope @ sigma[np.ix_(~gap, gap)]
            total += weight * (np.outer(filled, filled) + spread)
        sigma = total / w.sum()
    return sigma


def log_likelihood(Z: Floats, missing: Bools, w: Floats, sigma: Floats) -> float:
    """Of the observed cells."""
    total = 0.0
    for z, gap, weight in zip(Z, missing, w, strict=True):
        seen = ~gap
        if seen.any():
            S = sigma[np.ix_(seen, seen)]
            total -= 0.5 * weight * (np.linalg.slogdet(S)[1] + z[seen] @ np.linalg.solve(S, z[seen]))
    return total


def test_without_gaps_nothing_is_estimated():
    Z, _, w, _ = rows(0)
    none = np.zeros(Z.shape, bool)
    filled, sigma = fill_gaps(Z, none, w)
    np.testing.assert_array_equal(filled, Z)
    np.testing.assert_allclose(sigma, (Z * w[:, None]).T @ Z / w.sum(), rtol=1e-12)


@pytest.mark.parametrize("seed", range(2))
def test_equals_the_plain_algorithm(seed):
    Z, missing, w, _ = rows(seed, n=60, d=3)
    missing[5] = True
    expected = plain_em(Z, missing, w, 120)
    filled, sigma = fill_gaps(Z, missing, w, 1e-13, 400)
    np.testing.assert_allclose(sigma, expected, atol=1e-6)
    np.testing.assert_array_equal(filled[~missing], Z[~missing])
    row = int(np.flatnonzero(missing.any(1) & ~missing.all(1))[0])
    gap = missing[row]
    mean = expected[np.ix_(gap, ~gap)] @ np.linalg.solve(expected[np.ix_(~gap, ~gap)], Z[row, ~gap])
    np.testing.assert_allclose(filled[row, gap], mean, atol=1e-5)


def test_the_content_of_missing_cells_is_ignored():
    Z, missing, w, _ = rows(1)
    other = np.where(missing, 1e6, Z)
    for a, b in zip(fill_gaps(Z, missing, w), fill_gaps(other, missing, w), strict=True):
        np.testing.assert_array_equal(a, b)


def test_log_likelihood_never_falls():
    Z, missing, w, _ = rows(2, gaps=0.35)
    path = [log_likelihood(Z, missing, w, fill_gaps(Z, missing, w, 0.0, k)[1]) for k in range(1, 13)]
    assert np.all(np.diff(path) > -1e-6)
    assert path[-1] > path[0] + 1.0


def test_recovers_the_covariance_when_cells_are_missing_at_random():
    """Within three standard errors; mean imputation would shrink every covariance by a third."""
    Z, missing, w, sigma = rows(3, n=6000, gaps=0.3)
    _, found = fill_gaps(Z, missing, np.ones_like(w))
    np.testing.assert_allclose(found, sigma, atol=3 * np.sqrt(2 / (6000 * 0.7)))


def test_default_tolerance_is_close_to_convergence():
    Z, missing, w, _ = rows(4, gaps=0.2)
    exact = fill_gaps(Z, missing, w, 1e-13, 1000)[1]
    np.testing.assert_allclose(fill_gaps(Z, missing, w)[1], exact, atol=1e-4)


def test_expected_grams_are_the_sums_of_the_blocks():
    """Summed over blocks at the fixed point they give back the covariance; a block sees its own rows only."""
    Z, missing, w, _ = rows(5)
    filled, sigma = fill_gaps(Z, missing, w, 1e-13, 500)
    block = np.arange(Z.shape[0]) % 7
    grams = expected_grams(filled, missing, sigma, w, block, 7)
    np.testing.assert_allclose(grams.sum(0) / w.sum(), sigma, atol=1e-7)
    own = block == 3
    alone = expected_grams(filled[own], missing[own], sigma, w[own], np.zeros(own.sum(), np.int64), 1)[0]
    np.testing.assert_allclose(grams[3], alone, rtol=1e-12)


def test_expected_grams_without_gaps_are_weighted_cross_products():
    Z, _, w, _ = rows(6)
    block = np.zeros(Z.shape[0], np.int64)
    grams = expected_grams(Z, np.zeros(Z.shape, bool), np.eye(4), w, block, 1)
    np.testing.assert_allclose(grams[0], (Z * w[:, None]).T @ Z, rtol=1e-12)
