"""One hidden driver beside a linear system: found where it is, not preferred where it is not."""

from __future__ import annotations

import numpy as np
import pytest

from causal_service.numerics.hidden_factor import Rules, factor_search, system_score

P = 6
N = 2000
PENALTY = 2 * np.log(N)
FREE = ~np.eye(P, dtype=bool)
NOTHING = np.zeros((P, 2 * P), bool)
RULES = Rules(np.hstack([np.ones((P, P), bool), FREE]), NOTHING, np.tril(np.ones((P, P), bool), -1).T, FREE)
"""Any past cause; within a period an earlier indicator comes before a later one."""
KEY = np.uint64(7)


def covariance(now: np.ndarray, loadings: np.ndarray, memory: float = 0.6) -> np.ndarray:
    """Population covariance of [past | present] with inertia .4 and a hidden AR(1) driver of variance 1."""
    inverse = np.linalg.inv(np.eye(P) - now)
    F = np.zeros((P + 1, P + 1))
    F[:P, :P], F[:P, P], F[P, P] = 0.4 * inverse, memory * inverse @ loadings, memory
    Q = np.zeros((P + 1, P + 1))
    shock = np.append(inverse @ loadings, 1.0)
    Q[:P, :P] = inverse @ inverse.T
    Q += (1 - memory**2) * np.outer(shock, shock)
    S = Q.copy()
    for _ in range(200):
        S = F @ S @ F.T + Q
    cross = (F @ S)[:P, :P]
    return np.block([[S[:P, :P], cross.T], [cross, S[:P, :P]]])


def chain() -> np.ndarray:
    now = np.zeros((P, P))
    now[1, 0], now[3, 1], now[5, 3], now[5, 4] = 0.5, 0.4, -0.4, 0.3
    return now


def parents_of(now: np.ndarray, more: tuple[tuple[int, int], ...] = ()) -> np.ndarray:
    parents = np.hstack([np.eye(P, dtype=bool), now != 0])
    for effect, cause in more:
        parents[effect, P + cause] = True
    return parents


def test_without_a_driver_the_plain_system_scores_better():
    S = covariance(chain(), np.zeros(P))
    parents = parents_of(chain())
    found = factor_search(S, N, PENALTY, RULES, parents, np.array([3, 5]), KEY)
    assert found.score > system_score(S, parents, N, PENALTY)


def test_a_driver_is_found_with_its_children_and_takes_the_place_of_their_arrows():
    loadings = np.array([0, 0.5, 0.5, 0, -0.5, 0.5])
    S = covariance(np.zeros((P, P)), loadings)
    children = np.flatnonzero(loadings)
    clique = tuple((int(b), int(a)) for a in children for b in children if a < b)
    parents = parents_of(np.zeros((P, P)), clique)
    found = factor_search(S, N, PENALTY, RULES, parents, children, KEY)
    assert found.score < system_score(S, parents, N, PENALTY) - 20
    assert set(np.flatnonzero(found.loadings)) == set(children)
    assert not found.parents[:, P:].any()
    signs = np.sign(found.loadings[children] * loadings[children])
    assert abs(signs.sum()) == len(children)


def test_the_score_is_the_likelihood_less_the_penalty():
    S = covariance(chain(), np.zeros(P))
    parents = np.hstack([np.ones((P, P), bool), np.tril(np.ones((P, P), bool), -1)])
    conditional = S[P:, P:] - S[P:, :P] @ np.linalg.solve(S[:P, :P], S[:P, P:])
    expected = N * (np.linalg.slogdet(conditional)[1] + P) + PENALTY * parents.sum()
    assert system_score(S, parents, N, PENALTY) == pytest.approx(expected, rel=1e-9)


def test_order_and_rules_hold_beside_the_driver():
    loadings = np.array([0.5, 0.5, 0, 0, 0.5, 0.5])
    S = covariance(chain(), loadings)
    found = factor_search(S, N, PENALTY, RULES, parents_of(chain()), np.array([0, 1, 4, 5]), KEY)
    assert not (found.parents & ~RULES.candidates).any()
    assert not np.triu(found.parents[:, P:]).any()
