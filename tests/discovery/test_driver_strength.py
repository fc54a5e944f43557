"""A driver that may be stronger or weaker than estimated: what that does to arrows, within what is known."""

from __future__ import annotations

import numpy as np
import pytest

from causal_service.discovery.consensus import mean_strength
from causal_service.discovery.driver_strength import MISJUDGED, misjudged_links, misjudged_share
from causal_service.discovery.resampling import Draw
from causal_service.numerics.draw import member_responses
from causal_service.numerics.linear_system import causal_order

P = 4
ANY = ~np.eye(P, dtype=bool)
LOADINGS = np.array([0.6, 0.0, -0.4, 0.5])
"""Moves all but the second indicator; the last is the outcome."""


def members(*arrows: tuple[int, int]) -> np.ndarray:
    """(1, P, 2 P) with inertia and the same-period arrows (cause, effect)."""
    found = np.hstack([np.eye(P), np.zeros((P, P))]).astype(bool)
    for cause, effect in arrows:
        found[effect, P + cause] = True
    return found[None]


def covariance(C: np.ndarray, loadings: np.ndarray) -> np.ndarray:
    """Of [past | present] with a past of variance 1, a driver without memory and noise of variance 1."""
    now = np.linalg.inv(np.eye(P) - C[:, P:])
    shocks = np.outer(loadings, loadings) + np.eye(P)
    present = now @ (C[:, :P] @ C[:, :P].T + shocks) @ now.T
    cross = now @ C[:, :P]
    return np.block([[np.eye(P), cross.T], [cross, present]])


def added(found: np.ndarray, share: float, allowed: np.ndarray = ANY, outcomes=(3,), loadings=LOADINGS) -> np.ndarray:
    C = np.where(found, 0.3, 0.0)
    return misjudged_links(found, C, loadings, covariance(C[0], loadings), allowed, outcomes, share)[0]


def test_the_share_of_their_common_movement_becomes_an_arrow():
    out = added(members((1, 0)), 0.5)
    for x in (0, 2):
        assert out[3, x] == pytest.approx(0.5 * LOADINGS[x] * LOADINGS[3] / (1 + LOADINGS[x] ** 2))
    assert np.count_nonzero(out) == 2
    np.testing.assert_allclose(added(members((1, 0)), -0.25), -out / 2)


def test_with_all_of_it_put_down_to_arrows_one_cause_explains_the_covariance():
    """With one child beside the outcome and the driver gone, the arrow is the regression coefficient."""
    loadings = np.array([0.6, 0.0, 0.0, 0.5])
    S = covariance(np.where(members()[0], 0.3, 0.0), loadings)[P:, P:] - 0.09 * np.eye(P)
    assert added(members(), 1.0, loadings=loadings)[3, 0] == pytest.approx(S[3, 0] / S[0, 0])


def test_nothing_is_added_against_what_is_known_or_round_a_circle():
    allowed = ANY.copy()
    allowed[3, 2] = False
    assert added(members(), 0.5, allowed)[3].nonzero()[0].tolist() == [0]
    assert added(members((3, 1), (1, 2)), 0.5)[3].nonzero()[0].tolist() == [0]
    assert not added(members(), 0.5, outcomes=(1,)).any()


@pytest.mark.parametrize("arrows", [((3, 1),), ((1, 0),), ((3, 1), (1, 2))])
def test_two_outcomes_do_not_cause_each_other(arrows):
    """Nothing says which of them comes first: no link between the two, whichever is asked first."""
    out = added(members(*arrows), 0.5, outcomes=(0, 3))
    np.testing.assert_array_equal(out, added(members(*arrows), 0.5, outcomes=(3, 0)))
    assert out[0, 3] == out[3, 0] == 0
    assert out[0, 2] != 0


def test_between_two_outcomes_the_one_known_to_come_first_is_the_cause():
    one_way = ANY.copy()
    one_way[0, 3] = False
    for found, allowed in ((members((0, 1), (1, 3)), ANY), (members((0, 3)), ANY), (members(), one_way)):
        out = added(found, 0.5, allowed, outcomes=(0, 3))
        np.testing.assert_array_equal(out, added(found, 0.5, allowed, outcomes=(3, 0)))
        assert out[3, 0] != 0
        assert out[0, 3] == 0


def test_what_is_added_for_two_outcomes_closes_no_circle_and_does_not_hang_on_the_order_of_asking():
    """0 -> 2 and 3 -> 1 are there; 2 -> 3 and 1 -> 0, each possible alone, would make a circle together."""
    loadings = np.array([0.6, 0.3, -0.4, 0.5])
    found = members((0, 2), (3, 1))
    out = added(found, 0.5, outcomes=(0, 3), loadings=loadings)
    np.testing.assert_array_equal(out, added(found, 0.5, outcomes=(3, 0), loadings=loadings))
    assert added(found, 0.5, outcomes=(3,), loadings=loadings)[3, 2] != 0
    assert (causal_order(found[0, :, P:] | (out != 0)) >= 0).all()
    rng = np.random.default_rng(0)
    for _ in range(200):
        ranks = rng.permutation(P)
        possible = [(x, y) for x in range(P) for y in range(P) if ranks[x] < ranks[y] and rng.random() < 0.4]
        found, allowed = members(*possible), ANY & (rng.random((P, P)) < 0.8)
        asked = rng.permutation(P)[: int(rng.integers(1, P + 1))]
        drawn = loadings * (rng.random(P) < 0.8)
        out = added(found, 0.5, allowed, tuple(asked), drawn)
        np.testing.assert_array_equal(out, added(found, 0.5, allowed, tuple(asked[::-1]), drawn))
        assert sorted(causal_order(found[0, :, P:] | (out != 0))) == list(range(P))
        assert not out[~allowed].any()


def test_effects_follow_an_arrow_that_the_member_does_not_have():
    """The arrow runs from the last indicator to the first, against the order that the member alone would have."""
    found = members((1, 3))
    C = np.where(found, 0.3, 0.0)
    C[0, 0, P + 3] = 0.5
    impact = member_responses(found, C, 2)[0, 0]
    np.testing.assert_allclose(impact, np.linalg.inv(np.eye(P) - C[0, :, P:]), atol=1e-12)


def test_shares_are_spread_evenly_over_the_draws_of_any_seed():
    for seed in (0, 3):
        shares = np.array([misjudged_share(seed, draw) for draw in range(200)])
        assert np.abs(shares).max() < MISJUDGED
        assert abs(shares.mean()) < 0.01
        assert shares.std() == pytest.approx(MISJUDGED / np.sqrt(3), rel=0.01)
        assert abs(np.corrcoef(shares[1:], shares[:-1])[0, 1]) < 0.6
    assert misjudged_share(0, 7) != misjudged_share(3, 7)


def test_strengths_in_the_graph_are_those_that_were_fitted():
    found = members((0, 3))
    C = np.where(found, 0.3, 0.0)
    extra = added(found, 0.5)
    changed = C.copy()
    changed[:, :, P:] += extra
    draw = Draw(found[0], found, changed, np.arange(P), np.zeros((P, 2 * P), bool), LOADINGS, extra)
    np.testing.assert_allclose(mean_strength([draw]), C[0], atol=1e-12)
