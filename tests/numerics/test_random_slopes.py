from __future__ import annotations

import numpy as np

from causal_service.numerics.linear_system import sustained_paths
from causal_service.numerics.random_slopes import deviations, entity_responses


def simulated(spread: float, seed: int, N: int = 80, T: int = 30) -> tuple[np.ndarray, np.ndarray]:
    """Moments (N, 3, 3) of [x1, x2, y] and the true deviations (N, 2) of the slopes of y."""
    rng = np.random.default_rng(seed)
    delta = rng.normal(size=(N, 2)) * [spread, 0.0]
    X = rng.normal(size=(N, T, 2))
    y = np.einsum("ntk,nk->nt", X, np.array([0.5, -0.3]) + delta) + rng.normal(size=(N, T))
    Z = np.concatenate([X, y[:, :, None]], axis=2)
    return np.einsum("nta,ntb->nab", Z, Z), delta


def fitted(grams: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    D = np.full(2, 0.1)
    N = len(grams)
    parents = np.array([0, 1])
    m, root = deviations(grams, grams, grams, np.full(N, 30.0), np.ones(N), parents, 2, D, 300)
    return m, root, D


def test_spread_and_deviations_of_the_slopes_are_found() -> None:
    found, covered, gain = [], [], []
    for seed in range(20):
        grams, delta = simulated(0.4, seed)
        m, root, D = fitted(grams)
        sd = np.sqrt((root**2).sum(axis=2))
        apart = np.stack([np.linalg.solve(G[:2, :2], G[:2, 2]) for G in grams]) - [0.5, -0.3]
        found.append(np.sqrt(D))
        covered.append((np.abs(m - delta) <= 1.96 * sd)[:, 0].mean())
        gain.append(((m - delta) ** 2).mean() / ((apart - delta) ** 2).mean())
    spread = np.mean(found, axis=0)
    assert abs(spread[0] - 0.4) < 0.03 and spread[1] < 0.09
    assert 0.92 < np.mean(covered) < 0.97
    assert np.mean(gain) < 0.6


def test_entities_that_are_alike_are_told_as_alike() -> None:
    grams, _ = simulated(0.0, 1)
    m, _, D = fitted(grams)
    assert np.sqrt(D).max() < 0.12 and np.abs(m).max() < 0.2


def test_a_round_of_em_is_that_of_the_textbook() -> None:
    grams, _ = simulated(0.3, 2, N=20)
    weights, freedom, k = np.arange(20) % 3.0, np.full(20, 30.0), [0, 1]
    found = np.array([0.2, 0.1])
    m, root = deviations(grams, grams, grams, freedom, weights, np.array(k), 2, found, 1)

    A, c = grams[:, :2, :2], grams[:, :2, 2]
    pooled, right, square = (np.tensordot(weights, x, 1) for x in (A, c, grams[:, 2, 2]))
    ridged = pooled + np.diag(np.diag(pooled)) * 1e-9

    def posterior(beta: np.ndarray, D: np.ndarray, s2: float) -> tuple[np.ndarray, np.ndarray]:
        P = np.linalg.inv(A / s2 + np.diag(1 / D))
        return np.einsum("nab,nb->na", P, c - A @ beta) / s2, P

    beta = np.linalg.solve(ridged, right)
    total = (weights * freedom).sum()
    s2 = (square - 2 * right @ beta + beta @ pooled @ beta) / total
    mean, P = posterior(beta, np.array([0.2, 0.1]), s2)
    D = np.tensordot(weights, mean**2 + np.diagonal(P, axis1=1, axis2=2), 1) / weights.sum()
    slopes = beta + mean
    left = grams[:, 2, 2] - 2 * (slopes * c).sum(axis=1) + np.einsum("na,nab,nb->n", slopes, A, slopes)
    left += np.einsum("nab,nba->n", A, P)
    beta = np.linalg.solve(ridged, right - np.tensordot(weights, np.einsum("nab,nb->na", A, mean), 1))
    mean, P = posterior(beta, D, weights @ left / total)
    np.testing.assert_allclose(found, D, rtol=1e-10)
    np.testing.assert_allclose(m, mean, rtol=1e-8, atol=1e-12)
    np.testing.assert_allclose(root @ root.transpose(0, 2, 1), P, rtol=1e-8, atol=1e-14)


def test_responses_of_entities_are_those_of_each_alone() -> None:
    rng = np.random.default_rng(5)
    C = rng.normal(size=(7, 4, 12)) * 0.3 * (rng.random((7, 4, 12)) < 0.6)
    C[:, :, 8:] *= np.tri(4, k=-1)
    found = entity_responses(C, np.arange(4), np.array([0, 2]), np.array([1, 3]), 3)
    for j, lever in enumerate((0, 2)):
        np.testing.assert_allclose(found[:, :, j], sustained_paths(C, lever, 3)[:, 3, [1, 3]], rtol=1e-12, atol=1e-15)
