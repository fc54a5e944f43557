from __future__ import annotations

import numpy as np

from causal_service.numerics.random_slopes import deviations


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
