"""One hidden driver beside a linear system: found where it is, not preferred where it is not."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from causal_service.numerics.factor_em import expected_system
from causal_service.numerics.hidden_factor import Factor, Rules, driven_shares, factor_search, refound, system_score

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


def fitted_factor() -> tuple[np.ndarray, Factor]:
    loadings = np.array([0, 0.5, 0.5, 0, -0.5, 0.5])
    S = covariance(np.zeros((P, P)), loadings)
    parents = parents_of(np.zeros((P, P)))
    return S, factor_search(S, N, PENALTY, RULES, parents, np.flatnonzero(loadings), KEY)


def test_em_never_lowers_the_likelihood_which_is_that_of_the_implied_covariance():
    S, factor = fitted_factor()
    system = factor.system
    C, noise, joint = system.coefficients.copy(), system.noise.copy(), np.empty((2 * P + 1, 2 * P + 1))
    C[1:, P] *= 0.6
    reached = [expected_system(S, system.parents, C, noise, system.least, 1, joint) for _ in range(10)]
    assert (np.diff(reached) > -1e-12).all()
    loglik = expected_system(S, system.parents, C, noise, system.least, 0, joint)
    loadings, memory = C[1:, P], C[0, :P]
    mean = np.linalg.inv(np.eye(P) - C[1:, P + 1 :]) @ (C[1:, :P] + np.outer(loadings, memory))
    around = np.linalg.inv(np.eye(P) - C[1:, P + 1 :])
    open_now = around @ (np.diag(noise[1:]) + np.outer(loadings, loadings)) @ around.T
    both = np.hstack([-mean, np.eye(P)])
    left = both @ S @ both.T
    expected = -0.5 * (np.linalg.slogdet(open_now)[1] + np.trace(np.linalg.solve(open_now, left)))
    assert loglik == pytest.approx(expected, rel=1e-9)


def test_on_another_covariance_the_driver_is_found_again_with_its_new_size():
    _, factor = fitted_factor()
    stronger = covariance(np.zeros((P, P)), np.array([0, 0.5, 0.5, 0, -0.5, 0.8]))
    again = refound(stronger, N, PENALTY, RULES, factor, KEY)
    assert again is not None
    assert set(np.flatnonzero(again.loadings)) == {1, 2, 4, 5}
    assert abs(again.loadings[5]) > abs(factor.loadings[5]) + 0.1


def test_the_share_of_the_movement_is_the_drivers_variance_in_the_indicator():
    """Var u = 1 and loading .5: .25 plus what inertia .4 carries on; the same-period share is .25 over the variance."""
    S, factor = fitted_factor()
    shares = driven_shares(S, factor)
    assert shares[5] == pytest.approx(0.25 / S[P + 5, P + 5], abs=0.03)
    assert shares[0] == 0.0


def test_a_driver_is_found_again_from_the_first_one_whatever_was_found_in_between():
    """Draws share the driver of the full sample, in several threads."""
    now = chain() + chain()[::-1, ::-1].T
    loadings = np.array([0, 0.5, 0.5, 0, -0.5, 0.5])
    free = RULES._replace(before=np.zeros((P, P), bool))
    S = covariance(now, loadings)
    first = factor_search(S, N, PENALTY, free, parents_of(now), np.flatnonzero(loadings), KEY)
    given = first.order.copy()
    rng = np.random.default_rng(5)
    others = [np.cov(np.linalg.cholesky(S) @ rng.normal(size=(2 * P, 150))) for _ in range(12)]

    def again(other: np.ndarray) -> list[np.ndarray]:
        found = refound(other, 150, 0.5 * PENALTY, free, first, KEY)
        return [] if found is None else [found.order, found.system.parents, found.loadings]

    alone = [again(other) for other in others]
    np.testing.assert_array_equal(first.order, given)
    assert len({tuple(found[0]) for found in alone if found}) > 1
    with ThreadPoolExecutor(4) as threads:
        for one, two in zip(alone, threads.map(again, others * 5), strict=False):
            for a, b in zip(one, two, strict=True):
                np.testing.assert_array_equal(a, b)
