"""Short panels: the stationary covariance behind within-moments of few periods, exactly and in simulation."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.linalg import solve_discrete_lyapunov

from causal_service.numerics import short_panel
from causal_service.numerics.short_panel import SPECTRAL_CAP, pair_counts, stationary_covariance

Floats = NDArray[np.float64]

VAR1 = (np.array([[0.5, 0.1, 0.0], [0.3, 0.4, 0.0], [0.0, 0.2, 0.3]]),)
VAR2 = (np.array([[0.4, 0.0], [0.3, 0.3]]), np.array([[0.2, 0.1], [0.0, 0.25]]))
"""Coefficients of x(t-1), x(t-2), ..."""


def autocovariances(phi: tuple[Floats, ...], count: int) -> Floats:
    """Gamma(0..count-1) (count, p, p) of the VAR with correlated innovations, from its companion form."""
    p, L = phi[0].shape[0], len(phi)
    F = np.zeros((p * L, p * L))
    F[:p] = np.concatenate(phi, axis=1)
    F[p:, :-p] = np.eye(p * (L - 1))
    Q = np.zeros_like(F)
    Q[:p, :p] = 0.6 * np.eye(p) + 0.4
    state = solve_discrete_lyapunov(F, Q)
    out = []
    for _ in range(count):
        out.append(state[:p, :p])
        state = F @ state
    return np.stack(out)


def gamma(G: Floats, k: int) -> Floats:
    return G[k] if k >= 0 else G[-k].T


def stationary(G: Floats, lags: int) -> Floats:
    """Covariance of [x(t-L) ... x(t)]."""
    return np.block([[gamma(G, a - b) for b in range(lags + 1)] for a in range(lags + 1)])


def expected_within(G: Floats, lags: int, times: list[list[int]], weights: list[list[float]]) -> Floats:
    """Expected within-moment per row, entity by entity: E sum_r w_r (z_r - mean)(z_r - mean)' written out in full."""
    total, mass = 0.0, 0.0
    for when, weight in zip(times, weights, strict=True):
        rows = np.array(when)
        w = np.array(weight)
        covariance = [
            [np.block([[gamma(G, int(t - s) + a - b) for b in range(lags + 1)] for a in range(lags + 1)]) for s in rows]
            for t in rows
        ]
        share = w / w.sum()
        mean = sum(share[i] * share[j] * covariance[i][j] for i in range(rows.size) for j in range(rows.size))
        total = total + sum(w[i] * covariance[i][i] for i in range(rows.size)) - w.sum() * mean
        mass += w.sum()
    return total / mass


def counts(times: list[list[int]], weights: list[list[float]]) -> Floats:
    entity = np.concatenate([np.full(len(when), i) for i, when in enumerate(times)])
    time = np.concatenate([np.array(when) for when in times])
    return pair_counts(entity, time - time.min(), np.concatenate(weights), int(time.max() - time.min()) + 1)


DESIGNS = {
    "balanced": ([list(range(8))] * 3, [[1.0] * 8] * 3),
    "unbalanced with gaps": ([[0, 1, 2, 5, 6, 9], [3, 4, 5, 6], list(range(12))], [[1.0] * 6, [1.0] * 4, [1.0] * 12]),
    "weighted": ([list(range(6)), list(range(2, 9))], [[1, 3, 1, 2, 0.5, 1], [2, 2, 1, 1, 4, 1, 1.0]]),
}


@pytest.mark.parametrize("design", DESIGNS)
@pytest.mark.parametrize("phi", [VAR1, VAR2], ids=["VAR(1)", "VAR(2)"])
def test_exact_within_moments_give_back_the_stationary_covariance(phi, design):
    times, weights = DESIGNS[design]
    lags, p = len(phi), phi[0].shape[0]
    G = autocovariances(phi, 40)
    truth = stationary(G, lags)
    W = expected_within(G, lags, times, weights)
    assert np.abs(W - truth).max() > 0.1  # the bias is there
    found = stationary_covariance(W, counts(times, weights), p, lags, 1e-12, 400)
    np.testing.assert_allclose(found, truth, atol=1e-6)


def test_default_rounds_come_close():
    times, weights = DESIGNS["balanced"]
    G = autocovariances(VAR1, 40)
    found = stationary_covariance(expected_within(G, 1, times, weights), counts(times, weights), 3, 1)
    np.testing.assert_allclose(found, stationary(G, 1), atol=1e-4)


def test_a_stack_of_draws_is_solved_as_each_alone():
    times, weights = DESIGNS["unbalanced with gaps"]
    H = counts(times, weights)
    G = autocovariances(VAR1, 40)
    W = expected_within(G, 1, times, weights)
    stack = np.stack([W, 2.0 * W, np.diag(np.diag(W))])
    together = stationary_covariance(stack, H, 3, 1)
    for alone, found in zip(stack, together, strict=True):
        np.testing.assert_allclose(found, stationary_covariance(alone, H, 3, 1), rtol=1e-9)


def test_blocks_are_oldest_first():
    """A process that moves one period behind another keeps its direction."""
    phi = (np.array([[0.0, 0.0], [0.9, 0.0]]),)
    G = autocovariances(phi, 30)
    times, weights = DESIGNS["balanced"]
    S = stationary_covariance(expected_within(G, 1, times, weights), counts(times, weights), 2, 1, 1e-12, 400)
    coefficients = np.linalg.solve(S[:2, :2], S[:2, 2:]).T
    np.testing.assert_allclose(coefficients, phi[0], atol=1e-6)


def test_pair_counts_of_a_balanced_panel():
    """H(k) = (T - |k|) / T^2, and the weights of all autocovariances add up to one."""
    H = counts([list(range(5))] * 4, [[1.0] * 5] * 4)
    np.testing.assert_allclose(H, (5 - np.abs(np.arange(-4, 5))) / 25, rtol=1e-12)
    gaps = counts(*DESIGNS["unbalanced with gaps"])
    assert gaps.sum() == pytest.approx(1.0)
    np.testing.assert_allclose(gaps, gaps[::-1])


def test_a_random_walk_is_held_at_the_cap():
    """No stationary covariance exists; the answer stays finite, positive and below that of a root at the cap."""
    T = 10
    H = counts([list(range(T))], [[1.0] * T])
    walk = np.minimum.outer(np.arange(1, T + 2), np.arange(1, T + 2)).astype(float)
    center = np.eye(T) - 1 / T
    past, now = walk[:T, :T], walk[1:, 1:]
    cross = walk[:T, 1:]
    W = np.array([[np.trace(center @ m) for m in (past, cross)], [np.trace(center @ m) for m in (cross.T, now)]]) / T
    S = stationary_covariance(W, H, 1, 1)
    assert np.all(np.linalg.eigvalsh(S) > 0)
    assert S[0, 1] / S[0, 0] < 1.0
    assert S[1, 1] < 3 / (1 - SPECTRAL_CAP**2)


def test_an_explosive_process_with_two_lags_is_held_at_the_cap():
    """x(t) = .1 x(t-1) + 1.1 x(t-2) + e: coefficients shrink by the power of their lag, so that the radius is .97."""
    phi, T = np.array([0.1, 1.1]), 20
    path = np.zeros((T + 2, T + 2))  # x(t) as weights of e(0..t)
    for t in range(T + 2):
        path[t, t] = 1.0
        for lag in (1, 2):
            if t >= lag:
                path[t] += phi[lag - 1] * path[t - lag]
    rows = np.stack([path[lag : T + lag] for lag in range(3)])
    rows = rows - rows.mean(axis=1, keepdims=True)
    W = np.einsum("ate,bte->ab", rows, rows) / T
    S = stationary_covariance(W, counts([list(range(T))], [[1.0] * T]), 1, 2)
    assert np.all(np.linalg.eigvalsh(S) > 0)
    assert np.diag(S).max() < 3 * np.trace(W) / (1 - SPECTRAL_CAP**2)


@pytest.mark.slow
def test_autocovariances_that_are_left_out_change_nothing(monkeypatch):
    """Quick and slow processes side by side: the cut comes with the slowest, far before the end."""
    rng, p, span = np.random.default_rng(0), 4, 240
    W = np.empty((6, 2 * p, 2 * p))
    for b, radius in enumerate((0.1, 0.3, 0.5, 0.6, 0.7, 0.75)):
        phi = rng.normal(size=(p, p))
        phi *= radius / np.abs(np.linalg.eigvals(phi)).max()
        now = solve_discrete_lyapunov(phi, np.eye(p))
        W[b] = np.block([[now, now @ phi.T], [phi @ now, now]])
    W[0] *= 1e4
    H = np.full(2 * span - 1, 1.0 / span) * (1 - np.abs(np.arange(-(span - 1), span)) / span)
    kept = []

    def counted(*given):
        out = autocovariances_of(*given)
        kept.append(len(out))
        return out

    autocovariances_of = short_panel._autocovariances
    monkeypatch.setattr(short_panel, "_autocovariances", counted)
    cut = stationary_covariance(W, H, p, 1)
    assert max(kept) < span
    monkeypatch.setattr(short_panel, "_NEGLIGIBLE", 0.0)
    whole = stationary_covariance(W, H, p, 1)
    assert kept[-1] == span + 1
    scale = np.abs(whole).max(axis=(1, 2), keepdims=True)
    assert (np.abs(cut - whole) <= 1e-12 * scale).all()


def test_nickell_bias_is_gone_in_simulation():
    """400 entities x 8 periods: the within-estimate of inertia .6 falls short by .2, the corrected one does not."""
    rng = np.random.default_rng(0)
    phi = np.array([[0.6, 0.0], [0.4, 0.5]])
    entities, periods, error_plain, error_corrected = 400, 8, [], []
    for _ in range(20):
        x = np.zeros((entities, 2))
        path = []
        for t in range(50 + periods + 1):
            x = x @ phi.T + rng.normal(size=x.shape)
            if t >= 50:
                path.append(x)
        Z = np.stack([np.concatenate([path[t], path[t + 1]], axis=1) for t in range(periods)], axis=1)
        Z = Z - Z.mean(axis=1, keepdims=True)
        W = np.einsum("itc,itd->cd", Z, Z) / (entities * periods)
        H = counts([list(range(periods))] * entities, [[1.0] * periods] * entities)
        S = stationary_covariance(W, H, 2, 1)
        error_plain.append(np.linalg.solve(W[:2, :2], W[:2, 2:]).T - phi)
        error_corrected.append(np.linalg.solve(S[:2, :2], S[:2, 2:]).T - phi)
    assert np.mean(error_plain, axis=0)[0, 0] < -0.15
    standard_error = np.std(error_corrected, axis=0) / np.sqrt(20)
    assert np.all(np.abs(np.mean(error_corrected, axis=0)) < 3 * standard_error + 0.005)
